"""SQL of `core.py status`: which uploads run, wait and have failed, row by row. It changes and locks nothing.

How many there are of each kind is in `metrics`.
"""

from __future__ import annotations

from tlp.db import fairness
from tlp.db.progress import MOST_COUNTED
from tlp.db.rows import Cursor, Row, one

# Of an upload u: no job of its state is with the scheduler.
_NO_JOB_RUNS = """NOT EXISTS (
                   SELECT 1
                     FROM jobs AS j
                    WHERE j.upload_id = u.id
                      AND j.step = u.state
                      AND j.state = 'submitted'
               )"""


def running(cur: Cursor, most: int) -> list[Row]:
    """Jobs that the scheduler has, those that came first first.

    upload, external_id, username, operation, step, name, kind, system (folder or None), cpus, attempt, scheduler_id,
    since, seconds; awaited: whether the upload is in the state of the job, and then percent and left (seconds) of that
    state, None where not known. upload_id: the same as upload.
    """
    cur.execute(
        """
        SELECT j.upload_id, j.upload_id AS upload, u.external_id, a.username, u.operation, j.step, j.name, j.kind,
               s.folder AS system, j.cpus, j.attempt, j.scheduler_id, j.submitted_at AS since,
               extract(epoch FROM clock_timestamp() - j.submitted_at)::float8 AS seconds, u.state = j.step AS awaited,
               CASE WHEN u.state = j.step THEN u.progress END AS percent,
               CASE WHEN u.state = j.step
                    THEN greatest(0, extract(epoch FROM u.ready_at - clock_timestamp()))::float8 END AS left
          FROM jobs AS j
          JOIN uploads AS u ON u.id = j.upload_id
          JOIN users AS a ON a.id = u.user_id
          LEFT JOIN systems AS s ON s.id = j.system_id
         WHERE j.state = 'submitted'
         ORDER BY j.submitted_at, j.id
         LIMIT %(most)s
        """,
        {"most": most},
    )
    return list(cur.fetchall())


def waiting(cur: Cursor, most: int) -> list[Row]:
    """Unfinished uploads for whose present state no job runs.

    First those that the scheduler refuses or an error puts off, then those that wait for something else than a free
    processor; among equals those that came first.

    upload, external_id, username, kind, operation, state, since, seconds (in the state), info, attempts, look_in
    (seconds until it is looked at, None: when something ends), planned (jobs of its state that wait), refused (why the
    scheduler does not take one, or None), before (about how many jobs come before its first, see `fairness`; None where
    none waits).
    """
    cur.execute(
        f"""
        WITH places AS (
            SELECT upload_id, count(*) AS planned, max(reason) AS refused,
                   (array_agg(id ORDER BY turn_at, id))[1] AS first
              FROM jobs
             WHERE state = 'planned'
               AND NOT early
             GROUP BY upload_id
        )
        SELECT u.id AS upload, u.external_id, a.username, u.kind, u.operation, u.state, u.state_since AS since,
               extract(epoch FROM clock_timestamp() - u.state_since)::float8 AS seconds, u.info, u.attempts,
               CASE WHEN u.due_at < 'infinity'
                    THEN greatest(0, extract(epoch FROM u.due_at - clock_timestamp()))::float8 END AS look_in,
               coalesce(p.planned, 0) AS planned, p.refused, p.first
          FROM uploads AS u
          JOIN users AS a ON a.id = u.user_id
          LEFT JOIN places AS p ON p.upload_id = u.id
         WHERE u.finished_at IS NULL
           AND {_NO_JOB_RUNS}
         ORDER BY u.attempts > 0 OR p.refused IS NOT NULL DESC, p.planned IS NULL DESC, u.uploaded_on, u.id
         LIMIT %(most)s
        """,
        {"most": most},
    )
    rows = list(cur.fetchall())
    first = {row["upload"]: row.pop("first") for row in rows}
    before = fairness.before(cur, [job for job in first.values() if job is not None], MOST_COUNTED)
    return [{**row, "before": before.get(first[row["upload"]])} for row in rows]


def how_many_wait(cur: Cursor) -> int:
    """Of how many uploads `waiting` would tell."""
    cur.execute(
        f"""
        SELECT count(*) AS n
          FROM uploads AS u
         WHERE u.finished_at IS NULL
           AND {_NO_JOB_RUNS}
        """
    )
    return int(cur.fetchone()["n"])


def failed(cur: Cursor, hours: int, most: int) -> list[Row]:
    """Uploads that have failed in the last hours, the latest first.

    upload, external_id, username, kind, operation, failed_in, status_code, info, ended, seconds (since then).
    """
    cur.execute(
        """
        SELECT u.id AS upload, u.external_id, a.username, u.kind, u.operation, u.failed_in, u.status_code, u.info,
               u.finished_at AS ended, extract(epoch FROM clock_timestamp() - u.finished_at)::float8 AS seconds
          FROM uploads AS u
          JOIN users AS a ON a.id = u.user_id
         WHERE u.state = 'failed'
           AND u.finished_at > now() - %(hours)s * interval '1 hour'
         ORDER BY u.finished_at DESC
         LIMIT %(most)s
        """,
        {"hours": hours, "most": most},
    )
    return list(cur.fetchall())


def failures(cur: Cursor, hours: int) -> int:
    """How many uploads have failed in the last hours."""
    cur.execute(
        """
        SELECT count(*) AS n
          FROM uploads
         WHERE state = 'failed'
           AND finished_at > now() - %(hours)s * interval '1 hour'
        """,
        {"hours": hours},
    )
    return int(cur.fetchone()["n"])


def named(cur: Cursor, beginning: str) -> list[str]:
    """The ids of uploads that are `beginning`, or begin with it: a few, where there are more."""
    cur.execute(
        """
        SELECT id
          FROM uploads
         WHERE id = %(beginning)s
        """,
        {"beginning": beginning},
    )
    found = [row["id"] for row in cur.fetchall()]
    if not found:
        cur.execute(
            """
            SELECT id
              FROM uploads
             WHERE starts_with(id, %(beginning)s)
             ORDER BY uploaded_on DESC
             LIMIT 5
            """,
            {"beginning": beginning},
        )
        found = [row["id"] for row in cur.fetchall()]
    return found


def upload(cur: Cursor, upload_id: str) -> Row | None:
    """One upload: upload, username, kind, operation, external_id, hash, test_mode, state, status_code, info, since,
    seconds (in its state), uploaded_on, last_update, ended, failed_in, attempts, percent, left, look_in, tidied_at."""
    cur.execute(
        """
        SELECT u.id AS upload, a.username, u.kind, u.operation, u.external_id, u.hash, u.test_mode, u.state,
               u.status_code, u.info, u.state_since AS since,
               extract(epoch FROM coalesce(u.finished_at, clock_timestamp()) - u.state_since)::float8 AS seconds,
               u.uploaded_on, u.last_update, u.finished_at AS ended, u.failed_in, u.attempts, u.progress AS percent,
               greatest(0, extract(epoch FROM u.ready_at - clock_timestamp()))::float8 AS left,
               CASE WHEN u.due_at < 'infinity'
                    THEN greatest(0, extract(epoch FROM u.due_at - clock_timestamp()))::float8 END AS look_in,
               u.tidied_at
          FROM uploads AS u
          JOIN users AS a ON a.id = u.user_id
         WHERE u.id = %(upload_id)s
        """,
        {"upload_id": upload_id},
    )
    row = one(cur)
    if row is not None and row["percent"] is None:
        row["left"] = None
    return row


def jobs_of(cur: Cursor, upload_id: str) -> list[Row]:
    """All jobs of an upload in the order of their planning.

    upload_id, step, name, kind, system (folder or None), state, cpus, attempt, scheduler_id, exit_code, reason,
    planned_at, since (submitted), ended, seconds (from its submission to its end or to now, None: not submitted).
    """
    cur.execute(
        """
        SELECT j.upload_id, j.step, j.name, j.kind, s.folder AS system, j.state, j.cpus, j.attempt, j.scheduler_id,
               j.exit_code, j.reason, j.created_at AS planned_at, j.submitted_at AS since, j.ended_at AS ended,
               extract(epoch FROM coalesce(j.ended_at, clock_timestamp()) - j.submitted_at)::float8 AS seconds
          FROM jobs AS j
          LEFT JOIN systems AS s ON s.id = j.system_id
         WHERE j.upload_id = %(upload_id)s
         ORDER BY j.id
        """,
        {"upload_id": upload_id},
    )
    return list(cur.fetchall())


def notifications_of(cur: Cursor, upload_id: str) -> list[Row]:
    """What is told of an upload: channel, event, attempts, last_error, created_at, due_at, sent_at, gave_up_at."""
    cur.execute(
        """
        SELECT channel, event, attempts, last_error, created_at, due_at, sent_at, gave_up_at
          FROM notifications
         WHERE upload_id = %(upload_id)s
         ORDER BY created_at, id
        """,
        {"upload_id": upload_id},
    )
    return list(cur.fetchall())
