"""Which captions an edit drops because it takes their time. Knows intervals in ms, neither captions nor edits."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

TOLERANCE_MS = 100  # contact up to this long is no overlap

_NEVER = float("inf")


class Taken:
    """The intervals that edits have taken. Adding one and asking for one both take O(log n).

    An edit [b, e] drops a segment [begin, end] when
    (b < begin and e > begin + 0.1 s) or (b >= begin and e <= end) or (b < end - 0.1 s and e > end).
    Each part asks for the latest or earliest end among the edits that begin in some range: two Fenwick trees.
    """

    def __init__(self, begins: Iterable[int]) -> None:
        """`begins`: where the intervals begin that will be added."""
        self._begins = sorted(set(begins))
        self._latest = [-_NEVER] * (len(self._begins) + 1)  # of the edits that begin up to a place
        self._earliest = [_NEVER] * (len(self._begins) + 1)  # of those from a place on; counted from the back

    def add(self, begin: int, end: int) -> None:
        place, size = bisect_left(self._begins, begin), len(self._begins)
        at = place + 1
        while at <= size:
            self._latest[at] = max(self._latest[at], end)
            at += at & -at
        at = size - place
        while at <= size:
            self._earliest[at] = min(self._earliest[at], end)
            at += at & -at

    def drops(self, begin: int, end: int) -> bool:
        """Whether any interval so far overlaps a segment by the rule above."""
        return (
            self._latest_before(begin) > begin + TOLERANCE_MS
            or self._earliest_from(begin) <= end
            or self._latest_before(end - TOLERANCE_MS) > end
        )

    def _latest_before(self, begin: int) -> float:
        at, latest = bisect_left(self._begins, begin), -_NEVER
        while at:
            latest = max(latest, self._latest[at])
            at -= at & -at
        return latest

    def _earliest_from(self, begin: int) -> float:
        at, earliest = len(self._begins) - bisect_left(self._begins, begin), _NEVER
        while at:
            earliest = min(earliest, self._earliest[at])
            at -= at & -at
        return earliest


def that_drop(intervals: Sequence[tuple[int, int]], segments: Iterable[tuple[int, int]]) -> set[int]:
    """The places of those intervals that drop any of the segments by the rule of `Taken`."""
    known = sorted(segments, key=min)  # files may hold one that ends before it begins
    begins = [min(segment) for segment in known]
    latest = list(accumulate((max(segment) for segment in known), max))
    near = (known[bisect_left(latest, b) : bisect_right(begins, e)] for b, e in intervals)
    return {
        place
        for place, ((b, e), some) in enumerate(zip(intervals, near, strict=True))
        if any(_drops(b, e, begin, end) for begin, end in some)
    }


def _drops(b: int, e: int, begin: int, end: int) -> bool:
    return (b < begin and e > begin + TOLERANCE_MS) or begin <= b <= e <= end or (b < end - TOLERANCE_MS and e > end)


def union(intervals: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same time as intervals that neither touch nor overlap, in order."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(intervals):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((begin, end))
    return joined
