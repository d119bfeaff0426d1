"""An upload that has ended goes on from the state in which it failed, or from one that is named (`core.py retry`).

Only the administrator does this. The jobs of that state and of those after it are planned anew, in folders of their
own; what earlier states made is used again. Decides and writes one transaction; the tick does the work.
"""

from __future__ import annotations

import getpass
import logging
import os
from typing import Any

from ingest.context import Context
from ingest.machines import machine_of, words_of
from ingest.state import Machine, State
from ingest.steps import turn
from ingest.waiting import Wait
from tlp.administration import time_in_words
from tlp.db import accounts, jobs, objects, retry, turns, uploads
from tlp.db.rows import Cursor
from tlp.errors import QuotaError, TlpError

log = logging.getLogger("ingest")
Upload = dict[str, Any]
REMOVED = "its files have been removed: it must be sent again"


def again(ctx: Context, cur: Cursor, upload_id: str, step: str | None = None) -> str:
    """Have an upload go on; returns the state. Raises TlpError in words for the administrator."""
    upload = retry.lock(cur, upload_id)
    if upload is None:
        raise TlpError("there is no such upload")
    machine = machine_of(upload)
    if machine is None:
        raise TlpError(f"this version does not know the operation '{upload['operation']}'")
    _check_end(upload, step)
    state = _state(cur, machine, upload, step)
    later = [s.name for s in machine.states[machine.states.index(state) :]]
    _check_files(ctx, machine, upload, later)
    _check_object(cur, upload)
    _check_turn(ctx, cur, machine, upload, later)
    if "planning" not in later:
        _check_quota(cur, upload)
    retry.set_jobs_aside(cur, upload_id, later)
    values = {"status_code": state.code, "info": words_of(upload, state), "error_code": None}
    uploads.move(cur, upload_id, state.name, {**values, "due": 0, "limit": state.limit, "finished": False})
    retry.note_files(cur, upload_id)
    who = f"{_person()}, by hand; it had ended with status {upload['status_code']}: {upload['info']}"
    log.warning("%s: %s → %s, tried again by %s", upload_id, upload["state"], state.name, who)
    return state.name


def _person() -> str:
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _check_end(upload: Upload, step: str | None) -> None:
    if upload["finished_at"] is None:
        raise TlpError(f"it has not ended: it is in '{upload['state']}'. Cancel it first, or wait")
    if upload["state"] == "cancelled":
        raise TlpError("it was cancelled; what a client has cancelled is not tried again")
    if upload["state"] != "failed":
        if step is None:
            raise TlpError("it has not failed; say from which state with --from")
        if upload["operation"] == "new" or upload["package"] or upload["manifest"].get("media"):
            raise TlpError("what it brought is stored already; an update (re-generate) makes the rest again")


def _state(cur: Cursor, machine: Machine, upload: Upload, step: str | None) -> State:
    """The state to go on from: not after the one in which the upload failed, whose work is missing."""
    names = [s.name for s in machine.states]
    if step is not None and step not in names:
        raise TlpError(f"it has no state '{step}'; its states are {', '.join(names)}")
    failed = _failed_in(cur, machine, upload) if upload["state"] == "failed" else names[-1]
    if step is not None and names.index(step) > names.index(failed):
        raise TlpError(f"it failed in '{failed}', which comes before '{step}'")
    return machine.states[names.index(step or failed)]


def _failed_in(cur: Cursor, machine: Machine, upload: Upload) -> str:
    """Where it failed. Before this was recorded: where a job of it failed, else the first state with its error code."""
    if machine.state(upload["failed_in"] or ""):
        return str(upload["failed_in"])
    for state in machine.states:
        rows = jobs.of_step(cur, upload["id"], state.name)
        if any(row["state"] in ("failed", "lost", "cancelled") for row in rows):
            return state.name
    return next((s.name for s in machine.states if s.error == upload["error_code"]), machine.states[0].name)


def _check_files(ctx: Context, machine: Machine, upload: Upload, later: list[str]) -> None:
    """What the states to come find in the upload's folder must be there still."""
    if not any(s.name == "packaging" for s in machine.states):
        return
    if "packaging" in later:
        missing = upload["package"] and not ctx.storage.path("uploads", upload["package"]).is_file()
    elif "planning" in later and not (upload["package"] or upload["manifest"].get("media")):
        return
    else:
        missing = not ctx.work(upload, "").is_dir()
    if missing:
        raise TlpError(REMOVED)


def _check_object(cur: Cursor, upload: Upload) -> None:
    if upload["operation"] != "new":
        return
    for name in turns.names(cur, upload["id"]):
        if objects.find(cur, upload["user_id"], upload["kind"], name):
            raise TlpError(f"'{name}' exists by now: another upload has made it")


def _check_turn(ctx: Context, cur: Cursor, machine: Machine, upload: Upload, later: list[str]) -> None:
    """Where it would not wait for its turn any more, the turn must be its own now, and its guard be opened again."""
    if later[0] == machine.states[0].name or upload["operation"] == "cancel":
        return
    first = turns.before(cur, upload)
    if first:
        raise TlpError(f"the upload {first} of the same object comes first: try again when it has ended")
    if any(s.name == "guarding" for s in machine.states) and "guarding" not in later:
        try:
            turn.guard(ctx, cur, upload)
        except Wait as wait:
            raise TlpError(f"{wait} Try again when that has ended") from None


def _check_quota(cur: Cursor, upload: Upload) -> None:
    """What it had reserved of the quota, and gave back when it failed, must be left to be reserved again."""
    account = accounts.find(cur, upload["username"])
    taken = accounts.reserved(cur, upload["user_id"])
    wanted = {column: upload[column] for column in ("quota_documents", "quota_words")}
    wanted.update(quota_media=int(upload["quota_ms"] > 0), quota_media_ms=upload["quota_ms"])
    for column, amount in wanted.items():
        quota = account and account[column]
        if quota is not None and 0 < amount > quota - taken[column]:
            needs = f"{time_in_words(amount)} of media" if column == "quota_media_ms" else f"{amount} {column[6:]}"
            raise QuotaError(f"the quota of {upload['username']} does not suffice for {needs}")
