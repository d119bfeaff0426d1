"""SQL of audio tracks: synthesised voices and those that clients send."""

from __future__ import annotations

from tlp.db.prepared import Prepared
from tlp.db.rows import Cursor, Row, one

_CURRENT = Prepared(
    "current_audiotracks",
    """
    SELECT id, language, voice_type, voice_gender, format, path, size, sub_type, description
      FROM audiotracks
     WHERE object_id = %(object_id)s
       AND replaced_at IS NULL
     ORDER BY language, id
    """,
)


def list_current(cur: Cursor, object_id: int) -> list[Row]:
    """The tracks of an object: id, language, voice_type, voice_gender, format, path, size, sub_type, description."""
    _CURRENT.execute(cur, {"object_id": object_id})
    return list(cur.fetchall())


def find(cur: Cursor, object_id: int, language: str, audiotrack_id: int) -> Row | None:
    """One track of an object: id, format, path, size."""
    cur.execute(
        """
        SELECT id, format, path, size
          FROM audiotracks
         WHERE id = %(audiotrack_id)s
           AND object_id = %(object_id)s
           AND language = %(language)s
        """,
        {"audiotrack_id": audiotrack_id, "object_id": object_id, "language": language},
    )
    return one(cur)


def former(cur: Cursor, audiotrack_id: int) -> Row | None:
    """What a track needs to follow its edited subtitles: path, places and body, the subtitles that it says.

    None where one of them is not known.
    """
    cur.execute(
        """
        SELECT a.path, a.places, v.body
          FROM audiotracks AS a
          JOIN contents AS c ON c.object_id = a.object_id AND c.language = a.language
          JOIN content_versions AS v ON v.content_id = c.id AND v.version = a.content_version
         WHERE a.id = %(audiotrack_id)s
           AND a.places IS NOT NULL
        """,
        {"audiotrack_id": audiotrack_id},
    )
    return one(cur)


def add(cur: Cursor, object_id: int, values: Row) -> int:
    """Record a track; synthesised ones in the same language and voice gender are marked as replaced. Returns its id.

    `values`: language, voice_type ("tts" or "rec"), voice_gender, format, path, size, sub_type, description,
    system_id, content_version, upload_id, places (JSON, may be left out).
    """
    row = {"places": None, **values, "object_id": object_id}
    cur.execute(
        """
        UPDATE audiotracks
           SET replaced_at = now()
         WHERE object_id = %(object_id)s
           AND language = %(language)s
           AND voice_type = 'tts'
           AND %(voice_type)s = 'tts'
           AND voice_gender IS NOT DISTINCT FROM %(voice_gender)s
           AND replaced_at IS NULL
        """,
        row,
    )
    cur.execute(
        """
        INSERT INTO audiotracks (object_id, language, voice_type, voice_gender, format, path, size, sub_type,
                                 description, system_id, content_version, upload_id, places)
        VALUES (%(object_id)s, %(language)s, %(voice_type)s, %(voice_gender)s, %(format)s, %(path)s, %(size)s,
                %(sub_type)s, %(description)s, %(system_id)s, %(content_version)s, %(upload_id)s, %(places)s)
        RETURNING id
        """,
        row,
    )
    return int(cur.fetchone()["id"])
