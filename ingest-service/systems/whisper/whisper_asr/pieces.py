"""Cuts a recording at its pauses into pieces short enough to recognise in bounded memory and side by side.

Pure: the audio is behind two functions. Pieces follow each other without gap or overlap, so no word can be lost
between them; stretches without any speech give no piece. All times in milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

Regions = list[tuple[int, int]]

SHORTEST = 30_000  # Whisper always computes windows of 30 s: shorter pieces waste most of one
SPAN = 20_000  # the stretch around the wanted cut in which a pause is looked for: nobody speaks 20 s without one
PAUSE = 200  # a silence to cut in; anything shorter may be the closure of a consonant


@dataclass(frozen=True)
class Piece:
    begin: int
    end: int
    speech: Regions  # where somebody speaks, within the piece


@dataclass(frozen=True)
class Layout:
    """How a recording is spread over the processors: `workers` pieces at a time, `threads` in each."""

    workers: int
    threads: int
    length: int  # of a piece, about


def layout(duration: int, cpus: int, limit: int) -> Layout:
    """One thread a worker gives the best throughput, so workers come first; pieces are as equal as can be."""
    workers = max(1, min(cpus, duration // SHORTEST))
    rounds = max(1, -(-duration // (limit * workers)))
    return Layout(workers, max(1, cpus // workers), max(SHORTEST, -(-duration // (rounds * workers))))


def cut(
    duration: int,
    length: int,
    speech_in: Callable[[int, int], Regions],
    quietest_in: Callable[[int, int], int],
) -> Iterator[Piece]:
    """Pieces of about `length` (at most SPAN / 2 more), each ending in a pause.

    Lazy: looks at the audio one piece at a time, so that recognition starts while later cuts are still unknown.
    """
    span = min(SPAN, length)
    begin = 0
    while begin < duration:
        end = min(duration, begin + length + span // 2)
        speech = speech_in(begin, end)
        if end < duration:
            end = _pause(end - span, end, speech) or quietest_in(end - span, end)
        if inside := [(b, min(e, end)) for b, e in speech if b < end]:
            yield Piece(begin, end, inside)
        begin = end


def _pause(begin: int, end: int, speech: Regions) -> int | None:
    """The middle of the longest silence between begin and end; None when there is none worth the name."""
    edges = [begin, *(edge for region in speech for edge in region), end]
    silences = [(max(b, begin), min(e, end)) for b, e in zip(edges[::2], edges[1::2], strict=True)]
    first, last = max(silences, key=lambda silence: silence[1] - silence[0])
    return (first + last) // 2 if last - first >= PAUSE else None
