"""SQL of what was made from what: the texts and voices of an object, and the systems that made them."""

from __future__ import annotations

from tlp.db.rows import Cursor, Row


def texts(cur: Cursor, object_id: int) -> list[Row]:
    """The current version of each language.

    language, content_id, version, body, status, origin; system_id: the last ASR or MT system that made a version of
    it; system_source: the language from which that one translates; source_lang, source_content, source_version: what
    it is a translation of, None where it is none.
    """
    cur.execute(
        """
        SELECT c.language, c.id AS content_id, v.version, v.body, v.status, v.origin,
               v.based_on_content AS source_content, v.based_on_version AS source_version,
               s.language AS source_lang, m.system_id, m.system_source
          FROM contents AS c
          JOIN content_versions AS v ON v.content_id = c.id AND v.version = c.version
          LEFT JOIN contents AS s ON s.id = v.based_on_content AND s.object_id = c.object_id
          LEFT JOIN LATERAL (SELECT made.system_id, CASE WHEN y.kind = 'mt' THEN y.source_lang END AS system_source
                               FROM content_versions AS made
                               JOIN systems AS y ON y.id = made.system_id
                              WHERE made.content_id = c.id
                              ORDER BY made.version DESC
                              LIMIT 1) AS m ON true
         WHERE c.object_id = %(object_id)s
         ORDER BY c.id
        """,
        {"object_id": object_id},
    )
    return list(cur.fetchall())


def voices(cur: Cursor, object_id: int) -> list[Row]:
    """The current synthesised tracks: id, language, voice_gender, system_id."""
    cur.execute(
        """
        SELECT id, language, voice_gender, system_id
          FROM audiotracks
         WHERE object_id = %(object_id)s
           AND voice_type = 'tts'
           AND replaced_at IS NULL
         ORDER BY language, id
        """,
        {"object_id": object_id},
    )
    return list(cur.fetchall())


def body(cur: Cursor, content_id: int | None, version: int | None) -> str | None:
    """The text of a version as it is stored; None when there is no such version."""
    cur.execute(
        "SELECT body FROM content_versions WHERE content_id = %(content_id)s AND version = %(version)s",
        {"content_id": content_id, "version": version},
    )
    row = cur.fetchone()
    return row["body"] if row else None
