"""SQL of what speakers have said before: it helps to recognise what they say next."""

from __future__ import annotations

from tlp.db.rows import Cursor, Row


def speaker_ids(cur: Cursor, object_id: int) -> list[str]:
    """The client's ids of the speakers of a media, in order."""
    cur.execute(
        """
        SELECT s.speaker_id
          FROM object_speakers AS o
          JOIN speakers AS s ON s.id = o.speaker_id
         WHERE o.object_id = %(object_id)s
         ORDER BY o.position
        """,
        {"object_id": object_id},
    )
    return [row["speaker_id"] for row in cur.fetchall()]


def lectures(cur: Cursor, user_id: int, speakers: list[str], language: str, other_than: str, most: int) -> list[Row]:
    """Subtitles of other media of a user in which one of these speakers speaks that language.

    external_id, body (DFXP) and supervised of the current version of each; those that people worked on first, then the
    newest, at most `most`.
    """
    cur.execute(
        """
        SELECT o.external_id, v.body, v.status > 0 AS supervised
          FROM objects AS o
          JOIN contents AS c ON c.object_id = o.id AND c.language = o.language
          JOIN content_versions AS v ON v.content_id = c.id AND v.version = c.version
         WHERE o.id IN (
                   SELECT m.object_id
                     FROM speakers AS s
                     JOIN object_speakers AS m ON m.speaker_id = s.id
                    WHERE s.user_id = %(user_id)s
                      AND s.speaker_id = ANY (%(speakers)s)
               )
           AND o.kind = 'speech'
           AND o.language = %(language)s
           AND o.external_id <> %(other_than)s
           AND o.deleted_at IS NULL
         ORDER BY v.status > 0 DESC, o.id DESC
         LIMIT %(most)s
        """,
        {"user_id": user_id, "speakers": speakers, "language": language, "other_than": other_than, "most": most},
    )
    return list(cur.fetchall())
