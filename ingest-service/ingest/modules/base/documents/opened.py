"""What the modules of the formats share: a file taken apart into paragraphs, each of which can be written back.

Knows no format: a format gives paragraphs with their text and marks, and what to do with a new text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from lxml import etree

from tlp import inline
from tlp.documents import CAPTION, PARAGRAPH, Block, Document, Mark, Sentence, Wording
from tlp.errors import PackageError
from tlp.inline import Items, Span

from .sentences import Cut, cut


@dataclass
class Paragraph:
    """A piece of the file that is translated by itself: a paragraph, a cell, the title of a picture."""

    items: Items
    put: Callable[[Items], None]  # writes a new text in its place; called at most once
    kind: str = PARAGRAPH
    marks: dict[int, Mark] = field(default_factory=dict)
    level: int | None = None
    row: int | None = None
    column: int | None = None


def attribute(element: etree._Element, name: str) -> Paragraph:
    """An attribute that people read, such as what is shown in the place of a picture."""
    return Paragraph([element.get(name, "")], lambda items: element.set(name, inline.plain(items)), CAPTION)


def content(element: etree._Element, kind: str) -> Paragraph:
    """An element that holds text only."""

    def put(items: Items) -> None:
        element.text = inline.plain(items)

    return Paragraph([element.text or ""], put, kind)


DEEPEST = 12  # marks inside each other: no text needs more, and files may be made to harm


class Opened(Protocol):
    """A file taken apart."""

    @property
    def paragraphs(self) -> list[Paragraph]:
        """In reading order."""

    @property
    def title(self) -> str | None:
        """As the file says it."""

    def written(self, language: str) -> bytes:
        """The whole file, with what has been put into its paragraphs, as a document in the language."""


class FileFormat(Protocol):
    """What every module of a format offers."""

    def read(self, data: bytes, language: str) -> Opened:
        """Take a file apart. `language`: of its text. Raises PackageError in words for a file it cannot read."""


def extracted(opened: Opened, language: str) -> Document:
    """The text of a file as a document in its own language; anchors are the places of its paragraphs."""
    document = Document(language, title=opened.title)
    number = 0
    for anchor, paragraph in enumerate(opened.paragraphs, 1):
        block = Block(paragraph.kind, anchor=f"p{anchor}", marks=paragraph.marks)
        block.level, block.row, block.column = paragraph.level, paragraph.row, paragraph.column
        found = cut(paragraph.items, language)
        for at, (items, gap) in enumerate(zip(found.sentences, found.gaps, strict=True)):
            number += 1
            last = at + 1 == len(found.sentences)
            block.sentences.append(Sentence(number, current=Wording(items), gap=" " if last else gap))
        if block.sentences:
            document.blocks.append(block)
    return document


def rebuilt(opened: Opened, translation: Document) -> bytes:
    """The file with the translated sentences in the place of theirs; what is not translated stays as it is.

    Raises PackageError when the translation is that of another file.
    """
    blocks = {block.anchor: block for block in translation.blocks}
    source = translation.source_language or translation.language
    for anchor, paragraph in enumerate(opened.paragraphs, 1):
        block = blocks.pop(f"p{anchor}", None)
        found = cut(paragraph.items, source)
        if len(block.sentences if block else []) != len(found.sentences):
            raise PackageError(f"paragraph {anchor} of the document is not the one that was translated")
        if block and _changed(block, found):
            paragraph.put(_joined(block, found))
    if blocks:
        raise PackageError(f"the document has {len(opened.paragraphs)} paragraphs, but more were translated")
    return opened.written(translation.language)


def _changed(block: Block, source: Cut) -> bool:
    """Whether some sentence has another text or other marks than in the file."""
    pairs = zip(block.sentences, source.sentences, strict=True)
    return any(sentence.current is not None and sentence.current.items != before for sentence, before in pairs)


def _joined(block: Block, source: Cut) -> Items:
    """The new text of a paragraph, with the white space of the source around and between its sentences."""
    items: Items = [source.lead]
    for at, sentence in enumerate(block.sentences):
        items = _appended(items, _complete(sentence, source.sentences[at], block.marks), source.gaps[at])
    return inline.tidy(items)


def _complete(sentence: Sentence, before: Items, known: dict[int, Mark]) -> Items:
    """The translation, else the source. What has no text (pictures, notes) is put at the end where it got lost."""
    if sentence.current is None:
        return before
    items = _known(sentence.current.items, known)
    lost = [Span(number) for number in sorted(inline.empty(before) - inline.numbers(items))]
    return [*items, *lost]


def _known(items: Items, known: dict[int, Mark]) -> Items:
    """The items without spans that nothing in the file stands for."""
    kept: Items = []
    for item in items:
        if isinstance(item, str):
            kept.append(item)
        elif item.number in known:
            kept.append(Span(item.number, _known(item.items, known)))
        else:
            kept += _known(item.items, known)
    return kept


def _appended(items: Items, more: Items, gap: str) -> Items:
    """`more` and the gap after it behind `items`. A span that a sentence's end has cut in two is one again."""
    if len(items) < 2 or not more or not isinstance(items[-1], str):
        return [*items, *more, gap]
    before, first = items[-2], more[0]
    if isinstance(before, Span) and isinstance(first, Span) and before.number == first.number and before.items:
        inside = _appended([*before.items, items[-1]], first.items, "") if first.items else [*before.items]
        return [*items[:-2], Span(before.number, inside), *more[1:], gap]
    return [*items, *more, gap]
