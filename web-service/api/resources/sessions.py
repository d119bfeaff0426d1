"""Edit sessions: one at a time over an object (manual, Appendices E and F, /start_session to /lock)."""

from __future__ import annotations

from typing import Any

from api.call import Call
from api.params import Param
from api.resources.uploads import stamp
from tlp import sessions as work
from tlp.db import contents, sessions
from tlp.db.rows import Row
from tlp.errors import ReturnCode
from tlp.sessions import FULL_CONFIDENCE, HUMAN, Author

AUTHOR = (
    Param("author_id", required=True, about="who acts, as the client knows them"),
    Param("author_name", about="name of the author"),
    Param("author_conf", "int", required=True, about="confidence of the client in the author, 0 to 100"),
)
SESSION = Param("session_id", "int", required=True, about="session id, from /start_session")
ALIVE = Param("alive", "int", default=0, choices=(0, 1), about="0 alive and at work, 1 only alive")
FORCE = Param("force", "bool", default=False, about="also end a session of another author")
REGENERATE = Param("regenerate", "bool", default=True, about="make again what depends on the edited text")
LOCK = Param("lock", "bool", required=True, about="1 only authors of confidence 100 may edit, 0 everybody")


def start_session(call: Call) -> dict[str, Any]:
    """Start to edit an object, or go on with one's own open session. One session an object is open at a time."""
    author, found = call.author, call.object()
    if found is None:
        raise ReturnCode(1, f"{call.family.noun} ID [{call['id']}] does not exist")
    if not contents.languages(call.cur, found["user_id"], found["kind"], found["external_id"]):
        raise ReturnCode(2, f"{call.family.noun} ID [{call['id']}] has no {call.family.text_noun}")
    if found["locked"] and author.conf < FULL_CONFIDENCE:
        raise ReturnCode(3, locked_words(call))
    while True:  # again only when the session that was in the way ended just now
        if started := sessions.start(call.cur, found["id"], author.row()):
            return _answer(f"Session started.{call.capped}", started)
        existing = sessions.opened(call.cur, found["id"], call.services.config.sessions.inactivity)
        if existing:
            return _joined(call, existing, author)


def _joined(call: Call, existing: Row, author: Author) -> dict[str, Any]:
    """An open session is its author's only; nobody enters one of the Ingest Service."""
    if existing["author_type"] != HUMAN or existing["author_id"] != author.id:
        noun = call.family.noun.lower()
        words = f"Cannot start mod session: there exist an open mod session for the given {noun} ID."
        raise ReturnCode(4, words, **_session(existing))
    word = "restarted" if existing["silent"] else "continued"
    return _answer(f"Session {word}.{call.capped}", sessions.resume(call.cur, existing["id"], author.row()))


def session_status(call: Call) -> dict[str, Any]:
    """Tell whether one's session is still open, and that one is still there."""
    author, session = call.author, locked(call)
    if not owns(author, session):
        raise ReturnCode(3, f"Not allowed to check the status of session ID {call['session_id']}.")
    if session["ended_at"]:
        raise ReturnCode(4, f"Session ID {session['id']} is closed.", **_times(session))
    noted = sessions.note_alive(call.cur, session["id"], update=call["alive"] == 0)
    return {"rcode": 0, "rcode_description": "Session alive.", **_times({**session, **noted})}


def end_session(call: Call) -> dict[str, Any]:
    """End a session. Its edits go into the text, or wait for revision when its author's confidence is too low."""
    author, session = call.author, locked(call)
    if session["author_type"] != HUMAN:
        raise ReturnCode(3, "Session ID is owned by the Ingest Service, and it cannot be ended manually.")
    if session["ended_at"]:
        return {"rcode": 0, "rcode_description": "Session already closed before."}
    same = author.id == session["author_id"]
    if author.conf < session["author_conf"] or not (same or call["force"]):
        raise ReturnCode(4, _not_yours(same, call["force"]))
    found = work.end(call.cur, session, author, call.services.config.sessions, call["regenerate"])
    closed = "Session succesfully closed."  # as the manual spells it
    if not found:
        return {"rcode": 0, "rcode_description": closed + call.capped}
    words = f"Others have changed the same since: {work.in_words(found)}. These edits wait for revision."
    return {"rcode": 0, "rcode_description": f"{closed} {words}", "conflicts": found}


def lock(call: Call) -> dict[str, Any]:
    """Let only authors of confidence 100 edit an object, or everybody again."""
    _, found = call.full_author, call.object()
    if found is None:
        raise ReturnCode(1, f"{call.family.noun} ID [{call['id']}] does not exist")
    sessions.set_locked(call.cur, found["id"], call["lock"])
    done = "locked" if call["lock"] else "unlocked"
    return {"rcode": 0, "rcode_description": f"{call.family.text_noun.capitalize()} successfully {done}."}


def locked(call: Call) -> Row:
    """The session that a call names, its row locked. Sessions over objects of other users do not exist here.

    Raises ReturnCode 1 when there is none, 2 when it is about another object.
    """
    session = sessions.lock_own(call.cur, call["session_id"], call.user["id"])
    if session is None or session["kind"] != call.family.kind:
        raise ReturnCode(1, f"Session ID {call['session_id']} does not exist.")
    if session["external_id"] != call["id"] or call["hash"] not in (None, session["hash"]):
        noun = call.family.noun
        raise ReturnCode(2, f"Session ID {session['id']} does not involve the given {noun} ID [{call['id']}].")
    return session


def owns(author: Author, session: Row) -> bool:
    """Whether a session is this author's, with no less confidence than it was started with."""
    same = session["author_type"] == HUMAN and session["author_id"] == author.id
    return bool(same and author.conf >= session["author_conf"])


def locked_words(call: Call) -> str:
    """Why an author without full confidence may not edit."""
    texts, noun = call.family.text_noun.capitalize(), call.family.noun
    return f"{texts} for the {noun} ID [{call['id']}] have been locked. Only authors are allowed to modify them."


def _not_yours(same: bool, force: bool) -> str:
    if same or force:
        return "Unallowed end session request: author_conf is lower than that of the session's author."
    return "Unallowed end session request: the session is of another author_id (see force)."


def _answer(words: str, row: Row) -> dict[str, Any]:
    return {"rcode": 0, "rcode_description": words, **_session(row)}


def _session(row: Row) -> dict[str, Any]:
    who = {key: row[key] for key in ("author_id", "author_name", "author_conf", "author_type")}
    return {
        "session_id": row["id"],
        **who,
        "started_at": stamp(row["started_at"]),
        "last_update": stamp(row["last_update"]),
    }


def _times(row: Row) -> dict[str, Any]:
    alive = {key: stamp(row[key]) for key in ("started_at", "last_update", "last_alive")}
    ended = {key: row[key] for key in ("ended_by_id", "ended_by_name", "ended_by_type")}
    return {**alive, "ended_at": stamp(row["ended_at"]) if row["ended_at"] else None, **ended}
