"""Plain text: every line, blank line and indentation stays; lines that a writer has wrapped are one paragraph.

The file comes back in UTF-8, with the line ends and the byte order mark it had.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from itertools import pairwise

from ingest.modules.base.documents.opened import Paragraph
from tlp import inline
from tlp.documents import ITEM, PARAGRAPH
from tlp.errors import FormatError, PackageError
from tlp.formats.encoding import decode
from tlp.inline import Items

_NARROWEST = 50  # characters: shorter lines are verses, addresses, lists; nobody wraps a text so narrow
_LEAD = re.compile(r"\s*(?:(?:[-*•–]|\d{1,3}[.)])\s+)?")
_C1 = re.compile("[\x80-\x9f]")
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def read(data: bytes, language: str) -> Text:
    """The lines of a text file. Raises PackageError for a file that is not text."""
    text = decoded(data)
    if "\0" in text:
        raise PackageError("it is no text file: it holds NUL characters")
    opened = Text(bom=data.startswith(_BOMS))
    lines = text.splitlines(keepends=True) if "\n" not in text else re.findall(r"[^\n]*\n|[^\n]+", text)
    group: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            group.append(line)
            continue
        opened.add(group)
        group = []
        opened.pieces.append(line)
    return opened


def decoded(data: bytes) -> str:
    """The text of a file in whatever encoding; Western text without a mark is in Windows' rather than ISO's."""
    try:
        text = decode(data, "text")
        if _C1.search(text) and not data.startswith(_BOMS):
            text = data.decode("utf-8" if _is_utf8(data) else "cp1252", errors="replace")
    except FormatError as error:
        raise PackageError(str(error)) from error
    return text


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@dataclass
class Text:
    """A text file: pieces that together are the file."""

    bom: bool
    pieces: list[str] = field(default_factory=list)
    paragraphs: list[Paragraph] = field(default_factory=list)
    title: str | None = None

    def add(self, lines: list[str]) -> None:
        """Lines without a blank one between them."""
        for group in _groups(lines):
            if _wrapped([line.strip() for line in group]):
                self._add_wrapped(group)
            else:
                for line in group:
                    self._add(line)

    def _add(self, line: str) -> None:
        said = line.rstrip("\r\n")
        lead, end, at = _lead(said), line[len(said) :], len(self.pieces)
        self.pieces.append(line)

        def put(items: Items) -> None:
            self.pieces[at] = lead + " ".join(inline.text(items).splitlines()) + end

        self.paragraphs.append(Paragraph([said[len(lead) :]], put, ITEM if lead.strip() else PARAGRAPH))

    def _add_wrapped(self, lines: list[str]) -> None:
        said, at = [line.rstrip() for line in lines], len(self.pieces)
        self.pieces.append("".join(lines))
        width, lead, indent = max(map(len, said)), _lead(said[0]), _indent(said[1])
        end = "\r\n" if lines[0].endswith("\r\n") else "\n"
        last = lines[-1][len(lines[-1].rstrip("\r\n")) :]

        def put(items: Items) -> None:
            new = textwrap.wrap(
                inline.text(items), width, initial_indent=lead, subsequent_indent=indent,
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
            self.pieces[at] = end.join(new) + last

        text = " ".join([said[0][len(lead) :], *(line.strip() for line in said[1:])])
        self.paragraphs.append(Paragraph([text], put, ITEM if lead.strip() else PARAGRAPH))

    def written(self, language: str) -> bytes:
        """The file in UTF-8."""
        return (b"\xef\xbb\xbf" if self.bom else b"") + "".join(self.pieces).encode("utf-8", errors="replace")


def _groups(lines: list[str]) -> list[list[str]]:
    """The lines parted where a list item or an indentation begins another paragraph."""
    groups: list[list[str]] = []
    for line in lines:
        group = groups[-1] if groups else []
        hanging = len(group) == 1 and bool(_lead(group[0]).strip())
        if not group or _lead(line).strip() or (len(_indent(line)) > len(_indent(group[-1])) and not hanging):
            groups.append([])
        groups[-1].append(line)
    return groups


def _wrapped(lines: list[str]) -> bool:
    """Whether a program or a person has wrapped one text into these lines: no line had room for the next word."""
    width = max(map(len, lines), default=0)
    if len(lines) < 2 or width < _NARROWEST:
        return False
    full = all(len(line) + 1 + len(after.split()[0]) > width for line, after in pairwise(lines))
    return full and any(line[0].islower() for line in lines[1:])


def _lead(line: str) -> str:
    """The indentation of a line and the bullet or number of a list item."""
    found = _LEAD.match(line)
    return found[0] if found else ""


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
