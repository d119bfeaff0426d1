"""Whether an upload is too late in its state: the limit of a state is for work, waiting for a turn does not count."""

from __future__ import annotations

import logging
from typing import Any

from ingest import heartbeat
from ingest.context import Context
from ingest.scheduler import process
from ingest.state import State
from ingest.waiting import says_no_room
from tlp.db import jobs, progress, uploads
from tlp.db.rows import Cursor
from tlp.errors import TlpError

log = logging.getLogger("ingest")
Row = dict[str, Any]


def check(ctx: Context, cur: Cursor, upload: Row, state: State) -> None:
    """A state that has lasted too long is an error, unless its jobs have not worked for so long, or no service ran.

    A job waits for its turn here and then in the queue of a cluster, which may be closed for days. To wait for room on
    a full disk counts as waiting for a turn: the upload can do nothing about it.
    """
    if state.limit is None or heartbeat.time_was_lost(cur):
        return
    waiting = [row for row in jobs.of_step(cur, upload["id"], state.name) if row["state"] != "done"]
    refusals = [row["reason"] for row in waiting if row["state"] == "planned" and row["reason"]]
    refused = [reason for reason in refusals if not says_no_room(reason)]
    left = state.limit - _worked(ctx, cur, upload)
    if waiting and not refused and left > 0:
        uploads.extend(cur, upload["id"], left)
        log.info("%s: %s has waited for its turn and may go on for %.1f h", upload["id"], state.name, left / 3600)
        return
    why = f" The scheduler has refused it: {refused[0]}." if refused else ""
    raise TlpError(f"It took longer than its limit of {state.limit / 3600:g} hours and was stopped.{why}")


def _worked(ctx: Context, cur: Cursor, upload: Row) -> float:
    """For how many seconds the job of its state works that began first, of those that have not ended."""
    rows = [row for row in progress.jobs_of_states(cur, [upload["id"]]) if row["state"] == "submitted"]
    return max((min(row["age"], process.worked(ctx.job_folder(row))) for row in rows), default=0.0)
