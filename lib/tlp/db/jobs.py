"""SQL of jobs: programs that the scheduler runs for a step of an upload."""

from __future__ import annotations

from psycopg2.extras import Json

from tlp.db import fairness
from tlp.db.rows import Cursor, Row


def plan(cur: Cursor, upload_id: str, step: str, values: Row) -> None:
    """Record the intent to run a program; a job of that name that exists already is left as it is.

    One of before a retry (stale) is planned anew, with another attempt, so that it gets a folder of its own.
    `values`: name, kind, system_id, command (list), environment (dict, beside what all jobs get), depends_on (list of
    names), cpus, gpus, memory_mb, time_limit_s; of a part also part_of (the name of the job that joins them) and part.
    """
    cur.execute(
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


def of_step(cur: Cursor, upload_id: str, step: str) -> list[Row]:
    """The jobs of an upload's step: id, name, kind, state, exit_code, reason, system_id, system (its name or None)."""
    cur.execute(
        """
        SELECT j.id, j.name, j.kind, j.state, j.exit_code, j.reason, j.system_id, s.name AS system
          FROM jobs AS j
          LEFT JOIN systems AS s ON s.id = j.system_id
         WHERE j.upload_id = %(upload_id)s
           AND j.step = %(step)s
           AND j.state <> 'stale'
         ORDER BY j.id
        """,
        {"upload_id": upload_id, "step": step},
    )
    return list(cur.fetchall())


def submitted(cur: Cursor) -> list[Row]:
    """Every job that the scheduler has.

    id, upload_id, step, name, scheduler_id, cpus, attempt, first_attempt, part_of, part, age (seconds).
    """
    cur.execute(
        """
        SELECT id, upload_id, step, name, scheduler_id, cpus, attempt, first_attempt, part_of, part,
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


def mark_submitted(cur: Cursor, job_id: int, scheduler_id: str) -> None:
    """The scheduler has taken a job that was planned."""
    cur.execute(
        """
        UPDATE jobs
           SET state = 'submitted', scheduler_id = %(scheduler_id)s, reason = NULL, no_room_since = NULL,
               submitted_at = clock_timestamp()
         WHERE id = %(job_id)s
        """,
        {"job_id": job_id, "scheduler_id": scheduler_id},
    )


def mark_refused(cur: Cursor, job_id: int, reason: str) -> None:
    """The scheduler did not take the job, which stays planned."""
    cur.execute("UPDATE jobs SET reason = %(reason)s WHERE id = %(job_id)s", {"job_id": job_id, "reason": reason})


def mark_ended(cur: Cursor, row: Row, state: str, exit_code: int | None, reason: str | None) -> bool:
    """The job of a row of `submitted` is done, failed or lost; False when somebody has noted its end before."""
    cur.execute(
        """
        UPDATE jobs
           SET state = %(state)s, exit_code = %(exit_code)s, reason = %(reason)s, ended_at = clock_timestamp()
         WHERE id = %(id)s
           AND state = 'submitted'
           AND attempt = %(attempt)s
        """,
        {"id": row["id"], "attempt": row["attempt"], "state": state, "exit_code": exit_code, "reason": reason},
    )
    if not cur.rowcount:
        return False
    fairness.charge(cur, row["id"])
    return True


def run_again(cur: Cursor, row: Row) -> bool:
    """Plan the job of a row of `submitted` once more, for a new folder; False when its end has been noted before."""
    cur.execute(
        """
        UPDATE jobs
           SET state = 'planned', attempt = attempt + 1, scheduler_id = NULL, submitted_at = NULL
         WHERE id = %(id)s
           AND state = 'submitted'
           AND attempt = %(attempt)s
        """,
        {"id": row["id"], "attempt": row["attempt"]},
    )
    return bool(cur.rowcount)


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
