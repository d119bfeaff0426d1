"""Breaks the text of a caption into lines, as the player does too (player/js/lines.js): docs/readability.md.

Whole numbers only, so that both give the same lines to the letter; tests/data/line_breaks.json holds both to it.
"""

from __future__ import annotations

from tlp.readability.marks import ends_clause, ends_sentence
from tlp.readability.rules import Rules, SmallWords, small_words

# What a break costs, by what stands around it; the unit is a line one character off the even length, squared.
_SENTENCE, _CLAUSE, _JOIN, _ANYWHERE, _TORN = 0, 25, 50, 100, 500


def broken(text: str, rules: Rules, language: str = "") -> list[str]:
    """The lines of a text, in order; joined by spaces they are its words again.

    As few lines as can hold it, however many: a text that is too long for `rules.lines` is not cut. Only a line of a
    single word is longer than `rules.line_chars`.
    """
    words = text.split(" ")
    if len(text) <= rules.line_chars or len(words) == 1:
        return [text]
    sizes = [len(word) for word in words]
    breaks = _best(sizes, _costs(words, small_words(language)), _fewest(sizes, rules.line_chars), rules.line_chars)
    return [" ".join(words[begin:end]) for begin, end in zip([0, *breaks], [*breaks, len(words)], strict=True)]


def _fewest(sizes: list[int], limit: int) -> int:
    """How many lines there are when each is filled as far as it goes."""
    lines, column = 1, sizes[0]
    for size in sizes[1:]:
        lines, column = (lines, column + 1 + size) if column + 1 + size <= limit else (lines + 1, size)
    return lines


def _costs(words: list[str], small: SmallWords) -> list[int]:
    """What a break before each word costs."""
    return [0] + [_cost(before, after, small) for before, after in zip(words, words[1:], strict=False)]


def _cost(before: str, after: str, small: SmallWords) -> int:
    if ends_sentence(before):
        return _SENTENCE
    if ends_clause(before):
        return _CLAUSE
    if small.binds(before):
        return _TORN
    return _JOIN if small.opens(after) else _ANYWHERE


def _best(sizes: list[int], costs: list[int], count: int, limit: int) -> list[int]:
    """Where lines begin after the first one: of all ways into `count` lines the cheapest; of equals the earliest."""
    size, shown = len(sizes), sum(sizes) + len(sizes) - count
    best: list[tuple[int, list[int]] | None] = [None] * size + [(0, [])]  # of what begins there, in so many lines
    for line in range(count, 0, -1):
        longer: list[tuple[int, list[int]] | None] = [None] * (size + 1)
        for begin in range(size) if line > 1 else [0]:
            length = -1
            for end in range(begin + 1, size + 1):
                length += 1 + sizes[end - 1]
                if length > limit and end > begin + 1:
                    break
                rest = best[end]
                if rest is None:
                    continue
                off = count * length - shown
                cost = off * off + rest[0] + (count * count * costs[end] if end < size else 0)
                known = longer[begin]
                if known is None or cost < known[0]:
                    longer[begin] = (cost, [end, *rest[1]] if end < size else [])
        best = longer
    found = best[0]
    return found[1] if found else []
