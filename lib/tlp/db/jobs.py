"""SQL of jobs: programs that the scheduler runs for a step of an upload."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg2.extras import Json

from tlp.db import fairness
from tlp.db.prepared import Prepared
from tlp.db.rows import Cursor, Row

_PLAN = Prepared(
    "plan_job",
    """
    INSERT INTO jobs (upload_id, step, name, kind, system_id, command, environment, depends_on, cpus, gpus,
                      memory_mb, time_limit_s, part_of, part)
    VALUES (%(upload_id)s, %(step)s, %(name)s, %(kind)s, %(system_id)s, %(command)s, %(environment)s,
            %(depends_on)s, %(cpus)s, %(gpus)s, %(memory_mb)s, %(time_limit_s)s, %(part_of)s, %(part)s)
    ON CONFLICT (upload_id, step, name) DO UPDATE
       SET state = 'planned',
           kind = excluded.kind,
           system_id = excluded.system_id,
           command = excluded.command,
           environment = excluded.environment,
           depends_on = excluded.depends_on,
           cpus = excluded.cpus,
           gpus = excluded.gpus,
           memory_mb = excluded.memory_mb,
           time_limit_s = excluded.time_limit_s,
           part_of = excluded.part_of,
           part = excluded.part,
           attempt = jobs.attempt + 1,
           first_attempt = jobs.attempt + 1,
           scheduler_id = NULL,
           exit_code = NULL,
           reason = NULL,
           created_at = now(),
           submitted_at = NULL,
           ended_at = NULL
     WHERE jobs.state = 'stale'
    """,
)


def plan(cur: Cursor, upload_id: str, step: str, values: Row) -> None:
    """Record the intent to run a program; a job of that name that exists already is left as it is.

    One of before a retry (stale) is planned anew, with another attempt, so that it gets a folder of its own.
    `values`: name, kind, system_id, command (list), environment (dict, beside what all jobs get), depends_on (list of
    names), cpus, gpus, memory_mb, time_limit_s; of a part also part_of (the name of the job that joins them) and part.
    """
    _PLAN.execute(
        cur,
        {
            "part_of": None,
            "part": None,
            **values,
            "upload_id": upload_id,
            "step": step,
            "command": Json(values["command"]),
            "environment": Json(values["environment"]),
        },
    )


_OF_UPLOAD = Prepared(
    "jobs_of_upload",
    """
    SELECT j.step, j.name, j.kind, j.state, j.reason, j.system_id, s.name AS system
      FROM jobs AS j
      LEFT JOIN systems AS s ON s.id = j.system_id
     WHERE j.upload_id = %(upload_id)s
       AND j.state <> 'stale'
     ORDER BY j.id
    """,
)


def by_step(cur: Cursor, upload_id: str) -> dict[str, list[Row]]:
    """All jobs of an upload, by the step that they are of: step, name, kind, state, reason, system_id, system."""
    _OF_UPLOAD.execute(cur, {"upload_id": upload_id})
    found: dict[str, list[Row]] = {}
    for row in cur.fetchall():
        found.setdefault(row["step"], []).append(row)
    return found


def of_step(cur: Cursor, upload_id: str, step: str) -> list[Row]:
    """The jobs of one step of an upload: see `by_step`."""
    return by_step(cur, upload_id).get(step, [])


def submitted(cur: Cursor) -> list[Row]:
    """Every job that the scheduler has.

    id, upload_id, step, name, scheduler_id, cpus, attempt, first_attempt, displaced, part_of, part, age (seconds).
    """
    cur.execute(
        """
        SELECT id, upload_id, step, name, scheduler_id, cpus, attempt, first_attempt, displaced, part_of, part,
               extract(epoch FROM clock_timestamp() - submitted_at)::float8 AS age
          FROM jobs
         WHERE state = 'submitted'
         ORDER BY id
        """
    )
    return list(cur.fetchall())


def waiting(cur: Cursor, most: int) -> list[int]:
    """The processors that each of the jobs wants which wait for nothing but room; of `most` of them."""
    cur.execute(
        """
        SELECT cpus
          FROM jobs
         WHERE state = 'planned'
           AND NOT early
           AND depends_on = '{}'
         ORDER BY id
         LIMIT %(most)s
        """,
        {"most": most},
    )
    return [row["cpus"] for row in cur.fetchall()]


def any_planned(cur: Cursor) -> bool:
    """Whether a job waits to be submitted."""
    # Not EXISTS: for the first of many the planner then reads the table, and all that have ended come before them.
    cur.execute("SELECT id FROM jobs WHERE state = 'planned' ORDER BY id LIMIT 1")
    return cur.fetchone() is not None


_SUBMITTED = Prepared(
    "note_submitted_job",
    """
    UPDATE jobs
       SET state = 'submitted', scheduler_id = %(scheduler_id)s, reason = NULL, no_room_since = NULL,
           submitted_at = clock_timestamp()
     WHERE id = %(job_id)s
    """,
)


def mark_submitted(cur: Cursor, job_id: int, scheduler_id: str) -> None:
    """The scheduler has taken a job that was planned."""
    _SUBMITTED.execute(cur, {"job_id": job_id, "scheduler_id": scheduler_id})


def mark_refused(cur: Cursor, job_id: int, reason: str) -> None:
    """The scheduler did not take the job, which stays planned."""
    cur.execute("UPDATE jobs SET reason = %(reason)s WHERE id = %(job_id)s", {"job_id": job_id, "reason": reason})


_LOCK = Prepared(
    "lock_ended_jobs",
    """
    SELECT j.id
      FROM unnest(%(ids)s::bigint[], %(attempts)s::integer[]) AS e (id, attempt)
      JOIN jobs AS j ON j.id = e.id AND j.attempt = e.attempt
      JOIN uploads AS u ON u.id = j.upload_id
     WHERE j.state = 'submitted'
       FOR NO KEY UPDATE OF u, j SKIP LOCKED
    """,
)


def lock_submitted(cur: Cursor, rows: Sequence[Row]) -> set[int]:
    """Lock those rows of `submitted` and their uploads that are still so and that nobody else holds; their ids."""
    _LOCK.execute(cur, {"ids": [row["id"] for row in rows], "attempts": [row["attempt"] for row in rows]})
    return {row["id"] for row in cur.fetchall()}


_ENDED = Prepared(
    "note_ended_jobs",
    f"""
    WITH ended AS (
        UPDATE jobs AS j
           SET state = e.state, exit_code = e.exit_code, reason = e.reason, ended_at = clock_timestamp()
          FROM unnest(%(ids)s::bigint[], %(attempts)s::integer[], %(states)s::text[], %(exit_codes)s::integer[],
                      %(reasons)s::text[]) AS e (id, attempt, state, exit_code, reason)
         WHERE j.id = e.id
           AND j.attempt = e.attempt
           AND j.state = 'submitted'
        RETURNING j.id, j.upload_id, j.step, j.user_id, j.cpus, j.submitted_at, j.ended_at
    ),
    charged AS ({fairness.CHARGE}),
    woken AS (
        UPDATE uploads AS u
           SET due_at = now()
          FROM (SELECT DISTINCT upload_id, step FROM ended) AS e
         WHERE u.id = e.upload_id
           AND u.state = e.step
           AND u.finished_at IS NULL
           AND NOT EXISTS (
                   SELECT 1
                     FROM jobs AS other
                    WHERE other.upload_id = u.id
                      AND other.step = u.state
                      AND other.state IN ('planned', 'submitted')
                      AND other.id <> ALL (%(ids)s::bigint[])
               )
    )
    SELECT id FROM ended
    """,
)


def mark_ended(cur: Cursor, ends: Sequence[tuple[Row, str, int | None, str | None]]) -> set[int]:
    """Jobs of rows of `submitted` are done, failed or lost: (row, state, exit code, reason).

    Their users are charged, and uploads are due whose state has waited for the last of them. Returns the ids; those
    are missing whose end somebody has noted before.
    """
    _ENDED.execute(
        cur,
        {
            "ids": [row["id"] for row, *_ in ends],
            "attempts": [row["attempt"] for row, *_ in ends],
            "states": [state for _, state, _, _ in ends],
            "exit_codes": [code for _, _, code, _ in ends],
            "reasons": [reason for *_, reason in ends],
        },
    )
    return {row["id"] for row in cur.fetchall()}


def run_again(cur: Cursor, row: Row, displaced: bool) -> bool:
    """Plan the job of a row of `submitted` once more, for a new folder; False when its end has been noted before.

    `displaced`: its machine was given to others, so this attempt does not count.
    """
    cur.execute(
        """
        UPDATE jobs
           SET state = 'planned', attempt = attempt + 1, scheduler_id = NULL, submitted_at = NULL,
               displaced = CASE WHEN %(displaced)s THEN displaced || attempt ELSE displaced END
         WHERE id = %(id)s
           AND state = 'submitted'
           AND attempt = %(attempt)s
        """,
        {"id": row["id"], "attempt": row["attempt"], "displaced": displaced},
    )
    return bool(cur.rowcount)


def run_failed_again(cur: Cursor, upload_id: str, step: str, seconds: float) -> None:
    """Plan jobs that failed `seconds` ago or more as though they had not been tried, for new folders."""
    cur.execute(
        """
        UPDATE jobs
           SET state = 'planned', attempt = attempt + 1, first_attempt = attempt + 1, scheduler_id = NULL,
               exit_code = NULL, reason = NULL, submitted_at = NULL, ended_at = NULL
         WHERE upload_id = %(upload_id)s
           AND step = %(step)s
           AND state = 'failed'
           AND ended_at <= clock_timestamp() - %(seconds)s * interval '1 second'
        """,
        {"upload_id": upload_id, "step": step, "seconds": seconds},
    )


def cancel(cur: Cursor, upload_id: str, reason: str) -> list[Row]:
    """Give up what is planned or runs for an upload. Returns the rows, as `submitted` does, for the scheduler to stop.

    A planned one is returned too: it may have been started just before a crash kept that from being recorded.
    """
    cur.execute(
        """
        UPDATE jobs
           SET state = 'cancelled', reason = %(reason)s, ended_at = clock_timestamp()
         WHERE upload_id = %(upload_id)s
           AND state IN ('planned', 'submitted')
        RETURNING id, upload_id, step, name, scheduler_id, cpus, attempt, 0::float8 AS age
        """,
        {"upload_id": upload_id, "reason": reason},
    )
    return list(cur.fetchall())
