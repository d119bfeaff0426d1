"""What Word files and slides have in common: a package with a main part, whose properties may hold a title."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from lxml import etree

from ingest.modules.base.documents.opc import Package
from ingest.modules.base.documents.opened import Paragraph, content
from tlp.documents import CAPTION
from tlp.errors import PackageError


class OfficeFile(ABC):
    """An open file. Raises PackageError for one that is damaged, encrypted, made to harm, or of another kind."""

    MAIN: ClassVar[str]  # the usual name of the part on which the others hang
    ROOT: ClassVar[str]  # the tag of its root element
    NOUN: ClassVar[str]  # the kind of file, for people
    ENDING: ClassVar[str]

    def __init__(self, data: bytes) -> None:
        self.package = Package(data)
        self.main = self.package.main(self.MAIN)
        if self.package.part(self.main).tag != self.ROOT:
            raise PackageError(f"it is no ordinary {self.NOUN} (perhaps a strict one): save it again as {self.ENDING}")
        self.paragraphs = [*self.text(), *self._title()]

    @abstractmethod
    def text(self) -> Iterator[Paragraph]:
        """Everything to translate but the title of the properties."""

    @property
    def title(self) -> str | None:
        """The title of its properties."""
        element = self.package.core("title")
        return (element.text or "").strip() or None if element is not None else None

    def _title(self) -> Iterator[Paragraph]:
        title = self.package.core("title")
        if title is not None and self.title:
            yield content(title, CAPTION)


def place(element: etree._Element | None) -> int:
    """How many of its kind stand before it, as cells in a row and rows in a table."""
    return 0 if element is None else sum(1 for _ in element.itersiblings(element.tag, preceding=True))
