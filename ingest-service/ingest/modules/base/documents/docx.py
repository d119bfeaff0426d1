"""Word files (docx): text, tables, headers, footers, notes and text boxes; what is not text is not touched.

Comments stay as they are, tracked changes count as accepted, fields (page numbers, a table of contents) are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from lxml import etree

from ingest.modules.base.documents.docx_names import (
    FIELD_CHARACTER,
    FIELD_KIND,
    LANGUAGE,
    MC,
    PARAGRAPH_PROPERTIES,
    VALUE,
    WP,
    P,
    W,
    w,
)
from ingest.modules.base.documents.docx_paragraph import WordParagraph
from ingest.modules.base.documents.fonts import of_code
from ingest.modules.base.documents.office_file import OfficeFile, place
from ingest.modules.base.documents.opened import Paragraph, attribute
from tlp.documents import CAPTION, CELL, FOOTER, HEADER, HEADING, ITEM, NOTE, PARAGRAPH

_STORIES = {"header": HEADER, "footer": FOOTER, "footnotes": NOTE, "endnotes": NOTE}
_EAST_ASIAN, _RIGHT_TO_LEFT = ("zh", "ja", "ko"), ("ar", "he", "fa", "ur", "yi")


def read(data: bytes, language: str) -> WordFile:
    """Take a Word file apart. Raises PackageError for one that is damaged, encrypted or made to harm."""
    return WordFile(data)


class WordFile(OfficeFile):
    """An open Word file."""

    MAIN, ROOT = "word/document.xml", w("document")
    NOUN, ENDING = "Word file", ".docx"

    def text(self) -> Iterator[Paragraph]:
        """Everything to translate: the text, then headers, footers and notes."""
        styles = self._styles()
        yield from self._story(self.main, None, styles)
        for type, kind in _STORIES.items():
            for name in self.package.related(self.main, type):
                yield from self._story(name, kind, styles)

    def _styles(self) -> dict[str, etree._Element]:
        return {
            style.get(w("styleId"), ""): style
            for name in self.package.related(self.main, "styles")
            for style in self.package.part(name).iter(w("style"))
        }

    def _story(self, name: str, kind: str | None, styles: dict[str, etree._Element]) -> Iterator[Paragraph]:
        root = self.package.part(name)
        addresses = {r.id: r.target for r in self.package.relationships(name) if r.external}
        left_out = _left_out(root)
        for element in root.iter(P, f"{{{WP}}}docPr"):
            if element in left_out:
                continue
            if element.tag == P and not of_code(_style(element, styles)):
                yield _paragraph(element, WordParagraph(element, addresses), kind, styles)
            elif element.tag != P and element.get("descr", "").strip():
                yield attribute(element, "descr")

    def written(self, language: str) -> bytes:
        """The whole file; its styles and properties name the language."""
        self.package.set_language(language)
        for name in self.package.related(self.main, "styles"):
            for element in self.package.part(name).iter(LANGUAGE):
                _set_language(element, language)
        for name in [self.main, *self.package.related(self.main, *_STORIES)]:
            _copy_to_fallbacks(self.package.part(name))
        return self.package.written()


def _paragraph(
    element: etree._Element, text: WordParagraph, story: str | None, styles: dict[str, etree._Element]
) -> Paragraph:
    kind, level = _kind(element, styles)
    made = Paragraph(text.items, text.put, story or kind, text.marks, level)
    around = next(element.iterancestors(w("tc"), w("txbxContent")), None)
    if story is None and around is not None and around.tag == w("tc"):
        made.kind, made.level, made.column = CELL, None, place(around)
        made.row = place(next(around.iterancestors(w("tr")), None))
    return made


def _kind(element: etree._Element, styles: dict[str, etree._Element]) -> tuple[str, int | None]:
    """Heading, list item, caption or paragraph, by its own properties and its style."""
    properties = element.find(PARAGRAPH_PROPERTIES)
    if properties is None:
        return PARAGRAPH, None
    name = _style(element, styles)
    if name.startswith("heading ") and name[8:].isdigit():
        return HEADING, int(name[8:])
    if name == "title":
        return HEADING, 1
    numbered = properties.find(w("numPr"))
    if numbered is not None or name.startswith("list "):
        level = _value(numbered, "ilvl") if numbered is not None else ""
        return ITEM, int(level) + 1 if level.isdigit() else 1
    return (CAPTION if name == "caption" else PARAGRAPH), None


def _style(element: etree._Element, styles: dict[str, etree._Element]) -> str:
    """The name of a paragraph's style, in small letters; empty where it names none."""
    properties = element.find(PARAGRAPH_PROPERTIES)
    style = None if properties is None else styles.get(_value(properties, "pStyle"))
    return "" if style is None else _value(style, "name").lower()


def _value(element: etree._Element, name: str) -> str:
    child = element.find(w(name))
    return "" if child is None else child.get(VALUE, "")


def _left_out(root: etree._Element) -> set[etree._Element]:
    """Paragraphs that are the result of a field over several (a table of contents), and copies for old programs."""
    copies = {each for fallback in root.iter(f"{{{MC}}}Fallback") for each in fallback.iter(P, f"{{{WP}}}docPr")}
    order = list(root.iter(P))
    numbers = {element: number for number, element in enumerate(order)}
    begun: list[int] = []
    for sign in root.iter(FIELD_CHARACTER):
        owner = next(sign.iterancestors(P), None)
        kind = sign.get(FIELD_KIND)
        if owner is not None and kind == "begin":
            begun.append(numbers[owner])
        elif owner is not None and kind == "end" and begun:
            first, last = begun.pop(), numbers[owner]
            if first < last:
                copies.update(order[first : last + 1])
    return copies


def _copy_to_fallbacks(root: etree._Element) -> None:
    """Text boxes are in the file twice, the second time for old programs; both shall say the same."""
    box = w("txbxContent")
    for alternative in root.iter(f"{{{MC}}}AlternateContent"):
        new = [each for choice in alternative.findall(f"{{{MC}}}Choice") for each in choice.iter(box)]
        old = [each for other in alternative.findall(f"{{{MC}}}Fallback") for each in other.iter(box)]
        if len(new) == len(old):
            for source, target in zip(new, old, strict=True):
                target[:] = [deepcopy(each) for each in source]


def _set_language(element: etree._Element, language: str) -> None:
    """The attribute is that of the script: Latin and the like, East Asian, or from right to left."""
    first = language.partition("-")[0]
    name = "eastAsia" if first in _EAST_ASIAN else "bidi" if first in _RIGHT_TO_LEFT else "val"
    element.set(f"{{{W}}}{name}", language)
