"""SQL of API clients and of their uploads as an administrator sees and changes them (manual, 4.3 and 7.2).

What the services themselves ask of an account is in `users`.
"""

from __future__ import annotations

from collections.abc import Mapping

from tlp.db.rows import Cursor, Row, one

QUOTAS = ("quota_media", "quota_media_ms", "quota_documents", "quota_words")
_COLUMNS = f"id, username, email, is_admin, enabled, priority, {', '.join(QUOTAS)}, created_at"


def all_rows(cur: Cursor) -> list[Row]:
    """Every account by name, without its key: id, username, email, is_admin, enabled, priority, quotas, created_at."""
    cur.execute(f"SELECT {_COLUMNS} FROM users ORDER BY username")
    return list(cur.fetchall())


def find(cur: Cursor, username: str) -> Row | None:
    """An account, also a disabled one, its row locked: as `all_rows`, and secret_key."""
    cur.execute(
        f"SELECT {_COLUMNS}, secret_key FROM users WHERE username = %(username)s FOR NO KEY UPDATE",
        {"username": username},
    )
    return one(cur)


def add(cur: Cursor, values: Row) -> bool:
    """Add an account: username, secret_key, email, is_admin. False: there is one of that name, which stays as it is."""
    cur.execute(
        """
        INSERT INTO users (username, secret_key, email, is_admin)
        VALUES (%(username)s, %(secret_key)s, %(email)s, %(is_admin)s)
        ON CONFLICT (username) DO NOTHING
        """,
        values,
    )
    return bool(cur.rowcount)


def change(cur: Cursor, user_id: int, values: Row) -> None:
    """Change what is given, not None, of enabled, is_admin, email, secret_key, priority."""
    cur.execute(
        """
        UPDATE users
           SET enabled = coalesce(%(enabled)s, enabled),
               is_admin = coalesce(%(is_admin)s, is_admin),
               email = coalesce(%(email)s, email),
               secret_key = coalesce(%(secret_key)s, secret_key),
               priority = coalesce(%(priority)s, priority)
         WHERE id = %(user_id)s
        """,
        {**dict.fromkeys(("enabled", "is_admin", "email", "secret_key", "priority")), **values, "user_id": user_id},
    )


def set_quotas(cur: Cursor, user_id: int, values: Mapping[str, int | None]) -> None:
    """Set the quotas named in `values` (see QUOTAS); None is no limit. Those that are not named stay."""
    cur.execute(
        """
        UPDATE users
           SET quota_media = CASE WHEN 'quota_media' = ANY (%(named)s) THEN %(quota_media)s ELSE quota_media END,
               quota_media_ms = CASE WHEN 'quota_media_ms' = ANY (%(named)s)
                                     THEN %(quota_media_ms)s ELSE quota_media_ms END,
               quota_documents = CASE WHEN 'quota_documents' = ANY (%(named)s)
                                      THEN %(quota_documents)s ELSE quota_documents END,
               quota_words = CASE WHEN 'quota_words' = ANY (%(named)s) THEN %(quota_words)s ELSE quota_words END
         WHERE id = %(user_id)s
        """,
        {**dict.fromkeys(QUOTAS), **values, "named": list(values), "user_id": user_id},
    )


def add_to_quotas(cur: Cursor, user_id: int, values: Mapping[str, int]) -> None:
    """Add to quotas, or take from them down to 0 where negative; no limit (NULL) stays no limit."""
    cur.execute(
        """
        UPDATE users
           SET quota_media = quota_media + greatest(%(quota_media)s, -quota_media),
               quota_media_ms = quota_media_ms + greatest(%(quota_media_ms)s, -quota_media_ms),
               quota_documents = quota_documents + greatest(%(quota_documents)s, -quota_documents),
               quota_words = quota_words + greatest(%(quota_words)s, -quota_words)
         WHERE id = %(user_id)s
        """,
        {**dict.fromkeys(QUOTAS, 0), **values, "user_id": user_id},
    )


def reserved(cur: Cursor, user_id: int) -> Row:
    """What the unfinished uploads of a user have reserved, by the names of QUOTAS, and their number `unfinished`."""
    cur.execute(
        """
        SELECT count(*) AS unfinished,
               count(*) FILTER (WHERE quota_ms > 0) AS quota_media,
               coalesce(sum(quota_ms), 0)::bigint AS quota_media_ms,
               coalesce(sum(quota_documents), 0)::bigint AS quota_documents,
               coalesce(sum(quota_words), 0)::bigint AS quota_words
          FROM uploads
         WHERE user_id = %(user_id)s
           AND finished_at IS NULL
        """,
        {"user_id": user_id},
    )
    row: Row = cur.fetchone()
    return row


def latest_uploads(cur: Cursor, username: str | None, which: str, most: int) -> list[Row]:
    """The newest uploads, of all users or of one. `which`: all, unfinished or failed.

    id, username, kind, operation, external_id, state, failed_in, status_code, info, progress, last_update.
    """
    cur.execute(
        """
        SELECT u.id, a.username, u.kind, u.operation, u.external_id, u.state, u.failed_in, u.status_code, u.info,
               u.progress, u.last_update
          FROM uploads AS u
          JOIN users AS a ON a.id = u.user_id
         WHERE (%(username)s IS NULL OR a.username = %(username)s)
           AND (%(which)s <> 'unfinished' OR u.finished_at IS NULL)
           AND (%(which)s <> 'failed' OR u.error_code IS NOT NULL)
         ORDER BY u.uploaded_on DESC, u.id
         LIMIT %(most)s
        """,
        {"username": username, "which": which, "most": most},
    )
    return list(cur.fetchall())
