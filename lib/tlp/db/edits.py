"""SQL of what edit sessions say about the text, language by language, and of what arrived too late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from psycopg2.extras import Json

from tlp.db.prepared import Prepared
from tlp.db.rows import Cursor, Row
from tlp.edits import Edits, SegmentEdit

# The version of a content that the author of a session saw: the one that was current when it started.
_SEEN = """
    coalesce((SELECT max(v.version)
                FROM content_versions AS v
               WHERE v.content_id = c.id
                 AND v.created_at <= s.started_at), c.version)
"""

_SAVE = Prepared(
    "save_edits",
    f"""
    WITH worked AS (
        UPDATE sessions
           SET last_update = clock_timestamp(), last_alive = clock_timestamp()
         WHERE id = %(session_id)s
    ), languages AS (
        INSERT INTO session_contents (session_id, content_id, base_version)
        SELECT s.id, c.id, {_SEEN}
          FROM sessions AS s
          JOIN contents AS c ON c.id = ANY (%(contents)s::bigint[])
         WHERE s.id = %(session_id)s
        ON CONFLICT DO NOTHING
    )
    INSERT INTO session_edits (session_id, content_id, segment_id, begin_ms, end_ms, text, saved_at)
    SELECT %(session_id)s::bigint, given.*, moment.now
      FROM unnest(%(content_ids)s::bigint[], %(ids)s::bigint[], %(begins)s::bigint[], %(ends)s::bigint[],
                  %(texts)s::text[]) AS given,
           (SELECT clock_timestamp() AS now) AS moment
    ON CONFLICT (session_id, content_id, segment_id) DO UPDATE
       SET begin_ms = excluded.begin_ms,
           end_ms = excluded.end_ms,
           text = excluded.text,
           saved_at = excluded.saved_at
    """,
)


def save(cur: Cursor, session_id: int, by_content: Mapping[int, Edits[Any]]) -> None:
    """Add edits to a session that the caller has locked: of each segment the last word counts. A sign of work.

    The version that a content had when the session started is the one its author saw. One statement, whatever the
    number.
    """
    rows = [row for content_id, edits in by_content.items() for row in _rows(content_id, edits)]
    content_ids, ids, begins, ends, texts = zip(*rows, strict=True)
    _SAVE.execute(
        cur,
        {
            "session_id": session_id,
            "contents": list(by_content),
            "content_ids": list(content_ids),
            "ids": list(ids),
            "begins": list(begins),
            "ends": list(ends),
            "texts": list(texts),
        },
    )


_SAVE_OWN = Prepared(
    "save_own_edits",
    f"""
    WITH worked AS (
        UPDATE sessions AS s
           SET last_update = clock_timestamp(), last_alive = clock_timestamp()
          FROM objects AS o
         WHERE s.id = %(session_id)s
           AND s.ended_at IS NULL
           AND s.author_type = 'human'
           AND s.author_id = %(author_id)s
           AND s.author_conf <= %(author_conf)s::integer
           AND o.id = s.object_id
           AND o.user_id = %(user_id)s
           AND o.kind = %(kind)s
           AND o.external_id = %(external_id)s
           AND o.hash = coalesce(%(hash)s::text, o.hash)
           AND o.deleted_at IS NULL
           AND (NOT o.locked OR %(author_conf)s::integer = 100)
           AND (SELECT count(*)
                  FROM contents
                 WHERE object_id = o.id
                   AND language = ANY (%(languages)s::text[])
                   AND version > 0) = cardinality(%(languages)s::text[])
        RETURNING s.id, s.object_id, s.started_at, s.last_update
    ), edited AS (
        INSERT INTO session_contents (session_id, content_id, base_version)
        SELECT s.id, c.id, {_SEEN}
          FROM worked AS s
          JOIN contents AS c ON c.object_id = s.object_id
         WHERE c.language = ANY (%(languages)s::text[])
           AND NOT EXISTS (SELECT 1 FROM session_contents WHERE session_id = s.id AND content_id = c.id)
        ON CONFLICT DO NOTHING
    )
    INSERT INTO session_edits (session_id, content_id, segment_id, begin_ms, end_ms, text, saved_at)
    SELECT worked.id, c.id, given.segment_id, given.begin_ms, given.end_ms, given.text, worked.last_update
      FROM worked
      JOIN contents AS c ON c.object_id = worked.object_id
      JOIN unnest(%(each)s::text[], %(ids)s::bigint[], %(begins)s::bigint[], %(ends)s::bigint[], %(texts)s::text[])
           AS given (language, segment_id, begin_ms, end_ms, text) ON given.language = c.language
    ON CONFLICT (session_id, content_id, segment_id) DO UPDATE
       SET begin_ms = excluded.begin_ms,
           end_ms = excluded.end_ms,
           text = excluded.text,
           saved_at = excluded.saved_at
    """,
)


def save_own(cur: Cursor, who: Row, by_language: Mapping[str, Edits[Any]]) -> bool:
    """The same for an author's open session in one trip, session and rights checked on the way; all or nothing.

    `who`: session_id, author_id, author_conf, user_id, kind, external_id, hash or None. False: nothing was saved, and
    the caller finds out why: no such session, not this author's, ended, locked, or a language that is not there.
    """
    rows = [row for language, edits in by_language.items() for row in _rows(language, edits)]
    each, ids, begins, ends, texts = map(list, zip(*rows, strict=True))
    given = {"each": each, "ids": ids, "begins": begins, "ends": ends, "texts": texts}
    _SAVE_OWN.execute(cur, {**who, **given, "languages": list(by_language)})
    return bool(cur.rowcount)


Place = TypeVar("Place", int, str)


def _rows(place: Place, edits: Edits[Any]) -> list[tuple[Place, int, int | None, int | None, str | None]]:
    """The place (content id or language) with id, begin, end, text of each edit and deletion."""
    rows: list[tuple[Place, int, int | None, int | None, str | None]] = []
    for edit in edits.items:
        timed = isinstance(edit, SegmentEdit)
        rows.append((place, edit.id, edit.begin if timed else None, edit.end if timed else None, edit.text))
    return rows + [(place, id, None, None, None) for id in edits.deleted]


def languages(cur: Cursor, session_id: int) -> list[Row]:
    """The languages that a session has edited: content_id, language, base_version, committed_version."""
    cur.execute(
        """
        SELECT sc.content_id, c.language, sc.base_version, sc.committed_version
          FROM session_contents AS sc
          JOIN contents AS c ON c.id = sc.content_id
         WHERE sc.session_id = %(session_id)s
         ORDER BY sc.content_id
        """,
        {"session_id": session_id},
    )
    return list(cur.fetchall())


def saved(cur: Cursor, session_id: int, content_id: int) -> list[tuple[int, int | None, int | None, str | None]]:
    """The edits of a session in a language: segment id, begin, end (ms), text or None; the latest last."""
    cur.execute(
        """
        SELECT segment_id, begin_ms, end_ms, text
          FROM session_edits
         WHERE session_id = %(session_id)s
           AND content_id = %(content_id)s
         ORDER BY saved_at, begin_ms, segment_id
        """,
        {"session_id": session_id, "content_id": content_id},
    )
    return [(row["segment_id"], row["begin_ms"], row["end_ms"], row["text"]) for row in cur.fetchall()]


def set_stats(cur: Cursor, session_id: int, content_id: int, stats: Row) -> None:
    """Keep what /edit_history tells of a session's edits in a language."""
    cur.execute(
        """
        UPDATE session_contents
           SET edit_stats = %(stats)s
         WHERE session_id = %(session_id)s
           AND content_id = %(content_id)s
        """,
        {"session_id": session_id, "content_id": content_id, "stats": Json(stats)},
    )


def set_committed(cur: Cursor, session_id: int, content_id: int, version: int) -> None:
    """The version that holds a session's edits in a language."""
    cur.execute(
        """
        UPDATE session_contents
           SET committed_version = %(version)s
         WHERE session_id = %(session_id)s
           AND content_id = %(content_id)s
        """,
        {"session_id": session_id, "content_id": content_id, "version": version},
    )


def add_language(cur: Cursor, session_id: int, content_id: int, base_version: int) -> None:
    """Say which version the edits of a language were made on, before any is saved."""
    cur.execute(
        """
        INSERT INTO session_contents (session_id, content_id, base_version)
        VALUES (%(session_id)s, %(content_id)s, %(base_version)s)
        ON CONFLICT DO NOTHING
        """,
        {"session_id": session_id, "content_id": content_id, "base_version": base_version},
    )
