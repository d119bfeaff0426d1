"""Files copied to and from another machine over SFTP: aside, then renamed, so that nobody sees half of one.

What is the same there already, by its size and time, is not copied again. Decides nothing: see `staging`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import paramiko

PART = ".part"  # ends the name of a file that is being copied there


def put(files: paramiko.SFTPClient, here: Path, there: str) -> None:
    """Copy a file unless it is there already; what an earlier try left aside is written over."""
    known = here.stat()
    try:
        found = files.stat(there)
        if (found.st_size, found.st_mtime) == (known.st_size, int(known.st_mtime)):
            return
    except FileNotFoundError:
        pass
    files.put(str(here), f"{there}{PART}")
    files.utime(f"{there}{PART}", (known.st_mtime, known.st_mtime))
    files.posix_rename(f"{there}{PART}", there)


def write(files: paramiko.SFTPClient, there: str, text: str) -> None:
    """Write a small file there, as `put`."""
    with files.open(f"{there}{PART}", "w") as file:
        file.write(text.encode("utf-8", "surrogateescape"))
    files.posix_rename(f"{there}{PART}", there)


def get(files: paramiko.SFTPClient, there: str, found: paramiko.SFTPAttributes, here: Path, aside: Path) -> None:
    """Copy a file from there; one that an earlier try has brought is not brought again."""
    when = float(found.st_mtime or 0)
    if here.is_file() and (here.stat().st_size, here.stat().st_mtime) == (found.st_size, when):
        return
    here.parent.mkdir(parents=True, exist_ok=True)
    files.get(there, str(aside))
    os.utime(aside, (when, when))
    aside.replace(here)


def files_below(files: paramiko.SFTPClient, folder: str, prefix: str) -> Iterator[tuple[str, paramiko.SFTPAttributes]]:
    """The files below a folder there, by their names from it; none where it is not there. Links are left out."""
    try:
        found = files.listdir_attr(folder)
    except FileNotFoundError:
        return
    for one in found:
        if stat.S_ISDIR(one.st_mode or 0):
            yield from files_below(files, f"{folder}/{one.filename}", f"{prefix}{one.filename}/")
        elif stat.S_ISREG(one.st_mode or 0):
            yield f"{prefix}{one.filename}", one
