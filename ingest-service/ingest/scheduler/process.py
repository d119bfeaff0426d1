"""Which process a job is: its pid with its start time and boot, so that a reused pid is never taken for the job."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_ROUNDS = 250


@dataclass(frozen=True)
class Process:
    """The script of a job: the leader of a session in which all that the job starts lives."""

    pid: int
    start: int  # clock ticks since boot, field 22 of /proc/PID/stat
    boot: str

    @property
    def of_this_boot(self) -> bool:
        """Whether the machine has not been started again since."""
        return self.boot == _boot()

    @property
    def alive(self) -> bool:
        """Whether it still runs. A zombie does not."""
        stat = _stat(self.pid)
        return stat is not None and stat.state not in "ZX" and stat.start == self.start and self.of_this_boot

    def watch(self) -> int:
        """A file descriptor that is readable once the process has ended, so at once when it has already."""
        try:
            fd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return os.eventfd(1)
        if self.alive:  # asked after the descriptor was opened: it cannot be of a later process
            return fd
        os.close(fd)
        return os.eventfd(1)

    def kill_session(self) -> None:
        """Kill the process and all that it started, also where it is gone itself. Never anything else.

        A process that has made a session of its own has left the job and is not found.
        """
        stat = _stat(self.pid)
        if not self.of_this_boot or (stat is not None and stat.start != self.start):
            return  # the number is somebody else's now: the kernel gives it away only when the session is empty
        for _ in range(_ROUNDS):  # what is being killed may still start something
            members = [pid for pid in _pids() if (s := _stat(pid)) and s.session == self.pid and s.state not in "ZX"]
            if not members:
                return
            for pid in members:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.002)


def recorded(folder: Path) -> Process | None:
    """The process that the script of a job has recorded; None while it has not begun."""
    try:
        pid, start, boot = (folder / "pid").read_text().split()
        return Process(int(pid), int(start), boot)
    except (OSError, ValueError):  # a pid file is written at one go, but may be seen empty
        return None


def worked(folder: Path) -> float:
    """For how many seconds the script of a job has run, by the clock of its files; 0 while it has not begun.

    A job waits in the queue of a cluster until it has written its `pid`.
    """
    try:
        return max(0.001, time.time() - (folder / "pid").stat().st_mtime)
    except OSError:
        return 0.0


@dataclass(frozen=True)
class _Stat:
    state: str
    session: int
    start: int


def _stat(pid: int) -> _Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # a program's name may hold blanks and brackets
    return _Stat(state=fields[0], session=int(fields[3]), start=int(fields[19]))


def _pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def _boot() -> str:
    return _BOOT_ID.read_text().strip()
