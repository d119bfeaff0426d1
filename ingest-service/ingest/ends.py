"""How a resident service hears of the ends of jobs whose processes it cannot watch: by a file that their scripts write.

Where the file does not arrive, the next look at the jobs comes soon anyway: the sooner, the shorter they have run.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ingest.context import Context
from ingest.scheduler import LiveJob

LOOK_S = 0.5  # between two looks at the file
SOONEST_S = 1.0
SHARE = 0.1  # of the time that the youngest job has run: so much later at most is its end seen


def path(ctx: Context) -> Path:
    """The file, below the mount point `uploads`."""
    return ctx.storage.path("uploads", ".ended")


class Ends:
    """Whether the file has been written since it was looked at last."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen = self._stamp()

    def changed(self) -> bool:
        """Look at it."""
        before, self._seen = self._seen, self._stamp()
        return self._seen != before

    def _stamp(self) -> tuple[int, int] | None:
        """Opened rather than asked for: a network file system then gives what is true now."""
        try:
            fd = os.open(self._file, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            found = os.fstat(fd)
            return found.st_mtime_ns, found.st_ino
        finally:
            os.close(fd)


def next_look(running: Sequence[LiveJob], longest: float) -> float:
    """Seconds until jobs that cannot be watched are looked at again though nothing has been heard of them."""
    youngest = min((job.age for job in running), default=longest / SHARE)
    return min(longest, max(SOONEST_S, SHARE * youngest))
