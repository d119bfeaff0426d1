"""The command line of bench/run: which measurements, how large, where the figures go. It measures nothing itself."""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from pathlib import Path

from bench import table
from bench.table import Row
from installer.report import InstallError

NAMES = {
    "formats": "an hour of subtitles in every form, beside lxml and pycaption; ten hours",
    "handover": "from the end of a job to the beginning of the next step",
    "memory": "memory of the services while a large package is uploaded",
    "uploads": "whole uploads beside their processes run by themselves",
    "api": "langs, status, get and mod beside a bare falcon application; a list of 100 000 objects",
    "ticks": "a tick of the Ingest Service over a million finished uploads beside one over a thousand",
    "regeneration": "one corrected segment of an hour: until its translation and its line of the voice are stored",
    "documents": "translation of a 300-page document beside the engine on its sentences as plain text (minutes)",
    "terms": "word errors with and without the terms of slides: a made lecture, and slides of something else",
    "scale": "thousands of uploads on a simulated cluster; a few among 200 000 others (some minutes)",
    "cluster": "a recording on this machine and in parts on real Slurm and Grid Engine (needs root; about 15 minutes)",
    "asr": "speech recognition through the platform beside the model by itself (about 15 minutes)",
}


def main(words: list[str] | None = None) -> int:
    """Measure, print, write. Returns 0 also when a goal is missed: figures depend on the machine; 1 on an error."""
    asked = _arguments(words)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that instances are cleared away
    rows: list[Row] = []
    failed = 0
    for name in asked.names or NAMES:
        print(f"{name}: {NAMES[name]}", file=sys.stderr, flush=True)
        try:
            part = importlib.import_module(f"bench.{name}")
            rows += part.full(asked.full) if asked.full else part.measure(asked.quick)
        except InstallError as error:
            print(f"{name}: {error}. {error.remedy}", file=sys.stderr)
            failed = 1
    print(table.text(rows))
    if asked.json:
        asked.json.write_text(table.json_text(rows), encoding="utf-8")
    return failed


def _arguments(words: list[str] | None) -> argparse.Namespace:
    listing = "".join(f"\n  {name:<12} {about}" for name, about in NAMES.items())
    parser = argparse.ArgumentParser(
        prog="bench/run",
        description=f"Measure the platform on this machine, in a temporary instance of its own.\n\nNAME:{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to measure (default: all)")
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that it works, the figures say little")
    parser.add_argument("--full", type=int, nargs="?", const=100_000, metavar="UPLOADS",
                        help="scale alone: so many uploads, 100000 where none are said (an hour or more)")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, too")
    asked = parser.parse_args(words)
    if wrong := [name for name in asked.names if name not in NAMES]:
        parser.error(f"there is no '{wrong[0]}': {', '.join(NAMES)}")
    if asked.full and asked.names != ["scale"]:
        parser.error("--full is for scale alone: bench/run scale --full")
    return asked


if __name__ == "__main__":
    sys.exit(main())
