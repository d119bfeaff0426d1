"""The texts of one object in the work folder of an upload, `<prefix><node>.dfxp` or `.dtlx`, read and written.

It decides nothing. What subtitles and documents have in common is done on it once, whichever they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest import merge, merge_documents
from tlp.captions import PARTIALLY_HUMAN
from tlp.systems import write_aside
from tlp.texts import TEXTS, Text, TextKind


@dataclass(frozen=True)
class Merging:
    """How a translation follows its source in one kind of text; the modules describe the functions."""

    emptied: Callable[[Text], Text]
    to_translate: Callable[[Text, Text, Any], Text]
    says_something: Callable[[Text], bool]
    merged: Callable[[Text, Text, Any, Text | None], Text]


_EXTENSIONS = {"speech": "dfxp", "text": "dtlx"}
_MERGING = {
    "speech": Merging(merge.emptied, merge.to_translate, merge.says_something, merge.merged),
    "text": Merging(
        merge_documents.emptied,
        merge_documents.to_translate,
        merge_documents.says_something,
        merge_documents.merged,
    ),
}


@dataclass(frozen=True)
class WorkTexts:
    """`folder`: the work folder; `kind`: speech or text; `prefix`: what tells the objects of an upload apart."""

    folder: Path
    kind: str
    prefix: str = ""

    @property
    def of_kind(self) -> TextKind:
        """What can be done with these texts."""
        return TEXTS[self.kind]

    @property
    def merging(self) -> Merging:
        """How they follow their sources."""
        return _MERGING[self.kind]

    def path(self, node: str) -> Path:
        """The file of a node of a plan."""
        return self.folder / f"{self.prefix}{node}.{_EXTENSIONS[self.kind]}"

    def body(self, node: str) -> str:
        """The text as it is stored."""
        return self.path(node).read_bytes().decode()

    def read(self, node: str) -> Text:
        """Captions or a Document. Raises FormatError."""
        return self.of_kind.read(self.body(node))

    def put(self, node: str, body: str) -> None:
        """Write a text as it is stored."""
        write_aside(self.path(node), body.encode())

    def write(self, node: str, text: Text) -> None:
        """The inverse of `read`."""
        self.put(node, self.of_kind.write(text))


def supervised(kind: str, status: int) -> bool:
    """Whether people have made some of a text that has this status (`sup_status` of /langs)."""
    return status >= TEXTS[kind].status_codes[PARTIALLY_HUMAN]
