"""SQL of jobs: programs that the scheduler runs for a step of an upload."""

from __future__ import annotations

from psycopg2.extras import Json

from tlp.db.rows import Cursor, Row


def plan(cur: Cursor, upload_id: str, step: str, values: Row) -> None:
    """Record the intent to run a program; a job of that name that exists already is left as it is.

    `values`: name, kind, system_id, command (list), environment (dict), depends_on (list of names), cpus, memory_mb,
    time_limit_s.
    """
    cur.execute(
        """
        INSERT INTO jobs (upload_id, step, name, kind, system_id, command, environment, depends_on, cpus, memory_mb,
                          time_limit_s)
        VALUES (%(upload_id)s, %(step)s, %(name)s, %(kind)s, %(system_id)s, %(command)s, %(environment)s,
                %(depends_on)s, %(cpus)s, %(memory_mb)s, %(time_limit_s)s)
        ON CONFLICT (upload_id, step, name) DO NOTHING
        """,
        {
            **values,
            "upload_id": upload_id,
            "step": step,
            "command": Json(values["command"]),
            "environment": Json(values["environment"]),
        },
    )


def of_step(cur: Cursor, upload_id: str, step: str) -> list[Row]:
    """The jobs of an upload's step: id, name, kind, state, exit_code, reason, cpus, submitted_at, ended_at."""
    cur.execute(
        """
        SELECT id, name, kind, state, exit_code, reason, system_id, cpus, submitted_at, ended_at
          FROM jobs
         WHERE upload_id = %(upload_id)s
           AND step = %(step)s
         ORDER BY id
        """,
        {"upload_id": upload_id, "step": step},
    )
    return list(cur.fetchall())


def submitted(cur: Cursor) -> list[Row]:
    """Every job that the scheduler has: id, upload_id, step, name, scheduler_id, cpus, attempt, submitted_at."""
    cur.execute(
        """
        SELECT id, upload_id, step, name, kind, scheduler_id, cpus, memory_mb, time_limit_s, attempt, submitted_at,
               extract(epoch FROM now() - submitted_at)::float8 AS age
          FROM jobs
         WHERE state = 'submitted'
         ORDER BY id
        """
    )
    return list(cur.fetchall())


def ready(cur: Cursor) -> list[Row]:
    """Planned jobs whose predecessors are done, in the order of their uploads; locked until the transaction ends."""
    cur.execute(
        """
        SELECT j.id, j.upload_id, j.step, j.name, j.kind, j.command, j.environment, j.cpus, j.memory_mb,
               j.time_limit_s, j.attempt
          FROM jobs AS j
         WHERE j.state = 'planned'
           AND NOT EXISTS (
                   SELECT 1
                     FROM jobs AS p
                    WHERE p.upload_id = j.upload_id
                      AND p.step = j.step
                      AND p.name = ANY (j.depends_on)
                      AND p.state <> 'done'
               )
         ORDER BY j.id
           FOR UPDATE SKIP LOCKED
        """
    )
    return list(cur.fetchall())


def mark_submitted(cur: Cursor, job_id: int, scheduler_id: str) -> None:
    """The scheduler has taken the job."""
    cur.execute(
        """
        UPDATE jobs
           SET state = 'submitted', scheduler_id = %(scheduler_id)s, submitted_at = clock_timestamp()
         WHERE id = %(job_id)s
        """,
        {"job_id": job_id, "scheduler_id": scheduler_id},
    )


def mark_ended(cur: Cursor, job_id: int, state: str, exit_code: int | None, reason: str | None) -> None:
    """The job is over: state done, failed, lost or cancelled."""
    cur.execute(
        """
        UPDATE jobs
           SET state = %(state)s, exit_code = %(exit_code)s, reason = %(reason)s, ended_at = clock_timestamp()
         WHERE id = %(job_id)s
        """,
        {"job_id": job_id, "state": state, "exit_code": exit_code, "reason": reason},
    )


def cancel_planned(cur: Cursor, upload_id: str, step: str) -> int:
    """Give up jobs of a step that were never submitted. Returns how many."""
    cur.execute(
        """
        UPDATE jobs
           SET state = 'cancelled', ended_at = clock_timestamp()
         WHERE upload_id = %(upload_id)s
           AND step = %(step)s
           AND state = 'planned'
        """,
        {"upload_id": upload_id, "step": step},
    )
    return int(cur.rowcount)
