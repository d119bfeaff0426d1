"""SQL of revisions: sessions whose edits wait for somebody with more confidence, and what became of them."""

from __future__ import annotations

from tlp.db.rows import Cursor, Row


def pending(cur: Cursor, user_id: int, kind: str) -> list[Row]:
    """The sessions of a user's objects that wait to be revised, the latest end first."""
    cur.execute(
        """
        SELECT o.external_id, s.id, s.author_id, s.author_conf, s.author_name, s.ended_at,
               coalesce((SELECT jsonb_object_agg(c.language, sc.edit_stats)
                           FROM session_contents AS sc
                           JOIN contents AS c ON c.id = sc.content_id
                          WHERE sc.session_id = s.id
                            AND sc.edit_stats IS NOT NULL), '{}') AS edit_stats
          FROM sessions AS s
          JOIN objects AS o ON o.id = s.object_id
         WHERE o.user_id = %(user_id)s
           AND o.kind = %(kind)s
           AND o.deleted_at IS NULL
           AND s.requires_revision
           AND s.revised_at IS NULL
         ORDER BY s.ended_at DESC, s.id DESC
        """,
        {"user_id": user_id, "kind": kind},
    )
    return list(cur.fetchall())


def waiting(cur: Cursor, object_id: int) -> list[Row]:
    """The sessions over an object that wait to be revised, first end first: id, author_id, author_conf, ended_at."""
    cur.execute(
        """
        SELECT id, author_id, author_conf, ended_at
          FROM sessions
         WHERE object_id = %(object_id)s
           AND requires_revision
           AND revised_at IS NULL
         ORDER BY ended_at, id
        """,
        {"object_id": object_id},
    )
    return list(cur.fetchall())


def mark(cur: Cursor, session_id: int, reviewer: Row, via: str, in_session: int | None = None) -> None:
    """A session has been revised. `reviewer`: id, name; `via`: mark_revised, accept or reject."""
    cur.execute(
        """
        UPDATE sessions
           SET revised_at = clock_timestamp(),
               revised_by_id = %(id)s,
               revised_by_name = %(name)s,
               revised_via = %(via)s,
               revised_in_session_id = %(in_session)s
         WHERE id = %(session_id)s
        """,
        {**reviewer, "session_id": session_id, "via": via, "in_session": in_session},
    )


def unmark(cur: Cursor, session_id: int) -> None:
    """A session waits to be revised again."""
    cur.execute(
        """
        UPDATE sessions
           SET revised_at = NULL,
               revised_by_id = NULL,
               revised_by_name = NULL,
               revised_via = NULL,
               revised_in_session_id = NULL
         WHERE id = %(session_id)s
        """,
        {"session_id": session_id},
    )
