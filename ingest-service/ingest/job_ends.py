"""From the scheduler to the table of jobs: notes what has ended, and wakes the uploads that have waited for it.

Moves no upload (see `tick`). Locks are taken in one order everywhere, first the upload's row, then its jobs' rows; that
of no upload is waited for here.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from psycopg2.extensions import connection

from ingest import outputs, progress
from ingest.context import Context
from ingest.ending import live_job
from ingest.scheduler import DONE, FAILED, LOST, Ended
from ingest.scheduler.local import ID as LOCAL
from ingest.scheduler.trace import LACKING
from ingest.waiting import NO_ROOM, hardly_any_room, missing
from tlp.db import jobs, uploads
from tlp.db.connection import only_observer
from tlp.db.rows import Cursor
from tlp.errors import SchedulerError

log = logging.getLogger("ingest")
RUNS = 2  # a job that its machine has lost is run once more; one that failed is not, unless it is a part of a whole
MOST_RUNS = 10  # of a job, or a part, that is preempted. Not of one whose machines stop: it may be what stops them
GONE = "the files of the upload are gone from the server"
BATCH = 50  # jobs whose ends are noted in one transaction
SLICE_S = 0.5  # of a tick; what is left comes with the next one
HELD_S = 0.2  # until an ended job is looked at again that another service is at, or its upload
SILENT_S = 3.0  # and one that the scheduler did not tell of
UNTAKEN_S = 5.0  # and one whose files could not be moved

Row = dict[str, Any]


def end_jobs(ctx: Context, db: connection) -> bool:
    """Ask the scheduler once for all jobs; note those that have ended, and wake their uploads.

    One service at a time does it, for all. Returns whether more have ended than there was time for.
    """
    with db.cursor() as cur, only_observer(cur) as alone:
        rows = jobs.submitted(cur)
        db.commit()
        if not alone:
            ctx.unnoted.update({row["id"]: HELD_S for row in rows})
            return False
        ended = _ended(ctx, rows)
        if not rows or ended is None:
            return False
        until = time.monotonic() + SLICE_S
        over = [row for row in rows if row["id"] in ended]
        for first in range(0, len(over), BATCH):
            for row in _end_together(ctx, db, cur, over[first : first + BATCH], ended):
                _end_job(ctx, db, cur, row, ended[row["id"]])
            if time.monotonic() > until:
                return True
        progress.report(ctx, cur, [row for row in rows if row["id"] not in ended])
        db.commit()
        return False


def _ended(ctx: Context, rows: list[Row]) -> dict[int, Ended] | None:
    """What the scheduler says of jobs; None: it does not answer."""
    try:
        if missing(ctx.storage, ["uploads"]):
            raise SchedulerError("the folder 'uploads', where jobs leave how they have ended, is not there")
        ended = ctx.scheduler.poll([live_job(ctx, row) for row in rows]) if rows else {}
    except (SchedulerError, OSError) as error:
        if [str(error)] != ctx.silence:
            log.warning("how jobs have ended is not known, they are looked at again and again: %s", error)
        ctx.silence[:] = [str(error)]
        ctx.unnoted.update({row["id"]: SILENT_S for row in rows})
        return None
    if rows and not ended and ctx.silence:  # else it may be that the jobs' folders have told of those
        log.info("how jobs have ended is known again")
        ctx.silence.clear()
    for other in ctx.unnoted.keys() - ended.keys():
        del ctx.unnoted[other]
    return ended


def _end_together(ctx: Context, db: connection, cur: Cursor, rows: list[Row], ended: dict[int, Ended]) -> list[Row]:
    """Note in one transaction those that are done; returns those that are not.

    It waits for no lock: jobs of uploads that somebody else holds are left for the next look.
    """
    free = jobs.lock_submitted(cur, rows)
    ctx.unnoted.update({row["id"]: HELD_S for row in rows if row["id"] not in free})
    taken = [row for row in rows if row["id"] in free and ended[row["id"]].state == DONE and _taken(ctx, row)]
    if taken:
        ends_of = [(row, ended[row["id"]]) for row in taken]
        jobs.mark_ended(cur, [(row, end.state, end.exit_code, end.reason) for row, end in ends_of])
    db.commit()
    for row in taken:
        ctx.unnoted.pop(row["id"], None)
        log.info("%s is done after %.1f s", job_name(row), row["age"])
    return [row for row in rows if row["id"] in free and ended[row["id"]].state != DONE]


def _taken(ctx: Context, row: Row) -> bool:
    """Whether what a job has made is where the steps look; False: its end is noted another time."""
    try:
        outputs.take(ctx.job_folder(row), ctx.folder({"id": row["upload_id"]}) / "work")
        return True
    except OSError as error:
        if ctx.unnoted.get(row["id"]) != UNTAKEN_S:
            log.warning("%s: what job %s made cannot be taken yet: %s", row["upload_id"], row["name"], error)
        ctx.unnoted[row["id"]] = UNTAKEN_S
        return False


def _end_job(ctx: Context, db: connection, cur: Cursor, row: Row, end: Ended) -> None:
    ctx.unnoted[row["id"]] = HELD_S
    try:
        if jobs.lock_submitted(cur, [row]):
            _note_end(ctx, cur, row, end)
            del ctx.unnoted[row["id"]]
        db.commit()
    except OSError as error:
        db.rollback()
        log.warning("%s has ended, which cannot be noted yet: %s", job_name(row), error)


def _note_end(ctx: Context, cur: Cursor, row: Row, end: Ended) -> None:
    """Of a job that is not done: run it again or give it up."""
    uploads.wake(cur, row["upload_id"])
    if end.state == LOST and hardly_any_room(ctx.storage.mount("uploads")):
        end = Ended(FAILED, None, NO_ROOM)  # it had none for its exit code
    what, runs = job_name(row), row["attempt"] - row["first_attempt"] + 1 if end.displaced else len(tries(row))
    if _may_run_again(ctx, row, end, runs):
        if jobs.run_again(cur, row, end.displaced):
            words = "A program was lost, as when its machine stops, and is run once more."
            if _lacking(row, end):
                words = "A machine lacks what a program needs, which is run once more."
            if row["part"]:
                words = f"{row['part'].capitalize()}, went wrong and is done once more."
            uploads.set_info(cur, row["upload_id"], row["step"], f"{progress.step_in_words(row['step'])}. {words}")
            log.warning("%s %s and is run once more: %s", what, _ended_in_words(end), end.reason)
        return
    reason = f"{end.reason} ({runs} times)" if end.state == LOST else end.reason
    if not _files_are_there(ctx, row):
        reason = GONE
    elif row["part"]:
        tried = "once" if runs == 1 else f"{runs} times"
        reason = f"{end.reason.rstrip('.')} ({row['part']}; tried {tried})"
    if jobs.mark_ended(cur, [(row, end.state, end.exit_code, reason)]):
        log.warning("%s %s: %s", what, _ended_in_words(end), reason)


def _may_run_again(ctx: Context, row: Row, end: Ended, runs: int) -> bool:
    """A part that fails costs all the others, so it gets more tries, on other machines where there are any.

    What has failed without an exit code was ended in the queue, by a person or by a limit.
    """
    if (end.state == FAILED and end.exit_code is None) or not _files_are_there(ctx, row):
        return False
    if end.displaced:
        return runs < MOST_RUNS
    if row["part_of"]:
        return runs < ctx.config.core.part_attempts
    return (end.state == LOST or _lacking(row, end)) and runs < RUNS


def _files_are_there(ctx: Context, row: Row) -> bool:
    """Those of its upload. The folder of a job that had just begun is lost where its machine stops."""
    return ctx.folder({"id": row["upload_id"]}).is_dir()


def tries(row: Row) -> list[int]:
    """The attempts of a job since it was planned that count, with the present one: not those whose machine was given
    to others."""
    return [n for n in range(row["first_attempt"], row["attempt"] + 1) if n not in row["displaced"]]


def _lacking(row: Row, end: Ended) -> bool:
    """Whether a machine of a cluster lacks what another one may have. This machine would lack it again."""
    return end.exit_code in LACKING and not str(row["scheduler_id"]).startswith(LOCAL)


def _ended_in_words(end: Ended) -> str:
    return "was lost" if end.state == LOST else "failed"


def job_name(row: Row) -> str:
    """A job as the log calls it."""
    return f"{row['upload_id']}: job {row['name']} of {row['step']}"
