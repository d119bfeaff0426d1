"""Lines said by an engine, each by itself: nothing here depends on where the speech before it ends.

The engine is called from `engine.workers` threads, a few lines ahead. What becomes of the speech is decided elsewhere:
`dub` lays it into a track, `said` keeps it for a track that is made later.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from tlp.errors import MediaError
from tlp.systems import Progress
from tlp.voice import fit
from tlp.voice.lines import Line
from tlp.voice.track import length, trimmed


class Engine(Protocol):
    """What a TTS engine is to this module. Any exception of `say` costs its segment only, after one more try."""

    sample_rate: int
    workers: int

    def say(self, text: str, rate: float) -> bytes:
        """Speech of one line as mono 16 bit samples; `rate` 1 is natural, 1.4 is 1.4 times as fast."""


@dataclass(frozen=True)
class Spoken:
    """A line said by the engine, trimmed; `problem` says why there is none.

    `squeezed`: the same at `tempo`, where that was made before it was wanted.
    """

    line: Line
    samples: bytes
    problem: str | None = None
    tempo: float = 1.0
    squeezed: bytes = b""


class Speech(Protocol):
    """Where the speech of lines comes from: an engine, or the files of those who have said them before."""

    @property
    def sample_rate(self) -> int:
        """Samples a second, of all lines."""

    def of(self, todo: Sequence[Line]) -> Iterator[Spoken]:
        """The lines said, in order."""


class Speaker:
    """Says lines with an engine, each at the rate that its own time asks for."""

    def __init__(self, engine: Engine, limits: fit.Limits) -> None:
        self._engine = engine
        self._limits = limits
        self.sample_rate = engine.sample_rate

    def of(self, todo: Sequence[Line]) -> Iterator[Spoken]:
        """See Speech. No more of it is held than a few lines a worker."""
        with ThreadPoolExecutor(self._engine.workers) as pool:
            yield from _ahead(pool, self._say, todo, 3 * self._engine.workers)

    def _say(self, line: Line) -> Spoken:
        try:
            samples = self._samples(line.text, 1.0)
            room = fit.slot(line.begin, line.until, 0, self._limits, line.last).room
            rate = fit.rate(length(samples, self.sample_rate), room, self._limits)
            if rate > 1.0:
                samples = self._samples(line.text, rate)
            return Spoken(line, samples)
        except Exception as error:  # whatever an engine does wrong stays with its segment
            return Spoken(line, b"", f"{type(error).__name__}: {' '.join(str(error).split())}")

    def _samples(self, text: str, rate: float) -> bytes:
        try:
            samples = self._engine.say(text, rate)
        except Exception as error:
            warn(f"one more try after {type(error).__name__}: {' '.join(str(error).split())}")
            samples = self._engine.say(text, rate)
        return trimmed(samples, self.sample_rate)


def told(speech: Iterable[Spoken], count: int, progress: Progress, silent: bool = False) -> Iterator[Spoken]:
    """The same `count` lines; how far they are and which of them are silent is told as they pass.

    Raises MediaError after the last one when all of them have a problem, unless they may all be `silent`.
    """
    problems = []
    for at, spoken in enumerate(speech, 1):
        if spoken.problem:
            problems.append(spoken.problem)
            warn(f"segment {spoken.line.id} is left silent: {spoken.problem}")
        yield spoken
        progress.report(96 * at, 100 * count, f"segment {at} of {count}")
    if problems and len(problems) == count and not silent:
        raise MediaError(f"the engine said none of {count} segments: {problems[-1]}")


def warn(words: str) -> None:
    """A line for the log of the run."""
    print(words, file=sys.stderr, flush=True)


def _ahead(
    pool: ThreadPoolExecutor, say: Callable[[Line], Spoken], todo: Iterable[Line], most: int
) -> Iterator[Spoken]:
    """What `say` gives for each line, in order, with at most `most` lines under way or waiting."""
    waiting: deque[Future[Spoken]] = deque()
    for line in todo:
        waiting.append(pool.submit(say, line))
        if len(waiting) >= most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
