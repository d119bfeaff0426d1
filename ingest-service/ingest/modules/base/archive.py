"""The ZIP file of an upload (manual, Appendix E, Media Package): only what the manifest names comes out, checked.

Never extracts an archive: a member is looked up by its flat name, streamed into a file whose name we made, and counted
while it flows. Knows nothing of manifests and media.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from tlp.errors import PackageError

BLOCK = 1 << 20  # bytes
_SLACK = 10 << 20  # bytes that small files may unpack to, whatever the ratio
_END, _LOCATOR_64, _END_64 = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06"
_DIRECTORY_ENTRY = 70_000  # bytes that one entry of the directory can have at most, nearly


@dataclass(frozen=True)
class Caps:
    """What a package may hold: bytes unpacked in all, number of members, times larger than packed."""

    size: int
    files: int
    ratio: int


class Archive:
    """An open package. Every failure is a PackageError that names the package or the file in it."""

    def __init__(self, path: Path, caps: Caps) -> None:
        self._caps, self._packed, self._unpacked = caps, path.stat().st_size, 0
        with path.open("rb") as file:
            _check_end(file, caps)
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, struct.error, OverflowError, NotImplementedError) as error:
            raise PackageError(f"the package is no complete ZIP file: {error}") from error
        self._members: dict[str, list[zipfile.ZipInfo]] = defaultdict(list)
        for info in self._zip.infolist():
            for name in _names(info):
                self._members[name].append(info)

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._zip.close()

    def extract(self, name: str, md5: str | None, target: Path) -> str:
        """Write the member `name` to `target` and return its MD5.

        Of several members of one name the one with the right MD5 is taken. A name that is not flat is never looked up.
        """
        if not is_flat(name):
            raise PackageError(f"{name!r} is not a plain file name: files stand in the root of the package")
        candidates = self._members.get(unicodedata.normalize("NFC", name), [])
        if not candidates:
            raise PackageError(f"the package has no file '{name}' that the manifest names")
        found = ""
        for info in candidates:
            found = self._copy(name, info, target)
            if md5 is None or found == md5.lower():
                return found
        target.unlink(missing_ok=True)
        raise PackageError(f"the MD5 of '{name}' is {found}, the manifest says {md5}")

    def _copy(self, name: str, info: zipfile.ZipInfo, target: Path) -> str:
        self._check(name, info)
        digest, size = hashlib.md5(usedforsecurity=False), 0
        try:
            with self._zip.open(info) as source, target.open("wb") as file:
                while block := source.read(BLOCK):
                    size += len(block)
                    digest.update(block)
                    file.write(block)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, struct.error, NotImplementedError) as error:
            raise PackageError(f"'{name}' in the package is damaged: {error or 'it ends too early'}") from error
        except OSError as error:
            raise PackageError(f"'{name}' cannot be unpacked: {error.strerror or error}") from error
        if size != info.file_size:
            raise PackageError(f"'{name}' in the package is damaged: {size} bytes instead of {info.file_size}")
        return digest.hexdigest()

    def _check(self, name: str, info: zipfile.ZipInfo) -> None:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if info.is_dir() or kind not in (0, stat.S_IFREG):
            raise PackageError(f"'{name}' in the package is a folder or a link, not a file")
        if info.flag_bits & 0x1:
            raise PackageError(f"'{name}' in the package is encrypted; send it without a password")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise PackageError(f"'{name}' in the package is packed by method {info.compress_type}; store it instead")
        if info.file_size > max(_SLACK, self._caps.ratio * info.compress_size):
            raise PackageError(f"'{name}' would unpack to more than {self._caps.ratio} times its size in the package")
        self._unpacked += info.file_size
        # Members may share their packed bytes, so the package as a whole has the same limit.
        most = min(self._caps.size, max(_SLACK, self._caps.ratio * self._packed))
        if self._unpacked > most:
            raise PackageError(f"the files of the package are too large: at most {most} bytes unpacked are taken")


def is_flat(name: str) -> bool:
    """Whether a name is that of a file in the root of a package, and nothing else."""
    return bool(name) and name not in (".", "..") and not set(name) & set("/\\\0") and name.isprintable()


def _names(info: zipfile.ZipInfo) -> set[str]:
    """The names under which a member is found; many programs write UTF-8 names without saying so."""
    names = {info.orig_filename}
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            names.add(info.orig_filename.encode("cp437").decode("utf-8"))
    return {unicodedata.normalize("NFC", name) for name in names}


def _check_end(file: BinaryIO, caps: Caps) -> None:
    """Look at the end of the archive before its directory is read into memory: disks, number of entries, size."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 65_557))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise PackageError("the package is no complete ZIP file: its end is missing")
    disk, first, _, entries, length = struct.unpack_from("<4HI", tail, at + 4)
    if tail[at - 20 : at - 16] == _LOCATOR_64:
        (where,) = struct.unpack_from("<Q", tail, at - 20 + 8)
        file.seek(min(where, size))
        record = file.read(56)
        if len(record) == 56 and record.startswith(_END_64):
            disk, first, _, entries, length = struct.unpack_from("<2I3Q", record, 16)
    if disk or first:
        raise PackageError("the package is one part of a ZIP file in several parts; send it as one file")
    if entries > caps.files:
        raise PackageError(f"the package holds {entries} files; at most {caps.files} are taken")
    if length > (entries + 1) * _DIRECTORY_ENTRY:
        raise PackageError("the package is no complete ZIP file: its directory is damaged")
