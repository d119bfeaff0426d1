"""The job that takes the text out of the documents of an upload, or puts a translation back. A thin command line.

`python -m ingest.jobs.document extract --request request.json --upload FOLDER --result package.json`
`python -m ingest.jobs.document rebuild --base FILE --format EXT --translation N.node.dtlx --output N.node.ext`
"""

from __future__ import annotations

import argparse
import gc
import json
from pathlib import Path

from ingest.jobs import limit_memory
from ingest.modules.base.documents.office import Converter
from ingest.modules.base.documents.package import DocumentPackage
from ingest.modules.base.documents.rebuild import rebuild
from tlp.errors import PackageError
from tlp.formats import DOCUMENT_FORMATS
from tlp.systems import program, write_aside

# Objects between two searches for garbage in circles: a long document is a hundred thousand objects without any.
_OBJECTS = 100_000


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The command line: `make` and its files."""
    parser = argparse.ArgumentParser(prog="python -m ingest.jobs.document", description=__doc__)
    makes = parser.add_subparsers(dest="make", required=True)
    extract = makes.add_parser("extract")
    extract.add_argument("--request", type=Path, required=True, help="what to do, see docs/package.md")
    extract.add_argument("--upload", type=Path, required=True, help="folder of the upload")
    extract.add_argument("--result", type=Path, required=True, help="what was found, as JSON")
    put_back = makes.add_parser("rebuild")
    put_back.add_argument("--base", type=Path, required=True, help="the file whose text was translated")
    put_back.add_argument("--format", required=True, help="format to write, see `rebuild` of the result")
    put_back.add_argument("--translation", type=Path, required=True, help="DTLX")
    put_back.add_argument("--output", type=Path, required=True)
    put_back.add_argument("--converter", default=Converter.program, help="office program; default: %(default)s")
    put_back.add_argument("--timeout", type=float, default=Converter.timeout, help="seconds for a conversion")
    return parser.parse_args(words)


def main() -> None:
    """Do what is asked. Raises PackageError in one sentence that names the document."""
    asked = arguments()
    limit_memory()
    gc.set_threshold(_OBJECTS)
    if asked.make == "extract":
        request = json.loads(asked.request.read_text(encoding="utf-8"))
        found = DocumentPackage(request, asked.upload).process()
        write_aside(asked.result, json.dumps(found, ensure_ascii=False, indent=1).encode())
    else:
        _rebuild(asked)


def _rebuild(asked: argparse.Namespace) -> None:
    translation = DOCUMENT_FORMATS["dtlx"].read(asked.translation.read_bytes())
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    converter = Converter(asked.converter, asked.timeout)
    try:
        rebuild(asked.base, asked.format, translation, asked.output, converter)
    except PackageError as error:
        raise PackageError(f"document '{translation.document_id or asked.base.name}': {error}") from error


if __name__ == "__main__":
    program(main)
