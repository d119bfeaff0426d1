"""A small disk that is really full, for the tests. Needs the rights to mount."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOM = 4 << 20  # bytes of the small disk


@contextmanager
def small_disk(folder: Path, files: int = 0) -> Iterator[Path]:
    """A file system of its own in a folder; what is there moves into it. Needs the rights to mount.

    `files`: how many it takes (inodes); 0: any number.
    """
    kept = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    options = f"size={ROOM},nr_inodes={files}"
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.strip()}")
    try:
        for path, data in kept.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_with_files(folder: Path) -> list[Path]:
    """Make files until the disk takes no more; returns them."""
    made: list[Path] = []
    with contextlib.suppress(OSError):
        while True:
            path = folder / f"file{len(made)}"
            path.touch()
            made.append(path)
    return made


def fill(folder: Path, leave: int = 0) -> Path:
    """Fill a disk but for some bytes; returns the file that fills it."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file:
        state = os.statvfs(folder)
        os.posix_fallocate(file.fileno(), 0, max(1, state.f_bavail * state.f_frsize - leave))
    return path
