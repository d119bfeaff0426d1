"""SQL of whose turn it is when there is room for a job: fair between users, and between short and long media.

Between users: who has the fewest processors at work, then who has used the least lately, both by weight (each point
of `users.priority` doubles it); what was used is forgotten by half each hour, and waiting makes up for the rest, so
that nobody waits for ever. Among the jobs of a user: as their uploads came, one with an hour of media as though it had
come an hour later. Short ones so overtake a long one, but only those of that hour.
"""

from __future__ import annotations

from collections.abc import Sequence

from tlp.db.prepared import Prepared
from tlp.db.rows import Cursor, Row, one

KINDS = ("package", "media", "document", "asr", "mt", "tts")  # of jobs
HALF_LIFE_S = 3600
WAITED = 0.1  # processor seconds that a second of waiting makes up for

# Adds what jobs that have just ended (`ended`: rows of jobs) have used to what their users have used lately.
CHARGE = f"""
    INSERT INTO shares AS s (user_id, used, used_at)
    SELECT user_id, sum(cpus * greatest(0, extract(epoch FROM ended_at - submitted_at))::float8), max(ended_at)
      FROM ended
     WHERE submitted_at IS NOT NULL
     GROUP BY user_id
     ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE
       SET used = excluded.used + s.used * 0.5::float8 ^ greatest(0, least(100,
                      extract(epoch FROM excluded.used_at - s.used_at)::float8 / {HALF_LIFE_S})),
           used_at = greatest(s.used_at, excluded.used_at)
"""

_READY = """
     p.state = 'planned'
 AND p.user_id = w.user_id
 AND p.early = %(early)s
 AND p.kind = k.kind
 AND (p.reason IS NULL OR p.reason <> ALL (%(but)s::text[]))
 AND (
         p.depends_on = '{}'
      OR NOT EXISTS (
             SELECT 1
               FROM jobs AS d
              WHERE d.upload_id = p.upload_id
                AND d.step = p.step
                AND d.name = ANY (p.depends_on)
                AND d.state <> 'done'
         )
     )
"""
_NEXT = f"""
WITH live AS MATERIALIZED (
    SELECT user_id,
           count(*) AS jobs,
           sum(cpus) AS cpus,
           sum(cpus * extract(epoch FROM clock_timestamp() - submitted_at))::float8 AS spent
      FROM jobs
     WHERE state = 'submitted'
     GROUP BY user_id
),
waiting AS MATERIALIZED (
    SELECT w.*, w.owed - %(waited)s * greatest(0, extract(epoch FROM clock_timestamp() - head.turn_at))::float8 AS due
      FROM (
               SELECT u.id AS user_id,
                      2.0::float8 ^ u.priority AS weight,
                      coalesce(l.jobs, 0) AS jobs,
                      coalesce(l.cpus, 0) AS cpus,
                      (coalesce(l.spent, 0) + coalesce(s.used * 0.5::float8 ^ least(100,
                          extract(epoch FROM clock_timestamp() - s.used_at)::float8 / {HALF_LIFE_S}), 0)
                      ) / 2.0::float8 ^ u.priority AS owed
                 FROM users AS u
                 LEFT JOIN live AS l ON l.user_id = u.id
                 LEFT JOIN shares AS s ON s.user_id = u.id
                WHERE %(most)s = 0
                   OR coalesce(l.jobs, 0) < %(most)s
           ) AS w
     CROSS JOIN LATERAL (
               SELECT first.turn_at
                 FROM unnest(%(kinds)s) AS k (kind)
                CROSS JOIN LATERAL (
                          SELECT p.turn_at FROM jobs AS p WHERE {_READY} ORDER BY p.turn_at, p.id LIMIT 1
                      ) AS first
                ORDER BY first.turn_at
                LIMIT 1
           ) AS head
     ORDER BY w.cpus / w.weight, due
     LIMIT %(limit)s
),
places AS (
    SELECT j.id,
           w.due,
           j.turn_at,
           (w.cpus + sum(j.cpus) OVER turns - j.cpus) / w.weight AS busy,
           w.jobs + count(*) OVER turns AS jobs
      FROM waiting AS w
     CROSS JOIN LATERAL (
               SELECT found.*
                 FROM unnest(%(kinds)s) AS k (kind)
                CROSS JOIN LATERAL (
                          SELECT p.id, p.cpus, p.turn_at
                            FROM jobs AS p
                           WHERE {_READY}
                           ORDER BY p.turn_at, p.id
                           LIMIT %(limit)s
                      ) AS found
                ORDER BY found.turn_at, found.id
                LIMIT %(limit)s
           ) AS j
    WINDOW turns AS (PARTITION BY w.user_id ORDER BY j.turn_at, j.id)
)
SELECT j.id, j.upload_id, j.step, j.name, j.kind, j.command, j.environment, j.cpus, j.gpus, j.memory_mb, j.time_limit_s,
       j.attempt, j.first_attempt, j.displaced, j.reason, j.early, j.part_of,
       extract(epoch FROM clock_timestamp() - j.no_room_since)::float8 AS no_room_for
  FROM (
           SELECT *
             FROM places
            WHERE %(most)s = 0
               OR jobs <= %(most)s
            ORDER BY busy, due, turn_at, id
            LIMIT %(limit)s
       ) AS p
  JOIN jobs AS j ON j.id = p.id
 ORDER BY p.busy, p.due, p.turn_at, p.id
"""


def ready(cur: Cursor, kinds: Sequence[str], early: bool, most: int, limit: int, but: Sequence[str] = ()) -> list[Row]:
    """The next planned jobs of some kinds whose predecessors are done, in the order in which they may start.

    `early`: of those that their upload does not wait for yet, instead of those that it does. `most`: jobs of one user
    at once, 0 for any number. `but`: without those that were refused for these reasons. No row is locked, see `take`.
    `no_room_for`: seconds since `lacks_room`, or None.
    """
    values = {"kinds": list(kinds), "early": early, "most": most, "limit": limit, "waited": WAITED, "but": list(but)}
    cur.execute(_NEXT, values)
    return list(cur.fetchall())


_BEFORE = """
WITH RECURSIVE found AS (
    SELECT min(user_id) AS user_id FROM jobs WHERE state = 'planned'
     UNION ALL
    SELECT (SELECT min(j.user_id) FROM jobs AS j WHERE j.state = 'planned' AND j.user_id > f.user_id)
      FROM found AS f
     WHERE f.user_id IS NOT NULL
),
live AS MATERIALIZED (SELECT user_id, sum(cpus) AS cpus FROM jobs WHERE state = 'submitted' GROUP BY user_id),
waiting AS MATERIALIZED (
    SELECT u.id AS user_id, 2.0::float8 ^ u.priority AS weight, coalesce(l.cpus, 0) AS cpus
      FROM found AS f
      JOIN users AS u ON u.id = f.user_id
      LEFT JOIN live AS l ON l.user_id = u.id
)
SELECT m.id, least(own.jobs + others.jobs, %(most)s)::integer AS before
  FROM jobs AS m
  JOIN waiting AS mine ON mine.user_id = m.user_id
 CROSS JOIN LATERAL (
           SELECT count(*) AS jobs, coalesce(sum(p.cpus), 0) AS cpus
             FROM unnest(%(kinds)s) AS k (kind)
            CROSS JOIN LATERAL (
                      SELECT cpus
                        FROM jobs
                       WHERE state = 'planned' AND user_id = m.user_id AND early = false AND kind = k.kind
                         AND (turn_at, id) < (m.turn_at, m.id)
                       ORDER BY turn_at, id
                       LIMIT %(most)s
                  ) AS p
       ) AS own
 CROSS JOIN LATERAL (
           SELECT coalesce(sum(first.jobs), 0) AS jobs
             FROM waiting AS w
            CROSS JOIN LATERAL (
                      SELECT count(*) AS jobs
                        FROM (
                                 SELECT 1
                                   FROM jobs
                                  WHERE state = 'planned' AND user_id = w.user_id AND early = false
                                  ORDER BY kind, turn_at, id
                                  LIMIT least(%(most)s, greatest(0,
                                            ceil((mine.cpus + own.cpus) / mine.weight * w.weight - w.cpus)))
                             ) AS those
                  ) AS first
            WHERE w.user_id <> m.user_id
       ) AS others
 WHERE m.id = ANY (%(ids)s)
"""


def before(cur: Cursor, job_ids: Sequence[int], most: int) -> dict[int, int]:
    """About how many jobs would start before each of these that wait, if processors came free now; `most` at most.

    Those of its user with an earlier turn, and of each other user as many as make up for the processors that the user
    has more of by then. It takes no notice of queues, of who has used what lately, and of how large the others' are.
    What is only counted is ordered all the same: PostgreSQL then follows the index as far as is asked, and does not
    gather thousands of rows for each of a thousand jobs.
    """
    cur.execute(_BEFORE, {"ids": list(job_ids), "kinds": list(KINDS), "most": most})
    return {row["id"]: row["before"] for row in cur.fetchall()}


_TAKE = Prepared(
    "take_job", "SELECT 1 AS found FROM jobs WHERE id = %(id)s AND state = 'planned' FOR NO KEY UPDATE SKIP LOCKED"
)


def take(cur: Cursor, job_id: int) -> bool:
    """Lock a job of `ready` until the transaction ends; False when somebody has it, or it is not planned any more."""
    _TAKE.execute(cur, {"id": job_id})
    return one(cur) is not None


def lacks_room(cur: Cursor, job_id: int) -> None:
    """Note that a job is the next one, and too large for what is free, unless it was noted before.

    A scheduler that would not take it earlier is no reason any more why it waits.
    """
    cur.execute(
        "UPDATE jobs SET no_room_since = coalesce(no_room_since, clock_timestamp()), reason = NULL "
        "WHERE id = %(id)s AND (no_room_since IS NULL OR reason IS NOT NULL)",
        {"id": job_id},
    )
