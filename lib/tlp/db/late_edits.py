"""SQL of modifications that arrived after the end of their session: kept until an administrator recovers them."""

from __future__ import annotations

from typing import Any

from psycopg2.extras import Json

from tlp.db.rows import Cursor, Row, one


def keep(cur: Cursor, session_id: int, mods: dict[str, Any]) -> None:
    """Keep packed edits by language (`tlp.edits.packed`); the same once more changes nothing.

    The caller has locked the session, so two that arrive together are not kept twice.
    """
    cur.execute(
        """
        INSERT INTO late_edits (session_id, mods)
        SELECT %(session_id)s, %(mods)s::jsonb
         WHERE NOT EXISTS (SELECT 1 FROM late_edits WHERE session_id = %(session_id)s AND mods = %(mods)s::jsonb)
        """,
        {"session_id": session_id, "mods": Json(mods)},
    )


def all_kept(cur: Cursor) -> list[Row]:
    """What is kept, oldest first: id, session_id, received_at, mods, author_id, username, kind, external_id."""
    cur.execute(
        """
        SELECT l.id, l.session_id, l.received_at, l.mods, s.author_id, u.username, o.kind, o.external_id
          FROM late_edits AS l
          JOIN sessions AS s ON s.id = l.session_id
          JOIN objects AS o ON o.id = s.object_id
          JOIN users AS u ON u.id = o.user_id
         WHERE o.deleted_at IS NULL
         ORDER BY l.id
        """
    )
    return list(cur.fetchall())


def take(cur: Cursor, late_id: int) -> Row | None:
    """What was kept, which is kept no longer: session_id, mods, kind, contents (ids by language).

    None when it is not there.
    """
    cur.execute(
        """
        DELETE FROM late_edits AS l
         USING sessions AS s, objects AS o
         WHERE l.id = %(late_id)s
           AND s.id = l.session_id
           AND o.id = s.object_id
           AND o.deleted_at IS NULL
        RETURNING l.session_id, l.mods, o.kind,
                  (SELECT jsonb_object_agg(c.language, c.id) FROM contents AS c WHERE c.object_id = o.id) AS contents
        """,
        {"late_id": late_id},
    )
    return one(cur)


def new_session(cur: Cursor, session_id: int) -> int:
    """An ended session of the same author over the same object, waiting for revision. Returns its id."""
    cur.execute(
        """
        INSERT INTO sessions (object_id, author_id, author_name, author_conf, ended_at, ended_by_type,
                              requires_revision)
        SELECT object_id, author_id, author_name, author_conf, clock_timestamp(), 'computer', true
          FROM sessions
         WHERE id = %(session_id)s
        RETURNING id
        """,
        {"session_id": session_id},
    )
    return int(cur.fetchone()["id"])
