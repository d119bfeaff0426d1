"""Packages: the ZIP file that carries the files of an upload (manual, Appendix E, Media Package).

The archive is never made in memory, and on disk only when asked for: entries are stored, not compressed, so that one
pass over each file (for its MD5, CRC and size) fixes every byte around it, and the archive is sent straight from the
files. Every entry is in the Zip64 form, so that there is one form, whatever the size. Knows nothing of manifests.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO, Iterator

from .errors import ClientError

BLOCK = 1 << 20  # bytes read and sent at a time

_VERSION = 45  # "needs Zip64"
_UNIX_FILE = 0o100644 << 16
_DATE = (1 << 5) | 1  # 1980-01-01: the same files always make the same package
_32_BITS = 0xFFFFFFFF  # "see the Zip64 field"
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END_64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR_64 = struct.Struct("<4sIQI")
_END = struct.Struct("<4s4H2IH")


@dataclass(frozen=True)
class Member:
    """A file of a package: its flat name `<md5>.<ext>`, its place on this disk, its checksums and size in bytes."""

    name: str
    path: str
    size: int
    crc: int
    md5: str


class Package:
    """The files of one upload, in the order they were added. `size` is that of the whole archive in bytes."""

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}

    def add(self, path: str) -> dict[str, str]:
        """Read the file once and put it in; the same file twice is one entry.

        Returns what a manifest says of it: `filename`, `fileformat`, `md5`. Raises ClientError if it cannot be read.
        """
        extension = os.path.splitext(path)[1][1:].lower()
        if not re.fullmatch("[a-z0-9]+", extension):
            raise ClientError(f"{path}: the name needs an extension that tells its format, such as .mp4")
        md5, crc, size = _checksums(path)
        name = f"{md5}.{extension}"
        self.members.setdefault(name, Member(name, path, size, crc, md5))
        return {"filename": name, "fileformat": extension, "md5": md5}

    @property
    def size(self) -> int:
        headers = sum(len(_local_header(member)) for member in self.members.values())
        return headers + sum(member.size for member in self.members.values()) + len(self._directory())

    def blocks(self) -> Iterator[bytes]:
        """The bytes of the archive, read from the files as they are asked for."""
        for member in self.members.values():
            yield _local_header(member)
            yield from _contents(member)
        yield self._directory()

    def write(self, target: BinaryIO) -> None:
        """The archive into an open file."""
        for block in self.blocks():
            target.write(block)

    def _directory(self) -> bytes:
        offset, entries = 0, []
        for member in self.members.values():
            entries.append(_central_header(member, offset))
            offset += len(_local_header(member)) + member.size
        directory = b"".join(entries)
        count, end = len(entries), offset + len(directory)
        return (
            directory
            + _END_64.pack(b"PK\6\6", 44, _VERSION, _VERSION, 0, 0, count, count, len(directory), offset)
            + _LOCATOR_64.pack(b"PK\6\7", 0, end, 1)
            + _END.pack(b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, _32_BITS, _32_BITS, 0)
        )


def _checksums(path: str) -> tuple[str, int, int]:
    md5, crc, size = hashlib.md5(), 0, 0
    try:
        with open(path, "rb") as source:
            for block in iter(lambda: source.read(BLOCK), b""):
                md5.update(block)
                crc = zlib.crc32(block, crc)
                size += len(block)
    except OSError as error:
        raise ClientError(f"cannot read {path}: {error.strerror}") from None
    return md5.hexdigest(), crc, size


def _contents(member: Member) -> Iterator[bytes]:
    """The file, cut off at the size that was announced; anything else than that size is an error."""
    left = member.size
    try:
        with open(member.path, "rb") as source:
            while left:
                block = source.read(min(BLOCK, left))
                if not block:
                    break
                left -= len(block)
                yield block
            changed = left or source.read(1)
    except OSError as error:
        raise ClientError(f"cannot read {member.path}: {error.strerror}") from None
    if changed:
        raise ClientError(f"{member.path} changed while it was being packed; try again when it is complete")


def _local_header(member: Member) -> bytes:
    name = member.name.encode()
    sizes = struct.pack("<2H2Q", 1, 16, member.size, member.size)
    fixed = (b"PK\3\4", _VERSION, 0, 0, 0, _DATE, member.crc, _32_BITS, _32_BITS, len(name), len(sizes))
    return _LOCAL.pack(*fixed) + name + sizes


def _central_header(member: Member, offset: int) -> bytes:
    name = member.name.encode()
    sizes = struct.pack("<2H3Q", 1, 24, member.size, member.size, offset)
    made_on_unix = 3 << 8 | _VERSION
    fixed = (b"PK\1\2", made_on_unix, _VERSION, 0, 0, 0, _DATE, member.crc, _32_BITS, _32_BITS)
    rest = (len(name), len(sizes), 0, 0, 0, _UNIX_FILE, _32_BITS)
    return _CENTRAL.pack(*fixed, *rest) + name + sizes
