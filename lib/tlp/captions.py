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
    "[hesitation] <unk> ~SILENCE~ ~SIL ~LONGSIL [UNKNOWN] [SILENCE] [unknown] [HESITATION]".split()
)
_CORRECTED = re.compile(r"/[^/\n]*/([^/\n]*)/")


@dataclass(slots=True)
class Made:
    """Who made a piece of text and how sure they are. None means inherited from the level above."""

    author_type: str | None = None  # AUTOMATIC or HUMAN
    author_id: str | None = None
    author_conf: float | None = None  # 0..1
    word_seg_id: str | None = None
    timestamp: str | None = None  # ISO 8601
    confidence: float | None = None  # 0..1


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
        parts = (item if isinstance(item, str) else item.text for item in _flat(self.items))
        return " ".join(" ".join(parts).split())


@dataclass(slots=True)
class Captions:
    """A subtitle file: the current segments and, where it is known, what they were before people came."""

    language: str
    current: list[Segment] = field(default_factory=list)
    original: list[Segment] | None = None  # None: the same as current
    media_id: str | None = None
    made: Made = field(default_factory=lambda: Made(author_type=AUTOMATIC))
    begin: int = 0
    end: int | None = None  # None: the end of the last segment
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


def plain(segment: Segment, policy: int = FILTERED) -> str:
    """The text of a segment for people: EMPTY gives "", FILTERED drops the special tokens.

    `/said/meant/` becomes `meant` under every policy, as the original library wrote it.
    """
    if policy == EMPTY:
        return ""
    text = segment.text
    if "/" in text:
        text = " ".join(_CORRECTED.sub(r"\1", text).split())
    if policy == FILTERED:
        text = " ".join(token for token in text.split() if token not in SPECIAL_TOKENS)
    return text


def filtered(captions: Captions, policy: int) -> Captions:
    """The same captions with the segment filter applied to words and raw runs (for the extended DFXP)."""
    if policy == UNFILTERED:
        return captions

    def items(segment: Segment) -> list[Word | Group | str]:
        return [] if policy == EMPTY else [kept for i in segment.items if (kept := _without_tokens(i)) is not None]

    def side(segments: list[Segment]) -> list[Segment]:
        return [replace(s, items=items(s)) for s in segments]

    original = None if captions.original is None else side(captions.original)
    return replace(captions, current=side(captions.current), original=original)


def _without_tokens(item: Word | Group | str) -> Word | Group | str | None:
    if isinstance(item, Word):
        return None if item.text.strip() in SPECIAL_TOKENS else item
    if isinstance(item, Group):
        kept = [k for i in item.items if isinstance(k := _without_tokens(i), Word | str)]
        return replace(item, items=kept) if kept else None
    text = " ".join(token for token in item.split() if token not in SPECIAL_TOKENS)
    return text or None
