"""What a cluster's scheduler notes in the folder of a job: how it was submitted, and what the queue has said of it."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger("ingest.scheduler")
RECORD = "submitted"  # name and task in the queue, and the id when there is one
UNSEEN = "unseen"  # since when the queue has known nothing of it, or nothing good
TAKEN = "taken-out"  # somebody has deleted it from the queue
WAITS = "waits"  # what the queue says of it while it waits there


def mark(folder: Path, name: str, true: bool) -> None:
    """Note something that is so, or is not so any more."""
    if not true:
        (folder / name).unlink(missing_ok=True)
    elif folder.is_dir():
        (folder / name).touch()


def seen(folder: Path, leaving: bool, waits: str) -> None:
    """The queue has the job; `leaving`: somebody has taken it out, `waits`: what it says while it waits, else empty."""
    mark(folder, UNSEEN, False)
    mark(folder, TAKEN, leaving)
    if waits == waits_for(folder):
        return
    with contextlib.suppress(OSError):  # it is only told by `core.py status`
        write(folder / WAITS, waits) if waits else mark(folder, WAITS, False)


def waits_for(folder: Path) -> str:
    """What the queue has said of a job that waits there; "" where it does not, or nobody has looked yet."""
    try:
        return (folder / WAITS).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def unseen_for(folder: Path, seconds: float) -> bool:
    """Whether it has been so for longer than that; the first call begins the time, and `mark` ends it.

    A time that lies ahead, as after a clock was set back, begins anew. Where nothing can be written, it has not begun.
    """
    path = folder / UNSEEN
    since, now = _time_in(path), time.time()
    if since is not None and since <= now:
        return now - since > seconds
    try:
        if not folder.is_dir():
            return True
        write(path, str(now))
    except OSError as error:
        log.warning("for how long a job is missing cannot be noted in %s: %s", folder, error.strerror)
    return False


def _time_in(path: Path) -> float | None:
    try:
        return float(path.read_text())
    except (OSError, ValueError):
        return None


def record(folder: Path) -> dict[str, Any]:
    """How the job was submitted: name, task, and id (None where a crash came before it was known); {} before that."""
    try:
        found: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return found
    except (OSError, ValueError):
        return {}


def note(folder: Path, found: Mapping[str, Any]) -> None:
    """The inverse of `record`."""
    write(folder / RECORD, json.dumps(found))


def write(path: Path, text: str) -> None:
    """Write aside, then rename: nobody sees half of it. Nothing is left of what fails. Raises OSError."""
    aside = path.with_name(f"{path.name}.{time.monotonic_ns()}")
    try:
        aside.write_text(text, encoding="utf-8", errors="surrogateescape")
        aside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise
