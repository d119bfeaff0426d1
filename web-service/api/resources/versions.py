"""Former versions of a text: listed, read and restored. An extension: the manual has no interface for it.

Also which text /get means: a version, the edits of a session, or what waits for revision.
"""

from __future__ import annotations

from typing import Any

from api.call import Call
from api.params import Param
from api.resources.sessions import REGENERATE, locked_words
from api.resources.uploads import stamp
from tlp import session_view
from tlp import versions as work
from tlp.db import revisions, sessions
from tlp.db import versions as table
from tlp.db.rows import Row
from tlp.errors import ReturnCode
from tlp.sessions import FULL_CONFIDENCE
from tlp.texts import TEXTS, Text

RESTORE = (Param("version", "int", required=True, about="number of a version, from /versions"), REGENERATE)
# What the text of /get may have in it; the first two are the manual's and its clients'.
SHOWN = (
    Param("session_id", "int", about="show the edits of this session"),
    Param("pending_revs", "bool", default=False, about="show the edits that wait for revision"),
    Param("version", "int", about="this version instead of the current one, from /versions"),
)


def versions(call: Call) -> dict[str, Any]:
    """List the versions of a text in a language, the newest first: who or what made each, and when."""
    found = call.object()
    rows = table.listed(call.cur, found["id"], call["lang"]) if found else []
    if not rows:
        raise ReturnCode(1, _nothing(call, found))
    return {"rcode": 0, "rcode_description": "Version list available.", "versions": [_told(row) for row in rows]}


def restore(call: Call) -> dict[str, Any]:
    """Make a former version the current one again, as a new version: none is lost."""
    author, found = call.author, call.object()
    old = table.find(call.cur, found["id"], call["lang"], call["version"]) if found else None
    if found is None or table.find(call.cur, found["id"], call["lang"]) is None:
        raise ReturnCode(1, _nothing(call, found))
    if old is None:
        raise ReturnCode(2, f"There is no version {call['version']}.")
    if found["locked"] and author.conf < FULL_CONFIDENCE:
        raise ReturnCode(3, locked_words(call))
    needed = call.services.config.sessions.commit_confidence
    if author.conf < needed:
        raise ReturnCode(3, f"Only authors of confidence {needed} or more are allowed to restore a version.")
    editing = sessions.opened(call.cur, found["id"])
    if editing and editing["author_id"] != author.id:
        raise ReturnCode(4, f"Session ID {editing['id']} of author ID [{editing['author_id']}] is open.")
    new = work.restore(call.cur, found, old, author, call["regenerate"])
    return {"rcode": 0, "rcode_description": "Version successfully restored.", "version": new}


def wanted(call: Call, found: Row, marked: bool, lasting: tuple[int, int] | None) -> Text | None:
    """The text that /get asks for; `marked`: the format can highlight. None: the object has none in this language.

    `lasting`: its `lasting_key`, so that what is kept under the key is that version, whatever came since.

    Raises ReturnCode 1 for a version that is not there, 2 and 3 for a session.
    """
    kind = TEXTS[call.family.kind]
    content = table.find(call.cur, found["id"], call["lang"], lasting[1] if lasting else call["version"])
    if content is None:
        if call["version"] is not None and table.find(call.cur, found["id"], call["lang"]):
            raise ReturnCode(1, f"There is no version {call['version']}.")
        return None
    if call["session_id"] is not None:
        return session_view.with_session(call.cur, kind, content, _session(call, found), marked)
    if call["pending_revs"]:
        return session_view.with_pending(call.cur, kind, content, revisions.waiting(call.cur, found["id"]), marked)
    return kind.read(content["body"]) if marked else kind.read_plain(content["body"])


def lasting_key(call: Call, found: Row) -> tuple[int, int] | None:
    """What names the text that /get asks for as long as there is one: nothing where edits are shown in it."""
    if call["session_id"] is not None or call["pending_revs"]:
        return None
    return table.key(call.cur, found["id"], call["lang"], call["version"])


def _session(call: Call, found: Row) -> Row:
    session = sessions.find(call.cur, call["session_id"])
    if session is None or (session["user_id"], session["kind"]) != (found["user_id"], found["kind"]):
        raise ReturnCode(2, f"Session ID [{call['session_id']}] does not exist")
    if session["object_id"] != found["id"]:
        words = f"does not involve the given {call.family.noun} ID [{call['id']}]"
        raise ReturnCode(3, f"Session ID [{session['id']}] {words}")
    return session


def _nothing(call: Call, found: Row | None) -> str:
    noun = f"{call.family.noun} ID [{call['id']}]"
    return f"{noun} has no {call.family.text_noun} in language [{call['lang']}]" if found else f"{noun} does not exist"


def _told(row: Row) -> dict[str, Any]:
    return {
        "version": row["version"],
        "created_at": stamp(row["created_at"]),
        "origin": row["origin"],
        "author_id": row["author_id"],
        "author_name": row["author_name"],
        "sup_status": row["status"],
        "sup_ratio": row["sup_ratio"],
        "session_id": row["session_id"],
    }
