"""How far uploads are (manual, Appendix E, /uploadslist and /status)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from api.answers import JsonList
from api.call import Call
from tlp.db import notifications, progress, uploads
from tlp.db.rows import Row
from tlp.errors import ReturnCode


def uploads_list(call: Call) -> JsonList:
    """List the user's uploads, newest first, or those of one upload or object id. It is sent while it is read."""
    user_id, kind, object_id = call.user["id"], call.family.kind, call["object_id"]
    rows = call.services.database.stream(lambda cur: uploads.list_for(cur, user_id, kind, object_id))
    return JsonList(map(_listed, rows))


def _listed(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "object_id": row["external_id"],
        "status_code": row["status_code"],
        "uploaded_on": stamp(row["uploaded_on"]),
        "last_update": stamp(row["last_update"]),
    }


def status(call: Call) -> dict[str, Any]:
    """Tell how far an upload is. `info` and `status_info` are the same words: clients read either."""
    row = uploads.status(call.cur, call.user["id"], call.family.kind, call["id"])
    if row is None:
        raise ReturnCode(1, f"Upload ID [ {call['id']} ] does not exist.")
    callback = notifications.callback_of(call.cur, row["id"]) if row["has_callback"] else None
    waits = progress.waits(call.cur, row["id"]) if row["has_waiting_jobs"] else None
    info = _with_reason(row["info"], waits)
    return {
        "rcode": 0,
        "rcode_description": "Upload ID exists.",
        "status_code": row["status_code"],
        "info": info,
        "status_info": info,
        "error_code": row["error_code"],
        "uploaded_on": stamp(row["uploaded_on"]),
        "last_update": stamp(row["last_update"]),
        # Not in the manual: percent of the present state and seconds it may last, while that is known.
        **({"progress": row["progress"], "eta": row["eta"]} if row["progress"] is not None else {}),
        **({"callback": _callback(callback)} if callback else {}),
    }


def _with_reason(info: str, waits: Row | None) -> str:
    """`info`, and what an upload waits for whose jobs are ready and do not run."""
    if waits is None:
        return info
    if waits["reason"]:
        return f"{info} Waiting: the scheduler does not take its job, and is asked again: {waits['reason']}"
    before = waits["before"]
    if before >= progress.MOST_COUNTED:
        return f"{info} Waiting for a free processor: {before} jobs or more come first."
    first = f"about {before} job{'s come' if before > 1 else ' comes'} first" if before else "it is among the next"
    return f"{info} Waiting for a free processor: {first}."


def _callback(row: Row) -> dict[str, Any]:
    """How far the news for the `callback` of the manifest is: it waits, also for the end of the upload, or is over."""
    over = "delivered" if row["sent_at"] else "given_up" if row["gave_up_at"] else None
    return {
        "state": over or "waiting",
        "attempts": row["attempts"] or 0,
        "last_error": row["last_error"],
        "next_try": None if over or row["due_at"] is None else stamp(row["due_at"]),
    }


def stamp(when: datetime) -> str:
    """A time as the manual's examples show it, in UTC: `2015-06-10 17:19:37.239458`."""
    return when.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")
