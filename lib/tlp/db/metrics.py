"""SQL of what is measured: signs of life of the Ingest Service, counters, and how much there is of what waits.

Triggers write `happenings`, which only grows, so that no move of an upload waits for another; `count` adds them up.
Nothing here looks at uploads or jobs that have ended, however many they are.
"""

from __future__ import annotations

from tlp.db.rows import Cursor, Row, one
from tlp.db.systems import NOT_WANTED

# Seconds. What has been counted is counted by these: with others the counters must begin anew.
BOUNDS = (1, 5, 15, 60, 300, 900, 3600, 14400, 86400)
BEAT_S = 5  # a resident service may tick many times a second


def beat(cur: Cursor, host: str, pid: int) -> float | None:
    """Note that a service of this machine has finished a tick; None when that was noted a moment ago.

    Else seconds since the last tick of any machine, negative when the clock has been set back.
    """
    cur.execute(
        """
        WITH before AS (
            SELECT max(ticked_at) AS ticked_at FROM heartbeats
        )
        INSERT INTO heartbeats AS h (host, pid)
        VALUES (%(host)s, %(pid)s)
        ON CONFLICT (host) DO UPDATE
           SET pid = excluded.pid, ticked_at = clock_timestamp()
         WHERE h.ticked_at NOT BETWEEN clock_timestamp() - %(seconds)s * interval '1 second' AND clock_timestamp()
        RETURNING coalesce(extract(epoch FROM clock_timestamp() - (SELECT ticked_at FROM before)), 0)::float8 AS since
        """,
        {"host": host, "pid": pid, "seconds": BEAT_S},
    )
    row = one(cur)
    return None if row is None else float(row["since"])


def count(cur: Cursor) -> None:
    """Move what has happened into the counters, each thing once; forget machines silent for a day."""
    cur.execute(
        """
        WITH taken AS (
            DELETE FROM happenings RETURNING metric, labels, seconds
        )
        INSERT INTO counters AS c (metric, labels, bucket, count, seconds)
        SELECT metric, labels, width_bucket(seconds, %(bounds)s::float8[]) AS bucket, count(*), sum(seconds)
          FROM taken
         GROUP BY metric, labels, bucket
         ORDER BY metric, labels, bucket
        ON CONFLICT (metric, labels, bucket) DO UPDATE
           SET count = c.count + excluded.count, seconds = c.seconds + excluded.seconds
        """,
        {"bounds": list(BOUNDS)},
    )
    cur.execute("DELETE FROM heartbeats WHERE ticked_at < now() - interval '1 day'")


def be_quick(cur: Cursor, seconds: float) -> None:
    """Only read in this transaction, and rather fail than ask a question for longer than so many seconds."""
    cur.execute(
        "SET TRANSACTION READ ONLY; SELECT set_config('statement_timeout', %(milliseconds)s, true)",
        {"milliseconds": str(int(1000 * seconds))},
    )


def hosts(cur: Cursor) -> list[Row]:
    """Machines that run the Ingest Service, the last one that ticked first: host, pid, ticked_at, age (seconds)."""
    cur.execute(
        """
        SELECT host, pid, ticked_at, extract(epoch FROM clock_timestamp() - ticked_at)::float8 AS age
          FROM heartbeats
         ORDER BY ticked_at DESC
        """
    )
    return list(cur.fetchall())


def counted(cur: Cursor) -> list[Row]:
    """All that has happened up to now: metric, labels (list), bucket, count, seconds (their sum).

    state: kind, operation, state. upload: kind, operation, last state. job: kind, system folder or "", how it ended.
    notification: channel, sent or given_up.
    """
    cur.execute(
        """
        SELECT metric, labels, bucket, sum(count)::bigint AS count, sum(seconds) AS seconds
          FROM (SELECT metric, labels, bucket, count, seconds
                  FROM counters
                 UNION ALL
                SELECT metric, labels, width_bucket(seconds, %(bounds)s::float8[]), 1, seconds
                  FROM happenings) AS happened
         GROUP BY metric, labels, bucket
         ORDER BY metric, labels, bucket
        """,
        {"bounds": list(BOUNDS)},
    )
    return list(cur.fetchall())


def uploads(cur: Cursor) -> list[Row]:
    """Unfinished uploads by kind, operation and state.

    uploads: how many; failing: those that an error puts off; longest: seconds that the first is in this state.
    """
    cur.execute(
        """
        SELECT kind, operation, state, count(*) AS uploads, count(*) FILTER (WHERE attempts > 0) AS failing,
               extract(epoch FROM clock_timestamp() - min(state_since))::float8 AS longest
          FROM uploads
         WHERE finished_at IS NULL
         GROUP BY kind, operation, state
         ORDER BY kind, operation, state
        """
    )
    return list(cur.fetchall())


def late(cur: Cursor) -> float:
    """Seconds for which the upload that comes next has been due; 0 when none is."""
    cur.execute(
        """
        SELECT coalesce(extract(epoch FROM now() - min(least(due_at, deadline))), 0)::float8 AS late
          FROM uploads
         WHERE finished_at IS NULL
           AND least(due_at, deadline) <= now()
        """
    )
    return float(cur.fetchone()["late"])


def jobs(cur: Cursor) -> list[Row]:
    """Jobs that wait (planned) or are with the scheduler (submitted), by kind and state.

    jobs: how many; refused: those that the scheduler does not take; longest: seconds since planned or submitted.
    """
    cur.execute(
        """
        SELECT kind, state, count(*) AS jobs,
               count(*) FILTER (WHERE state = 'planned' AND reason IS NOT NULL) AS refused,
               extract(epoch FROM clock_timestamp() - min(coalesce(submitted_at, created_at)))::float8 AS longest
          FROM jobs
         WHERE state IN ('planned', 'submitted')
         GROUP BY kind, state
         ORDER BY kind, state
        """
    )
    return list(cur.fetchall())


def sessions(cur: Cursor) -> Row:
    """human, computer: open sessions by their author; for_revision: ended ones that wait to be revised;
    silence: seconds since the last sign of life in an open session of a person."""
    cur.execute(
        """
        SELECT count(*) FILTER (WHERE author_type = 'human') AS human,
               count(*) FILTER (WHERE author_type = 'computer') AS computer,
               (SELECT count(*) FROM sessions WHERE requires_revision AND revised_at IS NULL) AS for_revision,
               greatest(0, extract(epoch FROM clock_timestamp() - min(last_alive) FILTER (WHERE author_type = 'human'))
                       )::float8 AS silence
          FROM sessions
         WHERE ended_at IS NULL
        """
    )
    row: Row = cur.fetchone()
    return row


def notifications(cur: Cursor) -> list[Row]:
    """What is still to be told, by channel: waiting, failing (tried in vain before), longest (seconds)."""
    cur.execute(
        """
        SELECT channel, count(n.id) AS waiting, count(n.id) FILTER (WHERE n.last_error IS NOT NULL) AS failing,
               coalesce(extract(epoch FROM clock_timestamp() - min(n.created_at)), 0)::float8 AS longest
          FROM unnest(ARRAY['callback', 'mail']) AS channel
          LEFT JOIN (SELECT id, channel, last_error, created_at
                       FROM notifications
                      WHERE sent_at IS NULL
                        AND gave_up_at IS NULL) AS n USING (channel)
         GROUP BY channel
         ORDER BY channel
        """
    )
    return list(cur.fetchall())


def systems(cur: Cursor) -> list[Row]:
    """What the system folders offer: kind, folder, offered (languages, pairs or voices), missing (of them, now).

    What an administrator or the configuration has disabled is not missing.
    """
    cur.execute(
        """
        SELECT kind, folder, count(*) FILTER (WHERE available) AS offered,
               count(*) FILTER (WHERE NOT available AND NOT disabled
                                      AND reason IS DISTINCT FROM %(not_wanted)s) AS missing
          FROM systems
         GROUP BY kind, folder
         ORDER BY kind, folder
        """,
        {"not_wanted": NOT_WANTED},
    )
    return list(cur.fetchall())
