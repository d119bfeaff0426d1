"""Slides (pptx): titles, text, tables and notes of the slides in their order; layouts and pictures are not touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import groupby

from lxml import etree

from ingest.modules.base.documents.fonts import monospaced
from ingest.modules.base.documents.office_file import OfficeFile, place
from ingest.modules.base.documents.opened import Paragraph, attribute
from ingest.modules.base.documents.runs import Child, Dialect, Elements, Group, Properties, Run, Runs, Thing
from tlp.documents import (
    BOLD,
    CELL,
    CODE,
    FIELD,
    FORMAT,
    HEADING,
    ITALIC,
    ITEM,
    KEPT,
    LINK,
    NOTE,
    PARAGRAPH,
    STRIKE,
    SUBSCRIPT,
    SUPERSCRIPT,
    UNDERLINE,
    Mark,
)
from tlp.inline import Items

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_NO_FORMATTING = ("lang", "altLang", "dirty", "err", "noProof", "smtClean", "bmk", "kumimoji")


def read(data: bytes, language: str) -> Slides:
    """Take slides apart. Raises PackageError for a file that is damaged, encrypted or made to harm."""
    return Slides(data)


class Slides(OfficeFile):
    """An open file of slides."""

    MAIN, ROOT = "ppt/presentation.xml", f"{_P}presentation"
    NOUN, ENDING = "file of slides", ".pptx"

    def text(self) -> Iterator[Paragraph]:
        """Everything to translate, slide by slide, each with its notes."""
        for name in self._slides():
            yield from self._part(name, None)
            for notes in self.package.related(name, "notesSlide"):
                yield from self._part(notes, NOTE)

    def _slides(self) -> list[str]:
        """The parts of the slides in the order in which they are shown."""
        names = {each.id: each.target for each in self.package.relationships(self.main) if each.type == "slide"}
        order = [each.get(f"{_R}id", "") for each in self.package.part(self.main).iter(f"{_P}sldId")]
        return [names[id] for id in dict.fromkeys(order) if id in names and names[id] in self.package]

    def _part(self, name: str, kind: str | None) -> Iterator[Paragraph]:
        addresses = {each.id: each.target for each in self.package.relationships(name)}
        for element in self.package.part(name).iter(f"{_A}p", f"{_P}cNvPr"):
            if next(element.iterancestors(_FALLBACK), None) is not None:
                continue
            if element.tag == f"{_A}p":
                yield _paragraph(element, addresses, kind)
            elif element.get("descr", "").strip():
                yield attribute(element, "descr")

    def written(self, language: str) -> bytes:
        """The whole file; its runs and properties name the language."""
        self.package.set_language(language)
        for slide in self._slides():
            for name in [slide, *self.package.related(slide, "notesSlide")]:
                for element in self.package.part(name).iter(f"{_A}rPr", f"{_A}endParaRPr"):
                    if "lang" in element.attrib:
                        element.set("lang", language)
        return self.package.written()


def _paragraph(element: etree._Element, addresses: Mapping[str, str], story: str | None) -> Paragraph:
    runs = Runs(Dialect(_make_run, _mark), list(_linked(_children(element), addresses)))
    items = runs.items()

    def put(new: Items) -> None:
        made = runs.elements(new)
        end = element.find(f"{_A}endParaRPr")
        for child in list(element):
            if child.tag != f"{_A}pPr":
                element.remove(child)
        element.extend([*made, *([] if end is None else [end])])

    kind, level = _kind(element)
    made = Paragraph(items, put, story or kind, runs.marks, level)
    if made.kind == CELL:
        cell = next(element.iterancestors(f"{_A}tc"))
        made.column, made.row = place(cell), place(next(cell.iterancestors(f"{_A}tr"), None))
    return made


def _kind(element: etree._Element) -> tuple[str, int | None]:
    """Heading, item, cell or paragraph, by what holds it."""
    if next(element.iterancestors(f"{_A}tc"), None) is not None:
        return CELL, None
    shape = next(element.iterancestors(f"{_P}sp"), None)
    holder = shape.find(f".//{_P}ph") if shape is not None else None
    if holder is None:
        return PARAGRAPH, None
    if holder.get("type") in ("title", "ctrTitle"):
        return HEADING, 1
    properties = element.find(f"{_A}pPr")
    level = properties.get("lvl", "0") if properties is not None else "0"
    return ITEM, int(level) + 1 if level.isdigit() else 1


def _children(element: etree._Element) -> Iterator[Child]:
    for child in element:
        properties = child.find(f"{_A}rPr")
        if child.tag == f"{_A}r":
            text = (child.findtext(f"{_A}t") or "").replace("\v", "\n").replace("\r", "\n")
            yield Run(text, _key(properties), properties)
        elif child.tag == f"{_A}br":
            yield Run("\n", _key(properties), properties)
        elif child.tag == f"{_A}fld":
            yield _thing(child, FIELD, child.findtext(f"{_A}t") or "")
        elif child.tag not in (f"{_A}pPr", f"{_A}endParaRPr"):
            yield _thing(child, KEPT, "")


def _linked(children: Iterator[Child], addresses: Mapping[str, str]) -> Iterator[Child]:
    """The runs of one link together: a link is a formatting here, but it must not be lost as one or spread."""
    for link, group in groupby(children, _link):
        if link is None:
            yield from group
        else:
            yield Group(list(group), lambda inside: inside, Mark(LINK, addresses.get(link) or None))


def _link(child: Child) -> str | None:
    """The id of the link that a run is in."""
    properties = child.properties if isinstance(child, Run) else None
    link = None if properties is None else properties.find(f"{_A}hlinkClick")
    return None if link is None else link.get(f"{_R}id", "")


def _thing(element: etree._Element, kind: str, text: str) -> Thing:
    return Thing(lambda: [element], Mark(kind), text)


def _key(properties: Properties) -> bytes:
    """What tells a formatting from others."""
    if properties is None:
        return b""
    bare = _without_notes(properties)
    return etree.tostring(bare, method="c14n", exclusive=True) if len(bare) or bare.attrib else b""


def _without_notes(properties: etree._Element) -> etree._Element:
    """A copy without what programs note down for themselves."""
    copy = deepcopy(properties)
    copy.tail = None
    for name in _NO_FORMATTING:
        if name in copy.attrib:
            del copy.attrib[name]
    return copy


def _make_run(text: str, properties: Properties) -> Elements:
    made: Elements = []
    for number, line in enumerate(text.split("\n")):
        if number:
            made.append(_with(etree.Element(f"{_A}br"), properties))
        if line:
            run = _with(etree.Element(f"{_A}r"), properties)
            etree.SubElement(run, f"{_A}t").text = line
            made.append(run)
    return made


def _with(element: etree._Element, properties: Properties) -> etree._Element:
    if properties is not None:
        element.append(deepcopy(properties))
        for name in ("err", "dirty"):
            element[0].attrib.pop(name, "")
    return element


def _mark(properties: Properties, base: Properties) -> Mark:
    """The name of a formatting that is not the paragraph's."""
    if monospaced(_font(properties)) and not monospaced(_font(base)):
        return Mark(CODE)
    own, other = ({} if each is None else dict(each.attrib) for each in (properties, base))
    changed = {str(name): str(value) for name, value in own.items() if other.get(name) != value}
    if changed.get("baseline", "0") != "0":
        return Mark(SUBSCRIPT if changed["baseline"].startswith("-") else SUPERSCRIPT)
    kinds = {"b": BOLD, "i": ITALIC, "u": UNDERLINE, "strike": STRIKE}
    said = [kind for name, kind in kinds.items() if changed.get(name, "0") not in ("0", "false", "none", "noStrike")]
    return Mark(said[0] if said else FORMAT)


def _font(properties: Properties) -> str:
    font = None if properties is None else properties.find(f"{_A}latin")
    return "" if font is None else font.get("typeface", "")
