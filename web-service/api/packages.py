"""Receives a package into its upload's folder in constant memory: written aside, flushed, renamed. Opens no archive."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.forms import Form, Readable
from tlp.errors import ParameterError, StorageError

NAME = "package.zip"
_CHUNK = 1 << 18
# The Ingest Service may be another user of the same group (manual, Appendix A).
_FOLDER_MODE = 0o2770


@contextmanager
def received(form: Form, folder: Path, limit: int) -> Iterator[str]:
    """Store the package of a form as `folder/package.zip` and give its name; nothing is left when the block raises.

    Raises ParameterError for a package that is too large or cut off, StorageError when it cannot be written.
    """
    assert form.package is not None
    try:
        _make(folder)
        _store(form, folder, limit)
        yield NAME
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise StorageError(f"cannot store a package in {folder}: {error}") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _make(folder: Path) -> None:
    folder.mkdir()  # not what is above it: while the mount point is away nothing may be written in its place
    folder.chmod(_FOLDER_MODE)


def _store(form: Form, folder: Path, limit: int) -> None:
    aside = folder / f".{NAME}.part"
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    with open(descriptor, "wb", buffering=0) as file:
        for chunk in _chunks(form.package, limit):
            file.write(chunk)
        form.finish()
        os.fsync(file.fileno())
    aside.rename(folder / NAME)
    for path in (folder, folder.parent):
        _flush_folder(path)


def _chunks(stream: Readable | None, limit: int) -> Iterator[bytes]:
    total = 0
    while stream is not None and (chunk := stream.read(_CHUNK)):
        total += len(chunk)
        if total > limit:
            raise ParameterError(f"the package is larger than {limit} bytes", "pkg")
        yield chunk


def _flush_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
