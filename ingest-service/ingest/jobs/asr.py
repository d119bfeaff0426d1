"""The job of a recogniser: runs the system, then has its captions cleaned and cut for reading. A thin command line.

`python -m ingest.jobs.asr --request FILE RUN --lang en --input audio.wav --output en.dfxp …`: after the request, the
command line of the system as docs/systems.md fixes it. One job and not two: nobody waits twice for a processor.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from ingest.modules.tl.asr.hallucinations import Finding, shortened
from ingest.modules.tl.asr.postprocess import Request, process
from tlp.errors import FormatError
from tlp.systems import program


def main() -> None:
    """Run and process. Ends with the system's own code, and its last line, when that fails."""
    parser = argparse.ArgumentParser(prog="python -m ingest.jobs.asr", description=__doc__)
    parser.add_argument("--request", type=Path, required=True, help="what is wanted of the captions")
    parser.add_argument("system", nargs=argparse.REMAINDER, help="the command line of the system")
    asked = parser.parse_args()
    audio, output = (Path(asked.system[asked.system.index(name) + 1]) for name in ("--input", "--output"))
    heard = output.with_suffix(".heard.dfxp")
    heard.unlink(missing_ok=True)
    done = subprocess.run([str(heard) if word == str(output) else word for word in asked.system])
    if done.returncode:
        sys.exit(done.returncode if done.returncode > 0 else 128 - done.returncode)
    if not heard.is_file():
        return  # the step says that there are no subtitles
    try:
        found = process(heard, audio, output, output.with_suffix(".report.json"), Request.read(asked.request))
    except FormatError:
        heard.replace(output)  # the step says what is wrong with it
        return
    for finding in found:
        print(_in_words(finding))


def _in_words(finding: Finding) -> str:
    did = "removed" if finding.removed else "marked"
    return f"{did} {finding.begin / 1000:.2f}–{finding.end / 1000:.2f} s ({finding.reason}): {shortened(finding.text)}"


if __name__ == "__main__":
    program(main)
