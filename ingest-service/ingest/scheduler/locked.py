"""Locks on files of a job, held by one Ingest Service against the others: waited for, but not without end."""

from __future__ import annotations

import fcntl
import time
from typing import IO, Any

from tlp.errors import SchedulerError

PATIENCE_S = 30.0  # longer than a command to a queue may take
_LOOK_S = 0.02


def lock(file: IO[Any], shared: bool = False) -> None:
    """Take the lock of an open file, until it is closed; the kernel lets the lock of a service that dies go.

    Raises SchedulerError where another one keeps it, as one that is stopped or waits for a disk that does not answer.
    """
    until = time.monotonic() + PATIENCE_S
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise SchedulerError(f"another Ingest Service has held {file.name} for {PATIENCE_S:g} s") from None
            time.sleep(_LOOK_S)
        else:
            return
