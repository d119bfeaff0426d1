"""SQL of notifications: what is told of uploads by mail and callbacks, and whether it has arrived."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from tlp.db.rows import Cursor, Row, one

LEASE_S = 300  # an attempt that has not ended by then was killed


def facts(cur: Cursor, upload_id: str) -> Row:
    """What there is to tell of an upload; `title` and `hash` None where no object is known by its ids any more.

    id, kind, operation, external_id, manifest, test_mode, status_code, info, error_code, plan, uploaded_on, session_id;
    username and user_email of its user; object_ids, the client's names of its objects in order.
    """
    cur.execute(
        """
        SELECT u.id, u.kind, u.operation, u.external_id, u.manifest, u.test_mode, u.status_code, u.info, u.error_code,
               u.plan, u.uploaded_on, u.session_id, s.username, s.email AS user_email,
               coalesce((SELECT array_agg(d.external_id ORDER BY d.position)
                           FROM upload_documents AS d
                          WHERE d.upload_id = u.id), ARRAY[u.external_id]) AS object_ids,
               o.title, o.hash
          FROM uploads AS u
          JOIN users AS s ON s.id = u.user_id
          LEFT JOIN LATERAL (
                   SELECT title, hash, deleted_at
                     FROM objects
                    WHERE id = u.object_id
                    UNION ALL
                   SELECT title, hash, deleted_at
                     FROM objects
                    WHERE user_id = u.user_id AND kind = u.kind AND external_id = u.external_id AND deleted_at IS NULL
                    LIMIT 1
               ) AS o ON true
         WHERE u.id = %(upload_id)s
        """,
        {"upload_id": upload_id},
    )
    row: Row = cur.fetchone()
    return row


def made(cur: Cursor, upload_id: str) -> list[Row]:
    """The texts and voices that an upload has stored: what (the origin of a text, or tts, rec), language, name,
    system (or None), external_id of the object."""
    cur.execute(
        """
        WITH mine AS (
            SELECT o.id, o.external_id
              FROM uploads AS u
              JOIN objects AS o ON o.user_id = u.user_id AND o.kind = u.kind AND o.deleted_at IS NULL
               AND (o.external_id = u.external_id
                 OR o.external_id IN (SELECT d.external_id FROM upload_documents AS d WHERE d.upload_id = u.id))
             WHERE u.id = %(upload_id)s
        )
        SELECT v.origin AS what, c.language, l.name, s.name AS system, mine.external_id
          FROM mine
          JOIN contents AS c ON c.object_id = mine.id
          JOIN content_versions AS v ON v.content_id = c.id AND v.version = c.version
          JOIN languages AS l ON l.code = c.language
          LEFT JOIN systems AS s ON s.id = v.system_id
         WHERE v.upload_id = %(upload_id)s
        UNION ALL
        SELECT a.voice_type, a.language, l.name, s.name, mine.external_id
          FROM mine
          JOIN audiotracks AS a ON a.object_id = mine.id AND a.replaced_at IS NULL
          JOIN languages AS l ON l.code = a.language
          LEFT JOIN systems AS s ON s.id = a.system_id
         WHERE a.upload_id = %(upload_id)s
         ORDER BY 5, 2, 1
        """,
        {"upload_id": upload_id},
    )
    return list(cur.fetchall())


def new_id() -> str:
    """An id for `add`: known before, as the body of a callback holds it."""
    return f"nt-{uuid.uuid4()}"


def add(cur: Cursor, values: Row) -> None:
    """Have something told: id, upload_id, channel, event, target, receiver, body. Due at once."""
    cur.execute(
        """
        INSERT INTO notifications (id, upload_id, channel, event, target, receiver, body)
        VALUES (%(id)s, %(upload_id)s, %(channel)s, %(event)s, %(target)s, %(receiver)s, %(body)s)
        """,
        values,
    )


def due(cur: Cursor, channels: Sequence[str]) -> list[str]:
    """Those of the channels that have something to send now."""
    # Not EXISTS: the planner would gather all that is due, in every tick.
    cur.execute(
        """
        SELECT c.channel
          FROM unnest(%(channels)s::text[]) AS c (channel)
         CROSS JOIN LATERAL (
                   SELECT n.id
                     FROM notifications AS n
                    WHERE n.channel = c.channel
                      AND n.due_at <= now()
                      AND n.sent_at IS NULL
                      AND n.gave_up_at IS NULL
                    ORDER BY n.due_at
                    LIMIT 1
               ) AS first
        """,
        {"channels": list(channels)},
    )
    return [row["channel"] for row in cur.fetchall()]


_FIRST_DUE = """
    SELECT id
      FROM notifications
     WHERE channel = %(channel)s
       AND due_at <= now()
       AND sent_at IS NULL
       AND gave_up_at IS NULL
       AND (attempts > 0) = {repeated}
     ORDER BY due_at
     LIMIT 1
       FOR UPDATE SKIP LOCKED
"""


def claim(cur: Cursor, channel: str) -> Row | None:
    """Take what is due first out of the queue for LEASE_S seconds, and count the attempt; None: nothing is due.

    id, upload_id, event, target, receiver, body, attempts, and the secret_key of the upload's user. First attempts come
    before repeated ones, so that what is hopeless delays nothing. Commit before sending: no lock must be held then.
    """
    # Not ordered by both: all that is due would be sorted for each.
    cur.execute(
        f"""
        UPDATE notifications AS n
           SET attempts = n.attempts + 1,
               due_at = now() + %(lease)s * interval '1 second'
          FROM uploads AS u
          JOIN users AS s ON s.id = u.user_id
         WHERE u.id = n.upload_id
           AND n.id = coalesce(({_FIRST_DUE.format(repeated="false")}), ({_FIRST_DUE.format(repeated="true")}))
        RETURNING n.id, n.upload_id, n.event, n.target, n.receiver, n.body, n.attempts, s.secret_key
        """,
        {"channel": channel, "lease": LEASE_S},
    )
    return one(cur)


def mark_sent(cur: Cursor, notification_id: str) -> None:
    """It has arrived."""
    cur.execute(
        """
        UPDATE notifications
           SET sent_at = clock_timestamp(), last_error = NULL
         WHERE id = %(id)s
        """,
        {"id": notification_id},
    )


def mark_failed(cur: Cursor, notification_id: str, words: str, again_in: float | None) -> None:
    """It has not arrived: try again so many seconds from now, or (None) give up."""
    cur.execute(
        """
        UPDATE notifications
           SET last_error = %(words)s,
               due_at = now() + coalesce(%(again_in)s, 0) * interval '1 second',
               gave_up_at = CASE WHEN %(again_in)s IS NULL THEN clock_timestamp() END
         WHERE id = %(id)s
           AND sent_at IS NULL
        """,
        {"id": notification_id, "words": words, "again_in": again_in},
    )


def put_off(cur: Cursor, channel: str, receiver: str, seconds: float) -> None:
    """Leave a receiver alone for so long: whatever else is for it waits. No attempt is counted."""
    cur.execute(
        """
        UPDATE notifications
           SET due_at = now() + %(seconds)s * interval '1 second'
         WHERE id IN (SELECT id
                        FROM notifications
                       WHERE channel = %(channel)s
                         AND receiver = %(receiver)s
                         AND due_at <= now()
                         AND sent_at IS NULL
                         AND gave_up_at IS NULL
                         FOR UPDATE SKIP LOCKED)
        """,
        {"channel": channel, "receiver": receiver, "seconds": seconds},
    )


def callback_of(cur: Cursor, upload_id: str) -> Row | None:
    """The callback of an upload: attempts, last_error, due_at, sent_at, gave_up_at, all None before the upload ends;
    of several the newest. None: it asked for none. Of one that was removed since it arrived only that is known."""
    cur.execute(
        """
        SELECT CASE WHEN n.id IS NULL AND u.told_at IS NOT NULL THEN 1 ELSE n.attempts END AS attempts, n.last_error,
               n.due_at, CASE WHEN n.id IS NULL THEN u.told_at ELSE n.sent_at END AS sent_at, n.gave_up_at
          FROM uploads AS u
          LEFT JOIN LATERAL (
                   SELECT id, attempts, last_error, due_at, sent_at, gave_up_at
                     FROM notifications
                    WHERE upload_id = u.id
                      AND channel = 'callback'
                      AND (u.told_at IS NULL OR created_at > u.told_at)
                    ORDER BY created_at DESC
                    LIMIT 1
               ) AS n ON true
         WHERE u.id = %(upload_id)s
           AND jsonb_typeof(u.manifest -> 'callback') = 'object'
        """,
        {"upload_id": upload_id},
    )
    return one(cur)


def send_again(cur: Cursor, upload_id: str, channel: str = "callback") -> int:
    """Send the last news of an upload once more, whether it had arrived or was given up; how many messages that is.

    For administrators. The id stays, so a receiver can tell that it has had it; the resident service is woken.
    """
    cur.execute(
        """
        UPDATE notifications
           SET attempts = 0, due_at = now(), sent_at = NULL, gave_up_at = NULL
         WHERE upload_id = %(upload_id)s
           AND channel = %(channel)s
           AND event = (SELECT event
                          FROM notifications
                         WHERE upload_id = %(upload_id)s
                           AND channel = %(channel)s
                         ORDER BY created_at DESC
                         LIMIT 1)
        """,
        {"upload_id": upload_id, "channel": channel},
    )
    found: int = cur.rowcount
    cur.execute("SELECT pg_notify('tlp_ingest', %(upload_id)s)", {"upload_id": upload_id})
    return found
