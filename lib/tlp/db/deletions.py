"""SQL of the deletion of objects: hidden first, then either kept as a backup or erased."""

from __future__ import annotations

from tlp.db.rows import Cursor, Row

# One that was about several documents is about each of them.
_UPLOADS = """
    SELECT id FROM uploads WHERE object_id = %(object_id)s
    UNION
    SELECT upload_id FROM upload_documents WHERE object_id = %(object_id)s
"""


def hide(cur: Cursor, object_id: int) -> None:
    """Nobody finds the object any more (manual, mode soft)."""
    cur.execute(
        """
        UPDATE objects
           SET deleted_at = clock_timestamp(), updated_at = clock_timestamp()
         WHERE id = %(object_id)s
           AND deleted_at IS NULL
        """,
        {"object_id": object_id},
    )


def uploads_of(cur: Cursor, object_id: int) -> list[str]:
    """The finished uploads that made or changed an object."""
    cur.execute(
        f"SELECT id FROM uploads WHERE id IN ({_UPLOADS}) AND finished_at IS NOT NULL ORDER BY id",
        {"object_id": object_id},
    )
    return [row["id"] for row in cur.fetchall()]


def erase(cur: Cursor, object_id: int) -> None:
    """Delete an object with all that hangs on it: texts, versions, sessions, files, voices (manual, mode hard).

    Its uploads stay, for /status, but not what they said about it. A speaker of no other media goes too.
    """
    values: Row = {"object_id": object_id}
    cur.execute(
        f"""
        UPDATE uploads
           SET manifest = '{{}}', plan = NULL
         WHERE id IN ({_UPLOADS})
           AND finished_at IS NOT NULL
        """,
        values,
    )
    # Left to the foreign keys, an upload that one of its sessions asked for would lose object and session at once,
    # which PostgreSQL refuses for a row that this transaction has changed.
    cur.execute(
        """
        UPDATE uploads
           SET session_id = NULL
         WHERE session_id IN (SELECT id FROM sessions WHERE object_id = %(object_id)s)
        """,
        values,
    )
    cur.execute(
        """
        WITH of_it AS (
            DELETE FROM object_speakers
             WHERE object_id = %(object_id)s
            RETURNING speaker_id
        )
        DELETE FROM speakers
         WHERE id IN (SELECT speaker_id FROM of_it)
           AND NOT EXISTS (SELECT 1
                             FROM object_speakers AS other
                            WHERE other.speaker_id = speakers.id
                              AND other.object_id <> %(object_id)s)
        """,
        values,
    )
    cur.execute("DELETE FROM objects WHERE id = %(object_id)s", values)
