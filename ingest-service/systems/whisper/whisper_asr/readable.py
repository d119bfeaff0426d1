"""Cuts a run of timed words into captions that people can read. Pure; never drops, changes or reorders a word.

The rules, first to last:
1. A caption fits `lines` lines of `line_chars` characters and `longest` ms. Only a single word may be more.
2. A pause of `pause` ms or more always ends a caption: text must not stay on the screen through it.
3. Among all ways to cut, the one of least cost is taken (see COST): captions end where a sentence ends, else at a
   clause or a breath, else anywhere; and they are few, filled evenly, and not left with an orphan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tlp.captions import Word

SENTENCE, CLAUSE = ".?!…", ",;:–—"
CLOSING = "\"'»”’)]"  # may follow the punctuation that counts
# What stands before a name; its full stop ends no sentence.
TITLES = frozenset({"mr", "mrs", "ms", "dr", "dra", "prof", "st", "sr", "sra", "srta", "d", "dña", "m", "mme", "vs"})
BREATH = 300  # ms; a pause that the listener hears

# What one caption costs; the unit is a caption more.
COST_CAPTION = 1.0
COST_CLAUSE = 1.5  # ends at a comma or a breath
COST_ANYWHERE = 5.0  # ends in the middle of a phrase
COST_SLACK = 1.0  # × (share of the characters left empty)²: even lengths are cheapest together
COST_ORPHAN = 2.0  # shorter than ORPHAN characters
ORPHAN = 12


@dataclass(frozen=True)
class Rules:
    """What people can read. Times in milliseconds."""

    lines: int = 2
    line_chars: int = 42
    longest: int = 7000
    pause: int = 1500

    @property
    def chars(self) -> int:
        return self.lines * self.line_chars


def captions(words: Sequence[Word], rules: Rules) -> list[list[Word]]:
    """The words, grouped: the groups joined are `words` again. Times must be set and in order."""
    cuts = [0] * (len(words) + 1)  # cuts[end] = where the best caption that ends there begins
    costs = [0.0] + [float("inf")] * len(words)
    for begin in range(len(words)):
        for end, cost in _ways(words, begin, rules):
            if costs[begin] + cost < costs[end]:
                costs[end], cuts[end] = costs[begin] + cost, begin
    groups = []
    end = len(words)
    while end:
        groups.append(list(words[cuts[end] : end]))
        end = cuts[end]
    return groups[::-1]


def _ways(words: Sequence[Word], begin: int, rules: Rules) -> Iterator[tuple[int, float]]:
    """Every caption that may begin with the word `begin`: (index after its last word, its cost)."""
    lines, column, chars = 1, 0, 0
    start = words[begin].begin or 0
    for end in range(begin + 1, len(words) + 1):
        word = words[end - 1]
        size = len(word.text)
        lines, column = (lines, column + 1 + size) if column + 1 + size <= rules.line_chars else (lines + 1, size)
        if end == begin + 1:
            lines, column = 1, size
        elif lines > rules.lines or (word.end or 0) - start > rules.longest:
            return
        chars += size + (chars > 0)
        gap = _gap(words, end, rules)
        yield end, _cost(word.text, chars, gap, rules)
        if gap >= rules.pause:
            return


def _gap(words: Sequence[Word], end: int, rules: Rules) -> int:
    """The pause before word `end`; after the last word there is nothing but pause."""
    return (words[end].begin or 0) - (words[end - 1].end or 0) if end < len(words) else rules.pause


def _cost(text: str, chars: int, gap: int, rules: Rules) -> float:
    bare = text.rstrip(CLOSING)
    cost = COST_CAPTION + COST_SLACK * max(0.0, 1 - chars / rules.chars) ** 2 + COST_ORPHAN * (chars < ORPHAN)
    if gap >= rules.pause or (bare.endswith(tuple(SENTENCE)) and bare[:-1].lower() not in TITLES):
        return cost
    return cost + (COST_CLAUSE if gap >= BREATH or bare.endswith(tuple(CLAUSE)) else COST_ANYWHERE)
