"""A run of text and inline elements in an HTML page: its text with marks, and a new text in its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from lxml import etree

from ingest.modules.base.documents import html_names as names
from ingest.modules.base.documents.opened import DEEPEST
from tlp import documents, inline
from tlp.documents import Mark
from tlp.inline import Items, Span

_BLANKS = re.compile("[ \t\r\n\f]+")  # a no-break space is text


@dataclass
class Line:
    """What stands in `parent` behind the child `before` (None: from its beginning): text and `children`."""

    parent: etree._Element
    before: etree._Element | None
    translated: Callable[[etree._Element], bool]  # False: the text of the element must stay as it is
    children: list[etree._Element] = field(default_factory=list)
    marks: dict[int, Mark] = field(default_factory=dict)
    _elements: dict[int, etree._Element] = field(default_factory=dict)
    _used: set[int] = field(default_factory=set)

    @property
    def first(self) -> str:
        """The text before the first child."""
        return (self.parent.text if self.before is None else self.before.tail) or ""

    def items(self) -> Items:
        """The text with its marks, white space as a reader sees it."""
        items: Items = [_BLANKS.sub(" ", self.first)]
        for child in self.children:
            items += [self._item(child, 1), _BLANKS.sub(" ", child.tail or "")]
        return inline.tidy(items)

    def _item(self, element: etree._Element, depth: int) -> str | Span:
        if element.tag == "br":
            return "\n"
        number = len(self.marks) + 1
        self._elements[number] = element
        self.marks[number] = Mark(documents.KEPT)
        if not isinstance(element.tag, str) or element.tag in names.OPAQUE:
            self.marks[number] = Mark(names.MARKS.get(str(element.tag), documents.KEPT))
            return Span(number)
        if element.tag in names.CODE or depth > DEEPEST or not self.translated(element):
            self.marks[number] = Mark(documents.CODE if element.tag in names.CODE else documents.KEPT)
            return Span(number, [_BLANKS.sub(" ", "".join(map(str, element.itertext())))])
        self.marks[number] = _mark(element)
        inside: Items = [_BLANKS.sub(" ", element.text or "")]
        for child in element:
            inside += [self._item(child, depth + 1), _BLANKS.sub(" ", child.tail or "")]
        return Span(number, inside)

    def put(self, items: Items) -> None:
        """Write a new text."""
        for child in self.children:
            self.parent.remove(child)
        shell = self.parent.makeelement("div")
        self._fill(shell, items)
        if self.before is None:
            self.parent.text = shell.text
        else:
            self.before.tail = shell.text
        at = 0 if self.before is None else self.parent.index(self.before) + 1
        self.parent[at:at] = list(shell)

    def _fill(self, target: etree._Element, items: Items) -> None:
        for item in items:
            if isinstance(item, Span):
                target.append(self._element(item))
                continue
            for number, line in enumerate(item.split("\n")):
                if number:
                    target.append(target.makeelement("br"))
                _add_text(target, line)

    def _element(self, span: Span) -> etree._Element:
        """The element of a span: itself where its content stays, else one like it around the new text."""
        element = self._elements[span.number]
        again = span.number in self._used
        self._used.add(span.number)
        if self.marks[span.number].kind in documents.FIXED or not span.items:
            if again:
                return element.makeelement("wbr")
            element.tail = None
            return element
        attributes = {str(name): str(value) for name, value in element.items() if not (again and name == "id")}
        copy = element.makeelement(element.tag, attributes)
        self._fill(copy, span.items)
        return copy


def _mark(element: etree._Element) -> Mark:
    if element.tag == "a":
        return Mark(documents.LINK, element.get("href"))
    return Mark(names.MARKS.get(element.tag, documents.FORMAT))


def _add_text(target: etree._Element, text: str) -> None:
    if len(target):
        target[-1].tail = (target[-1].tail or "") + text
    else:
        target.text = (target.text or "") + text
