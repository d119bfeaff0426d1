"""SQL of objects (media and documents), their speakers and their files."""

from __future__ import annotations

from collections.abc import Iterator

from tlp.db.prepared import Prepared
from tlp.db.rows import Cursor, Row, one

_FIND = Prepared(
    "find_object",
    """
    SELECT id, user_id, kind, external_id, hash, language, title, topic, keywords, date,
           format, duration_ms, words, sentences, characters, locked
      FROM objects
     WHERE user_id = %(user_id)s
       AND kind = %(kind)s
       AND external_id = %(external_id)s
       AND deleted_at IS NULL
    """,
)


def find(cur: Cursor, user_id: int, kind: str, external_id: str) -> Row | None:
    """The object a client knows by `external_id`, unless deleted."""
    _FIND.execute(cur, {"user_id": user_id, "kind": kind, "external_id": external_id})
    return one(cur)


def list_all(cur: Cursor, user_id: int, kind: str) -> Iterator[Row]:
    """Every object of a user, oldest first.

    external_id, title, language, format, duration_ms, words, sentences, characters.
    """
    cur.execute(
        """
        SELECT external_id, title, language, format, duration_ms, words, sentences, characters
          FROM objects
         WHERE user_id = %(user_id)s
           AND kind = %(kind)s
           AND deleted_at IS NULL
         ORDER BY id
        """,
        {"user_id": user_id, "kind": kind},
    )
    yield from cur


def create(cur: Cursor, values: Row) -> int:
    """Create an object; returns its id.

    `values`: user_id, kind, external_id, hash, language, title; optional topic, keywords, date, format, duration_ms,
    words, sentences, characters.
    """
    optional = dict.fromkeys(("topic", "keywords", "date", "format", "duration_ms", "words", "sentences", "characters"))
    cur.execute(
        """
        INSERT INTO objects (user_id, kind, external_id, hash, language, title, topic, keywords, date,
                             format, duration_ms, words, sentences, characters)
        VALUES (%(user_id)s, %(kind)s, %(external_id)s, %(hash)s, %(language)s, %(title)s, %(topic)s,
                %(keywords)s, %(date)s, %(format)s, %(duration_ms)s, %(words)s, %(sentences)s, %(characters)s)
        RETURNING id
        """,
        {**optional, **values},
    )
    return int(cur.fetchone()["id"])


def change(cur: Cursor, object_id: int, values: Row) -> None:
    """Change what is given, not None, of language, title, topic, keywords, date, format, duration_ms."""
    names = ("language", "title", "topic", "keywords", "date", "format", "duration_ms")
    cur.execute(
        """
        UPDATE objects
           SET language = coalesce(%(language)s, language),
               title = coalesce(%(title)s, title),
               topic = coalesce(%(topic)s, topic),
               keywords = coalesce(%(keywords)s, keywords),
               date = coalesce(%(date)s, date),
               format = coalesce(%(format)s, format),
               duration_ms = coalesce(%(duration_ms)s, duration_ms),
               updated_at = clock_timestamp()
         WHERE id = %(object_id)s
        """,
        {**dict.fromkeys(names), **values, "object_id": object_id},
    )


def set_speakers(cur: Cursor, object_id: int, user_id: int, speakers: list[Row]) -> None:
    """Record who speaks, in order. A speaker: speaker_id, name, gender ("M", "F" or None), email."""
    cur.execute("DELETE FROM object_speakers WHERE object_id = %(object_id)s", {"object_id": object_id})
    # by their ids: two media that are stored at once must not wait for each other's speakers
    for position, speaker in sorted(enumerate(speakers), key=lambda each: str(each[1]["speaker_id"])):
        cur.execute(
            """
            INSERT INTO speakers (user_id, speaker_id, name, gender, email)
            VALUES (%(user_id)s, %(speaker_id)s, %(name)s, %(gender)s, %(email)s)
            ON CONFLICT (user_id, speaker_id) DO UPDATE
               SET name = coalesce(excluded.name, speakers.name),
                   gender = coalesce(excluded.gender, speakers.gender),
                   email = coalesce(excluded.email, speakers.email)
            RETURNING id
            """,
            {**speaker, "user_id": user_id},
        )
        cur.execute(
            """
            INSERT INTO object_speakers (object_id, speaker_id, position)
            VALUES (%(object_id)s, %(speaker_id)s, %(position)s)
            ON CONFLICT DO NOTHING
            """,
            {"object_id": object_id, "speaker_id": cur.fetchone()["id"], "position": position},
        )


def speakers(cur: Cursor, object_id: int) -> list[Row]:
    """The speakers of an object in order: name, gender, email."""
    cur.execute(
        """
        SELECT s.name, s.gender, s.email
          FROM object_speakers AS o
          JOIN speakers AS s ON s.id = o.speaker_id
         WHERE o.object_id = %(object_id)s
         ORDER BY o.position
        """,
        {"object_id": object_id},
    )
    return list(cur.fetchall())


def files(cur: Cursor, object_id: int) -> list[Row]:
    """The files of an object that are current: id, type_code, format, path or url, size, md5."""
    cur.execute(
        """
        SELECT id, type_code, format, path, url, size, md5
          FROM files
         WHERE object_id = %(object_id)s
           AND replaced_at IS NULL
         ORDER BY type_code, id
        """,
        {"object_id": object_id},
    )
    return list(cur.fetchall())


def add_file(cur: Cursor, object_id: int, values: Row) -> int:
    """Record a file: type_code, format, path (under `media`) or url, size, md5. Returns its id."""
    cur.execute(
        """
        INSERT INTO files (object_id, type_code, format, path, url, size, md5)
        VALUES (%(object_id)s, %(type_code)s, %(format)s, %(path)s, %(url)s, %(size)s, %(md5)s)
        RETURNING id
        """,
        {"path": None, "url": None, "size": None, "md5": None, **values, "object_id": object_id},
    )
    return int(cur.fetchone()["id"])
