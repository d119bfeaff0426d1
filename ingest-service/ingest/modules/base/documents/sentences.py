"""A paragraph cut into its sentences by the rules of its language; the text between them is kept exactly."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import sentencex

from tlp import inline
from tlp.inline import Items, Span

_LINE = re.compile(r"[^\n\t]+")  # a break or a tab ends a sentence: no translation could keep its place inside one
_LETTER = re.compile(r"[^\W\d_]")


class Cut(NamedTuple):
    """`lead`, then the sentences, each followed by its gap; all together are the text of the paragraph."""

    lead: str
    sentences: list[Items]
    gaps: list[str]


def cut(items: Items, language: str) -> Cut:
    """The sentences of a paragraph. What has no text stays with the sentence that it touches; no text: none."""
    text = inline.text(items)
    ranges = list(_ranges(text, language))
    if not ranges:
        return Cut(text, [], [])
    for at in _places(items, 0):
        _take_in(at, ranges)
    begins = [start for start, _ in ranges] + [len(text)]
    gaps = [text[end : begins[at + 1]] for at, (_, end) in enumerate(ranges)]
    return Cut(text[: begins[0]], _sliced(items, ranges), gaps)


def _ranges(text: str, language: str) -> Iterator[tuple[int, int]]:
    """Where the sentences begin and end, without white space at their edges."""
    for line in _LINE.finditer(text):
        at = line.start()
        for piece in _pieces(line[0], language):
            said = piece.strip()
            if said:
                start = at + len(piece) - len(piece.lstrip())
                yield start, start + len(said)
            at += len(piece)


def _pieces(line: str, language: str) -> list[str]:
    """The line cut into sentences. What has no letter ("1.") belongs to what follows."""
    pieces = list(sentencex.segment(language, line))
    if "".join(pieces) != line:
        return [line]
    joined: list[str] = []
    for piece in pieces:
        if joined and not _LETTER.search(joined[-1]):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _places(items: Items, at: int) -> Iterator[int]:
    """Where in the text those spans stand that have none."""
    for item in items:
        if isinstance(item, str):
            at += len(item)
        elif not (length := len(inline.text(item.items))):
            yield at
        else:
            yield from _places(item.items, at)
            at += length


def _take_in(at: int, ranges: list[tuple[int, int]]) -> None:
    """Make a sentence reach to a picture between it and another: the one that follows, unless it touches the other."""
    before = _nearest(at, ranges)
    start, stop = ranges[before]
    if at < start:
        ranges[before] = (at, stop)
    elif at > stop and before + 1 < len(ranges):
        ranges[before + 1] = (at, ranges[before + 1][1])
    elif at > stop:
        ranges[before] = (start, at)


def _sliced(items: Items, ranges: list[tuple[int, int]]) -> list[Items]:
    """The items of each range; a span over several of them has a part in each."""
    found, _ = _distributed(items, 0, ranges)
    return [inline.tidy(found[number]) for number in range(len(ranges))]


def _distributed(items: Items, at: int, ranges: list[tuple[int, int]]) -> tuple[dict[int, Items], int]:
    """The items by the sentences they are in, where the items begin at `at`; and where the text goes on."""
    found: dict[int, Items] = defaultdict(list)
    for item in items:
        if isinstance(item, str):
            for number, start, stop in _touched(at, at + len(item), ranges):
                found[number].append(item[max(0, start - at) : stop - at])
            at += len(item)
        elif not inline.text(item.items):
            found[_nearest(at, ranges)].append(item)
        else:
            inside, at = _distributed(item.items, at, ranges)
            for number, own in inside.items():
                found[number].append(Span(item.number, own))
    return found, at


def _touched(begin: int, end: int, ranges: list[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """The sentences of which something lies between two places: number, start and end."""
    for number in range(_nearest(begin, ranges), len(ranges)):
        start, stop = ranges[number]
        if start >= end:
            return
        if begin < stop:
            yield number, start, stop


def _nearest(at: int, ranges: list[tuple[int, int]]) -> int:
    """The sentence to which something without text belongs: the one it is in or behind, else the first."""
    return max(0, bisect_right(ranges, at, key=lambda one: one[0]) - 1)
