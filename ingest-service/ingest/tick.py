"""One pass over everything that is due. Stateless: all it knows is in the database and in the folders of jobs.

A move is one transaction. An error ends or delays one upload, never the others.
"""

from __future__ import annotations

import logging
from typing import Any

import psycopg2
from psycopg2.extensions import connection

from ingest import progress
from ingest.context import Context
from ingest.machines import FAILED, MACHINES, Machine, State
from ingest.scheduler import JobSpec, LiveJob
from tlp.db import jobs, uploads
from tlp.db.connection import savepoint
from tlp.db.rows import Cursor
from tlp.errors import SchedulerError, TlpError

log = logging.getLogger("ingest")
Upload = dict[str, Any]


def tick(ctx: Context, db: connection) -> None:
    """Look at the jobs, move every upload that is due as far as it goes, start what may run."""
    with db.cursor() as cur:
        _end_jobs(ctx, cur)
        db.commit()
        while upload := uploads.claim_due(cur):
            _advance(ctx, cur, upload)
            db.commit()
        db.commit()
        _submit(ctx, cur)
        db.commit()


def live_jobs(ctx: Context, cur: Cursor) -> list[LiveJob]:
    """The jobs that the scheduler has."""
    return [_live(ctx, row) for row in jobs.submitted(cur)]


def _live(ctx: Context, row: dict[str, Any]) -> LiveJob:
    return LiveJob(row["id"], ctx.job_folder(row), row["scheduler_id"], row["cpus"], row["age"])


def _end_jobs(ctx: Context, cur: Cursor) -> None:
    """Ask the scheduler once for all jobs; note those that have ended and wake their uploads."""
    rows = jobs.submitted(cur)
    if not rows:
        return
    try:
        ended = ctx.scheduler.poll([_live(ctx, row) for row in rows])
    except SchedulerError as error:
        log.warning("the scheduler does not answer, jobs are looked at again next time: %s", error)
        return
    for row in rows:
        end = ended.get(row["id"])
        if end is not None:
            jobs.mark_ended(cur, row["id"], end.state, end.exit_code, end.reason)
            level = logging.INFO if end.state == "done" else logging.WARNING
            log.log(level, "%s: job %s of %s is %s%s", row["upload_id"], row["name"], row["step"], end.state,
                    f": {end.reason}" if end.reason else f" after {row['age']:.1f} s")  # fmt: skip
    over = {row["upload_id"] for row in rows if row["id"] in ended}
    uploads.wake(cur, sorted(over))
    running = [row for row in rows if row["id"] not in ended]
    uploads.touch(cur, sorted({row["upload_id"] for row in running}))
    progress.report(ctx, cur, running)


def _advance(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Run the step of the upload's state and write the move, the wait or the failure."""
    machine = MACHINES.get((upload["kind"], upload["operation"]))
    state = machine.state(upload["state"]) if machine else None
    if machine is None or state is None:
        _fail(ctx, cur, upload, FAILED.code, f"operation {upload['operation']} has no state '{upload['state']}'")
        return
    if upload["overdue"]:
        hours = state.limit / 3600
        _fail(ctx, cur, upload, state.error, f"The state '{state.name}' lasted longer than its limit of {hours:g} h.")
        return
    try:
        with savepoint(cur):
            over = _step(ctx, cur, upload, state)
    except TlpError as error:
        _fail(ctx, cur, upload, state.error, str(error))
    except psycopg2.OperationalError:
        raise  # the database went away: nothing of this move is written, the next tick does it again
    except Exception as error:
        _try_again(ctx, cur, upload, state, error)
    else:
        if over:
            _move(cur, upload, machine, state)
        else:
            uploads.wait(cur, upload["id"], None)


def _step(ctx: Context, cur: Cursor, upload: Upload, state: State) -> bool:
    """Whether the state is over: its jobs, if any, have ended well and its `finish` is done."""
    if state.jobs is not None and not _jobs_done(ctx, cur, upload, state):
        return False
    if state.finish is not None:
        state.finish(ctx, cur, upload)
    return True


def _jobs_done(ctx: Context, cur: Cursor, upload: Upload, state: State) -> bool:
    rows = jobs.of_step(cur, upload["id"], state.name)
    if not rows and state.jobs is not None:
        planned = state.jobs(ctx, cur, upload)
        for values in planned:
            environment = {**ctx.environment(values["cpus"]), **values.get("environment", {})}
            jobs.plan(cur, upload["id"], state.name, {**values, "environment": environment})
        if planned:
            log.info("%s: %s: runs %s", upload["id"], state.name, ", ".join(v["name"] for v in planned))
        return not planned
    for row in rows:
        if row["state"] in ("failed", "lost", "cancelled"):
            raise TlpError(f"{row['name']}: {row['reason'] or row['state']}")
    return all(row["state"] == "done" for row in rows)


def _move(cur: Cursor, upload: Upload, machine: Machine, state: State) -> None:
    target = machine.state(state.then)
    values: dict[str, Any] = {"error_code": None, "due": 0, "limit": None, "finished": False}
    if target is None:
        notes = (upload["plan"] or {}).get("notes") or []
        words = " ".join([machine.end.words, *(f"{note[0].upper()}{note[1:]}." for note in notes)])
        values.update(status_code=machine.end.code, info=words, due=None, finished=True)
    else:
        values.update(status_code=target.code, info=target.words, limit=target.limit)
    uploads.move(cur, upload["id"], state.then, values)
    log.info("%s: %s: %s → %s", upload["id"], upload["external_id"], state.name, state.then)


def _fail(ctx: Context, cur: Cursor, upload: Upload, code: int, words: str) -> None:
    """End an upload as failed; what still runs for it is stopped."""
    mine = [row for row in jobs.submitted(cur) if row["upload_id"] == upload["id"]]
    if mine:
        ctx.scheduler.cancel([_live(ctx, row) for row in mine])
    for row in mine:
        jobs.mark_ended(cur, row["id"], "cancelled", None, "the upload failed")
    jobs.cancel_planned(cur, upload["id"], upload["state"])
    values = {"status_code": code, "info": words, "error_code": code, "due": None, "limit": None, "finished": True}
    uploads.move(cur, upload["id"], FAILED.name, values)
    log.error("%s: %s: failed in %s (%d): %s", upload["id"], upload["external_id"], upload["state"], code, words)


def _try_again(ctx: Context, cur: Cursor, upload: Upload, state: State, error: Exception) -> None:
    """An unexpected error: again later, with growing delays, and in the end a failure."""
    attempts = upload["attempts"] + 1
    log.exception("%s: unexpected error in %s, attempt %d", upload["id"], state.name, attempts, exc_info=error)
    if attempts >= ctx.config.core.max_attempts:
        _fail(
            ctx, cur, upload, FAILED.code, f"{FAILED.words} The log of the Ingest Service has it under {upload['id']}."
        )
        return
    delay = ctx.config.core.retry_delay * 2 ** (attempts - 1)
    uploads.wait(cur, upload["id"], delay, f"{state.words} An unexpected error occurred, next try in {delay} s.", True)


def _submit(ctx: Context, cur: Cursor) -> None:
    """Give the scheduler what may run now. A job whose submission was not recorded is found again by its folder."""
    running = live_jobs(ctx, cur)
    for row in jobs.ready(cur):
        spec = JobSpec(
            folder=ctx.job_folder(row), name=f"{ctx.config.scheduler.job_name_prefix}-{row['id']}",
            command=row["command"], environment=row["environment"], cpus=row["cpus"],
            memory_mb=row["memory_mb"], time_limit_s=row["time_limit_s"],
        )  # fmt: skip
        if not ctx.scheduler.room(running, spec):
            break  # in order: a large job is not overtaken for ever by small ones
        try:
            scheduler_id = ctx.scheduler.submit(spec)
        except SchedulerError as error:
            log.warning("%s: job %s could not be submitted, tried again: %s", row["upload_id"], row["name"], error)
            break
        jobs.mark_submitted(cur, row["id"], scheduler_id)
        cur.connection.commit()
        running.append(LiveJob(row["id"], spec.folder, scheduler_id, spec.cpus, 0.0))
        log.info("%s: job %s of %s started (%s)", row["upload_id"], row["name"], row["step"], scheduler_id)
