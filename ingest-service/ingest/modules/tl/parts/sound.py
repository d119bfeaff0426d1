"""A part of a recording as a file of its own. Knows WAV files only."""

from __future__ import annotations

import wave
from pathlib import Path

from tlp.errors import MediaError

_BLOCK = 1 << 16  # frames copied at a time


def cut(recording: Path, begin: int, end: int, part: Path) -> None:
    """Write the sound from `begin` to `end` (ms) of a WAV to `part`. Raises MediaError."""
    try:
        with wave.open(str(recording), "rb") as source, wave.open(str(part), "wb") as target:
            target.setparams(source.getparams())
            rate = source.getframerate()
            source.setpos(begin * rate // 1000)
            left = end * rate // 1000 - begin * rate // 1000
            while left > 0 and (data := source.readframes(min(_BLOCK, left))):
                target.writeframes(data)
                left -= _BLOCK
    except (OSError, EOFError, wave.Error) as error:
        raise MediaError(f"{recording.name} cannot be cut: {error}") from error
