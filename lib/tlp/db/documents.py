"""SQL of what only documents have: many in one upload, their files in other languages, the quota of words."""

from __future__ import annotations

from collections.abc import Collection

from tlp.db.rows import Cursor, Row, one

DOCUMENT, CONVERTED, REBUILT = 0, 7, 8  # type codes of files


def of_upload(cur: Cursor, upload_id: str) -> list[Row]:
    """The documents of an upload in order: position, external_id, hash, object_id. A regeneration has one."""
    cur.execute(
        """
        SELECT coalesce(d.position, 0) AS position, coalesce(d.external_id, u.external_id) AS external_id,
               coalesce(d.hash, u.hash) AS hash, coalesce(d.object_id, u.object_id) AS object_id
          FROM uploads AS u
          LEFT JOIN upload_documents AS d ON d.upload_id = u.id
         WHERE u.id = %(upload_id)s
         ORDER BY d.position
        """,
        {"upload_id": upload_id},
    )
    return list(cur.fetchall())


def link(cur: Cursor, upload_id: str, position: int, object_id: int) -> None:
    """Link an upload to an object that it made or changed; what it has reserved of the quota is free again."""
    values = {"upload_id": upload_id, "position": position, "object_id": object_id}
    cur.execute(
        """
        UPDATE upload_documents
           SET object_id = %(object_id)s
         WHERE upload_id = %(upload_id)s
           AND position = %(position)s
        """,
        values,
    )
    cur.execute(
        """
        UPDATE uploads
           SET object_id = CASE WHEN %(position)s = 0 THEN %(object_id)s ELSE object_id END,
               quota_documents = 0,
               quota_words = 0
         WHERE id = %(upload_id)s
        """,
        values,
    )


def set_length(cur: Cursor, object_id: int, values: Row) -> None:
    """The length of a document, and what its files in other languages are: sentences, words, characters,
    rebuilt_format."""
    cur.execute(
        """
        UPDATE objects
           SET sentences = %(sentences)s,
               words = %(words)s,
               characters = %(characters)s,
               rebuilt_format = %(rebuilt_format)s
         WHERE id = %(object_id)s
        """,
        {**values, "object_id": object_id},
    )


def base(cur: Cursor, object_id: int) -> Row | None:
    """The file from which a document is rebuilt: path below `media`, and the format to rebuild; None: there is none."""
    cur.execute(
        """
        SELECT f.path, o.rebuilt_format AS format
          FROM files AS f
          JOIN objects AS o ON o.id = f.object_id
         WHERE f.object_id = %(object_id)s
           AND f.type_code IN (0, 7)
           AND f.path IS NOT NULL
           AND f.replaced_at IS NULL
           AND o.rebuilt_format IS NOT NULL
         ORDER BY f.type_code DESC, f.id DESC
         LIMIT 1
        """,
        {"object_id": object_id},
    )
    return one(cur)


def rebuilt(cur: Cursor, object_id: int, language: str) -> Row | None:
    """The document as a file in a language: path, format, content_version (the version of the text in it)."""
    cur.execute(
        """
        SELECT path, format, content_version
          FROM files
         WHERE object_id = %(object_id)s
           AND type_code = 8
           AND language = %(language)s
           AND replaced_at IS NULL
        """,
        {"object_id": object_id, "language": language},
    )
    return one(cur)


def add_rebuilt(cur: Cursor, object_id: int, values: Row) -> None:
    """Record such a file: language, format, path, size, content_version. The former one is a backup from now on."""
    retire_rebuilt(cur, object_id, [values["language"]])
    cur.execute(
        """
        INSERT INTO files (object_id, type_code, format, path, size, language, content_version)
        VALUES (%(object_id)s, 8, %(format)s, %(path)s, %(size)s, %(language)s, %(content_version)s)
        """,
        {**values, "object_id": object_id},
    )


def retire_rebuilt(cur: Cursor, object_id: int, languages: Collection[str]) -> None:
    """The files in these languages are not current any more."""
    cur.execute(
        """
        UPDATE files
           SET replaced_at = clock_timestamp()
         WHERE object_id = %(object_id)s
           AND type_code = 8
           AND language = ANY (%(languages)s::text[])
           AND replaced_at IS NULL
        """,
        {"object_id": object_id, "languages": list(languages)},
    )


def lock_quota(cur: Cursor, user_id: int, except_upload: str) -> Row:
    """What is left of the user's quota of documents, the user's row locked until the transaction ends.

    quota_documents, quota_words: what the account says (None: no limit); reserved_documents, reserved_words: what
    other unfinished uploads have taken of it already (0 where there is no limit).
    """
    cur.execute(
        """
        SELECT quota_documents, quota_words
          FROM users
         WHERE id = %(user_id)s
           FOR NO KEY UPDATE
        """,
        {"user_id": user_id},
    )
    row: Row = cur.fetchone()
    if row["quota_documents"] is None and row["quota_words"] is None:
        return {**row, "reserved_documents": 0, "reserved_words": 0}
    cur.execute(
        """
        SELECT coalesce(sum(quota_documents), 0)::bigint AS reserved_documents,
               coalesce(sum(quota_words), 0)::bigint AS reserved_words
          FROM uploads
         WHERE user_id = %(user_id)s
           AND finished_at IS NULL
           AND quota_documents > 0
           AND id <> %(except_upload)s
        """,
        {"user_id": user_id, "except_upload": except_upload},
    )
    row.update(cur.fetchone())
    return row


def reserve_quota(cur: Cursor, upload_id: str, documents: int, words: int) -> None:
    """Reserve what an unfinished upload will take."""
    cur.execute(
        "UPDATE uploads SET quota_documents = %(documents)s, quota_words = %(words)s WHERE id = %(upload_id)s",
        {"upload_id": upload_id, "documents": documents, "words": words},
    )


def take_quota(cur: Cursor, user_id: int, documents: int, words: int) -> None:
    """Subtract documents and words from the user's quota (manual, 7.2); no limit (NULL) stays no limit."""
    cur.execute(
        """
        UPDATE users
           SET quota_documents = quota_documents - least(quota_documents, %(documents)s),
               quota_words = quota_words - least(quota_words, %(words)s)
         WHERE id = %(user_id)s
        """,
        {"user_id": user_id, "documents": documents, "words": words},
    )
