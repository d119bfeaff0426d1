"""An audio track follows its corrected subtitles: only the lines that changed are said anew (manual, 7.1.2).

Works with any TTS system that leaves a file of places beside its tracks (docs/systems.md), and has the whole track made
where that is simpler or there is nothing to begin with. It knows files and the system's command line, no database.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tlp.captions import ALL, UNFILTERED, Captions
from tlp.errors import FormatError, SystemUnavailable
from tlp.formats import FORMATS
from tlp.systems import write_aside
from tlp.voice import mp3, patch
from tlp.voice.dub import places_of

TRIES = 3  # with ever wider islands, before the whole track is made


@dataclass(frozen=True)
class Former:
    """The track as it is: the captions that it says, the file, and where each line is in it."""

    captions: Captions
    track: Path
    places: patch.Places


def revoice(command: list[str], captions: Path, output: Path, former: Former) -> int:
    """Make the track of `captions`; returns how many of its lines were said anew.

    `command`: the system's `run` with its options, but without --input and --output. Raises SystemUnavailable with the
    system's own words when it fails.
    """
    new = read(captions)
    try:
        done = _patched(command, new, output, former)
    except (FormatError, OSError, ValueError, TypeError) as error:  # the last two: places that a system wrote wrongly
        print(f"the whole track is made: {error}", file=sys.stderr)
        done = None
    if done is None:
        _say(command, captions, output)
        return len(new.current)
    return done


def read(captions: Path) -> Captions:
    """The captions of a DFXP file."""
    found: Captions = FORMATS["dfxp"].read(captions.read_bytes())
    return found


def _patched(command: list[str], new: Captions, output: Path, former: Former) -> int | None:
    track = mp3.read(former.track.read_bytes())
    for wider in range(TRIES):
        islands = patch.islands(former.captions, new, former.places, track, wider)
        if islands is None:
            return None
        said: patch.Places = {}
        data: bytes | None = former.track.read_bytes()
        if islands:
            with tempfile.TemporaryDirectory(prefix="part") as folder:
                part = Path(folder) / "part.dfxp"
                part.write_bytes(FORMATS["dfxp"].write(patch.part(new, islands, track), ALL, UNFILTERED))
                short = part.with_suffix(".mp3")
                _say(command, part, short)
                said = places(json.loads(places_of(short).read_bytes()))
                data = patch.joined(track, mp3.read(short.read_bytes()), islands)
        if data is None:
            return None
        if not islands or patch.fits(new, islands, track, said):
            found = patch.places(former.captions, new, former.places, islands, track, said)
            write_aside(places_of(output), json.dumps([(line, *place) for line, place in found.items()]).encode())
            write_aside(output, data)
            return sum(island.last - island.first for island in islands)
    return None


def places(rows: list[list[int]]) -> patch.Places:
    """The content of a file of places."""
    return {line: (begin, end) for line, begin, end in rows}


def _say(command: list[str], captions: Path, output: Path) -> None:
    """Run the system. Its words go where this program's go."""
    asked = [*command, "--input", str(captions), "--output", str(output)]
    result = subprocess.run(asked, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
    sys.stderr.write(result.stderr)
    if result.returncode:
        said = result.stderr.strip().splitlines() or [f"exit code {result.returncode}"]
        raise SystemUnavailable(said[-1])
