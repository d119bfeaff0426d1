"""Plain text of a document, `format=3` of /text/get: one line a block, a table row a line. Written only."""

from __future__ import annotations

from tlp import inline
from tlp.captions import CURRENT
from tlp.documents import CELL, Block, Document
from tlp.errors import FormatError
from tlp.formats.document_layout import groups, shown, tables
from tlp.formats.encoding import encode

CONTENT_TYPE = "text/plain; charset=utf-8"


def read(data: bytes, language: str | None = None) -> Document:
    """Always raises FormatError: text comes in as a document, whose sentences the Ingest Service takes out."""
    raise FormatError("plain text cannot be read as a translation; send dtlx")


def write(document: Document, data_policy: int = CURRENT) -> bytes:
    """Sentences that are not translated stand there in the source's language; cells are parted by tabs."""
    side = document.side(data_policy)
    lines: list[str] = []
    for kind, blocks in groups(side.blocks):
        if kind == CELL:
            rows = (row for table in tables(blocks) for row in table)
            lines += ("\t".join(" ".join(_line(side, block) for block in cell) for cell in row) for row in rows)
        else:
            lines += (_line(side, block) for block in blocks)
    return encode("".join(f"{line}\n" for line in lines))


def _line(document: Document, block: Block) -> str:
    parts = []
    for sentence in block.sentences:
        parts += [inline.plain(shown(document, sentence)[0]), " " if sentence.gap else ""]
    return "".join(parts).strip()
