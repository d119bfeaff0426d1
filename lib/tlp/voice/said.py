"""Lines said for a track that another run makes: the file between a part of a voice and what joins the parts.

A first line of JSON, {"version", "sample_rate", "lines": [[number of the segment, problem or null, bytes, tempo, bytes
at this tempo], ...]}, then the samples of these lines, mono, 16 bit, little endian, of each as it was said and at its
tempo. Only the system that wrote it reads it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlp.errors import FormatError
from tlp.voice.lines import Line
from tlp.voice.speak import Spoken

VERSION = 1
_LONGEST = 1 << 26  # bytes of the first line


def write(output: Path, sample_rate: int, speech: Iterable[Spoken]) -> None:
    """Write what is said, as it is said; the file is there when it is whole."""
    rows: list[tuple[int, str | None, int, float, int]] = []
    aside = output.with_name(output.name + ".part")
    with tempfile.TemporaryFile() as samples:
        for spoken in speech:
            samples.write(spoken.samples + spoken.squeezed)
            sizes = len(spoken.samples), spoken.tempo, len(spoken.squeezed)
            rows.append((spoken.line.number, spoken.problem, *sizes))
        samples.seek(0)
        with aside.open("wb") as file:
            head = {"version": VERSION, "sample_rate": sample_rate, "lines": rows}
            file.write(json.dumps(head).encode() + b"\n")
            shutil.copyfileobj(samples, file)
    aside.replace(output)


@dataclass(frozen=True)
class _Place:
    """Where the samples of a line are."""

    file: Path
    offset: int
    problem: str | None
    size: int
    tempo: float
    squeezed: int


class Said:
    """See `speak.Speech`: lines that other runs have said, from their files."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Raises FormatError for a file that is damaged or goes with none of the others, OSError for one not there."""
        self._places: dict[int, _Place] = {}
        self.sample_rate = 0
        for file in files:
            sample_rate, places = _read(file)
            if self.sample_rate not in (0, sample_rate):
                raise FormatError(f"{file.name} has {sample_rate} samples a second, {files[0].name} {self.sample_rate}")
            if twice := self._places.keys() & places.keys():
                raise FormatError(f"segment number {min(twice)} of {file.name} is in another part too")
            self.sample_rate = sample_rate
            self._places |= places

    def of(self, todo: Sequence[Line]) -> Iterator[Spoken]:
        """See Speech. Raises FormatError before the first line when one is missing."""
        if missing := [line for line in todo if line.number not in self._places]:
            raise FormatError(f"{len(missing)} of {len(todo)} segments are in no part, the first is {missing[0].id}")
        for line in todo:
            place = self._places[line.number]
            with place.file.open("rb") as file:
                file.seek(place.offset)
                samples, squeezed = file.read(place.size), file.read(place.squeezed)
            yield Spoken(line, samples, place.problem, place.tempo, squeezed)


def _read(path: Path) -> tuple[int, dict[int, _Place]]:
    """The sample rate of a file and its lines by their numbers."""
    with path.open("rb") as file:
        first = file.readline(_LONGEST)
    try:
        head: dict[str, Any] = json.loads(first)
        if head["version"] != VERSION:
            raise FormatError(f"{path.name} has version {head['version']}; this system reads version {VERSION}")
        offset, places = len(first), {}
        for number, problem, size, tempo, squeezed in head["lines"]:
            places[int(number)] = _Place(path, offset, problem, int(size), float(tempo), int(squeezed))
            offset += size + squeezed
        sample_rate = int(head["sample_rate"])
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{path.name} is no file of said lines: {error}") from error
    if sample_rate < 1 or offset != path.stat().st_size:
        raise FormatError(f"{path.name} is damaged: {offset} bytes are expected, it has {path.stat().st_size}")
    return sample_rate, places
