"""The text with edits in it that are not, or not yet, part of it: what /get shows of sessions. It changes nothing."""

from __future__ import annotations

from datetime import datetime, timezone

from tlp.db import edits, versions
from tlp.db.rows import Cursor, Row
from tlp.texts import Text, TextKind


def with_session(cur: Cursor, kind: TextKind, content: Row, session: Row, marked: bool) -> Text:
    """The text of a version (content_id, body) with the edits of a session in it.

    Edits that were committed are shown on the version that they changed, others on the one given. `marked`: what is
    edited is highlighted, and what is deleted stays, marked so.
    """
    body = content["body"]
    for row in edits.languages(cur, session["id"]):
        if row["content_id"] == content["content_id"] and (row["committed_version"] or 1) > 1:
            body = versions.body(cur, row["content_id"], row["committed_version"] - 1)
    return _with_edits(cur, kind, kind.read(body), content["content_id"], session, marked)


def with_pending(cur: Cursor, kind: TextKind, content: Row, waiting: list[Row], marked: bool) -> Text:
    """The same with the edits of all sessions that wait for revision, in the order in which they ended."""
    text = kind.read(content["body"])
    for session in waiting:
        text = _with_edits(cur, kind, text, content["content_id"], session, marked)
    return text


def _with_edits(cur: Cursor, kind: TextKind, text: Text, content_id: int, session: Row, marked: bool) -> Text:
    said = kind.edits(edits.saved(cur, session["id"], content_id))
    if not said:
        return text
    show = kind.highlighted if marked else kind.apply
    moment = (session["ended_at"] or datetime.now(timezone.utc)).astimezone(timezone.utc)
    return show(text, said, session["author_id"], session["author_conf"], moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
