"""The job that brings an audio track up to date with its edited subtitles. A thin command line.

`python -m ingest.jobs.revoice --input NEW.dfxp --output TRACK.mp3 --before OLD.dfxp --track OLD.mp3 --places OLD.json
-- RUN OPTIONS…`: what follows `--` is the command line of the TTS system without its input and output.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ingest.modules.tl import revoice
from tlp.systems import Progress, program


def main() -> None:
    """Make the track. Raises TlpError in one sentence."""
    parser = argparse.ArgumentParser(prog="python -m ingest.jobs.revoice", description=__doc__)
    for name in ("input", "output", "before", "track", "places"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("command", nargs="+")
    asked = parser.parse_args()
    former = revoice.Former(
        revoice.read(asked.before), asked.track, revoice.places(json.loads(asked.places.read_bytes()))
    )
    count = revoice.revoice(asked.command, asked.input, asked.output, former)
    Progress().report(1, 1, f"{count} segments said anew")


if __name__ == "__main__":
    program(main)
