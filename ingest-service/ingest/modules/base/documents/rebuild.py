"""A document with its translation in it: in the format of the file it was taken out of, or converted back."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ingest.modules.base.documents import DOCUMENTS, opened
from ingest.modules.base.documents.office import Converter
from ingest.modules.base.documents.opened import rebuilt
from tlp.documents import Document
from tlp.errors import PackageError
from tlp.systems import write_aside


def rebuild(base: Path, form: str, translation: Document, output: Path, converter: Converter) -> None:
    """Write `output` in the format `form`. Raises PackageError in words where it cannot be made."""
    if base.suffix[1:] not in DOCUMENTS:
        raise PackageError(f"the text of a file '{base.suffix}' cannot be replaced: {', '.join(DOCUMENTS)}")
    language = translation.source_language or translation.language
    data = rebuilt(opened(base, language), translation)
    if base.suffix[1:] == form:
        write_aside(output, data)
        return
    with tempfile.TemporaryDirectory(prefix="rebuild-") as folder:
        made = Path(folder) / f"made{base.suffix}"
        made.write_bytes(data)
        back = made.with_suffix(f".{form}")
        converter.convert(made, back)
        write_aside(output, back.read_bytes())
