"""The job that makes one text of what systems made of its parts. A thin command line.

`python -m ingest.jobs.join sound|text --output OUT --part 0 FILE --part 300120 FILE …`: of each part its begin in the
recording (ms; 0 for texts) and its file, in order. `--input AUDIO` is what the parts were cut from.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ingest.modules.tl.parts import whole
from tlp.captions import CURRENT, UNFILTERED
from tlp.formats import DOCUMENT_FORMATS, FORMATS
from tlp.systems import program, write_aside


def main() -> None:
    """Join. Raises FormatError for a part that cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m ingest.jobs.join", description=__doc__)
    parser.add_argument("kind", choices=["sound", "text"])
    parser.add_argument("--input", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--part", nargs=2, action="append", required=True, metavar=("BEGIN", "FILE"))
    asked = parser.parse_args()
    parts = [(int(begin), Path(file)) for begin, file in asked.part]
    write_aside(asked.output, _joined(asked.kind, parts))


def _joined(kind: str, parts: list[tuple[int, Path]]) -> bytes:
    if parts[0][1].suffix == ".dtlx":
        documents = [DOCUMENT_FORMATS["dtlx"].read(file.read_bytes()) for _, file in parts]
        return DOCUMENT_FORMATS["dtlx"].write(whole.document(documents), CURRENT)
    captions = [(begin, FORMATS["dfxp"].read(file.read_bytes())) for begin, file in parts]
    joined = whole.heard(captions) if kind == "sound" else whole.translated([made for _, made in captions])
    return FORMATS["dfxp"].write(joined, CURRENT, UNFILTERED)


if __name__ == "__main__":
    program(main)
