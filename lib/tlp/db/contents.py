"""SQL of contents and their versions: the canonical text of subtitles and translations."""

from __future__ import annotations

from tlp.db.prepared import Prepared
from tlp.db.rows import Cursor, Row, one

_LANGUAGES = Prepared(
    "languages_of_object",
    """
    SELECT c.language AS code, l.name, v.status, v.sup_ratio, o.language AS object_language, o.locked, o.hash,
           (SELECT json_agg(json_build_object('aid', t.id, 'voice_gender', t.voice_gender, 'voice_type', t.voice_type)
                            ORDER BY t.id)
              FROM audiotracks AS t
             WHERE t.object_id = c.object_id
               AND t.language = c.language
               AND t.replaced_at IS NULL) AS voices
      FROM objects AS o
      JOIN contents AS c ON c.object_id = o.id
      JOIN content_versions AS v ON v.content_id = c.id AND v.version = c.version
      JOIN languages AS l ON l.code = c.language
     WHERE o.user_id = %(user_id)s
       AND o.kind = %(kind)s
       AND o.external_id = %(external_id)s
       AND o.deleted_at IS NULL
     ORDER BY c.language <> o.language, c.id
    """,
)


def languages(cur: Cursor, user_id: int, kind: str, external_id: str) -> list[Row]:
    """The languages an object has text in: code, name, status, sup_ratio, voices; the object's own language first.

    Each with what /langs tells of the object: object_language, locked, hash.
    `voices`: aid, voice_gender and voice_type of its audio tracks in this language; None when there is none.
    """
    _LANGUAGES.execute(cur, {"user_id": user_id, "kind": kind, "external_id": external_id})
    return list(cur.fetchall())


def current(cur: Cursor, object_id: int, language: str) -> Row | None:
    """The current version: content_id, version, body (DFXP or DTLX text), status, sup_ratio, origin, system_id."""
    cur.execute(
        """
        SELECT v.content_id, v.version, v.body, v.status, v.sup_ratio, v.origin, v.system_id
          FROM contents AS c
          JOIN content_versions AS v ON v.content_id = c.id AND v.version = c.version
         WHERE c.object_id = %(object_id)s
           AND c.language = %(language)s
        """,
        {"object_id": object_id, "language": language},
    )
    return one(cur)


def add_version(cur: Cursor, object_id: int, language: str, values: Row) -> Row:
    """Append a version and make it the current one. Returns content_id and version.

    `values`: body, status (0..3), sup_ratio, origin; optional system_id, upload_id, based_on_content,
    based_on_version, author_id, author_name, session_id. The content's row is locked, so versions have no gaps.
    """
    cur.execute(
        """
        INSERT INTO contents (object_id, language, version)
        VALUES (%(object_id)s, %(language)s, 1)
        ON CONFLICT (object_id, language) DO UPDATE SET version = abs(contents.version) + 1
        RETURNING id AS content_id, version
        """,
        {"object_id": object_id, "language": language},
    )
    key: Row = cur.fetchone()
    optional = dict.fromkeys(
        ("system_id", "upload_id", "based_on_content", "based_on_version", "author_id", "author_name", "session_id")
    )
    cur.execute(
        """
        INSERT INTO content_versions (content_id, version, body, status, sup_ratio, origin, system_id, upload_id,
                                      based_on_content, based_on_version, author_id, author_name, session_id)
        VALUES (%(content_id)s, %(version)s, %(body)s, %(status)s, %(sup_ratio)s, %(origin)s, %(system_id)s,
                %(upload_id)s, %(based_on_content)s, %(based_on_version)s, %(author_id)s, %(author_name)s,
                %(session_id)s)
        """,
        {**optional, **values, **key},
    )
    return key
