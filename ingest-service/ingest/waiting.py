"""How an upload waits for something other than a job, and for what the server may be short of.

What a plan has no system for is skipped with a note (manual, 7.1.1); who has been promised a system, a folder or room
on a disk waits for it, in words, until the time limit of the state.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from psycopg2.errors import LockNotAvailable

from tlp.db import jobs
from tlp.db.rows import Cursor
from tlp.storage import Storage, lacks_room

LOOK_AGAIN_S = 60.0
NO_ROOM = "the server's disk is full"
LITTLE = 1 << 20  # bytes of a disk on which a job may not even have found room for its exit code
FEW = 10  # files that a disk still takes, of which the same may be true
_WAITS_FOR_ROOM = f"Waiting: {NO_ROOM}. It goes on by itself when there is room."
_WAITS_FOR_LOCK = "Waiting: something else works on the same rows of the database. It goes on by itself afterwards."
_SAYS_NO_ROOM = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT), NO_ROOM)
NEEDED = ("uploads", "media", "systems")  # mount points without which no upload gets anywhere


class Wait(Exception):
    """Not an error: look again `seconds` later. The message, a sentence, is added to the words of the state."""

    def __init__(self, message: str, seconds: float = LOOK_AGAIN_S) -> None:
        super().__init__(message)
        self.seconds = seconds


def for_mounts(storage: Storage) -> None:
    """Raise Wait while a registered mount point is not there, as when its disk has not been mounted.

    Nothing may be written then: it would land below the mount point, and vanish when the disk comes back.
    """
    if name := missing(storage):
        raise Wait(f"Waiting: the server's folder '{name}' is not there. It goes on by itself when it is back.")


def missing(storage: Storage, names: Sequence[str] = NEEDED) -> str | None:
    """A mount point that is registered and not there; None: all are there."""
    return next((name for name in names if name in storage.mounts and not storage.mounts[name].is_dir()), None)


def short_of(error: Exception) -> str | None:
    """What to say while the server lacks something that may come back by itself; None: the error is another one."""
    if isinstance(error, LockNotAvailable):
        return _WAITS_FOR_LOCK
    return _WAITS_FOR_ROOM if lacks_room(error) else None


def for_room(cur: Cursor, upload_id: str, failed: list[dict[str, Any]]) -> None:
    """Raise Wait where jobs of a state have failed and say that a disk is full; they are run again a minute later."""
    if all(says_no_room(row["reason"]) for row in failed):
        jobs.run_failed_again(cur, upload_id, failed[0]["step"], LOOK_AGAIN_S)
        raise Wait(_WAITS_FOR_ROOM)


def says_no_room(reason: str | None) -> bool:
    """Whether a job's reason is that a disk is full."""
    return any(words in (reason or "") for words in _SAYS_NO_ROOM)


def hardly_any_room(folder: Path) -> bool:
    """Whether the disk of a folder is as good as full, or takes no more files."""
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize < LITTLE or (state.f_files > 0 and state.f_favail < FEW)
