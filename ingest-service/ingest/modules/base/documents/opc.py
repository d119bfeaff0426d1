"""The ZIP file of an Office Open XML document: its XML parts read and written, everything else copied as it is.

Nothing is unpacked to a disk, no relationship is followed out of the file. Knows nothing of words and slides.
"""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from tlp.errors import FormatError, PackageError
from tlp.formats import xml

MOST_FILES = 20_000
MOST_BYTES = 1 << 30  # unpacked, in all
RATIO, SLACK = 200, 64 << 20  # times larger unpacked than packed; what may be in any case, in bytes
_DEPTH = 200  # tables in tables in text boxes
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_CORE = "docProps/core.xml"
_DC = "http://purl.org/dc/elements/1.1/"
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, struct.error, NotImplementedError, OSError)


class Relationship(NamedTuple):
    """What a part refers to; `target` is the name of a part, or an address outside."""

    id: str
    type: str  # the last word of its name: header, hyperlink, slide
    target: str
    external: bool


class Package:
    """An open file. Every failure is a PackageError that says what is wrong."""

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (*_DAMAGED, RuntimeError) as error:
            raise PackageError(f"the file is damaged: it is no complete ZIP file ({error})") from error
        self._parts: dict[str, etree._Element] = {}
        self._check()

    def _check(self) -> None:
        infos = self._zip.infolist()
        if len(infos) > MOST_FILES:
            raise PackageError(f"the file holds {len(infos)} parts; at most {MOST_FILES} are read")
        if sum(info.file_size for info in infos) > MOST_BYTES:
            raise PackageError(f"the file unpacks to more than {MOST_BYTES >> 20} MiB")
        seen: set[str] = set()
        for info in infos:
            if info.flag_bits & 0x1:
                raise PackageError("the file is encrypted; send it without a password")
            if info.file_size > max(SLACK, RATIO * info.compress_size):
                raise PackageError(f"its part '{info.filename}' unpacks to more than {RATIO} times its size")
            name = info.filename.lower()
            if name in seen or name.startswith("/") or "\\" in name or ".." in name.split("/"):
                raise PackageError(f"the file is damaged: a part of the name {info.filename!r} may not be in it")
            seen.add(name)

    def __contains__(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def part(self, name: str) -> etree._Element:
        """The root of an XML part; changes to it are written."""
        if name not in self._parts:
            try:
                self._parts[name] = xml.parse(self._bytes(name), name, _DEPTH)
            except FormatError as error:
                raise PackageError(f"the file is damaged: {error}") from error
        return self._parts[name]

    def _bytes(self, name: str) -> bytes:
        try:
            return self._zip.read(name)
        except KeyError as error:
            raise PackageError(f"the file is damaged: its part '{name}' is missing") from error
        except _DAMAGED as error:
            raise PackageError(f"the file is damaged: its part '{name}' cannot be unpacked ({error})") from error

    def relationships(self, name: str) -> Iterator[Relationship]:
        """What a part refers to; `name` "" is the package."""
        folder, file = posixpath.split(name)
        path = posixpath.join(folder, "_rels", f"{file}.rels")
        if path not in self:
            return
        for each in self.part(path).iter(f"{{{_RELATIONSHIPS}}}Relationship"):
            target, external = each.get("Target", ""), each.get("TargetMode") == "External"
            if not external:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            yield Relationship(each.get("Id", ""), each.get("Type", "").rpartition("/")[2], target, external)

    def related(self, name: str, *types: str) -> list[str]:
        """The parts of some types that a part refers to, in the order of its references."""
        found = [r.target for r in self.relationships(name) if r.type in types and not r.external]
        return [target for target in dict.fromkeys(found) if target in self]

    def main(self, otherwise: str) -> str:
        """The name of the main part."""
        return next(iter(self.related("", "officeDocument")), otherwise)

    def core(self, word: str) -> etree._Element | None:
        """The element of the core properties of that name (title, language), where the file has one."""
        return self.part(_CORE).find(f"{{{_DC}}}{word}") if _CORE in self else None

    def set_language(self, language: str) -> None:
        """Write the language into the core properties."""
        if _CORE in self:
            element = self.core("language")
            if element is None:
                element = etree.SubElement(self.part(_CORE), f"{{{_DC}}}language")
            element.text = language

    def written(self) -> bytes:
        """The whole file, parts in their order."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
            for info in self._zip.infolist():
                part = self._parts.get(info.filename)
                data = self._bytes(info.filename) if part is None else _serialized(part)
                copy = zipfile.ZipInfo(info.filename, info.date_time)
                copy.compress_type = info.compress_type
                copy.external_attr = info.external_attr
                target.writestr(copy, data)
        return out.getvalue()


def _serialized(part: etree._Element) -> bytes:
    return etree.tostring(part, xml_declaration=True, encoding="UTF-8", standalone=True)
