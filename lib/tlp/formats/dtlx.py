"""DTLX, `format=2` of /text/get: how the platform keeps documents and their translations; the sister of DFXP 1.1.

This module reads; `dtlx_writer` writes. The format is described in docs/formats.md, its schema is docs/dtlx.xsd.
"""

from __future__ import annotations

import math
from typing import cast

from lxml import etree

from tlp.captions import AUTOMATIC, HUMAN, Made
from tlp.documents import BLOCK_KINDS, STATUS_CODES, Block, Document, Mark, Sentence, Wording
from tlp.errors import FormatError
from tlp.formats import xml
from tlp.formats.dtlx_names import LONG_ATTRIBUTES, MADE, ROOT, TAGS
from tlp.formats.dtlx_writer import write
from tlp.inline import Items, Span

__all__ = ["CONTENT_TYPE", "read", "write"]

CONTENT_TYPE = "application/xml; charset=utf-8"

Attributes = dict[str, str]


def read(data: bytes, language: str | None = None) -> Document:
    """The document in a file; `language` wins over its `xml:lang`. Raises FormatError that names the line."""
    root = xml.parse(data, "DTLX")
    if root.tag != ROOT:
        raise _error(root, "the file must be a <dtlx> of the namespace translectures.eu")
    _refuse_text(root)
    children = list(root)
    head = children.pop(0) if children and _kind(children[0]) == "d" else None
    document = _document(head)
    document.language = language or root.get(xml.LANG) or "und"
    ids: set[int] = set()
    document.blocks = [_block(element, document.made, ids) for element in children]
    return document


def _document(head: etree._Element | None) -> Document:
    if head is None:
        return Document("")
    attributes = _attributes(head)
    if attributes.get("st", "fully_automatic") not in STATUS_CODES:
        raise _error(head, f"st='{attributes['st']}' is none of {', '.join(STATUS_CODES)}")
    return Document(
        "",
        source_language=attributes.get("sL"),
        document_id=attributes.get("dI"),
        title=attributes.get("tI"),
        format=attributes.get("dF"),
        made=_made(head, attributes, Made()),
        elapsed=attributes.get("eT"),
        model_id=attributes.get("mI"),
        processing_steps=attributes.get("pS"),
    )


def _block(element: etree._Element, document: Made, ids: set[int]) -> Block:
    """A block; the numbers of its sentences join `ids`."""
    if _kind(element) != "b":
        raise _error(element, f"<{_shown(element)}> stands where a block must")
    _refuse_text(element)
    attributes = _attributes(element)
    kind = attributes.get("bT")
    if kind not in BLOCK_KINDS:
        raise _error(element, f"a block needs bT, one of {', '.join(BLOCK_KINDS)}")
    block = Block(kind, anchor=attributes.get("bA"))
    block.level, block.row, block.column = (_size(element, attributes, name) for name in ("bL", "bR", "bC"))
    for child in element:
        if _kind(child) == "m":
            _add_mark(block, child)
        else:
            block.sentences.append(_sentence(child, document, block.marks))
            _add_id(ids, block.sentences[-1].id, child)
    return block


def _add_mark(block: Block, element: etree._Element) -> None:
    attributes = _attributes(element)
    number, kind = _whole(element, attributes, "mN"), attributes.get("mT")
    if number < 0 or number in block.marks or not kind or block.sentences or len(element) or element.text:
        raise _error(element, "a mark needs a number of its own, a type, no content, and stands before the sentences")
    block.marks[number] = Mark(kind, attributes.get("mV"))


def _add_id(ids: set[int], id: int, element: etree._Element) -> None:
    if id in ids:
        raise _error(element, f"sI='{id}' stands in the document twice")
    ids.add(id)


def _sentence(element: etree._Element, document: Made, marks: dict[int, Mark]) -> Sentence:
    if _kind(element) != "s":
        raise _error(element, f"<{_shown(element)}> stands where a sentence must")
    _refuse_text(element)
    attributes = _attributes(element)
    sentence = Sentence(_whole(element, attributes, "sI"), gap=attributes.get("gA", " "))
    sentence.highlight = attributes.get("h") == "1"
    sides: dict[str, etree._Element] = {}
    for child in element:
        kind = _kind(child)
        if kind not in ("x", "c", "o") or kind in sides:
            raise _error(child, f"<{_shown(child)}> stands here once too often, or may not stand here")
        sides[kind] = child
    if "x" in sides:
        sentence.source = _items(sides["x"], marks)
    above = {name: value for name, value in attributes.items() if name in MADE or name == "cM"}
    current, original = (_wording(sides.get(side), above, document, marks) for side in ("c", "o"))
    sentence.current = current or original
    sentence.original = None if original == current or not current else original
    return sentence


def _wording(
    element: etree._Element | None, sentence: Attributes, document: Made, marks: dict[int, Mark]
) -> Wording | None:
    if element is None:
        return None
    return Wording(_items(element, marks), _made(element, sentence | _attributes(element), document))


def _items(parent: etree._Element, marks: dict[int, Mark]) -> Items:
    """Text and spans in reading order; white space is text here."""
    items: Items = [parent.text] if parent.text else []
    for child in parent:
        number = _whole(child, _attributes(child), "mN") if _kind(child) == "g" else None
        if number not in marks:
            raise _error(child, f"<{_shown(child)}> is no group with the number of a mark of its block")
        items.append(Span(number, _items(child, marks)))
        if child.tail:
            items.append(child.tail)
    return items


def _refuse_text(parent: etree._Element) -> None:
    """Text outside sentences belongs to nothing and would be lost."""
    for text in (parent.text, *(child.tail for child in parent)):
        if text and text.strip(xml.BLANKS):
            raise _error(parent, f"<{_shown(parent)}> has text outside <tl:x>, <tl:c> and <tl:o>")


def _attributes(element: etree._Element) -> Attributes:
    """The attributes under their short names."""
    given = cast(Attributes, dict(element.items()))
    return {LONG_ATTRIBUTES.get(name, name): value for name, value in given.items()}


def _made(element: etree._Element, attributes: Attributes, above: Made) -> Made:
    """What is said here. Saying what is inherited anyway counts as saying nothing, but for `cM`."""
    made = Made(confidence=_number(element, attributes, "cM"))
    for name in attributes:
        if name not in MADE:
            continue
        value = _number(element, attributes, name) if name == "aC" else attributes[name]
        if name == "aT" and value not in (AUTOMATIC, HUMAN):
            raise _error(element, f"aT='{value}' is neither {AUTOMATIC} nor {HUMAN}")
        if value != getattr(above, MADE[name]):
            setattr(made, MADE[name], value)
    return made


def _number(element: etree._Element, attributes: Attributes, name: str) -> float | None:
    if name not in attributes:
        return None
    try:
        number = float(attributes[name])
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _error(element, f"{name}='{attributes[name]}' is no number")
    return number


def _size(element: etree._Element, attributes: Attributes, name: str) -> int | None:
    return _whole(element, attributes, name) if name in attributes else None


def _whole(element: etree._Element, attributes: Attributes, name: str) -> int:
    value = attributes.get(name)
    if value is None:
        raise _error(element, f"<{_shown(element)}> needs {name}, a whole number")
    digits = value.removeprefix("-")
    if len(digits) > 15 or not (digits.isascii() and digits.isdigit()):
        raise _error(element, f"{name}='{value}' is no whole number")
    return int(value)


def _kind(element: etree._Element) -> str:
    """The short name of the tag; anything else is no DTLX."""
    kind = TAGS.get(element.tag)
    if kind is None:
        raise _error(element, f"<{_shown(element)}> is unknown here; see docs/formats.md")
    return kind


def _shown(element: etree._Element) -> str:
    return f"{element.prefix}:{etree.QName(element).localname}" if element.prefix else str(element.tag)


def _error(element: etree._Element, message: str) -> FormatError:
    return FormatError(f"DTLX, line {element.sourceline}: {message}")
