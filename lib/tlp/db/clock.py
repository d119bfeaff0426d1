"""SQL for when time has not passed as it should: the clock of the database was set, or no Ingest Service ran.

All times of the database are its own clock's. Only what makes something wait or end is put right here.
"""

from __future__ import annotations

from tlp.db.rows import Cursor


def since_last_tick(cur: Cursor) -> float:
    """Seconds since a service has finished a tick; 0 where none ever has."""
    cur.execute(
        "SELECT coalesce(extract(epoch FROM clock_timestamp() - max(ticked_at)), 0)::float8 AS seconds FROM heartbeats"
    )
    return float(cur.fetchone()["seconds"])


def put_off_deadlines(cur: Cursor, seconds: float) -> int:
    """Give all uploads so much more time; those that another service is moving have no need of it. Returns how many."""
    cur.execute(
        """
        UPDATE uploads
           SET deadline = deadline + %(seconds)s * interval '1 second'
         WHERE id IN (SELECT id
                        FROM uploads
                       WHERE finished_at IS NULL
                         AND deadline < 'infinity'
                         FOR NO KEY UPDATE SKIP LOCKED)
        """,
        {"seconds": seconds},
    )
    return int(cur.rowcount)


def one_at_a_time(cur: Cursor) -> None:
    """Wait until no other service puts times right, and keep others from it until the transaction ends."""
    cur.execute("SELECT pg_advisory_xact_lock(hashtext('tlp clock'))")


def follow_back(cur: Cursor, seconds: float) -> None:
    """The clock has gone back so far: what is due goes with it, and since when jobs run and sessions are silent.

    To be called after `one_at_a_time`, and only if the clock still seems to have gone back: once is enough.
    """
    cur.execute(
        """
        UPDATE uploads
           SET due_at = due_at - %(back)s, deadline = deadline - %(back)s, state_since = state_since - %(back)s
         WHERE finished_at IS NULL;
        UPDATE jobs SET submitted_at = submitted_at - %(back)s WHERE state = 'submitted';
        UPDATE sessions SET last_alive = last_alive - %(back)s WHERE ended_at IS NULL;
        UPDATE notifications SET due_at = due_at - %(back)s WHERE sent_at IS NULL AND gave_up_at IS NULL;
        UPDATE systems SET checked_at = checked_at - %(back)s;
        UPDATE housekeeping SET due_at = due_at - %(back)s;
        UPDATE heartbeats SET ticked_at = ticked_at - %(back)s WHERE ticked_at > clock_timestamp()
        """.replace("%(back)s", "%(seconds)s * interval '1 second'"),
        {"seconds": seconds},
    )
