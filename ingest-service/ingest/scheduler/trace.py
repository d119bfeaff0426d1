"""What the script of a job leaves behind, read back: its exit code, and from it and the log how the job ended."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from ingest.scheduler import DONE, FAILED, LOST, Ended
from tlp.systems import LACKS

LOST_TRACE = "its process is gone and left no exit code: killed, or the machine stopped"
NO_MEMORY = "it was killed (SIGKILL), perhaps because the machine had no memory left"
STOPPED = "it was told to end (SIGTERM), as when its machine stops"
# Nothing ends itself like this: the system or a person did, so another try is worth it.
_BY_OTHERS = {128 + signal.SIGKILL: NO_MEMORY, 128 + signal.SIGTERM: STOPPED}
LACKING = (LACKS, 126, 127)  # exit codes of a machine that lacks something, or cannot start a program
RESTARTED = "the machine was restarted"
ELSEWHERE = "it was given to the queue of a cluster, which the configuration does not name any more"
LEFT_NOTHING = "it left no trace after it was submitted"
_NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_TAIL = 8192  # bytes of the log that are looked at
_LONGEST = 500  # characters of a reason


def exit_code(folder: Path) -> int | None:
    """The exit code of a job; None where there is none (yet), or an empty file after the machine lost power."""
    try:
        return int((folder / "exit_code").read_text())
    except (OSError, ValueError):
        return None


def node(folder: Path) -> str | None:
    """The machine on which a job began; None where it has not, or it has no name that can be said to a queue."""
    try:
        name = (folder / "node").read_text().strip()
    except (OSError, ValueError):
        return None
    return name if _NODE.match(name) else None


def ended(folder: Path, code: int) -> Ended:
    """How a job with this exit code ended, the reason from its log."""
    if code == 0:
        return Ended(DONE, 0, "")
    if code in _BY_OTHERS:
        return lost(folder, _BY_OTHERS[code], code)
    words = last_words(folder)
    if code > 128:
        killed = f"ended by the signal {_signal(code - 128)}"
        words = f"{killed}; its last words: {words}" if words else killed
    words = words or f"ended with the exit code {code} and said nothing"
    return Ended(FAILED, code, f"{words} (on {node(folder)})" if code in LACKING and node(folder) else words)


def lost(folder: Path, cause: str, code: int | None = None, displaced: bool = False) -> Ended:
    """A job that is gone without an exit code, or that was killed."""
    words = last_words(folder)
    return Ended(LOST, code, f"{cause}; its last words: {words}" if words else cause, displaced)


def last_words(folder: Path) -> str:
    """The last line of the log that is not empty, at most 500 characters; "" where there is none."""
    try:
        with (folder / "log").open("rb") as log:
            log.seek(0, 2)
            log.seek(max(0, log.tell() - _TAIL))
            lines = log.read().decode("utf-8", "replace").replace("\r", "\n").split("\n")
    except OSError:
        return ""
    words = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return "".join(c if c.isprintable() else " " for c in words)[:_LONGEST]


def _signal(number: int) -> str:
    try:
        return f"{number} ({signal.Signals(number).name})"
    except ValueError:
        return str(number)
