"""Finds what a recogniser says over and over because it is stuck. Pure; decides nothing about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 15  # words of a phrase that is looked for


@dataclass(frozen=True)
class Loop:
    """Words `begin` to `end` (past the last) say a phrase of `size` words `times` times, the last maybe in part."""

    begin: int
    end: int
    size: int
    times: int

    @property
    def again(self) -> int:
        """Where the first repetition begins."""
        return self.begin + self.size


def least_times(size: int, repeats: int) -> int:
    """How often a phrase of `size` words must be said in a row: short ones are also repeated by people."""
    return repeats + max(0, 4 - size) + (2 if size == 1 else 0)


def loops(tokens: Sequence[str], repeats: int) -> list[Loop]:
    """The loops in order, none in another. `tokens`: the words without case and marks; "" is no word."""
    taken = [False] * len(tokens)
    found = []
    for size in range(1, LONGEST + 1):
        for loop in _of_size(tokens, size, repeats):
            if not any(taken[loop.begin : loop.end]):
                taken[loop.begin : loop.end] = [True] * (loop.end - loop.begin)
                found.append(loop)
    return sorted(found, key=lambda loop: loop.begin)


def _of_size(tokens: Sequence[str], size: int, repeats: int) -> list[Loop]:
    found, same = [], 0  # words in a row that are the one `size` before
    for place in range(size, len(tokens) + 1):
        if place < len(tokens) and tokens[place] and tokens[place] == tokens[place - size]:
            same += 1
            continue
        times = same // size + 1
        if same and times >= least_times(size, repeats):
            found.append(Loop(place - same - size, place, size, times))
        same = 0
    return found
