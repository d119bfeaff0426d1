"""SQL of the versions of contents: any of them, their list, and the current one locked before another follows it."""

from __future__ import annotations

from tlp.db.prepared import Prepared
from tlp.db.rows import Cursor, Row, one


def lock_texts(cur: Cursor, object_id: int) -> None:
    """No text of an object gets another version until the transaction ends.

    Who changes several begins with this, so that no two lock them in different orders and wait for each other.
    """
    cur.execute(
        "SELECT 1 FROM contents WHERE object_id = %(object_id)s ORDER BY id FOR NO KEY UPDATE", {"object_id": object_id}
    )


def lock_current(cur: Cursor, content_id: int) -> Row:
    """The current version of a content, which nobody can follow with another until the transaction ends.

    The last one where none is current, as after a re-recording. object_id, language, version, body, status, sup_ratio,
    based_on_content, based_on_version.
    """
    cur.execute("SELECT 1 FROM contents WHERE id = %(id)s FOR NO KEY UPDATE", {"id": content_id})
    cur.execute(
        """
        SELECT c.object_id, c.language, v.version, v.body, v.status, v.sup_ratio, v.based_on_content, v.based_on_version
          FROM contents AS c
          JOIN content_versions AS v ON v.content_id = c.id AND v.version = abs(c.version)
         WHERE c.id = %(id)s
        """,
        {"id": content_id},
    )
    row: Row = cur.fetchone()
    return row


def find(cur: Cursor, object_id: int, language: str, version: int | None = None) -> Row | None:
    """A version, the current one by default: content_id, version and the keys of `lock_current`."""
    cur.execute(
        """
        SELECT v.content_id, v.version, v.body, v.status, v.sup_ratio, v.based_on_content, v.based_on_version
          FROM contents AS c
          JOIN content_versions AS v ON v.content_id = c.id AND v.version = coalesce(%(version)s, c.version)
         WHERE c.object_id = %(object_id)s
           AND c.language = %(language)s
        """,
        {"object_id": object_id, "language": language, "version": version},
    )
    return one(cur)


_KEY = Prepared(
    "key_of_version",
    """
    SELECT v.content_id, v.version
      FROM contents AS c
      JOIN content_versions AS v ON v.content_id = c.id AND v.version = coalesce(%(version)s::bigint, c.version)
     WHERE c.object_id = %(object_id)s
       AND c.language = %(language)s
    """,
)


def key(cur: Cursor, object_id: int, language: str, version: int | None = None) -> tuple[int, int] | None:
    """What names the text of a version for ever: content id and version, the current one by default. Reads no text."""
    _KEY.execute(cur, {"object_id": object_id, "language": language, "version": version})
    row = one(cur)
    return (row["content_id"], row["version"]) if row else None


def body(cur: Cursor, content_id: int, version: int) -> str:
    """The text of a version that exists, as it is stored."""
    cur.execute(
        "SELECT body FROM content_versions WHERE content_id = %(content_id)s AND version = %(version)s",
        {"content_id": content_id, "version": version},
    )
    return str(cur.fetchone()["body"])


def listed(cur: Cursor, object_id: int, language: str) -> list[Row]:
    """Every version of a content, the newest first, without the text."""
    cur.execute(
        """
        SELECT v.version, v.created_at, v.origin, v.author_id, v.author_name, v.status, v.sup_ratio, v.session_id
          FROM contents AS c
          JOIN content_versions AS v ON v.content_id = c.id
         WHERE c.object_id = %(object_id)s
           AND c.language = %(language)s
         ORDER BY v.version DESC
        """,
        {"object_id": object_id, "language": language},
    )
    return list(cur.fetchall())


def at(cur: Cursor, content_id: int, session_id: int) -> int:
    """The version that was current when a session ended; the first one when there was none yet."""
    cur.execute(
        """
        SELECT coalesce(max(v.version), 1) AS version
          FROM content_versions AS v
          JOIN sessions AS s ON s.id = %(session_id)s
         WHERE v.content_id = %(content_id)s
           AND v.created_at <= s.ended_at
        """,
        {"content_id": content_id, "session_id": session_id},
    )
    return int(cur.fetchone()["version"])
