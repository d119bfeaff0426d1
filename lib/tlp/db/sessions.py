"""SQL of edit sessions: who edits an object, since when, how it ended, and whether others have revised it.

What the sessions say about the text is in `edits`. A session is found by its id together with its object.
"""

from __future__ import annotations

from tlp.db.prepared import Prepared
from tlp.db.rows import Cursor, Row, one

_FOUND = """
    SELECT s.id, s.object_id, s.author_id, s.author_name, s.author_conf, s.author_type, s.started_at, s.last_update,
           s.last_alive, s.ended_at, s.ended_by_id, s.ended_by_name, s.ended_by_type, s.requires_revision,
           s.revised_at, s.revised_via, o.user_id, o.kind, o.external_id, o.hash, o.locked, o.duration_ms,
           coalesce((SELECT jsonb_object_agg(c.language, c.id)
                       FROM contents AS c
                      WHERE c.object_id = o.id
                        AND c.version > 0), '{}') AS contents
      FROM sessions AS s
      JOIN objects AS o ON o.id = s.object_id
     WHERE o.deleted_at IS NULL
"""
_LOCK = " AND s.id = %(session_id)s FOR NO KEY UPDATE OF s"
_LOCK_ANY = Prepared("lock_session", _FOUND + _LOCK)
_LOCK_OWN = Prepared("lock_own_session", _FOUND + " AND o.user_id = %(user_id)s" + _LOCK)


def start(cur: Cursor, object_id: int, author: Row) -> Row | None:
    """Open a session unless the object has an open one: then None. `author`: id, name, conf, type.

    Of many who ask at once the unique index lets one in; the others wait for its transaction.
    """
    cur.execute(
        """
        INSERT INTO sessions (object_id, author_id, author_name, author_conf, author_type)
        VALUES (%(object_id)s, %(id)s, %(name)s, %(conf)s, %(type)s)
        ON CONFLICT (object_id) WHERE ended_at IS NULL DO NOTHING
        RETURNING id, author_id, author_name, author_conf, author_type, started_at, last_update
        """,
        {**author, "object_id": object_id},
    )
    return one(cur)


def opened(cur: Cursor, object_id: int, inactivity: int = 0) -> Row | None:
    """The open session of an object, its row locked; `silent`: no sign of life for `inactivity` minutes."""
    cur.execute(
        """
        SELECT id, author_id, author_name, author_conf, author_type, started_at, last_update,
               last_alive < clock_timestamp() - %(inactivity)s * interval '1 minute' AS silent
          FROM sessions
         WHERE object_id = %(object_id)s
           AND ended_at IS NULL
           FOR NO KEY UPDATE
        """,
        {"object_id": object_id, "inactivity": inactivity},
    )
    return one(cur)


def resume(cur: Cursor, session_id: int, author: Row) -> Row:
    """Its author is back: a sign of life. The session keeps the lowest confidence that it was continued with."""
    cur.execute(
        """
        UPDATE sessions
           SET last_alive = clock_timestamp(),
               author_name = coalesce(%(name)s, author_name),
               author_conf = least(author_conf, %(conf)s)
         WHERE id = %(session_id)s
        RETURNING id, author_id, author_name, author_conf, author_type, started_at, last_update
        """,
        {**author, "session_id": session_id},
    )
    row: Row = cur.fetchone()
    return row


def find(cur: Cursor, session_id: int) -> Row | None:
    """A session of anybody, with user_id, kind, external_id, hash, locked and duration_ms of its object.

    `contents`: the content ids of the object by language.
    """
    cur.execute(_FOUND + " AND s.id = %(session_id)s", {"session_id": session_id})
    return one(cur)


def lock(cur: Cursor, session_id: int) -> Row | None:
    """The same with its row locked: who saves, ends or revises it at the same time waits."""
    _LOCK_ANY.execute(cur, {"session_id": session_id})
    return one(cur)


def lock_own(cur: Cursor, session_id: int, user_id: int) -> Row | None:
    """The same for a session over an object of this user; one of another is neither found nor held up."""
    _LOCK_OWN.execute(cur, {"session_id": session_id, "user_id": user_id})
    return one(cur)


def lock_all(cur: Cursor, session_ids: list[int], user_id: int | None) -> list[Row]:
    """Those of several that `lock_own` finds, or `lock` where `user_id` is None.

    Always locked in the same order, so that no two callers wait for each other.
    """
    cur.execute(
        _FOUND
        + """
       AND s.id = ANY (%(session_ids)s)
       AND o.user_id = coalesce(%(user_id)s, o.user_id)
     ORDER BY s.object_id, s.id
       FOR NO KEY UPDATE OF s
        """,
        {"session_ids": session_ids, "user_id": user_id},
    )
    return list(cur.fetchall())


def note_alive(cur: Cursor, session_id: int, update: bool) -> Row:
    """A sign of life, and with `update` of work. Returns started_at, last_update, last_alive."""
    cur.execute(
        """
        UPDATE sessions
           SET last_alive = clock_timestamp(),
               last_update = CASE WHEN %(update)s THEN clock_timestamp() ELSE last_update END
         WHERE id = %(session_id)s
        RETURNING started_at, last_update, last_alive
        """,
        {"session_id": session_id, "update": update},
    )
    row: Row = cur.fetchone()
    return row


def close(cur: Cursor, session_id: int, author: Row, requires_revision: bool) -> None:
    """End an open session. `author` ends it: id, name, type."""
    cur.execute(
        """
        UPDATE sessions
           SET ended_at = clock_timestamp(),
               ended_by_id = %(id)s,
               ended_by_name = %(name)s,
               ended_by_type = %(type)s,
               requires_revision = %(requires_revision)s
         WHERE id = %(session_id)s
           AND ended_at IS NULL
        """,
        {**author, "session_id": session_id, "requires_revision": requires_revision},
    )


def silent(cur: Cursor, inactivity: int) -> list[int]:
    """The open sessions of people without a sign of life for `inactivity` minutes, oldest first."""
    cur.execute(
        """
        SELECT id
          FROM sessions
         WHERE ended_at IS NULL
           AND author_type = 'human'
           AND last_alive < now() - %(inactivity)s * interval '1 minute'
         ORDER BY last_alive
        """,
        {"inactivity": inactivity},
    )
    return [row["id"] for row in cur.fetchall()]


def history(cur: Cursor, object_id: int) -> list[Row]:
    """The ended sessions of people over an object, the latest end first, with `edit_stats` by language."""
    cur.execute(
        """
        SELECT s.id, s.author_id, s.author_name, s.author_conf, s.ended_at, s.requires_revision, s.revised_at,
               s.revised_by_id, s.revised_by_name, s.revised_via, s.revised_in_session_id,
               coalesce((SELECT jsonb_object_agg(c.language, sc.edit_stats)
                           FROM session_contents AS sc
                           JOIN contents AS c ON c.id = sc.content_id
                          WHERE sc.session_id = s.id
                            AND sc.edit_stats IS NOT NULL), '{}') AS edit_stats
          FROM sessions AS s
         WHERE s.object_id = %(object_id)s
           AND s.ended_at IS NOT NULL
           AND s.author_type = 'human'
         ORDER BY s.ended_at DESC, s.id DESC
        """,
        {"object_id": object_id},
    )
    return list(cur.fetchall())


def set_locked(cur: Cursor, object_id: int, locked: bool) -> None:
    """Let only authors of full confidence edit an object, or everybody again."""
    cur.execute(
        "UPDATE objects SET locked = %(locked)s, updated_at = now() WHERE id = %(object_id)s",
        {"object_id": object_id, "locked": locked},
    )
