"""Between the table of jobs and the scheduler: notes what has ended, starts what may run.

Moves no upload (see `tick`). Locks are taken in one order everywhere, first the upload's row, then its jobs' rows.
"""

from __future__ import annotations

import logging
import math
import shlex
import time
from typing import Any

from psycopg2.extensions import connection

from ingest import ends, outputs, progress
from ingest.context import Context
from ingest.ending import live_job
from ingest.scheduler import DONE, FAILED, LOST, Ended, JobSpec, LiveJob
from ingest.scheduler.local import ID as LOCAL
from ingest.scheduler.trace import node
from ingest.waiting import NO_ROOM, hardly_any_room
from tlp.db import fairness, jobs, uploads
from tlp.db.connection import only_observer, only_submitter
from tlp.db.rows import Cursor
from tlp.errors import SchedulerError
from tlp.storage import lacks_room

log = logging.getLogger("ingest")
RUNS = 2  # a job that its machine has lost is run once more; one that failed is not, unless it is a part of a whole
BATCH = 50  # jobs whose order is decided at one go
SLICE_S = 0.5  # of a tick, for ends and for starts; what is left comes with the next one
NOTED_S = 0.02  # between two commits of starts: what a crash keeps from being noted is adopted, and runs once
OVERTAKEN_S = 600  # so long may smaller jobs go before one that lacks room
MOST_REFUSALS = 3  # in a row, then others are tried; as many of those, then it is the scheduler and not the jobs
HELD_S = 0.2  # until an ended job is looked at again that another service is at, or its upload
SILENT_S = 3.0  # and one that the scheduler did not tell of
UNTAKEN_S = 5.0  # and one whose files could not be moved

Row = dict[str, Any]


def live_jobs(ctx: Context, cur: Cursor) -> list[LiveJob]:
    """The jobs that the scheduler has."""
    return [live_job(ctx, row) for row in jobs.submitted(cur)]


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
        ended = ctx.scheduler.poll([live_job(ctx, row) for row in rows]) if rows else {}
    except (SchedulerError, OSError) as error:
        log.warning("the scheduler does not answer, jobs are looked at again next time: %s", error)
        ctx.unnoted.update({row["id"]: SILENT_S for row in rows})
        return None
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
        log.info("%s is done after %.1f s", _name(row), row["age"])
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
        log.warning("%s has ended, which cannot be noted yet: %s", _name(row), error)


def _note_end(ctx: Context, cur: Cursor, row: Row, end: Ended) -> None:
    """Of a job that is not done: run it again or give it up."""
    uploads.wake(cur, row["upload_id"])
    what, runs = _name(row), row["attempt"] - row["first_attempt"] + 1
    if _may_run_again(ctx, row, end, runs):
        if jobs.run_again(cur, row):
            words = "A program was lost, as when its machine stops, and is run once more."
            if row["part"]:
                words = f"{row['part'].capitalize()}, went wrong and is done once more."
            uploads.set_info(cur, row["upload_id"], row["step"], f"{progress.WORDS[row['step']]}. {words}")
            log.warning("%s %s and is run once more: %s", what, _ended_in_words(end), end.reason)
        return
    if end.state == LOST and hardly_any_room(ctx.storage.mount("uploads")):
        end = Ended(FAILED, None, NO_ROOM)  # it had none for its exit code
    reason = f"{end.reason} ({runs} times)" if end.state == LOST else end.reason
    if row["part"]:
        reason = f"{end.reason.rstrip('.')} ({row['part']}; tried {runs} times)"
    if jobs.mark_ended(cur, [(row, end.state, end.exit_code, reason)]):
        log.warning("%s %s: %s", what, _ended_in_words(end), reason)


def _may_run_again(ctx: Context, row: Row, end: Ended, runs: int) -> bool:
    """A part that fails costs all the others, so it gets more tries, on other machines where there are any."""
    if row["part_of"]:
        return runs < ctx.config.core.part_attempts
    return end.state == LOST and runs < RUNS


def _ended_in_words(end: Ended) -> str:
    return "was lost" if end.state == LOST else "failed"


def submit_ready(ctx: Context, db: connection) -> bool:
    """Give the scheduler what may run now, in fair order (see `fairness`). Returns whether there is more to be given.

    What uploads do not wait for yet runs where nothing else wants the processors. A job that was started, but a crash
    kept that from being recorded, is found again by its folder.
    """
    with db.cursor() as cur:
        if not jobs.any_planned(cur):
            db.commit()
            return False
        queues: dict[str, list[str]] = {}
        for kind in fairness.KINDS:
            queues.setdefault(ctx.scheduler.queue(kind), []).append(kind)
        with only_submitter(cur):
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
        environment={**ctx.environment(row["cpus"]), "TMPDIR": str(folder), "HOME": str(folder), **row["environment"]},
        cpus=row["cpus"],
        memory_mb=row["memory_mb"],
        time_limit_s=row["time_limit_s"],
        kind=row["kind"],
        gpus=row["gpus"],
        avoid=_lost_on(ctx, row),
        **_telling(ctx, row),
    )


def _telling(ctx: Context, row: Row) -> dict[str, Any]:
    """How the end of a job of a cluster is told to the service; the processes of this machine are watched."""
    if ctx.scheduler.queue(row["kind"]) == LOCAL:
        return {}
    return {"tell": ends.path(ctx), "notify": tuple(shlex.split(ctx.config.scheduler.notify_command))}


def _lost_on(ctx: Context, row: Row) -> tuple[str, ...]:
    """The machines on which earlier tries of a job ended without an exit code."""
    earlier = [ctx.job_folder({**row, "attempt": n}) for n in range(row["first_attempt"], row["attempt"])]
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
                log.warning("%s was refused by the scheduler and is tried again: %s", _name(row), error)
            jobs.mark_refused(cur, row["id"], reason)
            row["reason"] = reason
        return []
    for (row, _), scheduler_id in zip(jobs_and_specs, ids, strict=True):
        jobs.mark_submitted(cur, row["id"], scheduler_id)
        log.info("%s started%s (%s)", _name(row), " again" if row["attempt"] > 1 else "", scheduler_id)
    return [
        LiveJob(row["id"], spec.folder, scheduler_id, spec.cpus, 0.0)
        for (row, spec), scheduler_id in zip(jobs_and_specs, ids, strict=True)
    ]


def _name(row: Row) -> str:
    return f"{row['upload_id']}: job {row['name']} of {row['step']}"
