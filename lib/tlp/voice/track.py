"""One audio track, written from its begin to its end into a file; silence between takes no memory and no disk.

Samples are mono, 16 bit, little endian. Times are ms; a track knows nothing of segments.
"""

from __future__ import annotations

from array import array
from typing import BinaryIO

_BLOCK = 5  # ms looked at together for silence
_EDGE = 30  # ms of quiet kept before and after speech, for soft consonants
_QUIET = 0.02  # of the loudest sample: about -34 dB; the pauses of some voices are not quite silent
_FADE = 30  # ms


class Track:
    """Speech put at its times. What has been placed is never touched again."""

    def __init__(self, file: BinaryIO, sample_rate: int) -> None:
        self._file = file
        self._rate = sample_rate
        self._written = 0  # samples

    def place(self, start: int, samples: bytes) -> int:
        """Put samples at `start` ms; returns the ms at which they end. Raises ValueError when they would overlap."""
        first = -(-start * self._rate // 1000)
        if first < self._written:
            raise ValueError(f"speech at {start} ms would overlap the speech before it")
        self._file.seek(2 * first)
        self._file.write(samples)
        self._written = first + len(samples) // 2
        return -(-self._written * 1000 // self._rate)

    def finish(self, end: int) -> int:
        """Make the track last until `end` ms, or to the end of the last speech; returns its length in ms."""
        self._written = max(self._written, end * self._rate // 1000)
        self._file.truncate(2 * self._written)
        self._file.flush()
        return self._written * 1000 // self._rate


def length(samples: bytes, sample_rate: int) -> int:
    """How long samples are, in ms rounded up."""
    return -(-len(samples) // 2 * 1000 // sample_rate)


def trimmed(samples: bytes, sample_rate: int) -> bytes:
    """Speech without the silence before and after it; b"" where there is only silence."""
    values = array("h", samples)
    loudest = _peak(values) if values else 0
    if not loudest:
        return b""
    step = max(1, sample_rate * _BLOCK // 1000)
    floor = _QUIET * loudest
    loud = [at for at in range(0, len(values), step) if _peak(values[at : at + step]) > floor]
    edge = sample_rate * _EDGE // 1000
    return values[max(0, loud[0] - edge) : loud[-1] + step + edge].tobytes()


def _peak(values: array[int]) -> int:
    return max(max(values), -min(values))


def cut(samples: bytes, sample_rate: int, most: int) -> bytes:
    """The first `most` ms of samples, faded out where something was cut off."""
    keep = most * sample_rate // 1000
    values = array("h", samples)
    if len(values) <= keep:
        return samples
    values = values[:keep]
    fade = min(keep, sample_rate * _FADE // 1000)
    for i in range(fade):
        values[keep - fade + i] = values[keep - fade + i] * (fade - i) // fade
    return values.tobytes()
