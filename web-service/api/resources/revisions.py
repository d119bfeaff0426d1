"""Edits that wait for somebody of full confidence (manual, /revisions, /mark_revised, /accept and /reject)."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from api.call import Call
from api.params import Param
from api.resources.uploads import stamp
from tlp import sessions as work
from tlp.db import revisions as table
from tlp.db import sessions
from tlp.db.connection import savepoint
from tlp.db.rows import Cursor, Row
from tlp.errors import FormatError, ParameterError, ReturnCode
from tlp.sessions import Author, EditConflict

log = logging.getLogger(__name__)

IDS = Param("id", required=True, about="session ids, separated by commas")
MARK = (
    Param("revision_session_id", "int", about="the session in which the edits were revised"),
    Param("unmark", "bool", default=False, about="1 takes the mark away"),
)

_IDS = re.compile(r"[0-9]{1,18}(,[0-9]{1,18})*", re.ASCII)


def revisions(call: Call) -> list[dict[str, Any]]:
    """List all sessions of the user's objects whose edits wait for revision, the last first."""
    return [
        {
            f"{call.family.noun.lower()}_id": row["external_id"],
            "session_id": row["id"],
            "author_id": row["author_id"],
            "author_conf": row["author_conf"],
            "author_name": row["author_name"],
            "timestamp": stamp(row["ended_at"]),
            "edit_stats": row["edit_stats"],
        }
        for row in table.pending(call.cur, call.user["id"], call.family.kind)
    ]


def mark_revised(call: Call) -> dict[str, Any]:
    """Mark a session as revised, which was done by hand in another session: its edits are not applied."""
    reviewer, found = call.full_author, call.object()
    if found is None:
        raise ReturnCode(1, f"{call.family.noun} ID [{call['id']}] does not exist")
    session = sessions.lock_own(call.cur, call["session_id"], call.user["id"])
    if session is None or not _is_users(call, session):
        raise ReturnCode(2, f"Session ID {call['session_id']} does not exist.")
    if session["ended_at"] is None:
        raise ReturnCode(3, "Session ID has not been closed yet.")
    if session["object_id"] != found["id"]:
        raise ReturnCode(4, f"Session ID does not involve the given {call.family.noun} ID.")
    if not session["requires_revision"]:
        raise ReturnCode(5, "Session ID did not require revision.")
    return _unmarked(call, session) if call["unmark"] else _marked(call, session, reviewer)


def _marked(call: Call, session: Row, reviewer: Author) -> dict[str, Any]:
    if session["revised_at"]:
        raise ReturnCode(6, "Session ID was already revised before.")
    if call["revision_session_id"] is not None:
        _check_revision(call, session, reviewer)
    table.mark(call.cur, session["id"], reviewer.row(), "mark_revised", call["revision_session_id"])
    return {"rcode": 0, "rcode_description": "Session ID marked as revised."}


def _check_revision(call: Call, session: Row, reviewer: Author) -> None:
    other = sessions.find(call.cur, call["revision_session_id"])
    if other is None or not _is_users(call, other):
        raise ReturnCode(7, "Revision Session ID does not exist.")
    if other["object_id"] != session["object_id"]:
        raise ReturnCode(8, f"Revision Session ID does not involve the given {call.family.noun} ID.")
    if other["author_id"] != reviewer.id:
        raise ReturnCode(9, f"Revision Session ID is not owned by author ID [{reviewer.id}].")


def _unmarked(call: Call, session: Row) -> dict[str, Any]:
    """An acceptance cannot be taken back so: the edits are part of the text. An older version can be restored."""
    if session["revised_via"] == "accept":
        raise ReturnCode(6, "Session ID was accepted: its changes are in the text. See /versions and /restore.")
    table.unmark(call.cur, session["id"])
    return {"rcode": 0, "rcode_description": "Session ID unmarked as revised."}


def accept(call: Call) -> list[dict[str, Any]]:
    """Put the edits of sessions into the text as their authors'. What others have changed since is not overwritten."""
    return _revised(call, work.accept, "accepted")


def reject(call: Call) -> list[dict[str, Any]]:
    """Leave the edits of sessions out of the text. They stay in the history, and can be unmarked."""
    return _revised(call, lambda cur, session, by: table.mark(cur, session["id"], by.row(), "reject"), "rejected")


def _revised(call: Call, act: Callable[[Cursor, Row, Author], None], done: str) -> list[dict[str, Any]]:
    """Do it to each session for itself, one failing or not; the answers are in the order of the ids."""
    reviewer, ids = call.full_author, _session_ids(call["id"])
    answers: dict[int, dict[str, Any]] = {}
    # administrators learn whose a session is, and may use su; for others it does not exist
    owner = None if call.user["is_admin"] else call.user["id"]
    for session in sessions.lock_all(call.cur, ids, owner):
        try:
            _check_pending(call, session)
            with savepoint(call.cur):
                act(call.cur, session, reviewer)
            rcode, words = 0, f"Changes from Session ID successfully {done}."
        except ReturnCode as error:
            rcode, words = error.rcode, str(error)
        except (EditConflict, FormatError) as error:
            log.info("session %s cannot be %s: %s", session["id"], done, error)
            rcode, words = 6, f"Could not save Session ID changes to {call.family.text_noun}: {error}"
        answers[session["id"]] = {"session_id": session["id"], "rcode": rcode, "rcode_description": words}
    return [answers.get(id, {"session_id": id, "rcode": 1, "rcode_description": _NONE}) for id in ids]


_NONE = "Session ID does not exist."


def _session_ids(text: str) -> list[int]:
    ids = text.replace(" ", "").strip(",")
    if not _IDS.fullmatch(ids):
        raise ParameterError("parameter 'id' must be session ids, separated by commas", "id")
    return [int(id) for id in ids.split(",")]


def _check_pending(call: Call, session: Row) -> None:
    """Raises ReturnCode 2 to 5."""
    if not _is_users(call, session):
        raise ReturnCode(2, "Unallowed access to the provided Session ID.")
    if session["ended_at"] is None:
        raise ReturnCode(3, "Session ID has not been closed yet.")
    if not session["requires_revision"]:
        raise ReturnCode(4, "Session ID did not require revision.")
    if session["revised_at"]:
        raise ReturnCode(5, "Session ID already revised.")


def _is_users(call: Call, session: Row) -> bool:
    """Whether it is over an object of the calling user, in this sub-API."""
    return bool((session["user_id"], session["kind"]) == (call.user["id"], call.family.kind))
