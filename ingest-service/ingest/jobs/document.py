"""The job that takes the text out of the documents of an upload, or puts a translation back. A thin command line.

`python -m ingest.jobs.document extract --request request.json --upload FOLDER --result package.json`
`python -m ingest.jobs.document rebuild --base FILE --format EXT --translation N.node.dtlx --output N.node.ext`
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ingest.jobs import limit_memory
from ingest.modules.base.documents import DOCUMENTS
from ingest.modules.base.documents.opened import rebuilt
from ingest.modules.base.documents.package import DocumentPackage
from tlp.errors import PackageError
from tlp.formats import DOCUMENT_FORMATS
from tlp.systems import program, write_aside


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The command line: `make` and its files."""
    parser = argparse.ArgumentParser(prog="python -m ingest.jobs.document", description=__doc__)
    makes = parser.add_subparsers(dest="make", required=True)
    extract = makes.add_parser("extract")
    extract.add_argument("--request", type=Path, required=True, help="what to do, see docs/package.md")
    extract.add_argument("--upload", type=Path, required=True, help="folder of the upload")
    extract.add_argument("--result", type=Path, required=True, help="what was found, as JSON")
    rebuild = makes.add_parser("rebuild")
    rebuild.add_argument("--base", type=Path, required=True, help="the file whose text was translated")
    rebuild.add_argument("--format", required=True, help="format to write, see `rebuild` of the result")
    rebuild.add_argument("--translation", type=Path, required=True, help="DTLX")
    rebuild.add_argument("--output", type=Path, required=True)
    return parser.parse_args(words)


def main() -> None:
    """Do what is asked. Raises PackageError in one sentence that names the document."""
    asked = arguments()
    limit_memory()
    if asked.make == "extract":
        request = json.loads(asked.request.read_text(encoding="utf-8"))
        found = DocumentPackage(request, asked.upload).process()
        write_aside(asked.result, json.dumps(found, ensure_ascii=False, indent=1).encode())
    else:
        _rebuild(asked)


def _rebuild(asked: argparse.Namespace) -> None:
    translation = DOCUMENT_FORMATS["dtlx"].read(asked.translation.read_bytes())
    try:
        if asked.format not in DOCUMENTS:
            raise PackageError(f"the format '{asked.format}' cannot be written: {', '.join(DOCUMENTS)}")
        source = DOCUMENTS[asked.format].read(asked.base.read_bytes(), translation.source_language or "und")
        data = rebuilt(source, translation)
    except PackageError as error:
        raise PackageError(f"document '{translation.document_id or asked.base.name}': {error}") from error
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    write_aside(asked.output, data)


if __name__ == "__main__":
    program(main)
