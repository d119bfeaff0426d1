"""Where a recording may be cut into parts that are recognised apart: in long pauses, never within a word.

Looks only at the stretches around the wanted cuts, so that hours of sound take a fraction of a second.
"""

from __future__ import annotations

import wave
from pathlib import Path

from ingest.modules.tl.asr.loudness import QUIETEST, STEP, levels
from tlp.errors import MediaError

SPAN = 30_000  # ms before and after a wanted cut in which a pause is looked for: nobody speaks a minute without one
PAUSE = 400  # ms that a pause lasts at least: much longer than the closure of a consonant
CLEAR = 12  # dB between speech and noise, so that a pause can be told from speech
SHARE = 0.25  # of those: what is no louder than the noise by more is a pause
HEADER = 44  # bytes of a WAV before its samples


def duration(path: Path) -> int:
    """Milliseconds of a 16-bit mono WAV, as far as its samples go. Raises MediaError."""
    try:
        with wave.open(str(path), "rb") as wav:
            # A writer that could not seek back leaves a length in the header that the file does not have.
            frames = min(wav.getnframes(), (path.stat().st_size - HEADER) // 2)
            return max(0, frames) * 1000 // wav.getframerate()
    except (OSError, EOFError, wave.Error) as error:
        raise MediaError(f"{path.name} cannot be read: {error}") from error


def spans(path: Path, parts: int) -> list[tuple[int, int]]:
    """Begin and end in ms of at most `parts` parts of about the same length, without gap or overlap.

    Where there is no pause near a wanted cut there is none: two parts stay one. Raises MediaError.
    """
    end = duration(path)
    reach = min(SPAN, end // max(1, parts) // 4)
    edges = [0]
    for number in range(1, parts):
        wanted = end * number // parts
        begin = max(0, wanted - reach) // STEP * STEP
        if (cut := pause(levels(path, begin, min(end, wanted + reach)))) is not None:
            edges.append(begin + cut)
    return list(zip(edges, [*edges[1:], end], strict=True))


def pause(measured: list[float]) -> int | None:
    """The middle of the longest pause, ms from the begin of what was measured; None where there is none."""
    if not measured:
        return None
    ranked = sorted(measured)
    noise, loud = max(QUIETEST, ranked[len(ranked) // 20]), ranked[len(ranked) * 95 // 100]
    if loud > QUIETEST and loud - noise < CLEAR:
        return None
    limit = noise + SHARE * max(0.0, loud - noise)
    best, run = (0, 0), 0
    for at, level in enumerate([*measured, 1.0]):  # what ends the last one: louder than anything
        if level <= limit:
            run += 1
        else:
            best, run = max(best, (run, -at)), 0  # the first of those that are as long
    length, at = best[0], -best[1]
    # At a whole step: recognisers look at the sound in frames of 10 ms, which so are those of the whole recording.
    return (at - (length + 1) // 2) * STEP if length * STEP >= PAUSE else None
