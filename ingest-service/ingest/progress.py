"""How far the running jobs are, for /status: percent and an estimate. A job tells by the file `progress` in its folder.

The jobs of a state count by the processor time that they take: what is done by what it took, what runs by its pace,
what has not begun as the mean of those.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.context import Context
from ingest.machines import MACHINES
from ingest.scheduler import process
from tlp.db import progress, uploads
from tlp.db.rows import Cursor

# The first sentence of a state's words, without its full stop.
_WORDS = {s.name: s.words.partition(".")[0] for m in MACHINES.values() for s in m.states}
EVERY_S = 1.0  # a tick may come many times a second; people do not look that often
MOST_A_SECOND = 100  # jobs looked at: where thousands run, each is looked at the less often

Row = dict[str, Any]


@dataclass(frozen=True)
class Work:
    """A job of a state: how many seconds it has run, on how many processors, and how much of it is done."""

    cpus: int
    seconds: float = 0.0
    percent: int | None = None  # None: it does not tell
    state: str = "submitted"

    @property
    def begun(self) -> bool:
        return self.state == "submitted" and self.seconds > 0

    @property
    def total(self) -> float | None:
        """Processor seconds that it takes in all; None: not known."""
        if self.state == "done":
            return self.cpus * self.seconds
        return self.cpus * self.seconds * 100 / self.percent if self.begun and self.percent else None


def report(ctx: Context, cur: Cursor, running: list[Row]) -> None:
    """Write percent and estimate of the uploads whose jobs run: into `info`, `progress` and `ready_at`."""
    every = max(EVERY_S, len(running) / MOST_A_SECOND)
    checked = uploads.touch(cur, sorted({row["upload_id"] for row in running}), every) if running else []
    together: dict[tuple[str, str], list[Row]] = {}
    for row in progress.jobs_of_states(cur, checked) if checked else []:
        together.setdefault((row["upload_id"], row["step"]), []).append(row)
    for (upload_id, step), own in together.items():
        joins = {row["part_of"] for row in own}  # these take hardly any time
        percent, left = estimate([_work(ctx, row) for row in own if row["name"] not in joins])
        if percent is not None:
            percent = min(percent, 100 if all(row["state"] == "done" for row in own) else 99)
            words = f"{step_in_words(step)}{parts_in_words(own)}: {percent} %{left_in_words(left or 0.0)}."
            progress.note(cur, upload_id, step, {"info": words, "progress": percent, "left": left})


def estimate(works: list[Work]) -> tuple[int | None, float | None]:
    """Percent of all jobs of a state, and seconds until the last one ends; None: not known.

    The rest is thought to be done on as many processors as are at work now, and not before the slowest job that runs.
    """
    known = [work.total for work in works if work.total is not None]
    if not known:
        return (0, None) if any(work.percent is not None for work in works) else (None, None)
    mean = sum(known) / len(known)
    totals = [max(mean, w.cpus * w.seconds) if w.total is None else w.total for w in works]
    spent = [min(total, w.cpus * w.seconds) for w, total in zip(works, totals, strict=True)]
    share = 100 * sum(spent) / sum(totals) if sum(totals) else 100.0
    over = all(work.state == "done" for work in works)
    return min(int(share + 1e-6), 100 if over else 99), _left(works, totals, spent)


def _left(works: list[Work], totals: list[float], spent: list[float]) -> float | None:
    rests = [total - done for total, done in zip(totals, spent, strict=True)]
    at_work = sum(work.cpus for work in works if work.begun)
    if not at_work:
        return None
    slowest = max(rest / work.cpus for rest, work in zip(rests, works, strict=True) if work.begun)
    return max(slowest, sum(rests) / at_work)


def _work(ctx: Context, row: Row) -> Work:
    if row["state"] != "submitted":
        return Work(row["cpus"], row["age"] or 0.0, state=row["state"])
    folder = ctx.job_folder(row)
    seconds = process.worked(folder)
    if not seconds:
        return Work(row["cpus"])
    return Work(row["cpus"], max(0.001, min(row["age"] or 0.0, seconds)), _percent(folder / "progress"))


def _percent(path: Path) -> int | None:
    """What the program of a job has written there; it may be anything, also a pipe, that must not be waited for."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return max(0, min(100, int(os.read(fd, 100).split(maxsplit=1)[0])))
        finally:
            os.close(fd)
    except (OSError, ValueError, IndexError):
        return None


def step_in_words(step: str) -> str:
    """`Transcribing`; a job that runs may be of a step that another version has planned and this one does not know."""
    return _WORDS.get(step, step)


def parts_in_words(rows: list[Row]) -> str:
    """`, 7 of 12 parts are done`; nothing where nothing is divided."""
    parts = [row["state"] for row in rows if row["part_of"]]
    return f", {parts.count('done')} of {len(parts)} parts are done" if parts else ""


def left_in_words(seconds: float) -> str:
    """`, about 3 min left`; nothing when it is not known or nearly over."""
    if seconds < 5:
        return ""
    if seconds < 90:
        return f", about {5 * round(seconds / 5)} s left"
    return f", about {round(seconds / 60)} min left" if seconds < 5400 else f", about {seconds / 3600:.1f} h left"
