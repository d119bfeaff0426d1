"""Finds what a recogniser wrote and nobody said: text over silence, known phrases, loops. Removes or marks it.

What was found is returned in words; nothing goes without a trace. The rules are told in docs/readability.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Any

from ingest.modules.tl.asr.loops import least_times, loops
from ingest.modules.tl.asr.loudness import Loudness
from ingest.modules.tl.asr.phrases import COURTESY, CREDIT, Phrases, token
from tlp.captions import Segment, Word
from tlp.readability.marks import ends_sentence

REMOVE, MARK, OFF = "remove", "mark", "off"
MARKED = 0.1  # the confidence of a word that is marked
MARGIN = 500  # ms around a text that must be silent too: the times of words are not exact
APART = 1000  # ms of pause that part two utterances
ALONE = 2000  # ms of pause on either side of a phrase that stands alone
HURRIED = 120  # ms a word: nobody speaks on so fast
PHRASE_PARTS = 3  # utterances that may hold one phrase between them
NEVER = 3  # times what makes a loop: nobody says that


@dataclass(frozen=True)
class Settings:
    """[hallucinations] of the configuration."""

    action: str = REMOVE
    low_confidence: int = 50  # percent
    silence: int = -45  # dB of full scale
    repeats: int = 4
    phrases: str = ""


@dataclass(frozen=True)
class Finding:
    """A stretch of text that was removed or marked; times in ms."""

    begin: int
    end: int
    text: str
    reason: str
    removed: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def shortened(text: str) -> str:
    """The beginning of a text, for a log; a loop may be long."""
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"


@dataclass
class Utterance:
    """Words that were said in one go: a sentence, or what stands between two pauses."""

    first: int  # place of its first word among all words
    words: list[Word]
    begin: int
    end: int
    opens: bool  # it is the first of its segment
    closes: bool  # and the last

    @property
    def sure(self) -> float:
        """How sure the recogniser was, 0..1; one that does not say is sure."""
        known = [w.made.confidence for w in self.words if w.made.confidence is not None]
        return fmean(known) if known else 1.0


def clean(
    segments: list[Segment], phrases: Phrases, loudness: Loudness | None, settings: Settings
) -> tuple[list[Segment], list[Finding]]:
    """The segments without what nobody said, and what that was. Their items must be words; empty ones are kept.

    `loudness`: None where the sound cannot be judged.
    """
    if settings.action == OFF:
        return segments, []
    heard = _utterances(segments)
    doubts = _Doubts(sum(len(u.words) for u in heard), settings)
    _over_silence(heard, loudness, doubts)
    _known_phrases(heard, phrases, doubts)
    _repeated(heard, doubts)
    return _apply(segments, doubts.verdicts), doubts.findings


class _Doubts:
    """What is known of each word: nothing, to be marked (False), to be removed (True). The first reason counts."""

    def __init__(self, words: int, settings: Settings) -> None:
        self.settings = settings
        self.verdicts: list[bool | None] = [None] * words
        self.findings: list[Finding] = []
        self._reached = -1  # the place after the last finding: what follows at once is told with it

    def unsure(self, utterances: Sequence[Utterance]) -> bool:
        return fmean(u.sure for u in utterances) * 100 < self.settings.low_confidence

    def add(self, utterance: Utterance, begin: int, end: int, reason: str, certain: bool) -> None:
        """Words `begin` to `end` of an utterance, unless something has been found about one of them."""
        places = range(utterance.first + begin, utterance.first + end)
        if begin >= end or any(self.verdicts[place] is not None for place in places):
            return
        removed = certain and self.settings.action == REMOVE
        for place in places:
            self.verdicts[place] = removed
        words = utterance.words[begin:end]
        times = [t for t in (words[0].begin, words[-1].end) if t is not None]
        first, last = times if len(times) == 2 else (utterance.begin, utterance.end)
        found = Finding(first, last, " ".join(w.text for w in words), reason, removed)
        before = self.findings[-1] if self.findings and self._reached == places.start else None
        self._reached = places.stop
        if before and (before.reason, before.removed) == (reason, removed):
            self.findings[-1] = replace(before, end=last, text=f"{before.text} {found.text}")
        else:
            self.findings.append(found)


def _utterances(segments: list[Segment]) -> list[Utterance]:
    """The segments, cut at the ends of sentences and at pauses where their words have times."""
    found, place = [], 0
    for segment in segments:
        words = segment.words
        if not words:
            continue
        cuts = [0, *(n for n in range(1, len(words)) if _parted(words[n - 1], words[n])), len(words)]
        if any(w.begin is None or w.end is None for w in words):
            cuts = [0, len(words)]
        for begin, end in zip(cuts, cuts[1:], strict=False):
            part, opens, closes = words[begin:end], begin == 0, end == len(words)
            first = segment.begin if opens or part[0].begin is None else part[0].begin
            last = segment.end if closes or part[-1].end is None else part[-1].end
            found.append(Utterance(place + begin, part, first, last, opens, closes))
        place += len(words)
    return found


def _parted(before: Word, after: Word) -> bool:
    return ends_sentence(before.text) or (after.begin or 0) - (before.end or 0) >= APART


def _over_silence(heard: list[Utterance], loudness: Loudness | None, doubts: _Doubts) -> None:
    """Where nobody can be speaking, nothing was said. Certain, unless most of the text would go."""
    if loudness is None:
        return
    silent = [u for u in heard if loudness.quiet(u.begin, u.end, MARGIN)]
    gone, all_words = sum(len(u.words) for u in silent), sum(len(u.words) for u in heard)
    # Times that are wrong throughout put good text over silence.
    believed = loudness.everywhere or 2 * gone <= all_words
    for utterance in silent:
        doubts.add(utterance, 0, len(utterance.words), "over silence", believed)


def _known_phrases(heard: list[Utterance], phrases: Phrases, doubts: _Doubts) -> None:
    for at in range(len(heard)):
        for parts in range(PHRASE_PARTS, 0, -1):
            run = heard[at : at + parts]
            if len(run) == parts and all(doubts.verdicts[u.first] is None for u in run) and _whole(run):
                kind = phrases.kind([t for u in run for w in u.words if (t := token(w.text))])
                certain = kind and _certain(kind, _alone(heard, at, parts), doubts.unsure(run))
                if certain is not None and kind:
                    for utterance in run:
                        doubts.add(utterance, 0, len(utterance.words), "known phrase", bool(certain))
                    break


def _whole(run: list[Utterance]) -> bool:
    """Whether it is one utterance, or several that are whole segments together: a phrase within a sentence is none."""
    return len(run) == 1 or (run[0].opens and run[-1].closes)


def _alone(heard: list[Utterance], at: int, parts: int) -> bool:
    before = heard[at].begin - heard[at - 1].end if at else ALONE
    after = heard[at + parts].begin - heard[at + parts - 1].end if at + parts < len(heard) else ALONE
    return before >= ALONE and after >= ALONE


def _certain(kind: int, alone: bool, unsure: bool) -> bool | None:
    """Whether nobody said a phrase of this kind; None: somebody did, as far as can be seen."""
    if kind == CREDIT:
        return alone or unsure
    if kind == COURTESY:
        return False if alone and unsure else None
    return alone and unsure if alone or unsure else None


def _repeated(heard: list[Utterance], doubts: _Doubts) -> None:
    """All but the first time of what is said over and over."""
    settings = doubts.settings
    owners = [(u, n) for u in heard for n in range(len(u.words))]
    for loop in loops([token(u.words[n].text) for u, n in owners], settings.repeats):
        again = owners[loop.again : loop.end]
        runs = _runs(again)
        took = runs[-1][0].end - runs[0][0].begin
        certain = (
            doubts.unsure([u for u, _, _ in runs])
            or took < HURRIED * len(again)
            or loop.times >= NEVER * least_times(loop.size, settings.repeats)
        )
        for utterance, begin, end in runs:
            doubts.add(utterance, begin, end, f"repeated {loop.times} times", certain)


def _runs(places: list[tuple[Utterance, int]]) -> list[tuple[Utterance, int, int]]:
    """Words in a row, an utterance at a time."""
    runs: list[tuple[Utterance, int, int]] = []
    for utterance, number in places:
        if runs and runs[-1][0] is utterance:
            runs[-1] = (utterance, runs[-1][1], number + 1)
        else:
            runs.append((utterance, number, number + 1))
    return runs


def _apply(segments: list[Segment], verdicts: list[bool | None]) -> list[Segment]:
    kept, place = [], 0
    for segment in segments:
        words = segment.words
        mine = verdicts[place : place + len(words)]
        place += len(words)
        if not any(verdict is not None for verdict in mine):
            kept.append(segment)
            continue
        left = [_marked(w) if v is False else w for w, v in zip(words, mine, strict=True) if v is not True]
        if left:
            kept.append(_shrunk(segment, words, left))
    return kept


def _marked(word: Word) -> Word:
    return replace(word, made=replace(word.made, confidence=min(MARKED, word.made.confidence or 1.0)))


def _shrunk(segment: Segment, words: list[Word], left: list[Word]) -> Segment:
    """The segment with the words that are left; its times follow where an end of it went."""
    begin = left[0].begin if left[0].begin is not None and left[0].begin != words[0].begin else segment.begin
    end = left[-1].end if left[-1].end is not None and left[-1].end != words[-1].end else segment.end
    sure = [w.made.confidence for w in left if w.made.confidence is not None]
    made = replace(segment.made, confidence=fmean(sure) if sure else segment.made.confidence)
    return replace(segment, begin=begin, end=end, items=[*left], made=made)
