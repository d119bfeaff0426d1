"""Speech at the tempo that its place asks for, by ffmpeg; started only through `execute`, as all programs of a track.

Most speech is pushed by nothing, so its tempo can be known, and given to it, before the lines ahead of it are laid: a
part of a voice does that, and joining the parts is left with the lines for which it turns out otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tlp.errors import MediaError
from tlp.voice import commands, fit
from tlp.voice.speak import Spoken
from tlp.voice.track import length

Execute = Callable[..., Any]  # subprocess.run or its like


class Squeezer:
    """Makes speech fit as far as the limits of the tempo let it."""

    def __init__(self, sample_rate: int, limits: fit.Limits, execute: Execute) -> None:
        self._sample_rate = sample_rate
        self._limits = limits
        self._execute = execute

    def ahead(self, spoken: Spoken) -> Spoken:
        """The same with what `fitted` gives when the speech before it leaves all its room."""
        line = spoken.line
        tempo = self._tempo(spoken, fit.slot(line.begin, line.until, 0, self._limits, line.last).room)
        return replace(spoken, tempo=tempo, squeezed=self._at(spoken, tempo)) if tempo > 1.0 else spoken

    def fitted(self, spoken: Spoken, room: int) -> bytes:
        """The samples for a room (ms), squeezed where they are too long for it. Raises MediaError."""
        tempo = self._tempo(spoken, room)
        if tempo > 1.0:
            return spoken.squeezed if tempo == spoken.tempo else self._at(spoken, tempo)
        return spoken.samples

    def _tempo(self, spoken: Spoken, room: int) -> float:
        return fit.tempo(length(spoken.samples, self._sample_rate), room, self._limits)

    def _at(self, spoken: Spoken, tempo: float) -> bytes:
        return bytes(finished(self._execute, commands.tempo(self._sample_rate, tempo), spoken.samples).stdout)


def finished(execute: Execute, argv: list[str], data: bytes = b"") -> Any:
    """The result of a program that has ended well. Raises MediaError with its last words else."""
    result = execute(argv, input=data, capture_output=True)
    if result.returncode:
        said = result.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {result.returncode}"]
        raise MediaError(f"{argv[0]}: {said[-1]}")
    return result
