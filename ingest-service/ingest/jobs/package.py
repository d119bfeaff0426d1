"""The job that processes the package of an upload, or downloads its media. A thin command line.

`python -m ingest.jobs.package --request request.json --upload FOLDER --result package.json`
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ingest.jobs import limit_memory
from ingest.modules.base.package import Package
from tlp.systems import program, write_aside


def main() -> None:
    """Process the request. Raises PackageError or MediaError in one sentence."""
    parser = argparse.ArgumentParser(prog="python -m ingest.jobs.package", description=__doc__)
    parser.add_argument("--request", type=Path, required=True, help="what to do, see docs/package.md")
    parser.add_argument("--upload", type=Path, required=True, help="folder of the upload")
    parser.add_argument("--result", type=Path, required=True, help="what was found, as JSON")
    asked = parser.parse_args()
    limit_memory()
    request = json.loads(asked.request.read_text(encoding="utf-8"))
    found = Package(request, asked.upload).process()
    write_aside(asked.result, json.dumps(found, ensure_ascii=False, indent=1).encode())


if __name__ == "__main__":
    program(main)
