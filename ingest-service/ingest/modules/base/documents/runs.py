"""Formatted runs of office files as text with marks, and back. Most of a paragraph's plain text has no mark.

Knows nothing of a file: what a run, a link or a picture is made of, the format's module says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from lxml import etree

from ingest.modules.base.documents.opened import DEEPEST
from tlp.documents import FORMAT, Mark
from tlp.inline import Items, Span

Elements = list[etree._Element]
Properties = etree._Element | None

_SIGNS = frozenset(" \u00a0\t\n.,;:!?'\"()…–-")  # their formatting is not worth a mark


@dataclass
class Run:
    """Text in one formatting; runs with the same `key` look the same."""

    text: str
    key: bytes
    properties: Properties


@dataclass
class Thing:
    """What is kept as it is: a picture, a field, the reference to a note. `make` gives its elements, once."""

    make: Callable[[], Elements]
    mark: Mark
    text: str = ""  # what a reader sees of it


@dataclass
class Group:
    """What stands around runs: a link, a content control. `wrap` puts it around others."""

    children: Sequence[Child]
    wrap: Callable[[Elements], Elements]
    mark: Mark


Child = Run | Thing | Group


@dataclass
class Dialect:
    """How a format writes a run, and what it calls a formatting that is not the paragraph's own."""

    run: Callable[[str, Properties], Elements]
    mark: Callable[[Properties, Properties], Mark]  # of the run, of the paragraph


@dataclass
class Runs:
    """The content of a paragraph."""

    dialect: Dialect
    children: Sequence[Child]
    marks: dict[int, Mark] = field(default_factory=dict)
    _meanings: dict[int, Run | Thing | Group] = field(default_factory=dict)
    _used: set[int] = field(default_factory=set)

    def items(self) -> Items:
        """The text with its marks, whose meanings are then in `marks`."""
        return self._items(self.children)

    def _items(self, children: Sequence[Child], depth: int = 0) -> Items:
        base = self._base(children)
        items: Items = []
        last: Run | None = None  # the formatting that the span at the end of the items is of
        for child in children:
            if isinstance(child, Group) and depth >= DEEPEST:
                items += self._items(child.children, depth)
                last = None
            elif not isinstance(child, Run):
                items.append(self._span_of(child, depth))
                last = None
            elif base is None or child.key == base.key:
                items.append(child.text)
                last = None
            elif last is not None and isinstance(items[-1], Span) and (child.key == last.key or _signs(child)):
                items[-1].items.append(child.text)
            elif _signs(child):
                items.append(child.text)
            else:
                mark = self.dialect.mark(child.properties, base.properties)
                items.append(Span(self._number(child, mark), [child.text]))
                last = child
        return items

    def _span_of(self, child: Thing | Group, depth: int) -> Span:
        number = self._number(child, child.mark)
        if isinstance(child, Group):
            return Span(number, self._items(child.children, depth + 1))
        return Span(number, [child.text] if child.text else [])

    def _number(self, meaning: Run | Thing | Group, mark: Mark) -> int:
        number = len(self.marks) + 1
        self.marks[number], self._meanings[number] = mark, meaning
        return number

    def elements(self, items: Items) -> Elements:
        """The content of the paragraph for a new text."""
        base = self._base(self.children)
        return list(self._elements(items, base.properties if base else None))

    def _elements(self, items: Items, properties: Properties) -> Iterator[etree._Element]:
        for item in items:
            if isinstance(item, str):
                yield from self.dialect.run(item, properties) if item else []
            else:
                yield from self._span(item, properties)

    def _span(self, span: Span, properties: Properties) -> Iterator[etree._Element]:
        meaning = self._meanings.get(span.number)
        if isinstance(meaning, Thing):
            if span.number not in self._used:
                self._used.add(span.number)
                yield from meaning.make()
        elif isinstance(meaning, Group):
            base = self._base(meaning.children)
            yield from meaning.wrap(list(self._elements(span.items, base.properties if base else properties)))
        else:
            yield from self._elements(span.items, meaning.properties if meaning else properties)

    def _base(self, children: Sequence[Child]) -> Run | None:
        """A run in the formatting that most of the text has, of equals the first: a plain one where there is any.

        What stands out is marked then, also where it is longer than the rest.
        """
        lengths: Counter[bytes] = Counter()
        first: dict[bytes, Run] = {}
        for child in children:
            if isinstance(child, Run):
                lengths[child.key] += 0 if _signs(child) else len(child.text.strip())
                first.setdefault(child.key, child)
        plain = [key for key, run in first.items() if lengths[key] and self._is_plain(run)]
        return first[max(plain or lengths, key=lambda key: lengths[key])] if lengths else None

    def _is_plain(self, run: Run) -> bool:
        return self.dialect.mark(run.properties, None).kind == FORMAT


def _signs(run: Run) -> bool:
    return _SIGNS.issuperset(run.text)
