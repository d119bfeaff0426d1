"""Background processes with a file that names them. A process is known by its id and its start time, so that an id
that was used again, or a zombie that nobody collects, never passes for ours.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from installer.report import InstallError


def start_time(pid: int) -> int | None:
    """When the process began, in clock ticks since boot; None when it is gone or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the name, in brackets, may hold anything
    return None if fields[0] in "ZX" else int(fields[19])


def running(pid_file: Path) -> int | None:
    """The id of the process that `pid_file` names, when it is alive and the same one."""
    try:
        pid, began = (int(word) for word in pid_file.read_text().split())
    except (OSError, ValueError):
        return None
    return pid if start_time(pid) == began else None


def start(
    command: Sequence[str | Path],
    pid_file: Path,
    log: Path,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> int:
    """Start `command` apart from this terminal, its output added to `log`. Returns its id."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**os.environ, **(environ or {})},
            cwd=cwd,
            start_new_session=True,
        )
    aside = pid_file.with_name(f"{pid_file.name}.new")
    aside.write_text(f"{process.pid} {start_time(process.pid) or 0}\n")
    aside.replace(pid_file)
    return process.pid


def stop(pid_file: Path, patience: float = 20.0) -> bool:
    """End the process: asked first, killed after `patience` seconds. False when there was none."""
    pid = running(pid_file)
    if pid is None:
        pid_file.unlink(missing_ok=True)
        return False
    for sign, wait in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            break
        except PermissionError as error:
            raise InstallError(
                f"process {pid} belongs to someone else", "Run this as the user who started it."
            ) from error
        if wait_until(lambda: running(pid_file) is None, wait):
            break
    pid_file.unlink(missing_ok=True)
    return True


def wait_until(met: Callable[[], bool], seconds: float) -> bool:
    """Ask the function `met` until it says yes; False when it has not after `seconds`."""
    deadline = time.monotonic() + seconds
    while not met():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def tail(log: Path, lines: int = 5) -> str:
    """The last lines of a log, for a message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4000))
            return "\n".join(file.read().decode(errors="replace").strip().splitlines()[-lines:])
    except OSError:
        return ""
