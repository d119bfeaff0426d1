"""The audio of a run: a 16 kHz mono 16-bit WAV, read a stretch at a time so that hours of it need no memory.

Knows where there is speech (silero VAD) and where it is quiet; decides nothing.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps
from numpy.typing import NDArray

from tlp.errors import MediaError

RATE = 16000
PER_MS = RATE // 1000
HEADER = 44  # bytes of a WAV before its samples
QUIET_MS = 100  # how long a quiet moment is looked for

# Fine enough to find the pauses between sentences; the padding keeps soft consonants at the edges.
SPEECH = VadOptions(min_silence_duration_ms=300, speech_pad_ms=30)


@dataclass(frozen=True)
class Recording:
    """A WAV file; all times in milliseconds from its start."""

    path: Path
    duration: int

    @classmethod
    def open(cls, path: Path) -> Recording:
        """Look at the header. Raises MediaError for anything but 16 kHz mono 16-bit PCM."""
        try:
            with wave.open(str(path), "rb") as wav:
                shape = (wav.getframerate(), wav.getnchannels(), wav.getsampwidth())
                frames = wav.getnframes()
        except (wave.Error, EOFError) as error:
            raise MediaError(f"{path} is not a PCM WAV file: {error}") from error
        if shape != (RATE, 1, 2):
            raise MediaError(f"{path} must be 16000 Hz, 1 channel, 2 bytes a sample; it is {shape}")
        # A writer that could not seek back leaves a length in the header that the file does not have.
        frames = min(frames, (path.stat().st_size - HEADER) // 2)
        return cls(path, frames // PER_MS)

    def samples(self, begin: int, end: int) -> NDArray[np.float32]:
        """The audio of a stretch, -1..1."""
        with wave.open(str(self.path), "rb") as wav:
            wav.setpos(begin * PER_MS)
            data = wav.readframes((end - begin) * PER_MS)
        return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)

    def speech(self, begin: int, end: int) -> list[tuple[int, int]]:
        """The regions of a stretch in which somebody speaks, in order, apart from each other."""
        found = get_speech_timestamps(self.samples(begin, end), SPEECH)
        return [(begin + r["start"] // PER_MS, min(end, begin + r["end"] // PER_MS)) for r in found]

    def quietest(self, begin: int, end: int) -> int:
        """The middle of the quietest moment of a stretch that is not shorter than QUIET_MS."""
        energy = np.square(self.samples(begin, end))
        steps = energy[: energy.size // (10 * PER_MS) * 10 * PER_MS].reshape(-1, 10 * PER_MS).sum(axis=1)
        moments = np.convolve(steps, np.ones(QUIET_MS // 10), "valid")
        return begin + int(moments.argmin()) * 10 + QUIET_MS // 2
