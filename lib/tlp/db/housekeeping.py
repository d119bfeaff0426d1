"""SQL of housekeeping: its tasks, whose folders may go, what no row names. An index answers every question."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tlp.db.rows import Cursor, Row, one


def identity(cur: Cursor) -> str:
    """What tells this database from every other, also from a copy of it: cluster, name and number."""
    cur.execute(
        """
        SELECT s.system_identifier || '/' || d.datname || '/' || d.oid AS identity
          FROM pg_control_system() AS s
          JOIN pg_database AS d ON d.datname = current_database()
        """
    )
    return str(cur.fetchone()["identity"])


def take_due(cur: Cursor) -> Row | None:
    """Lock a task that is due and that nobody else does: task, position, begun_at, known, unknown."""
    cur.execute(
        """
        SELECT task, position, begun_at, known, unknown
          FROM housekeeping
         WHERE due_at <= now()
         ORDER BY due_at
         LIMIT 1
           FOR NO KEY UPDATE SKIP LOCKED
        """
    )
    return one(cur)


def take(cur: Cursor, task: str) -> Row:
    """Lock a task, due or not, from its beginning; waits for whoever does it."""
    cur.execute(
        """
        UPDATE housekeeping
           SET position = '', begun_at = NULL, known = 0, unknown = 0
         WHERE task = %(task)s
        RETURNING task, position, begun_at, known, unknown
        """,
        {"task": task},
    )
    row: Row = cur.fetchone()
    return row


def begin_walk(cur: Cursor) -> Any:
    """The time with which a walk begins."""
    cur.execute("SELECT clock_timestamp() AS time")
    return cur.fetchone()["time"]


def put_off(cur: Cursor, row: Row, seconds: float) -> None:
    """Note how far a task is, and when it goes on."""
    cur.execute(
        """
        UPDATE housekeeping
           SET due_at = now() + %(seconds)s * interval '1 second',
               position = %(position)s,
               begun_at = %(begun_at)s,
               known = %(known)s,
               unknown = %(unknown)s
         WHERE task = %(task)s
        """,
        {**row, "seconds": seconds},
    )


def untidy(cur: Cursor, finished_days: int, failed_days: int, most: int) -> list[Row]:
    """Uploads whose folder may go: id, error_code, finished_at. 0 days: never. None has a job that may still run."""
    cur.execute(
        """
        SELECT u.id, u.error_code, u.finished_at
          FROM ((SELECT id, error_code, finished_at
                   FROM uploads
                  WHERE finished_at < now() - %(finished_days)s * interval '1 day'
                    AND tidied_at IS NULL
                    AND error_code IS NULL
                    AND %(finished_days)s > 0
                  ORDER BY finished_at
                  LIMIT %(most)s)
                UNION ALL
                (SELECT id, error_code, finished_at
                   FROM uploads
                  WHERE finished_at < now() - %(failed_days)s * interval '1 day'
                    AND tidied_at IS NULL
                    AND error_code IS NOT NULL
                    AND %(failed_days)s > 0
                  ORDER BY finished_at
                  LIMIT %(most)s)) AS u
         WHERE NOT EXISTS (SELECT 1
                             FROM jobs AS j
                            WHERE j.upload_id = u.id
                              AND j.state IN ('planned', 'submitted'))
        """,
        {"finished_days": finished_days, "failed_days": failed_days, "most": most},
    )
    return list(cur.fetchall())


def lock_tidied(cur: Cursor, upload_id: str) -> bool:
    """Note that an upload's folder goes; False: it has been taken up again, or somebody holds it. Kept locked."""
    cur.execute(
        """
        UPDATE uploads
           SET tidied_at = clock_timestamp()
         WHERE id IN (SELECT id
                        FROM uploads
                       WHERE id = %(upload_id)s
                         AND finished_at IS NOT NULL
                         AND tidied_at IS NULL
                         FOR NO KEY UPDATE SKIP LOCKED)
        """,
        {"upload_id": upload_id},
    )
    return bool(cur.rowcount)


def known_uploads(cur: Cursor, ids: Collection[str]) -> set[str]:
    """Those of the ids that are of an upload."""
    cur.execute("SELECT id FROM uploads WHERE id = ANY (%(ids)s)", {"ids": list(ids)})
    return {row["id"] for row in cur.fetchall()}


def known_files(cur: Cursor, paths: Collection[str]) -> set[str]:
    """Those of the paths below `media` that a row names, be it current or a backup."""
    cur.execute(
        """
        SELECT path FROM files WHERE path = ANY (%(paths)s)
         UNION
        SELECT path FROM audiotracks WHERE path = ANY (%(paths)s)
        """,
        {"paths": list(paths)},
    )
    return {row["path"] for row in cur.fetchall()}


def note_orphans(cur: Cursor, mount: str, paths: Collection[str]) -> None:
    """No row names these; those that were seen before keep the time when they were seen first."""
    cur.execute(
        """
        INSERT INTO orphans (mount, path, first_seen, last_seen)
        SELECT %(mount)s, unnest(%(paths)s::text[]), clock_timestamp(), clock_timestamp()
        ON CONFLICT (mount, path) DO UPDATE
           SET last_seen = excluded.last_seen
        """,
        {"mount": mount, "paths": sorted(paths)},
    )


def forget_orphans(cur: Cursor, mount: str, before: Any) -> None:
    """Those that a walk, begun at that time, has not seen: a row names them now, or they are gone."""
    cur.execute(
        "DELETE FROM orphans WHERE mount = %(mount)s AND last_seen < %(before)s", {"mount": mount, "before": before}
    )


def old_orphans(cur: Cursor, mount: str, days: float) -> list[Row]:
    """What has had no row for so many days, the oldest first: path, first_seen."""
    cur.execute(
        """
        SELECT path, first_seen
          FROM orphans
         WHERE mount = %(mount)s
           AND first_seen < now() - %(days)s * interval '1 day'
         ORDER BY first_seen, path
         LIMIT 10000
        """,
        {"mount": mount, "days": days},
    )
    return list(cur.fetchall())


def drop_orphan(cur: Cursor, mount: str, path: str) -> None:
    """It has been removed, or is none any more."""
    cur.execute("DELETE FROM orphans WHERE mount = %(mount)s AND path = %(path)s", {"mount": mount, "path": path})


def old_backups(cur: Cursor, days: int, most: int) -> list[Row]:
    """Files that were replaced or deleted so many days ago: source (the table), id, path, replaced_at."""
    cur.execute(
        """
        (SELECT 'files' AS source, id, path, replaced_at
           FROM files
          WHERE replaced_at < now() - %(days)s * interval '1 day'
            AND path LIKE 'backup/%%'
          ORDER BY replaced_at
          LIMIT %(most)s)
        UNION ALL
        (SELECT 'audiotracks', id, path, replaced_at
           FROM audiotracks
          WHERE replaced_at < now() - %(days)s * interval '1 day'
            AND path LIKE 'backup/%%'
          ORDER BY replaced_at
          LIMIT %(most)s)
        """,
        {"days": days, "most": most},
    )
    return list(cur.fetchall())


def old_news(cur: Cursor, days: int) -> int:
    """How many mails and callbacks were sent so many days ago, or before."""
    cur.execute(
        "SELECT count(*) AS n FROM notifications WHERE sent_at < now() - %(days)s * interval '1 day'", {"days": days}
    )
    return int(cur.fetchone()["n"])


def drop_news(cur: Cursor, days: int, most: int) -> int:
    """Forget some of `old_news`, the oldest first, but not that a callback has arrived; how many went."""
    cur.execute(
        """
        WITH old AS (
            SELECT id
              FROM notifications
             WHERE sent_at < now() - %(days)s * interval '1 day'
             ORDER BY sent_at
             LIMIT %(most)s
               FOR UPDATE SKIP LOCKED
        ),
        gone AS (
            DELETE FROM notifications AS n
             USING old
             WHERE n.id = old.id
            RETURNING n.upload_id, n.channel, n.sent_at
        ),
        told AS (
            UPDATE uploads AS u
               SET told_at = greatest(u.told_at, g.sent_at)
              FROM (SELECT upload_id, max(sent_at) AS sent_at
                      FROM gone
                     WHERE channel = 'callback'
                     GROUP BY upload_id) AS g
             WHERE u.id = g.upload_id
        )
        SELECT count(*) AS n FROM gone
        """,
        {"days": days, "most": most},
    )
    return int(cur.fetchone()["n"])


def drop_backup(cur: Cursor, row: Row) -> None:
    """Forget a row of `old_backups`."""
    if row["source"] == "files":
        cur.execute("DELETE FROM files WHERE id = %(id)s", {"id": row["id"]})
    else:
        cur.execute("DELETE FROM audiotracks WHERE id = %(id)s", {"id": row["id"]})
