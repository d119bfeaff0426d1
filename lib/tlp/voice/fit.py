"""Where each segment's speech goes and how fast it is: pure arithmetic on milliseconds.

Speech starts at its segment's begin and may use the silence up to the next one. What is too long is said faster by
the engine up to `Limits.rate`, then squeezed up to `Limits.tempo`; nothing is ever slowed down. What is still too
long runs on and the next one starts after it: late, but with its own begin as its aim, so that it catches up. No
segment is more than `Limits.delay` late: speech that would push further is cut. The last one is never cut.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from tlp.errors import ConfigError

_UNBOUNDED = 24 * 3600 * 1000


@dataclass(frozen=True)
class Limits:
    """How far speech may be bent. The keys of `[options]` in a TTS system's `system.ini`."""

    rate: float = 1.4  # of the engine, at most
    tempo: float = 1.5  # of the samples, at most, on top of the rate
    tolerance: float = 1.0  # a text that is too long by up to this factor is not said again, only squeezed
    gap: int = 80  # ms of silence between two segments, at least
    delay: int = 3000  # ms that a segment may start late, at most

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Limits:
        """The limits named in `[options]`, the rest by default. Raises ConfigError that names the key."""
        given: dict[str, Any] = {}
        for limit in fields(cls):
            if limit.name in options:
                given[limit.name] = _number(limit.name, options[limit.name], type(limit.default))
        return cls(**given)


def _number(key: str, value: str, kind: type) -> Any:
    lowest, highest = (0, 60_000) if kind is int else (1, 3)
    try:
        number = kind(value)
    except ValueError:
        number = math.nan
    if not lowest <= number <= highest:
        raise ConfigError(f"[options] {key} = {value}: must be a number from {lowest} to {highest}")
    return number


@dataclass(frozen=True)
class Slot:
    """The place of one segment's speech, in ms: where it starts, how long it should and how long it may be."""

    start: int
    room: int
    most: int


def slot(begin: int, until: int, free: int, limits: Limits, last: bool = False) -> Slot:
    """The place of a segment that begins at `begin` when the next one begins at `until` (the last: the end).

    `free` is the end of the speech before, 0 when there is none.
    """
    start = max(begin, free + limits.gap) if free else begin
    room = max(0, until - start - (0 if last else limits.gap))
    most = _UNBOUNDED if last else max(0, until + limits.delay - limits.gap - start)
    return Slot(start, room, most)


def rate(natural: int, room: int, limits: Limits) -> float:
    """The engine's rate for speech that takes `natural` ms at rate 1: from 1 to `limits.rate`, in hundredths."""
    if natural <= room * limits.tolerance:
        return 1.0
    # One part in fifty more than needed: engines keep a rate only roughly.
    return _bounded(1.02 * natural, room, limits.rate)


def tempo(length: int, room: int, limits: Limits) -> float:
    """The factor by which `length` ms of speech are squeezed: from 1 to `limits.tempo`, in hundredths."""
    return _bounded(length, room, limits.tempo) if length > room else 1.0


def _bounded(length: float, room: int, most: float) -> float:
    return min(most, math.ceil(100 * length / room) / 100) if room > 0 else most
