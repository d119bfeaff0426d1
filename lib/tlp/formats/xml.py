"""The one way to parse XML: no DTD, no entities, no network, bounded in size, depth and number of elements.

Nothing else in the project calls a parser; writers escape with the functions here.
"""

from __future__ import annotations

import math
import re

from lxml import etree

from tlp.errors import FormatError
from tlp.formats.encoding import decode

MAX_ELEMENTS = 1_000_000
MAX_DEPTH = 64  # DFXP nests 8 deep, TRS 6
MAX_SECONDS = 2_000_000  # 23 days: as milliseconds it still is an SQL integer
BLANKS = " \t\r\n"  # what XML takes for white space: a no-break space is text
PRESERVE = "{http://www.w3.org/XML/1998/namespace}space"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_TOO_DEEP = etree.XPath("/*" * (MAX_DEPTH + 1))
_DOCTYPE = re.compile(r"""<!DOCTYPE(?:[^\["'>]|"[^"]*"|'[^']*')*(\[)?""")

_PROLOG = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)


def parse(data: bytes | str, name: str, depth: int = MAX_DEPTH) -> etree._Element:
    """The root element of a file of the format `name`. Raises FormatError that names the format and the line.

    Comments and processing instructions are dropped. A DOCTYPE may stand there (TRS files have one) but is
    not followed; one that declares something, and any entity but the five of XML, is refused. `depth`: the most
    elements inside each other.
    """
    text = decode(data, name) if isinstance(data, bytes) else data
    _check_doctype(text, name)
    if text.count("<") > 2 * MAX_ELEMENTS:
        raise FormatError(f"{name}: the file has more than {MAX_ELEMENTS} elements")
    parser = etree.XMLParser(
        encoding="utf-8",  # whatever the declaration says: the text has been decoded
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        collect_ids=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(_without_doctype(text).encode(), parser)
    except etree.XMLSyntaxError as error:
        raise FormatError(f"{name}, line {error.lineno}: not well-formed XML: {error.msg}") from error
    _check_depth(root, name, depth)
    return root


def _check_doctype(text: str, name: str) -> None:
    found = _DOCTYPE.search(text)
    if found is None:
        return
    line = text.count("\n", 0, found.start()) + 1
    if found[1]:
        raise FormatError(f"{name}, line {line}: a document type with declarations is not accepted")
    # With an external DTD, which is never loaded, an unknown entity would vanish from the text unnoticed.
    entity = re.search(r"&(?!#|amp;|lt;|gt;|quot;|apos;)", text)
    if entity:
        line = text.count("\n", 0, entity.start()) + 1
        raise FormatError(f"{name}, line {line}: an entity that XML does not define itself is not accepted")


def _without_doctype(text: str) -> str:
    """The text with its DOCTYPE blanked, lines kept: libxml2 would open the file that it names, whatever it is told."""
    prolog = _PROLOG.match(text)
    found = _DOCTYPE.match(text, prolog.end() if prolog else 0)
    if found is None:
        return text
    end = found.end() + 1  # its ">"
    return text[: found.start()] + "\n" * text.count("\n", found.start(), end) + text[end:]


def _check_depth(root: etree._Element, name: str, depth: int) -> None:
    deep = _TOO_DEEP(root) if depth == MAX_DEPTH else root.xpath("/*" * (depth + 1))
    if isinstance(deep, list) and deep:
        raise FormatError(f"{name}: elements are nested more than {depth} deep")


def escaped(text: str) -> str:
    """The text as XML content. A carriage return needs a reference: parsers turn a bare one into a newline."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#13;") if "\r" in text else text


def quoted(value: str) -> str:
    """The value as an XML attribute, with its quotes."""
    text = escaped(value).replace('"', "&quot;").replace("\t", "&#9;").replace("\n", "&#10;")
    return f'"{text}"'


def milliseconds(seconds: str) -> int:
    """A number of seconds as ms, rounded once, halves up. Raises ValueError for anything else."""
    value = float(seconds)
    if not -MAX_SECONDS < value < MAX_SECONDS or "_" in seconds:  # also turns away nan
        raise ValueError(seconds)
    return math.floor(value * 1000 + 0.5)
