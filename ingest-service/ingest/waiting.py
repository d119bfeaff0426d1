"""How an upload waits for something other than a job, and for what the server may be short of.

What a plan has no system for is skipped with a note (manual, 7.1.1); who has been promised a system, a folder or room
on a disk waits for it, in words, until the time limit of the state.
"""

from __future__ import annotations

import errno

from tlp.storage import Storage

LOOK_AGAIN_S = 60.0
NEEDED = ("uploads", "media")  # mount points without which no upload gets anywhere


class Wait(Exception):
    """Not an error: look again `seconds` later. The message, a sentence, is added to the words of the state."""

    def __init__(self, message: str, seconds: float = LOOK_AGAIN_S) -> None:
        super().__init__(message)
        self.seconds = seconds


def for_mounts(storage: Storage) -> None:
    """Raise Wait while a registered mount point is not there, as when its disk has not been mounted.

    Nothing may be written then: it would land below the mount point, and vanish when the disk comes back.
    """
    for name in NEEDED:
        if name in storage.mounts and not storage.mounts[name].is_dir():
            raise Wait(f"Waiting: the server's folder '{name}' is not there. It goes on by itself when it is back.")


def short_of(error: Exception) -> str | None:
    """What to say while the server lacks something that may come back by itself; None: the error is another one."""
    cause = error if isinstance(error, OSError) else error.__cause__
    if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
        return "Waiting: the server's disk is full. It goes on by itself when there is room."
    return None
