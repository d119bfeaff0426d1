"""How loud a recording is, and so where nobody can be speaking. Knows no captions."""

from __future__ import annotations

import math
import sys
import wave
from array import array
from itertools import accumulate
from pathlib import Path

from tlp.errors import MediaError

STEP = 50  # ms of one measurement, which is the peak of its samples
_EVERY = 4  # samples; the peaks of speech are slower than that
_BLOCK = 60_000 // STEP  # measurements read at a time
_FULL = 32768

BELOW_SPEECH = 35  # dB: what is quieter than the loudest moments by this is no speech
ABOVE_NOISE = 5  # dB: what rises above the steady noise by less is noise
HIGHER = 10  # dB above the given limit at which noise is no longer taken for silence
CLEAR = 30  # dB between the two, so that there is a steady noise to speak of
QUIETEST = -66  # dB: below it everything is silence, however soft the recording
ALMOST = 0.95  # of a stretch; the rest may be a click


class Loudness:
    """Of a recording: what is silent in it. Times in ms."""

    def __init__(self, silent: list[bool]) -> None:
        """`silent`: for each STEP from the beginning."""
        self._steps, self._sums = len(silent), [0, *accumulate(silent)]

    @classmethod
    def of(cls, path: Path, most: int) -> Loudness:
        """Measure a 16-bit mono WAV. `most`: dB of full scale above which nothing is silence. Raises MediaError."""
        measured = levels(path)
        limit = threshold(measured, most)
        return cls([level <= limit for level in measured])

    def quiet(self, begin: int, end: int, margin: int = 0) -> bool:
        """Whether nobody can be speaking from `begin` to `end`, nor within `margin` of it. After the end nobody can."""
        sums = self._sums
        first = min(self._steps, max(0, (begin - margin) // STEP))
        last = min(self._steps, -(-(end + margin) // STEP))
        return first >= last or sums[last] - sums[first] >= ALMOST * (last - first)

    @property
    def everywhere(self) -> bool:
        """Whether there is no sound in all of the recording."""
        return self.quiet(0, self._steps * STEP)


def threshold(levels: list[float], most: int) -> float:
    """The level up to which a moment is silent: far below the speech, or at the steady noise that is under it."""
    if not levels:
        return QUIETEST
    ranked = sorted(levels)
    loud, noise = ranked[len(ranked) * 99 // 100], ranked[len(ranked) * 5 // 100]
    limit = max(QUIETEST, min(most, loud - BELOW_SPEECH))
    return max(limit, min(noise + ABOVE_NOISE, most + HIGHER)) if loud - noise >= CLEAR else limit


def levels(path: Path, begin: int = 0, end: int | None = None) -> list[float]:
    """The peak of each STEP from `begin` to `end` (None: of the file) in dB of full scale. Raises MediaError."""
    decibels = [-100.0, *(20 * math.log10(peak / _FULL) for peak in range(1, _FULL + 1))]
    try:
        with wave.open(str(path), "rb") as wav:
            if (wav.getnchannels(), wav.getsampwidth()) != (1, 2):
                raise MediaError(f"{path.name} is not 16-bit mono sound")
            size = wav.getframerate() * STEP // 1000
            wav.setpos(min(begin // STEP * size, wav.getnframes()))
            left = sys.maxsize if end is None else (end - begin) // STEP
            found: list[float] = []
            while left > 0 and (block := wav.readframes(size * min(_BLOCK, left))):
                found += [decibels[peak] for peak in _peaks(block, size)]
                left -= _BLOCK
            return found
    except (OSError, EOFError, wave.Error) as error:
        raise MediaError(f"{path.name} cannot be read: {error}") from error


def _peaks(block: bytes, size: int) -> list[int]:
    samples = array("h", block[: len(block) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    samples, size = samples[::_EVERY], max(1, size // _EVERY)
    pieces = (samples[start : start + size] for start in range(0, len(samples), size))
    return [max(max(piece), -min(piece)) for piece in pieces]
