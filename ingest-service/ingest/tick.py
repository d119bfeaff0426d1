"""One pass over everything that is due. Stateless: all it knows is in the database and in the folders of jobs.

A move is one transaction. An error ends or delays one upload, never the others; any number of ticks may run at once.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from psycopg2.extensions import connection

from ingest import dispatch, ending, heartbeat, housekeeping, job_ends, notify, notify_send, overdue, upkeep
from ingest.context import Context
from ingest.machines import FAILED, machine_of, words_of
from ingest.state import Machine, State
from ingest.waiting import LOOK_AGAIN_S, Wait, for_mounts, for_room, short_of
from tlp.db import jobs, uploads
from tlp.db.connection import savepoint
from tlp.db.rows import Cursor
from tlp.errors import SchedulerError, StorageError, TlpError

log = logging.getLogger("ingest")
Upload = dict[str, Any]
Jobs = dict[str, list[dict[str, Any]]]  # by the name of their state: rows, or what is to be planned
LONGEST_WORDS = 2000  # characters of `info`


def tick(ctx: Context, db: connection, seconds: float = 0.5) -> bool:
    """Look at the jobs, move the uploads that are due as far as they go, start what may run, have news sent.

    Returns whether more is due: after `seconds` of moving, jobs are looked at and started again first.
    """
    more = job_ends.end_jobs(ctx, db)
    upkeep.end_sessions(ctx, db)
    more |= _move_uploads(ctx, db, time.monotonic() + seconds)
    more |= dispatch.submit_ready(ctx, db)
    notify_send.start(ctx.config, db)
    housekeeping.keep(ctx, db)
    heartbeat.beat(db)
    return more


class NotAhead(Exception):
    """What the state needs that an upload comes to cannot be planned with the move: that state will say why."""


def _move_uploads(ctx: Context, db: connection, until: float) -> bool:
    only_move: set[str] = set()
    with db.cursor() as cur:
        while upload := uploads.claim_due(cur):
            try:
                _advance(ctx, cur, upload, upload["id"] not in only_move)
                db.commit()
            except NotAhead:
                db.rollback()
                only_move.add(upload["id"])
                continue  # also when the time is over: only this tick knows, the next one would come to the same
            if time.monotonic() > until:
                return True
        db.commit()
    return False


def _advance(ctx: Context, cur: Cursor, upload: Upload, ahead: bool) -> None:
    """Write the move, the wait or the failure of an upload; whatever happens, it is not due again at once for ever.

    `ahead`: plan what the next state needs as well. Raises NotAhead when that fails; then nothing has been written.
    """
    machine = machine_of(upload)
    state = machine.state(upload["state"]) if machine else None
    try:
        # Not in a savepoint: a row that is locked outside of one and changed inside keeps its place in the index until
        # the next VACUUM, and every claim would read it again.
        _run(ctx, cur, upload, machine, state, ahead)
    except NotAhead:
        raise
    except Exception as error:
        if cur.connection.closed:
            raise  # the database went away: nothing of this move is written, the next tick does it again
        cur.connection.rollback()
        if uploads.claim_again(cur, upload):
            _after_error(ctx, cur, upload, state, error)


def _run(ctx: Context, cur: Cursor, upload: Upload, machine: Machine | None, state: State | None, ahead: bool) -> None:
    if machine is None or state is None:
        raise TlpError(f"The operation '{upload['operation']}' has no state '{upload['state']}' in this version.")
    if upload["overdue"]:
        overdue.check(ctx, cur, upload, state)
    there = jobs.by_step(cur, upload["id"])
    try:
        if machine.operation != "cancel":
            for_mounts(ctx.storage)
        if _step(ctx, cur, upload, machine, state, there):
            _move(ctx, cur, upload, machine, state, there if ahead else None)
        else:
            uploads.wait(cur, upload["id"], None)
    except Wait as wait:
        words = f"{words_of(upload, state)} {wait}"
        uploads.wait(cur, upload["id"], wait.seconds, words)
        if words != upload["info"]:
            log.info("%s: %s: %s", upload["id"], state.name, wait)


def _step(ctx: Context, cur: Cursor, upload: Upload, machine: Machine, state: State, there: Jobs) -> bool:
    """Whether the state is over: its jobs, if any, have ended well and its `finish` is done."""
    if state.jobs is not None and not _jobs_done(ctx, cur, upload, machine, state, there):
        return False
    if state.finish is not None:
        state.finish(ctx, cur, upload)
    return True


def _jobs_done(ctx: Context, cur: Cursor, upload: Upload, machine: Machine, state: State, there: Jobs) -> bool:
    rows = there.get(state.name)
    if not rows:
        planned = _needed(ctx, cur, upload, machine, state, there)
        _plan(cur, upload, planned)
        return not planned
    failed = [row for row in rows if row["state"] in ("failed", "lost", "cancelled")]
    if failed and not state.optional:
        for_room(cur, upload["id"], failed)
        raise TlpError(_in_words(failed[0]))
    return all(row["state"] == "done" or row in failed for row in rows)


def _needed(ctx: Context, cur: Cursor, upload: Upload, machine: Machine, state: State, there: Jobs) -> Jobs:
    """The jobs of a state, by its name, and those that are planned with them; none: it is passed through."""
    needed = {state.name: state.jobs(ctx, cur, upload)} if state.jobs else {}
    if not needed.get(state.name):
        return {}
    later = machine.state(state.early)
    if later and later.jobs and later.name not in there:
        needed[later.name] = later.jobs(ctx, cur, upload)
    return needed


def _ahead(ctx: Context, cur: Cursor, upload: Upload, machine: Machine, target: State, there: Jobs) -> Jobs:
    """The jobs of the state that an upload comes to, where it has none yet. Raises NotAhead for any trouble."""
    try:
        return {} if target.name in there else _needed(ctx, cur, upload, machine, target, there)
    except Exception as error:
        if cur.connection.closed:
            raise
        raise NotAhead from error


def _plan(cur: Cursor, upload: Upload, needed: Jobs) -> None:
    for step, planned in needed.items():
        for values in planned:
            jobs.plan(cur, upload["id"], step, values)
        if planned:
            log.info("%s: %s needs %s", upload["id"], step, ", ".join(values["name"] for values in planned))


def _in_words(row: dict[str, Any]) -> str:
    """Why a job ended badly, for a client: who failed, at what, and what there is to do."""
    reason = (row["reason"] or f"it is {row['state']}").rstrip(".")
    if row["state"] == "lost":
        reason = f"{reason}. Nothing is wrong with what was sent: send it again"
    if row["kind"] in ("package", "document"):
        return f"{reason}."
    if row["system_id"] is None:
        return f"The conversion '{row['name']}' failed: {reason}."
    other = "" if row["state"] == "lost" else " Another system may be asked for by its id (sid, see /systems)."
    return f"System {row['system_id']} ({row['system']}) failed: {reason}.{other}"


def _move(ctx: Context, cur: Cursor, upload: Upload, machine: Machine, state: State, there: Jobs | None) -> None:
    """Into the next state, with the jobs that it needs: then the upload is due when they have ended, else at once.

    `there`: the jobs that it has; None: without any new ones.
    """
    target = machine.state(state.then)
    if target is None:
        notes = (upload["plan"] or {}).get("notes") or []
        words = " ".join([machine.end.words, *(f"{note[0].upper()}{note[1:]}." for note in notes)])
        ending.end(ctx, cur, upload, state.then, machine.end.code, words)
    else:
        words = words_of(upload, target)
        values = {"status_code": target.code, "info": words, "limit": target.limit}
        needed = {} if there is None else _ahead(ctx, cur, upload, machine, target, there)
        values["due"] = None if needed else 0
        uploads.move(cur, upload["id"], state.then, {"error_code": None, "finished": False, **values})
        _plan(cur, upload, needed)
        if state is machine.states[0]:
            notify.tell(ctx.config, cur, upload, "started")
    log.info("%s: %s → %s%s", upload["id"], state.name, state.then, f": {words}" if target is None else "")


def _after_error(ctx: Context, cur: Cursor, upload: Upload, state: State | None, error: Exception) -> None:
    """End an upload as failed, or put it off where another try may help."""
    try:
        with savepoint(cur):
            if isinstance(error, TlpError) and not isinstance(error, StorageError | SchedulerError):
                _fail(ctx, cur, upload, state.error if state else FAILED.code, str(error))
            else:
                _try_again(ctx, cur, upload, state, error)
    except Exception as second:
        if cur.connection.closed:
            raise
        log.warning("%s: could not be ended in %s, tried again: %s", upload["id"], upload["state"], second)
        uploads.wait(cur, upload["id"], ctx.config.core.retry_delay)


def _try_again(ctx: Context, cur: Cursor, upload: Upload, state: State | None, error: Exception) -> None:
    """An error that is not the upload's fault: again later, with growing delays, and in the end a failure."""
    own_words = words_of(upload, state) if state else ""
    if waits := short_of(error):
        log.error("%s: %s is put off: %s", upload["id"], upload["state"], error)
        uploads.wait(cur, upload["id"], LOOK_AGAIN_S, f"{own_words} {waits}".strip())
        return
    attempts = upload["attempts"] + 1
    known = isinstance(error, TlpError | OSError)
    log.error(
        "%s: error in %s, attempt %d of %d: %s", upload["id"], upload["state"], attempts, ctx.config.core.max_attempts,
        error, exc_info=None if isinstance(error, TlpError) else error,
    )  # fmt: skip
    cause = (
        _cause(error) if known else f"The administrator finds it in the log of the Ingest Service under {upload['id']}."
    )
    if attempts >= ctx.config.core.max_attempts:
        _fail(ctx, cur, upload, state.error if known and state else FAILED.code, cause)
        return
    delay = ctx.config.core.retry_delay * 2 ** (attempts - 1)
    words = f"{own_words} Something went wrong on the server ({attempts} times), next try in {delay} s."
    uploads.wait(cur, upload["id"], delay, words.strip(), failed=True)


def _cause(error: Exception) -> str:
    """The cause as far as it is a client's business: no path of this machine."""
    name = error.strerror if isinstance(error, OSError) else str(error.__cause__ or error)
    if isinstance(error.__cause__, OSError):
        name = error.__cause__.strerror
    return f"The server has a problem: {name}. Nothing is wrong with what was sent: send it again later."


def _without_paths(ctx: Context, words: str) -> str:
    """Files below a mount point by its name, as in `uploads/up-1/package.zip`: where it is, is no client's business."""
    for name, path in sorted(ctx.storage.mounts.items(), key=lambda mount: -len(str(mount[1]))):
        words = words.replace(f"{path}/", f"{name}/")
    return words


def _fail(ctx: Context, cur: Cursor, upload: Upload, code: int, reason: str) -> None:
    """End an upload as failed; what still runs for it is stopped."""
    ending.cancel_jobs(ctx, cur, upload["id"], "the upload failed")
    machine = machine_of(upload)
    sentence = (machine.errors if machine else {}).get(code, FAILED.words)
    begin = reason if "://" in reason.partition(" ")[0] else reason[:1].upper() + reason[1:]
    cause = begin.rstrip(".") + "."
    words = _without_paths(ctx, f"{sentence} {cause}")
    info = "".join(c if c.isprintable() else " " for c in words)[:LONGEST_WORDS]
    ending.end(ctx, cur, upload, FAILED.name, code, info, error=code)
    log.warning("%s: %s → failed: %s", upload["id"], upload["state"], info)
