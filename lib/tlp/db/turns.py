"""SQL of the order of uploads: of those over the same object one after the other, the oldest first."""

from __future__ import annotations

from tlp.db.prepared import Prepared
from tlp.db.rows import Cursor, Row, one

# The ids of the clients' objects that an upload is about.
_NAMES = """
    SELECT coalesce(d.external_id, u.external_id)
      FROM uploads AS u
      LEFT JOIN upload_documents AS d ON d.upload_id = u.id
     WHERE u.id = %(upload_id)s
"""


_BEFORE = Prepared(
    "upload_before",
    f"""
    WITH names AS ({_NAMES}), same AS (
        SELECT id FROM uploads
         WHERE user_id = %(user_id)s AND kind = %(kind)s AND external_id IN (SELECT * FROM names)
        UNION
        SELECT upload_id FROM upload_documents WHERE external_id IN (SELECT * FROM names)
    )
    SELECT o.id
      FROM uploads AS o
      JOIN same ON same.id = o.id
      JOIN uploads AS mine ON mine.id = %(upload_id)s
     WHERE o.user_id = %(user_id)s
       AND o.kind = %(kind)s
       AND o.id <> mine.id
       AND o.operation <> 'cancel'
       AND o.finished_at IS NULL
       AND (o.state <> 'received' OR (o.uploaded_on, o.id) < (mine.uploaded_on, mine.id))
     ORDER BY o.state = 'received', o.uploaded_on, o.id
     LIMIT 1
    """,
)


def before(cur: Cursor, upload: Row) -> str | None:
    """The unfinished upload over one of the same objects that comes first; None: it is this upload's turn.

    One that has begun comes first, then the older one. Two ticks that ask at once are told the same.
    """
    values = {"upload_id": upload["id"], "user_id": upload["user_id"], "kind": upload["kind"]}
    cur.execute(
        "SELECT pg_advisory_xact_lock(hashtext('tlp turn'), hashtext(%(user_id)s || ' ' || %(kind)s))",
        {**values, "user_id": str(upload["user_id"])},
    )
    _BEFORE.execute(cur, values)
    found = one(cur)
    return found["id"] if found else None


def wake(cur: Cursor, user_id: int, kind: str, external_ids: list[str]) -> None:
    """Have the uploads looked at that may wait for their turn with one of these objects."""
    cur.execute(
        """
        UPDATE uploads
           SET due_at = now()
         WHERE finished_at IS NULL
           AND state IN ('received', 'guarding')
           AND due_at > now()
           AND id IN (SELECT id
                        FROM uploads
                       WHERE user_id = %(user_id)s
                         AND kind = %(kind)s
                         AND external_id = ANY (%(external_ids)s)
                      UNION
                      SELECT upload_id
                        FROM upload_documents
                       WHERE external_id = ANY (%(external_ids)s))
        """,
        {"user_id": user_id, "kind": kind, "external_ids": external_ids},
    )


def names(cur: Cursor, upload_id: str) -> list[str]:
    """The ids of the clients' objects that an upload is about."""
    cur.execute(f"SELECT name FROM ({_NAMES}) AS names (name)", {"upload_id": upload_id})
    return [row["name"] for row in cur.fetchall()]


def lock(cur: Cursor, upload_id: str, user_id: int, kind: str) -> Row | None:
    """The upload that a cancel names, its row locked; None: the user has no such upload."""
    cur.execute(
        """
        SELECT id, user_id, kind, operation, external_id, hash, object_id, state, status_code, info, finished_at
          FROM uploads
         WHERE id = %(upload_id)s
           AND user_id = %(user_id)s
           AND kind = %(kind)s
           FOR NO KEY UPDATE
        """,
        {"upload_id": upload_id, "user_id": user_id, "kind": kind},
    )
    return one(cur)
