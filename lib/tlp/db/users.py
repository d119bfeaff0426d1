"""SQL of API clients: who they are, and their quota (manual, 4.3 and 7.2)."""

from __future__ import annotations

from tlp.db.prepared import Prepared
from tlp.db.rows import Cursor, Row, one

_BY_NAME = Prepared(
    "user_by_name",
    """
    SELECT id, username, secret_key, email, is_admin
      FROM users
     WHERE username = %(username)s
       AND enabled
    """,
)


def by_name(cur: Cursor, username: str) -> Row | None:
    """id, username, secret_key, email, is_admin of an enabled user."""
    _BY_NAME.execute(cur, {"username": username})
    return one(cur)


def create(cur: Cursor, username: str, secret_key: str, email: str | None = None, is_admin: bool = False) -> Row:
    """Create a user without quota limits; an existing one gets the new key. Returns id and username."""
    cur.execute(
        """
        INSERT INTO users (username, secret_key, email, is_admin)
        VALUES (%(username)s, %(secret_key)s, %(email)s, %(is_admin)s)
        ON CONFLICT (username) DO UPDATE SET secret_key = excluded.secret_key, enabled = true
        RETURNING id, username
        """,
        {"username": username, "secret_key": secret_key, "email": email, "is_admin": is_admin},
    )
    row: Row = cur.fetchone()
    return row


def lock_media_quota(cur: Cursor, user_id: int, except_upload: str) -> Row:
    """What is left of the user's media quota, the user's row locked until the transaction ends.

    quota_media, quota_media_ms: what the account says (None: no limit);
    reserved_media, reserved_ms: what other unfinished uploads have taken of it already (0 where there is no limit).
    """
    cur.execute(
        """
        SELECT quota_media, quota_media_ms
          FROM users
         WHERE id = %(user_id)s
           FOR NO KEY UPDATE
        """,
        {"user_id": user_id},
    )
    row: Row = cur.fetchone()
    if row["quota_media"] is None and row["quota_media_ms"] is None:
        return {**row, "reserved_media": 0, "reserved_ms": 0}
    cur.execute(
        """
        SELECT count(*) AS reserved_media,
               coalesce(sum(quota_ms), 0)::bigint AS reserved_ms
          FROM uploads
         WHERE user_id = %(user_id)s
           AND finished_at IS NULL
           AND quota_ms > 0
           AND id <> %(except_upload)s
        """,
        {"user_id": user_id, "except_upload": except_upload},
    )
    row.update(cur.fetchone())
    return row


def take_media_quota(cur: Cursor, user_id: int, milliseconds: int) -> None:
    """Subtract one media of that length from the user's quota (manual, 7.2); no limit (NULL) stays no limit."""
    cur.execute(
        """
        UPDATE users
           SET quota_media = quota_media - least(quota_media, 1),
               quota_media_ms = quota_media_ms - least(quota_media_ms, %(milliseconds)s)
         WHERE id = %(user_id)s
        """,
        {"user_id": user_id, "milliseconds": milliseconds},
    )
