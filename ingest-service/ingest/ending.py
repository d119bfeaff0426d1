"""What every end of an upload has in common, whether it is done, failed or cancelled."""

from __future__ import annotations

import logging
from typing import Any

from ingest import notify
from ingest.context import Context
from ingest.scheduler import LiveJob
from tlp.db import guards, jobs, turns, uploads
from tlp.db.rows import Cursor

log = logging.getLogger("ingest")
Row = dict[str, Any]
CANCELLED = 90  # status code (manual, Appendix E and F)


def live_job(ctx: Context, row: Row) -> LiveJob:
    """A row of `jobs.submitted` as the scheduler knows it."""
    return LiveJob(row["id"], ctx.job_folder(row), row["scheduler_id"] or "", row["cpus"], row["age"])


def cancel_jobs(ctx: Context, cur: Cursor, upload_id: str, reason: str) -> None:
    """Stop what runs or would run for an upload.

    Raises SchedulerError when the scheduler does not answer: the transaction must be undone then, the jobs still run.
    """
    rows = jobs.cancel(cur, upload_id, reason)
    if rows:
        ctx.scheduler.cancel([live_job(ctx, row) for row in rows])
        log.info("%s: stopped %s", upload_id, ", ".join(row["name"] for row in rows))


def end(ctx: Context, cur: Cursor, upload: Row, state: str, code: int, words: str, error: int | None = None) -> None:
    """Put an upload into its last state, end the session that guarded its object, let the next one come, tell of it."""
    values = {"status_code": code, "info": words, "error_code": error, "due": None, "limit": None, "finished": True}
    uploads.move(cur, upload["id"], state, values)
    guards.close(cur, upload["id"])
    turns.wake(cur, upload["user_id"], upload["kind"], turns.names(cur, upload["id"]))
    notify.tell(ctx.config, cur, upload, "error" if error else "cancelled" if code == CANCELLED else "finished")
