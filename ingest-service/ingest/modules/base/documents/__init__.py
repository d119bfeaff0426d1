"""The Document Module: the text of documents taken out by sentence, and put back translated (manual, section 7).

One module a format; `DOCUMENTS` is the table. To add one: a module with `read`, a line here, a section in
docs/formats.md.
"""

from __future__ import annotations

from pathlib import Path

from ingest.modules.base.documents import docx, html, pptx, txt
from ingest.modules.base.documents.opened import FileFormat, Opened
from tlp.errors import PackageError

DOCUMENTS: dict[str, FileFormat] = {"txt": txt, "html": html, "docx": docx, "pptx": pptx}


def opened(path: Path, language: str) -> Opened:
    """Take a file apart; its extension, which is ours, is its format. Raises PackageError in words."""
    try:
        return DOCUMENTS[path.suffix[1:]].read(path.read_bytes(), language)
    except RecursionError as error:
        raise PackageError("its parts are nested too deep") from error
