"""SQL of files that are no longer current: replaced by newer ones, or of deleted objects. All are kept as backups."""

from __future__ import annotations

from collections.abc import Collection

from tlp.db.rows import Cursor, Row


def retire_files(cur: Cursor, object_id: int, type_codes: Collection[int]) -> None:
    """The files of these types are not current any more."""
    cur.execute(
        """
        UPDATE files
           SET replaced_at = clock_timestamp()
         WHERE object_id = %(object_id)s
           AND type_code = ANY (%(type_codes)s)
           AND replaced_at IS NULL
        """,
        {"object_id": object_id, "type_codes": list(type_codes)},
    )


def retire_tracks(cur: Cursor, object_id: int, languages: Collection[str] | None = None) -> None:
    """The audio tracks in these languages are not current any more; None: all of them."""
    cur.execute(
        """
        UPDATE audiotracks
           SET replaced_at = clock_timestamp()
         WHERE object_id = %(object_id)s
           AND (%(languages)s::text[] IS NULL OR language = ANY (%(languages)s::text[]))
           AND replaced_at IS NULL
        """,
        {"object_id": object_id, "languages": None if languages is None else list(languages)},
    )


def retire_contents(cur: Cursor, object_id: int, except_for: Collection[str] = ()) -> None:
    """No version in any other language is current any more. All versions stay, and can be asked for by number."""
    cur.execute(
        """
        UPDATE contents
           SET version = -version
         WHERE object_id = %(object_id)s
           AND NOT language = ANY (%(except_for)s::text[])
           AND version > 0
        """,
        {"object_id": object_id, "except_for": list(except_for)},
    )


def to_move(cur: Cursor, object_id: int) -> list[Row]:
    """What is not current and not yet below `backup/` of the mount point `media`: source (the table), id, path."""
    cur.execute(
        """
        SELECT 'files' AS source, id, path
          FROM files
         WHERE object_id = %(object_id)s
           AND replaced_at IS NOT NULL
           AND path NOT LIKE 'backup/%%'
        UNION ALL
        SELECT 'audiotracks', id, path
          FROM audiotracks
         WHERE object_id = %(object_id)s
           AND replaced_at IS NOT NULL
           AND path NOT LIKE 'backup/%%'
        """,
        {"object_id": object_id},
    )
    return list(cur.fetchall())


def note_moved(cur: Cursor, row: Row, path: str) -> None:
    """A row of `to_move` is at another path now."""
    values = {"id": row["id"], "path": path}
    if row["source"] == "files":
        cur.execute("UPDATE files SET path = %(path)s WHERE id = %(id)s", values)
    else:
        cur.execute("UPDATE audiotracks SET path = %(path)s WHERE id = %(id)s", values)
