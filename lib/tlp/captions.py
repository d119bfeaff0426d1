"""The content model of subtitles: timed segments, words, and who made them (manual, Appendix I).

Times are integer milliseconds. The model knows no file format (see `tlp.formats`) and no database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

AUTOMATIC, HUMAN = "automatic", "human"
FULLY_AUTOMATIC, PARTIALLY_HUMAN, FULLY_HUMAN = "fully_automatic", "partially_human", "fully_human"
STATUS_CODES = {FULLY_AUTOMATIC: 0, PARTIALLY_HUMAN: 1, FULLY_HUMAN: 2}

# sel_data_policy and seg_filt_policy of /speech/get (manual, Appendix E)
ALL, ORIGINAL, CURRENT = 0, 1, 2
EMPTY, UNFILTERED, FILTERED = -1, 0, 1

SPECIAL_TOKENS = frozenset(
    ("[hesitation]", "[HESITATION]", "[unknown]", "[UNKNOWN]", "<unk>", "[SILENCE]", "~SILENCE~", "~SIL", "~LONGSIL")
)
_TOKEN_STARTS = re.compile(r"[\[<~]")
# `/said/meant/` stands alone: the slashes of km/h, and/or and http://a/b/ mean themselves.
_SIDE = r"[^\s/](?:[^/]*[^\s/])?"
_CORRECTED = re.compile(rf"(?<![\w/:])/{_SIDE}/((?:{_SIDE})?)/(?![\w/])")
# What breaks lines or sets words apart; a no-break or an ideographic space is part of the text.
_BLANK = re.compile(r"[ \t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_SPACE_IN_TEXT = re.compile(r"[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")


@dataclass(slots=True)
class Made:
    """Who made a piece of text and how sure they are. None means inherited from the level above."""

    author_type: str | None = None  # AUTOMATIC or HUMAN
    author_id: str | None = None
    author_conf: float | None = None  # 0..1
    word_seg_id: str | None = None
    timestamp: str | None = None  # ISO 8601
    confidence: float | None = None  # 0..1

    def within(self, above: Made) -> Made:
        """Everything known here: the own values, and those of `above` where there are none."""
        mine = (getattr(self, name) for name in Made.__slots__)
        return Made(
            *(getattr(above, name) if own is None else own for name, own in zip(Made.__slots__, mine, strict=True))
        )


@dataclass(slots=True)
class Word:
    text: str
    begin: int | None = None
    end: int | None = None
    made: Made = field(default_factory=Made)


@dataclass(slots=True)
class Group:
    """Words that belong together inside a segment, usually after an edit."""

    items: list[Word | str]
    begin: int | None = None
    end: int | None = None
    made: Made = field(default_factory=Made)


@dataclass(slots=True)
class Segment:
    """One caption. `items` holds words, groups and runs of raw text in reading order."""

    id: int
    begin: int
    end: int
    items: list[Word | Group | str] = field(default_factory=list)
    made: Made = field(default_factory=Made)
    highlight: bool = False
    deleted: bool = False
    align_id: str | None = None

    @property
    def words(self) -> list[Word]:
        """The words with times, groups opened, raw runs left out."""
        return [item for item in _flat(self.items) if isinstance(item, Word)]

    @property
    def text(self) -> str:
        """Words and raw runs joined by spaces, white space collapsed, nothing filtered."""
        if len(self.items) == 1 and isinstance(self.items[0], str):  # the forms for players read it so
            return collapsed(self.items[0])
        parts = (item if isinstance(item, str) else item.text for item in _flat(self.items))
        return collapsed(" ".join(parts))


@dataclass(slots=True)
class Captions:
    """A subtitle file: the current segments and, where it is known, what they were before people came."""

    language: str
    current: list[Segment] = field(default_factory=list)
    original: list[Segment] | None = None  # None: the same as current
    media_id: str | None = None
    made: Made = field(default_factory=lambda: Made(author_type=AUTOMATIC))
    begin: int = 0
    # None: the end of the last segment. Files always state it, so a stated and a derived end compare equal.
    end: int | None = field(default=None, compare=False)
    elapsed: str | None = None
    model_id: str | None = None
    processing_steps: str | None = None
    audio_length: str | None = None

    def segments(self, policy: int = CURRENT) -> list[Segment]:
        """The segments of one side: ORIGINAL or CURRENT (ALL gives the current side)."""
        return self.original if policy == ORIGINAL and self.original is not None else self.current

    def author_type(self, segment: Segment) -> str:
        """Who made this segment, the document's author where the segment does not say."""
        return segment.made.author_type or self.made.author_type or AUTOMATIC

    @property
    def status(self) -> str:
        """fully_automatic, partially_human or fully_human, from the current segments."""
        human = sum(self.author_type(s) == HUMAN for s in self.current)
        if not human:
            return FULLY_AUTOMATIC
        return FULLY_HUMAN if human == len(self.current) else PARTIALLY_HUMAN

    @property
    def supervised_ratio(self) -> float:
        """Percentage of the current segments that a person made, 0..100 (`sup_ratio` of /speech/langs)."""
        if not self.current:
            return 0.0
        return 100.0 * sum(self.author_type(s) == HUMAN for s in self.current) / len(self.current)


def _flat(items: Iterable[Word | Group | str]) -> Iterator[Word | str]:
    for item in items:
        if isinstance(item, Group):
            yield from item.items
        else:
            yield item


def collapsed(text: str) -> str:
    """The text on one line: runs of white space become one space, none at either end."""
    if not text.isascii() and _SPACE_IN_TEXT.search(text):
        return _BLANK.sub(" ", text).strip(" ")
    return " ".join(text.split())  # much faster, and the same where no such space is


def plain(segment: Segment, policy: int = FILTERED) -> str:
    """The text of a segment for people: EMPTY gives "", FILTERED drops the special tokens.

    `/said/meant/` becomes `meant` under every policy, as the original library wrote it.
    """
    if policy == EMPTY:
        return ""
    text = segment.text
    if "/" in text:
        text = collapsed(_CORRECTED.sub(r"\1", text))
    return _without_tokens(text) or "" if policy == FILTERED else text


def filtered(captions: Captions, policy: int) -> Captions:
    """The same captions with the segment filter applied to words and raw runs (for the extended DFXP)."""
    if policy == UNFILTERED:
        return captions

    def side(segments: list[Segment]) -> list[Segment]:
        return [replace(s, items=[] if policy == EMPTY else _kept(s.items)) for s in segments]

    original = None if captions.original is None else side(captions.original)
    return replace(captions, current=side(captions.current), original=original)


def _kept(items: Iterable[Word | Group | str]) -> list[Word | Group | str]:
    """The items that still say something once the special tokens are out of them."""
    kept: list[Word | Group | str] = []
    for item in items:
        if isinstance(item, Group):
            inside = [i for i in _kept(item.items) if isinstance(i, Word | str)]
            if inside:
                kept.append(replace(item, items=inside))
        elif isinstance(item, Word):
            if text := _without_tokens(item.text):
                kept.append(item if text == item.text else replace(item, text=text))
        elif text := _without_tokens(item):
            kept.append(text)
    return kept


def _without_tokens(text: str) -> str | None:
    """The text as it is where it holds no special token, else what is left of it, None for nothing."""
    if not _TOKEN_STARTS.search(text):
        return text
    tokens = text.split()
    left = [token for token in tokens if token not in SPECIAL_TOKENS]
    return text if len(left) == len(tokens) else " ".join(left) or None
