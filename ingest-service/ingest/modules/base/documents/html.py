"""Web pages (html): text, attributes that people read, titles. Scripts, code and what says translate="no" stay.

The page comes back in UTF-8 and names the language; its elements, links and pictures are those it had.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree
from lxml import html as parser

from ingest.modules.base.documents import html_names as names
from ingest.modules.base.documents.html_paragraph import Line
from ingest.modules.base.documents.opened import Paragraph, attribute, content
from tlp.documents import CAPTION, CELL, HEADING, PARAGRAPH
from tlp.errors import PackageError
from tlp.formats.document_html import direction
from tlp.formats.encoding import MAX_BYTES

_DEEPEST = 250  # the parser silently drops what is deeper than 255
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_CHARSET = re.compile(
    rb"""charset\s*=\s*["']?\s*(iso-8859-\d{1,2}|windows-125\d|koi8-[ru]|shift_jis|euc-(?:jp|kr)|gb2312|gbk|gb18030|big5)""",
    re.IGNORECASE,
)
_DOCTYPE = re.compile(r"(?:\s+|<!--.*?-->)*(<!doctype[^>\[]*[>\[])", re.IGNORECASE | re.DOTALL)
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def read(data: bytes, language: str) -> Page:
    """Take a page apart. Raises PackageError for one that is too large or nested too deep."""
    text = _UNREADABLE.sub("\ufffd", _DECLARATION.sub("", _decoded(data)))
    try:
        root = parser.document_fromstring(text, parser=parser.HTMLParser(no_network=True, huge_tree=False))
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise PackageError(f"the page holds nothing that can be read ({error})") from error
    if root.xpath("boolean(" + "/*" * (_DEEPEST + 1) + ")"):
        raise PackageError(f"the elements of the page are nested more than {_DEEPEST} deep")
    page = Page(root, language.partition("-")[0].lower(), _doctype(text))
    page.paragraphs.extend(page.found(root, True))
    return page


def _doctype(text: str) -> str | None:
    """The type that the page states, without what it declares in it."""
    found = _DOCTYPE.match(text)
    return None if found is None else found[1] if found[1].endswith(">") else "<!DOCTYPE html>"


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise PackageError(f"the page has {len(data)} bytes; at most {MAX_BYTES} are read")
    for bom, name in _BOMS.items():
        if data.startswith(bom):
            return data.decode(name, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        declared = _CHARSET.search(data[:4096])
        named = declared[1].decode().lower() if declared else "cp1252"
        # As browsers do: pages that say ISO-8859-1 are in Windows' larger set.
        return data.decode("cp1252" if named == "iso-8859-1" else named, errors="replace")


@dataclass
class Page:
    """An open page; `source`: its language, without a region."""

    root: etree._Element
    source: str
    doctype: str | None
    paragraphs: list[Paragraph] = field(default_factory=list)

    @property
    def title(self) -> str | None:
        """What the head says."""
        element = self.root.find("head/title")
        return (element.text or "").strip() or None if element is not None else None

    def found(self, element: etree._Element, wanted: bool) -> Iterator[Paragraph]:
        """Everything to translate in an element that parts paragraphs. Not `wanted`: only what says it is."""
        wanted = self._translated(element, wanted)
        if wanted:
            yield from _attributes(element)
        if element.tag in names.OPAQUE or element.tag in names.CODE:
            return
        if element.tag == "title":
            if wanted:
                yield content(element, CAPTION)
            return
        for part in self._parts(element, wanted):
            if isinstance(part, Line):
                yield from self._line(part, wanted)
            else:
                yield from self.found(part, wanted)

    def _parts(self, element: etree._Element, wanted: bool) -> Iterator[Line | etree._Element]:
        """The children that part paragraphs, and the lines between them."""
        line = Line(element, None, lambda inside: self._translated(inside, wanted))
        for child in element:
            if _inline(child):
                line.children.append(child)
                continue
            yield line
            yield child
            line = Line(element, child, lambda inside: self._translated(inside, wanted))
        yield line

    def _line(self, line: Line, wanted: bool) -> Iterator[Paragraph]:
        elements = [child for child in line.children if isinstance(child.tag, str) and child.tag != "br"]
        bare = not (line.first + "".join(child.tail or "" for child in line.children)).strip()
        menu = all(child.tag in names.MENU for child in elements)
        if (elements and not wanted) or (bare and (len(line.children) == 1 or menu)):
            for child in elements:
                yield from self.found(child, wanted)
            return
        if not wanted:
            return
        for child in elements:
            for each in child.iter(etree.Element):
                if self._translated(each, wanted):
                    yield from _attributes(each)
        items = line.items()
        kind, level, row, column = _place(line.parent)
        yield Paragraph(items, line.put, kind, line.marks, level, row, column)

    def _translated(self, element: etree._Element, otherwise: bool) -> bool:
        """Whether what is in it is to be translated: it may say so itself, or be in another language."""
        if not isinstance(element.tag, str):
            return False
        said = (element.get("translate") or "").lower()
        if said == "no" or "notranslate" in (element.get("class") or "").split():
            return False
        if element.tag not in ("html", "body") and not self._is_source(element, otherwise=True):
            return False
        return otherwise or said == "yes"

    def _is_source(self, element: etree._Element, otherwise: bool) -> bool:
        said = (element.get("lang") or element.get(_XML_LANG) or "").partition("-")[0].lower()
        return said == self.source if said and self.source != "und" else otherwise

    def written(self, language: str) -> bytes:
        """The page in UTF-8; `lang` and the direction of writing are those of the language."""
        for element in self.root.iter(etree.Element):
            if element is self.root or self._is_source(element, otherwise=False):
                for name in ("lang", _XML_LANG):
                    if name in element.attrib or (element is self.root and name == "lang"):
                        element.set(name, language)
        if "dir" in self.root.attrib or direction(language) == "rtl":
            self.root.set("dir", direction(language))
        _declare_utf8(self.root)
        text: str = parser.tostring(self.root, encoding="unicode", doctype=self.doctype)
        return text.encode("utf-8")


def _inline(element: etree._Element) -> bool:
    """Whether it stands inside a line: comments do, and inline elements without a paragraph in them."""
    if not isinstance(element.tag, str) or element.tag in ("script", "style", "template"):
        return True
    return element.tag in names.INLINE and (
        element.tag in names.OPAQUE
        or all(not isinstance(e.tag, str) or e.tag in names.INLINE or e.tag in names.OPAQUE for e in element.iter())
    )


def _attributes(element: etree._Element) -> Iterator[Paragraph]:
    wanted = [name for name in names.ATTRIBUTES if (element.get(name) or "").strip()]
    if element.tag == "input" and (element.get("type") or "").lower() in names.BUTTONS and element.get("value"):
        wanted.append("value")
    if element.tag == "meta" and (element.get("name") or element.get("property") or "").lower() in names.META:
        wanted += ["content"] if element.get("content") else []
    yield from (attribute(element, name) for name in wanted)


def _place(element: etree._Element) -> tuple[str, int | None, int | None, int | None]:
    """Kind, level, row and column of what is in it, by the nearest element that says."""
    for each in [element, *element.iterancestors()]:
        if each.tag in names.HEADINGS:
            return HEADING, names.HEADINGS[each.tag], None, None
        if each.tag in names.KINDS:
            kind = names.KINDS[each.tag]
            row = next(each.iterancestors("tr"), None) if kind == CELL else None
            if row is None:
                return (PARAGRAPH if kind == CELL else kind), None, None, None
            return kind, None, _row(row), sum(1 for _ in each.itersiblings("td", "th", preceding=True))
    return PARAGRAPH, None, None, None


def _row(row: etree._Element) -> int:
    """How many rows of its table are before it; tables in cells are others."""
    table = next(row.iterancestors("table"), None)
    rows = [] if table is None else [one for one in table.iter("tr") if next(one.iterancestors("table"), None) is table]
    return rows.index(row) if row in rows else 0


def _declare_utf8(root: etree._Element) -> None:
    for meta in root.iter("meta"):
        if meta.get("charset"):
            meta.set("charset", "utf-8")
        elif (meta.get("http-equiv") or "").lower() == "content-type":
            meta.set("content", "text/html; charset=utf-8")
        else:
            continue
        return
    head = root.find("head")
    if head is not None:
        head.insert(0, head.makeelement("meta", {"charset": "utf-8"}))
