"""HTML of a document, `format=1` of /text/get: one page that needs nothing else. Written only."""

from __future__ import annotations

import re

from tlp import documents
from tlp.captions import CURRENT
from tlp.documents import Block, Document, Mark, Sentence
from tlp.errors import FormatError
from tlp.formats.document_layout import groups, shown, tables
from tlp.formats.encoding import encode
from tlp.formats.xml import escaped, quoted
from tlp.inline import Items

CONTENT_TYPE = "text/html; charset=utf-8"

_RIGHT_TO_LEFT = frozenset(("ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ps", "sd", "ug", "ur", "yi"))
_ELEMENTS = {  # of blocks that stand alone
    documents.HEADER: ("<header><p>", "</p></header>"),
    documents.FOOTER: ("<footer><p>", "</p></footer>"),
    documents.NOTE: ('<aside role="note"><p>', "</p></aside>"),
    documents.CAPTION: ('<p class="caption">', "</p>"),
}
_TAGS = {
    documents.BOLD: "b",
    documents.ITALIC: "i",
    documents.UNDERLINE: "u",
    documents.STRIKE: "s",
    documents.SUPERSCRIPT: "sup",
    documents.SUBSCRIPT: "sub",
    documents.CODE: "code",
}
_SAFE_ADDRESS = re.compile(r"(https?://|mailto:|#)[^\x00-\x20]+\Z", re.IGNORECASE)


def read(data: bytes, language: str | None = None) -> Document:
    """Always raises FormatError: HTML comes in as a document, whose text the Ingest Service takes out."""
    raise FormatError("HTML cannot be read as a translation; send dtlx")


def write(document: Document, data_policy: int = CURRENT) -> bytes:
    """The document in reading order; sentences are `<span id="s16">`, edited ones `class="h"`.

    A sentence that is not translated stands there in the language of the source, and says so.
    """
    side = document.side(data_policy)
    title = document.title or document.document_id or "Document"
    lines = [
        "<!DOCTYPE html>",
        f'<html lang={quoted(document.language)} dir="{direction(document.language)}">',
        f'<head><meta charset="utf-8"><title>{escaped(title)}</title></head>',
        "<body>",
    ]
    for kind, blocks in groups(side.blocks):
        lines += _group(side, kind, blocks)
    return encode("\n".join([*lines, "</body>", "</html>", ""]))


def direction(language: str) -> str:
    """rtl or ltr, by the script the language is written in."""
    parts = language.lower().replace("_", "-").split("-")
    if {"arab", "hebr", "thaa", "syrc"}.intersection(parts[1:]):
        return "rtl"
    return "rtl" if parts[0] in _RIGHT_TO_LEFT and not {"latn", "cyrl"}.intersection(parts[1:]) else "ltr"


def _group(document: Document, kind: str, blocks: list[Block]) -> list[str]:
    if kind == documents.CELL:
        return [line for table in tables(blocks) for line in _table(document, table)]
    if kind == documents.ITEM:
        return ["<ul>", *(f"<li>{_block(document, block)}</li>" for block in blocks), "</ul>"]
    if kind == documents.HEADING:
        level = min(max(blocks[0].level or 1, 1), 6)
        return [f"<h{level}>{_block(document, blocks[0])}</h{level}>"]
    opening, closing = _ELEMENTS.get(kind, ("<p>", "</p>"))
    return [f"{opening}{_block(document, blocks[0])}{closing}"]


def _table(document: Document, rows: list[list[list[Block]]]) -> list[str]:
    lines = ["<table>"]
    for row in rows:
        cells = ("<br>".join(_block(document, block) for block in cell) for cell in row)
        lines.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return [*lines, "</table>"]


def _block(document: Document, block: Block) -> str:
    parts = []
    for at, sentence in enumerate(block.sentences):
        parts.append(_sentence(document, sentence, block.marks))
        if at + 1 < len(block.sentences):
            parts.append(_text(sentence.gap))
    return "".join(parts)


def _sentence(document: Document, sentence: Sentence, marks: dict[int, Mark]) -> str:
    items, language = shown(document, sentence)
    attributes = ' class="h"' if sentence.highlight else ""
    if language != document.language:
        attributes += f' lang={quoted(language)} dir="{direction(language)}"'
    return f'<span id="s{sentence.id}"{attributes}>{_items(items, marks)}</span>'


def _items(items: Items, marks: dict[int, Mark]) -> str:
    parts = []
    for item in items:
        if isinstance(item, str):
            parts.append(_text(item))
        elif item.items:
            opening, closing = _tags(marks.get(item.number))
            parts.append(f"{opening}{_items(item.items, marks)}{closing}")
    return "".join(parts)


def _tags(mark: Mark | None) -> tuple[str, str]:
    """The HTML of a mark; none for a kind without one, or an address that could run or load something."""
    if mark and mark.kind == documents.LINK and mark.value and _SAFE_ADDRESS.match(mark.value):
        return f"<a href={quoted(mark.value)}>", "</a>"
    tag = _TAGS.get(mark.kind) if mark else None
    return (f"<{tag}>", f"</{tag}>") if tag else ("", "")


def _text(text: str) -> str:
    return "<br>".join(escaped(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
