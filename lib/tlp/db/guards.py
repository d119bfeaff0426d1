"""SQL of the Ingest Service's own edit sessions, which keep people from editing what an upload is about to change."""

from __future__ import annotations

from tlp.db.rows import Cursor, Row, one


def open(cur: Cursor, object_id: int, author: Row, upload_id: str) -> Row | None:
    """Open a session of an upload over an object; None: it is open. Else the session of somebody else that is.

    `author`: id, name, conf. Returns id, author_id, author_name, author_type.
    """
    cur.execute(
        """
        INSERT INTO sessions (object_id, author_id, author_name, author_conf, author_type, upload_id)
        VALUES (%(object_id)s, %(id)s, %(name)s, %(conf)s, 'computer', %(upload_id)s)
        ON CONFLICT (object_id) WHERE ended_at IS NULL DO NOTHING
        """,
        {**author, "object_id": object_id, "upload_id": upload_id},
    )
    cur.execute(
        """
        SELECT id, author_id, author_name, author_type
          FROM sessions
         WHERE object_id = %(object_id)s
           AND ended_at IS NULL
           AND upload_id IS DISTINCT FROM %(upload_id)s
        """,
        {"object_id": object_id, "upload_id": upload_id},
    )
    return one(cur)


def close(cur: Cursor, upload_id: str) -> None:
    """End the session of an upload, if it has one."""
    cur.execute(
        """
        UPDATE sessions
           SET ended_at = clock_timestamp(), ended_by_id = author_id, ended_by_name = author_name,
               ended_by_type = 'computer'
         WHERE upload_id = %(upload_id)s
           AND ended_at IS NULL
           AND author_type = 'computer'
        """,
        {"upload_id": upload_id},
    )


def close_left(cur: Cursor) -> int:
    """End the service's sessions whose upload has left them or is gone; returns how many there were."""
    cur.execute(
        """
        UPDATE sessions
           SET ended_at = clock_timestamp(), ended_by_id = author_id, ended_by_name = author_name,
               ended_by_type = 'computer'
         WHERE upload_id IS NULL  -- the trigger uploads_leave sees to it
           AND ended_at IS NULL
           AND author_type = 'computer'
        """
    )
    return int(cur.rowcount)
