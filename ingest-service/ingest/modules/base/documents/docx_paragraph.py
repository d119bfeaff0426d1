"""One paragraph of a Word file: its runs, links, fields and pictures as text with marks, and a new text in place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import etree

from ingest.modules.base.documents.docx_names import (
    BREAK,
    CHOSEN,
    ENDS,
    FIELD_CHARACTER,
    FIELD_KIND,
    FORMATS,
    INSTRUCTION,
    LEFT_OUT,
    NO_FORMATTING,
    NOTES,
    PARAGRAPH_PROPERTIES,
    RUN,
    RUN_PROPERTIES,
    STARTS,
    TAB,
    TEXT,
    TRANSPARENT,
    VALUE,
    M,
    R,
    w,
)
from ingest.modules.base.documents.fonts import monospaced, of_code
from ingest.modules.base.documents.runs import Child, Dialect, Elements, Group, Properties, Run, Runs, Thing
from tlp.documents import BOLD, CODE, FIELD, FORMAT, IMAGE, ITALIC, KEPT, LINK, NOTE_MARK, SUBSCRIPT, SUPERSCRIPT, Mark
from tlp.inline import Items

Make = Callable[[], Elements]

_HYPHEN, _RETURN, _BREAK_KIND = w("noBreakHyphen"), w("cr"), w("type")
_BLANK = re.compile("[\t\r\n]")
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_FORM_FIELD = re.compile(r"\s*FORMTEXT\b", re.IGNORECASE)  # text that a person has written into a form
_LINK_FIELD = re.compile(r'\s*HYPERLINK\s+(?:\\l\s+)?"?([^"\s]*)', re.IGNORECASE)
_PICTURES = ("drawing", "pict", "object", "AlternateContent")
_CONTROL = "control"


@dataclass
class _Field:
    """A field that has begun: what stands before its result, the result, and all its elements."""

    instruction: str = ""
    shown: bool = False  # its result has begun
    before: list[Make] = field(default_factory=list)
    result: list[Make] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)


class WordParagraph:
    """A `w:p`. `addresses`: those of the links of its part, by their ids."""

    def __init__(self, element: etree._Element, addresses: Mapping[str, str]) -> None:
        self._element, self._addresses = element, addresses
        self._starts: list[Make] = []
        self._ends: list[Make] = []
        self._runs = Runs(DIALECT, self._children(element))
        self.items = self._runs.items()

    @property
    def marks(self) -> dict[int, Mark]:
        """What the numbers in the items mean."""
        return self._runs.marks

    def put(self, items: Items) -> None:
        """Write a new text. What begins or ends somewhere (bookmarks, comments) is then about the whole paragraph."""
        content = self._runs.elements(items)
        starts, ends = ([one for make in makes for one in make()] for makes in (self._starts, self._ends))
        for child in list(self._element):
            if child.tag != PARAGRAPH_PROPERTIES:
                self._element.remove(child)
        self._element.extend([*starts, *content, *ends])

    def _children(self, container: etree._Element) -> list[Child]:
        """What is in a paragraph, a link or a control."""
        found: list[Child] = []
        fields: list[_Field] = []
        for make, child, sign in self._tokens(container):
            if sign is not None and sign.get(FIELD_KIND) == "begin":
                fields.append(_Field(before=[make]))
            elif fields:
                _feed(fields, found, make, child, sign)
            elif child is not None:
                found.append(child)
        for open_field in fields:  # not closed in this paragraph
            found.append(_thing([*open_field.before, *open_field.result], FIELD))
        return found

    def _tokens(self, container: etree._Element) -> Iterator[tuple[Make, Child | None, etree._Element | None]]:
        """Each piece: how to make it again, what it is in the text, and the field's sign that it is."""
        for element in container:
            if element.tag == RUN:
                yield from self._run(element)
            elif element.tag in TRANSPARENT:
                yield from self._tokens(element)
            elif element.tag in STARTS | ENDS:
                (self._starts if element.tag in STARTS else self._ends).append(_itself(element))
            elif element.tag not in LEFT_OUT:
                yield _itself(element), self._other(element), None

    def _run(self, run: etree._Element) -> Iterator[tuple[Make, Child | None, etree._Element | None]]:
        properties = run.find(RUN_PROPERTIES)
        key = _key(properties)
        for element in run:
            make = _in_run(element, properties)
            text = _text(element)
            if text is not None:
                yield make, Run(text, key, properties), None
            elif element.tag in ENDS:
                self._ends.append(make)
            elif element.tag in (FIELD_CHARACTER, INSTRUCTION):
                yield make, None, element
            elif element.tag not in LEFT_OUT:
                yield make, Thing(make, Mark(_kind(element)), _seen(element)), None

    def _other(self, element: etree._Element) -> Child:
        if element.tag == w("hyperlink"):
            address = self._addresses.get(element.get(f"{{{R}}}id", "")) or f"#{element.get(w('anchor'), '')}"
            return Group(self._children(element), lambda inside: [_around(element, inside)], Mark(LINK, address))
        if element.tag == w("fldSimple"):
            link = _LINK_FIELD.match(element.get(w("instr"), ""))
            if link:
                inside = self._children(element)
                return Group(inside, lambda inside: [_around(element, inside)], Mark(LINK, link[1]))
            return Thing(_itself(element), Mark(FIELD), _all_text(element))
        content = element.find(w("sdtContent")) if element.tag == w("sdt") else None
        if content is not None and not _chosen(element):
            return Group(self._children(content), lambda inside: [_control(element, inside)], Mark(_CONTROL))
        formula = element.tag.startswith(f"{{{M}}}")
        kind = "formula" if formula else KEPT
        return Thing(_itself(element), Mark(kind), "" if formula else _all_text(element))


def _feed(fields: list[_Field], found: list[Child], make: Make, child: Child | None, sign: Properties) -> None:
    """Give a piece to the innermost open field; when it ends, the field itself is a piece of what is around it."""
    inner = fields[-1]
    kind = sign.get(FIELD_KIND) if sign is not None else None
    if kind == "end":
        fields.pop()
        whole = _field(inner, make)
        if fields:
            makes = [*inner.before, *inner.result, make]
            _feed(fields, found, lambda: [one for each in makes for one in each()], whole, None)
        else:
            found.append(whole)
    elif kind == "separate":
        inner.shown = True
        inner.before.append(make)
    elif inner.shown:
        inner.result.append(make)
        inner.children += [child] if child is not None else []
    else:
        inner.before.append(make)
        inner.instruction += sign.text or "" if sign is not None else ""


def _field(read: _Field, end: Make) -> Child:
    """A link's text is translated; what any other field shows is the program's."""
    link = _LINK_FIELD.match(read.instruction)
    if read.shown and (link or _FORM_FIELD.match(read.instruction)):
        return Group(
            read.children,
            lambda inside: [*(one for make in read.before for one in make()), *inside, *end()],
            Mark(LINK, link[1]) if link else Mark(_CONTROL),
        )
    text = "".join(_shown(child) for child in read.children)
    return _thing([*read.before, *read.result, end], FIELD, text)


def _shown(child: Child) -> str:
    return "".join(map(_shown, child.children)) if isinstance(child, Group) else child.text


def _thing(makes: list[Make], kind: str, text: str = "") -> Thing:
    return Thing(lambda: [one for make in makes for one in make()], Mark(kind), text.strip())


def _itself(element: etree._Element) -> Make:
    return lambda: [element]


def _in_run(element: etree._Element, properties: Properties) -> Make:
    def make() -> Elements:
        run = etree.Element(RUN)
        if properties is not None:
            run.append(deepcopy(properties))
        run.append(element)
        return [run]

    return make


def _text(element: etree._Element) -> str | None:
    """What a part of a run says; None where it is no text."""
    if element.tag == TEXT:
        return _BLANK.sub(" ", element.text or "")
    if element.tag == TAB:
        return "\t"
    if element.tag == _HYPHEN:
        return "\u2011"
    line = element.tag == BREAK and element.get(_BREAK_KIND, "textWrapping") == "textWrapping"
    return "\n" if line or element.tag == _RETURN else None


def _kind(element: etree._Element) -> str:
    if element.tag in NOTES:
        return NOTE_MARK
    return IMAGE if etree.QName(element).localname in _PICTURES else KEPT


def _seen(element: etree._Element) -> str:
    """The text of a rare thing in a run, such as a ruby; pictures have their text boxes to themselves."""
    return "" if _kind(element) != KEPT else _all_text(element)


def _all_text(element: etree._Element) -> str:
    return "".join(text.text or "" for text in element.iter(TEXT)).strip()


def _around(element: etree._Element, inside: Elements) -> etree._Element:
    copy = etree.Element(element.tag, {str(name): str(value) for name, value in element.items()})
    copy.extend(inside)
    return copy


def _control(element: etree._Element, inside: Elements) -> etree._Element:
    copy = _around(element, [deepcopy(child) for child in element if child.tag != w("sdtContent")])
    etree.SubElement(copy, w("sdtContent")).extend(inside)
    return copy


def _chosen(control: etree._Element) -> bool:
    """Whether a control's text is chosen from a list or a calendar, and not written."""
    properties = control.find(w("sdtPr"))
    kinds = [] if properties is None else list(properties)
    return any(kind.tag in CHOSEN or etree.QName(kind).localname == "checkbox" for kind in kinds)


def _key(properties: Properties) -> bytes:
    """What tells a formatting from others."""
    if properties is None:
        return b""
    said = [each for each in properties if each.tag not in NO_FORMATTING and set(each.attrib) != {w("hint")}]
    return b"".join(sorted(etree.tostring(each, method="c14n", exclusive=True) for each in said))


def _make_run(text: str, properties: Properties) -> Elements:
    run = etree.Element(RUN)
    if properties is not None:
        run.append(deepcopy(properties))
        for each in list(run[0]):
            if each.tag in NO_FORMATTING:
                run[0].remove(each)
    for piece in re.split("([\t\n])", text):
        if piece in ("\t", "\n"):
            etree.SubElement(run, TAB if piece == "\t" else BREAK)
        elif piece:
            element = etree.SubElement(run, TEXT, {_SPACE: "preserve"})
            element.text = piece
    return [run]


def _mark(properties: Properties, base: Properties) -> Mark:
    """The name of a formatting that differs from the paragraph's in one way; FORMAT for any other."""
    if _is_code(properties) and not _is_code(base):
        return Mark(CODE)
    own, others = _said(properties), _said(base)
    differs = {name: value for name, value in own.items() if others.get(name) != value}
    kinds = {FORMATS[name] for name in differs if name in FORMATS and differs[name] not in ("0", "false", "none")}
    style = differs.get("rStyle", "")
    kinds |= {BOLD} if style == "Strong" else {ITALIC} if style == "Emphasis" else set()
    raised = {"superscript": SUPERSCRIPT, "subscript": SUBSCRIPT}.get(differs.get("vertAlign", ""))
    kinds |= {raised} if raised else set()
    return Mark(min(kinds)) if kinds else Mark(FORMAT)


def _said(properties: Properties) -> dict[str, str]:
    said = [] if properties is None else list(properties)
    return {str(one.tag).rpartition("}")[2]: one.get(VALUE) or "" for one in said}


def _is_code(properties: Properties) -> bool:
    fonts = None if properties is None else properties.find(w("rFonts"))
    font = "" if fonts is None else fonts.get(w("ascii"), "")
    return monospaced(font) or of_code(_said(properties).get("rStyle", ""))


DIALECT = Dialect(_make_run, _mark)
