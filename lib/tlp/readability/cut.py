"""Cuts a run of timed words into captions that people can read. Pure; never drops, changes or reorders a word.

The rules, first to last:
1. A caption fits `lines` lines of `line_chars` characters and `longest` ms. Only a single word may be more.
2. A pause of `pause` ms or more always ends a caption: text must not stay on the screen through it.
3. Among all ways to cut, the one of least cost is taken: captions end where a sentence ends, else at a clause or a
   breath, else before a word that joins phrases, else anywhere, and last of all after an article or a preposition;
   they are few, filled evenly, not left with an orphan, and long enough on the screen to be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

from tlp.captions import Made, Segment, Word
from tlp.readability.marks import ends_clause, ends_sentence
from tlp.readability.rules import Rules, SmallWords, small_words

BREATH = 300  # ms; a pause that the listener hears

# What one caption costs; the unit is a caption more.
COST_CAPTION = 1.0
COST_CLAUSE = 1.5  # ends at a comma or a breath
COST_JOIN = 3.0  # ends before a word that joins phrases
COST_ANYWHERE = 5.0  # ends in the middle of a phrase
COST_TORN = 8.0  # and more, ends with a word that belongs to what follows
COST_SLACK = 1.0  # × (share of the characters left empty)²: even lengths are cheapest together
COST_ORPHAN = 2.0  # shorter than ORPHAN characters
COST_HASTE = 3.0  # × the share of the time for reading that is missing
ORPHAN = 12


def captions(words: Sequence[Word], rules: Rules, language: str = "") -> list[list[Word]]:
    """The words, grouped: the groups joined are `words` again. Times must be set and in order."""
    cuts = [0] * (len(words) + 1)  # cuts[end] = where the best caption that ends there begins
    costs = [0.0] + [float("inf")] * len(words)
    gaps = [_gap(words, end, rules) for end in range(len(words) + 1)]
    ends = _ends(words, gaps, rules, small_words(language))
    for begin in range(len(words)):
        for end, cost in _ways(words, begin, rules, gaps):
            total = costs[begin] + cost + ends[end]
            if total < costs[end]:
                costs[end], cuts[end] = total, begin
    groups = []
    end = len(words)
    while end:
        groups.append(list(words[cuts[end] : end]))
        end = cuts[end]
    return groups[::-1]


def segments(words: Sequence[Word], rules: Rules, language: str = "", until: int | None = None) -> list[Segment]:
    """Captions of the words, numbered from 1, each on the screen as long as reading takes where a pause allows it.

    A word keeps its times, and its caption always covers it. `until`: where the recording, or the text after these
    words, begins or ends; None: nothing follows.
    """
    groups = captions(words, rules, language)
    following = [group[0].begin or 0 for group in groups[1:]]
    limits = [begin - rules.gap for begin in following] + [until if until is not None else 1 << 60]
    made = []
    for number, (group, limit) in enumerate(zip(groups, limits, strict=False), start=1):
        begin, end = group[0].begin or 0, max(word.end or 0 for word in group)
        wanted = begin + rules.needed(sum(len(word.text) + 1 for word in group) - 1)
        sure = [word.made.confidence for word in group]
        known = [confidence for confidence in sure if confidence is not None]
        confidence = fmean(known) if len(known) == len(sure) else None
        made.append(Segment(number, begin, max(end, min(wanted, limit)), [*group], Made(confidence=confidence)))
    return made


def _ways(words: Sequence[Word], begin: int, rules: Rules, gaps: list[int]) -> Iterator[tuple[int, float]]:
    """Every caption that may begin with the word `begin`: (index after its last word, what it costs by itself)."""
    lines, column, chars = 1, -1, -1
    start = words[begin].begin or 0
    for end in range(begin + 1, len(words) + 1):
        word = words[end - 1]
        size, said = len(word.text), (word.end or 0) - start
        chars += 1 + size
        lines, column = (lines, column + 1 + size) if column + 1 + size <= rules.line_chars else (lines + 1, size)
        if end == begin + 1:
            lines, column = 1, size
        elif lines > rules.lines or said > rules.longest:
            return
        needed = rules.needed(chars)
        haste = max(0.0, 1 - max(said, said + gaps[end] - rules.gap) / needed)
        slack = max(0.0, 1 - chars / rules.chars)
        yield end, COST_CAPTION + COST_SLACK * slack**2 + COST_ORPHAN * (chars < ORPHAN) + COST_HASTE * haste
        if gaps[end] >= rules.pause:
            return


def _gap(words: Sequence[Word], end: int, rules: Rules) -> int:
    """The pause before word `end`; before the first and after the last there is nothing but pause."""
    if not 0 < end < len(words):
        return max(rules.pause, rules.longest)
    return (words[end].begin or 0) - (words[end - 1].end or 0)


def _ends(words: Sequence[Word], gaps: list[int], rules: Rules, small: SmallWords) -> list[float]:
    """What it costs to end a caption before each word: by what is said there, whatever the caption."""
    costs = [0.0] * (len(words) + 1)
    for end in range(1, len(words)):
        last = words[end - 1].text
        if gaps[end] >= rules.pause or ends_sentence(last):
            continue
        if gaps[end] >= BREATH or ends_clause(last):
            costs[end] = COST_CLAUSE
        else:
            costs[end] = COST_JOIN if small.opens(words[end].text) else COST_ANYWHERE
        if not ends_clause(last) and small.binds(last):
            costs[end] += COST_TORN
    return costs
