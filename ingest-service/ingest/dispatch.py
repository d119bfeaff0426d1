"""From the table of jobs to the scheduler: starts what may run. How jobs have ended is noted by `job_ends`."""

from __future__ import annotations

import logging
import math
import shlex
import time
from typing import Any

from psycopg2.extensions import connection

from ingest import ends, outputs
from ingest.context import Context
from ingest.ending import live_job
from ingest.job_ends import job_name, tries
from ingest.scheduler import JobSpec, LiveJob
from ingest.scheduler.local import ID as LOCAL
from ingest.scheduler.trace import node
from ingest.waiting import NO_ROOM, missing
from tlp.db import fairness, jobs
from tlp.db.connection import only_submitter
from tlp.db.rows import Cursor
from tlp.errors import SchedulerError
from tlp.storage import lacks_room
from tlp.systems import LAST_ATTEMPT

log = logging.getLogger("ingest")
BATCH = 50  # jobs whose order is decided at one go
SLICE_S = 0.5  # of a tick; what is left comes with the next one
NOTED_S = 0.02  # between two commits of starts: what a crash keeps from being noted is adopted, and runs once
OVERTAKEN_S = 600  # so long may smaller jobs go before one that lacks room
MOST_REFUSALS = 3  # in a row, then others are tried; as many of those, then it is the scheduler and not the jobs

Row = dict[str, Any]


def live_jobs(ctx: Context, cur: Cursor) -> list[LiveJob]:
    """The jobs that the scheduler has."""
    return [live_job(ctx, row) for row in jobs.submitted(cur)]


def submit_ready(ctx: Context, db: connection) -> bool:
    """Give the scheduler what may run now, in fair order (see `fairness`). Returns whether there is more to be given.

    What uploads do not wait for yet runs where nothing else wants the processors. A job that was started, but a crash
    kept that from being recorded, is found again by its folder. None is started while a mount point is not there.
    """
    with db.cursor() as cur:
        if not jobs.any_planned(cur) or missing(ctx.storage):
            db.commit()
            return False
        queues: dict[str, list[str]] = {}
        for kind in fairness.KINDS:
            queues.setdefault(ctx.scheduler.queue(kind), []).append(kind)
        with only_submitter(cur) as alone:
            if not alone:
                return True
            running, until = live_jobs(ctx, cur), time.monotonic() + SLICE_S
            return any([_fill(ctx, cur, running, kinds, until) for kinds in queues.values()])


def _fill(ctx: Context, cur: Cursor, running: list[LiveJob], kinds: list[str], until: float) -> bool:
    """Start what there is room for in one queue, and add it to `running`. Returns whether only the time was too short.

    One that is full holds up no other; nor do jobs that the scheduler never takes: after some of those, ones are tried
    that it has not refused for the same reasons.
    """
    most, reasons = ctx.config.scheduler.max_jobs_per_user, list[str]()
    for early in (False, True):
        while True:
            rows = fairness.ready(cur, kinds, early, most, BATCH, reasons)
            goes_on, refused = _submit_in_order(ctx, cur, running, rows, until)
            if refused and not reasons:
                reasons, until = refused, time.monotonic() + SLICE_S  # a refusal may have taken all the time
                continue
            if refused or not goes_on:
                return False
            if time.monotonic() > until:
                return True
            if len(rows) < BATCH:
                break
    return False


def _submit_in_order(
    ctx: Context, cur: Cursor, running: list[LiveJob], rows: list[Row], until: float
) -> tuple[bool, list[str]]:
    """Start jobs in order. Returns False where something waits for room, and why the last ones were refused, if that
    is what has ended it.

    Smaller jobs go before one that lacks room, for a while; then the processors are kept free for it. What no upload
    waits for yet is overtaken always. The parts of a whole go together.
    """
    largest, refused, given, noted = math.inf, list[str](), set[int](), time.monotonic()
    in_time = True
    for row in rows:
        in_time = time.monotonic() <= until
        if not in_time or len(refused) == MOST_REFUSALS:
            break
        if row["id"] in given or row["cpus"] >= largest or not fairness.take(cur, row["id"]):
            continue
        specs = _with_room(ctx, cur, running, [row, *_like(row, rows)])
        if not specs:
            largest = row["cpus"]
            fairness.lacks_room(cur, row["id"])
            if (row["no_room_for"] or 0.0) > OVERTAKEN_S and not row["early"]:
                break
            continue
        started = _submit(ctx, cur, specs)
        if time.monotonic() > noted + NOTED_S:
            cur.connection.commit()
            noted = time.monotonic()
        refused = [] if started else [*refused, row["reason"]]
        given |= {part["id"] for part, _ in specs}
        running += started
    cur.connection.commit()
    if len(refused) == MOST_REFUSALS or not in_time:
        return True, refused
    return largest == math.inf, []


def _like(row: Row, rows: list[Row]) -> list[Row]:
    """The parts of the same whole that come after a part, all of them to be tried for the first time."""
    if not row["part_of"] or row["attempt"] > row["first_attempt"]:
        return []
    whole = ("upload_id", "step", "part_of")
    later = rows[rows.index(row) + 1 :]
    return [r for r in later if all(r[k] == row[k] for k in whole) and r["attempt"] == r["first_attempt"]]


def _with_room(ctx: Context, cur: Cursor, running: list[LiveJob], rows: list[Row]) -> list[tuple[Row, JobSpec]]:
    """As many of the jobs, of which the first is taken, as there is room for."""
    found: list[tuple[Row, JobSpec]] = []
    full = list(running)
    for row in rows:
        if found and not fairness.take(cur, row["id"]):
            continue
        spec = _spec(ctx, row)
        if not ctx.scheduler.room(full, spec):
            break
        full.append(LiveJob(row["id"], spec.folder, "", spec.cpus, 0.0))
        found.append((row, spec))
    return found


def _spec(ctx: Context, row: Row) -> JobSpec:
    folder = ctx.job_folder(row)
    return JobSpec(
        folder=folder,
        name=f"{ctx.config.scheduler.job_name_prefix}-{row['id']}.{row['attempt']}",  # each attempt is found again
        command=outputs.placed(row["command"], folder),
        # Made now and not when the job was planned: the programs may have moved since. What a killed program leaves
        # in TMPDIR goes with the upload.
        environment={
            **ctx.environment(row["cpus"]),
            **({LAST_ATTEMPT: "1"} if _is_last(ctx, row) else {}),
            "TMPDIR": str(folder),
            "HOME": str(folder),
            **row["environment"],
        },
        cpus=row["cpus"],
        memory_mb=row["memory_mb"],
        time_limit_s=row["time_limit_s"],
        kind=row["kind"],
        gpus=row["gpus"],
        avoid=_lost_on(ctx, row),
        **_telling(ctx, row),
    )


def _is_last(ctx: Context, row: Row) -> bool:
    """Whether a part is run for the last time."""
    return bool(row["part_of"]) and len(tries(row)) >= ctx.config.core.part_attempts


def _telling(ctx: Context, row: Row) -> dict[str, Any]:
    """How the end of a job of a cluster is told to the service; the processes of this machine are watched."""
    if ctx.scheduler.queue(row["kind"]) == LOCAL:
        return {}
    return {"tell": ends.path(ctx), "notify": tuple(shlex.split(ctx.config.scheduler.notify_command))}


def _lost_on(ctx: Context, row: Row) -> tuple[str, ...]:
    """The machines on which earlier tries of a job were lost or failed."""
    earlier = [ctx.job_folder({**row, "attempt": n}) for n in tries(row)[:-1]]
    return tuple(sorted({name for folder in earlier if (name := node(folder))}))


def _submit(ctx: Context, cur: Cursor, jobs_and_specs: list[tuple[Row, JobSpec]]) -> list[LiveJob]:
    """Give the scheduler jobs that need the same; none: it has refused them."""
    specs = [spec for _, spec in jobs_and_specs]
    try:
        ids = ctx.scheduler.submit_array(specs)
    except (SchedulerError, ValueError, OSError) as error:
        words = error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
        reason = NO_ROOM if lacks_room(error) else words
        for row, _ in jobs_and_specs:
            if row.get("reason") != reason:
                log.warning("%s was refused by the scheduler and is tried again: %s", job_name(row), error)
            jobs.mark_refused(cur, row["id"], reason)
            row["reason"] = reason
        return []
    for (row, _), scheduler_id in zip(jobs_and_specs, ids, strict=True):
        jobs.mark_submitted(cur, row["id"], scheduler_id)
        log.info("%s started%s (%s)", job_name(row), " again" if row["attempt"] > 1 else "", scheduler_id)
    return [
        LiveJob(row["id"], spec.folder, scheduler_id, spec.cpus, 0.0)
        for (row, spec), scheduler_id in zip(jobs_and_specs, ids, strict=True)
    ]
