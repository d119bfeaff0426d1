"""Edit sessions whose author has fallen silent, and sessions of our own that were left open: the tick ends them."""

from __future__ import annotations

import logging

from psycopg2.extensions import connection

from ingest.context import Context
from tlp import sessions as rules
from tlp.config import Sessions
from tlp.db import guards, sessions, turns
from tlp.db.connection import savepoint
from tlp.db.rows import Cursor, Row

log = logging.getLogger("ingest.sessions")


def service_author(config: Sessions) -> rules.Author:
    """Who the Ingest Service is among the authors of sessions ([sessions] of the configuration)."""
    return rules.Author(config.author_id, config.author_name or None, config.author_conf, rules.COMPUTER)


def end_sessions(ctx: Context, db: connection) -> None:
    """End each session that has been silent too long as its author would have done; one transaction each."""
    with db.cursor() as cur:
        left = guards.close_left(cur)
        if left:
            log.warning("%d sessions of the Ingest Service were open without an upload, and are ended", left)
        found = sessions.silent(cur, ctx.config.sessions.inactivity)
        db.commit()
        for session_id in found:
            _end_silent(ctx, cur, session_id)
            db.commit()


def _end_silent(ctx: Context, cur: Cursor, session_id: int) -> None:
    session = sessions.lock(cur, session_id)
    minutes = ctx.config.sessions.inactivity
    if session is None:  # it began while its object was being deleted: there is nothing for its edits to go into
        sessions.close(cur, session_id, service_author(ctx.config.sessions).row(), requires_revision=False)
        return
    # Its author may have come back since: the row is locked now, so this answer holds.
    if session["ended_at"] or session_id not in sessions.silent(cur, minutes):
        return
    end_session(ctx, cur, session)
    log.info("session %d of %s ended after %d minutes of silence", session_id, session["author_id"], minutes)


def end_session(ctx: Context, cur: Cursor, session: Row, regenerate: bool = True) -> None:
    """End an open, locked session in the name of the service. It ends whatever happens: at worst its edits wait."""
    author = service_author(ctx.config.sessions)
    try:
        with savepoint(cur):
            rules.end(cur, session, author, ctx.config.sessions, regenerate)
    except Exception:
        if cur.connection.closed:
            raise
        log.exception("the edits of session %d could not be applied: they wait for revision", session["id"])
        sessions.close(cur, session["id"], author.row(), requires_revision=True)
    turns.wake(cur, session["user_id"], session["kind"], [session["external_id"]])
