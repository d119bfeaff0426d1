"""How far the running jobs are, for the words of /status. A job tells by the file `progress` in its folder."""

from __future__ import annotations

from typing import Any

from ingest.context import Context
from ingest.machines import MACHINES
from tlp.db import jobs, uploads
from tlp.db.rows import Cursor

# The first sentence of a state's words, without its full stop.
WORDS = {s.name: s.words.partition(".")[0] for m in MACHINES.values() for s in m.states}
EVERY_S = 1.0  # a tick may come many times a second; people do not look that often

Row = dict[str, Any]


def report(ctx: Context, cur: Cursor, running: list[Row]) -> None:
    """Write percent and an estimate into `info` of the uploads whose jobs run."""
    checked = set(uploads.touch(cur, sorted({row["upload_id"] for row in running}), EVERY_S)) if running else set()
    for upload_id, step in {(row["upload_id"], row["step"]): None for row in running if row["upload_id"] in checked}:
        mine = [row for row in running if (row["upload_id"], row["step"]) == (upload_id, step)]
        known = [(_percent(ctx, row), row["age"]) for row in mine]
        if any(percent is not None for percent, _ in known):
            states = [row["state"] for row in jobs.of_step(cur, upload_id, step)]
            words = in_words(states, [(percent or 0, age) for percent, age in known])
            uploads.set_info(cur, upload_id, step, f"{WORDS[step]}: {words}.")


def in_words(states: list[str], running: list[tuple[int, float]]) -> str:
    """`42 %, about 3 min left`: the mean over all jobs of a step; the time is that of the slowest.

    `states`: of all jobs of the step. `running`: percent and age in seconds of those that run. While some have not
    begun, how long it takes is not known.
    """
    percent = (100 * states.count("done") + sum(p for p, _ in running)) // max(1, len(states))
    left = 0.0 if "planned" in states else max((age * (100 - p) / p if p else 0.0 for p, age in running), default=0.0)
    return f"{percent} %{left_in_words(left)}"


def _percent(ctx: Context, row: Row) -> int | None:
    try:
        text = (ctx.job_folder(row) / "progress").read_text(encoding="utf-8", errors="replace")
        return max(0, min(100, int(text.split(maxsplit=1)[0])))
    except (OSError, ValueError, IndexError):
        return None


def left_in_words(seconds: float) -> str:
    """`, about 3 min left`; nothing when it is not known or nearly over."""
    if seconds < 5:
        return ""
    if seconds < 90:
        return f", about {5 * round(seconds / 5)} s left"
    return f", about {round(seconds / 60)} min left" if seconds < 5400 else f", about {seconds / 3600:.1f} h left"
