"""The job of a part: cuts it out of the whole, and runs a system on it. A thin command line.

`python -m ingest.jobs.part sound|text FIRST LAST RUN --lang en --input audio.wav --output en.part01.dfxp …`: after the
span (ms of a recording, or numbers of segments or blocks), the command line of the system on the whole.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from ingest.modules.tl.parts import sound, terms, text
from tlp.captions import ALL, UNFILTERED
from tlp.formats import DOCUMENT_FORMATS, FORMATS
from tlp.systems import program


def main() -> None:
    """Cut and run. Ends with the system's own code, and its last line, when that fails."""
    parser = argparse.ArgumentParser(prog="python -m ingest.jobs.part", description=__doc__)
    parser.add_argument("kind", choices=["sound", "text"])
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("system", nargs=argparse.REMAINDER, help="the command line of the system")
    asked = parser.parse_args()
    command, span = list(asked.system), (asked.first, asked.last)
    with tempfile.TemporaryDirectory(prefix="part") as folder:
        at = command.index("--input") + 1
        whole, part = Path(command[at]), Path(folder) / f"part{Path(command[at]).suffix}"
        command[at] = str(part)
        if asked.kind == "text":
            part.write_bytes(_text(whole, span))
        else:
            sound.cut(whole, *span, part)
            if "--terms" in command:
                at = command.index("--terms") + 1
                command[at] = _terms(Path(command[at]), span, Path(folder))
        done = subprocess.run(command)
    sys.exit(done.returncode if done.returncode >= 0 else 128 - done.returncode)


def _terms(whole: Path, span: text.Span, folder: Path) -> str:
    part = folder / "terms.txt"
    part.write_text(terms.cut(whole.read_text(encoding="utf-8"), *span), encoding="utf-8")
    return str(part)


def _text(whole: Path, span: text.Span) -> bytes:
    data = whole.read_bytes()
    if whole.suffix == ".dtlx":
        return DOCUMENT_FORMATS["dtlx"].write(text.cut(DOCUMENT_FORMATS["dtlx"].read(data), span), ALL)
    return FORMATS["dfxp"].write(text.cut(FORMATS["dfxp"].read(data), span), ALL, UNFILTERED)


if __name__ == "__main__":
    program(main)
