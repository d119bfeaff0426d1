"""SQL of how far an upload's present state is: its jobs, their pace, and what those that do not run yet wait for."""

from __future__ import annotations

from collections.abc import Collection

from tlp.db import fairness
from tlp.db.rows import Cursor, Row, one

MOST_COUNTED = 1000  # jobs that come first: beyond that nobody counts


def jobs_of_states(cur: Cursor, upload_ids: Collection[str]) -> list[Row]:
    """The jobs of the present state of each upload: id, upload_id, step, name, state, cpus, attempt, part_of, age.

    `age`: seconds from its submission to its end or to now; None where it has not been submitted.
    """
    cur.execute(
        """
        SELECT j.id, j.upload_id, j.step, j.name, j.state, j.cpus, j.attempt, j.part_of,
               extract(epoch FROM coalesce(j.ended_at, clock_timestamp()) - j.submitted_at)::float8 AS age
          FROM jobs AS j
          JOIN uploads AS u ON u.id = j.upload_id AND u.state = j.step
         WHERE j.upload_id = ANY (%(upload_ids)s)
           AND j.state IN ('planned', 'submitted', 'done')
         ORDER BY j.id
        """,
        {"upload_ids": list(upload_ids)},
    )
    return list(cur.fetchall())


def note(cur: Cursor, upload_id: str, state: str, values: Row) -> None:
    """Record `info`, `progress` (percent) and `left` (seconds, or None), unless the upload has left the state."""
    cur.execute(
        """
        UPDATE uploads
           SET info = %(info)s,
               progress = %(progress)s,
               ready_at = clock_timestamp() + %(left)s * interval '1 second'
         WHERE id = %(upload_id)s
           AND state = %(state)s
           AND (info, progress) IS DISTINCT FROM (%(info)s, %(progress)s)
        """,
        {**values, "upload_id": upload_id, "state": state},
    )


def waits(cur: Cursor, upload_id: str) -> Row | None:
    """What the jobs of an upload's present state wait for while none of them runs; None when that is not so.

    reason: why the scheduler has refused, or None; before: about how many jobs come first, MOST_COUNTED at most.
    """
    cur.execute(
        """
        SELECT (array_agg(j.id ORDER BY j.turn_at, j.id))[1] AS id, max(j.reason) AS reason
          FROM jobs AS j
          JOIN uploads AS u ON u.id = j.upload_id AND u.state = j.step
         WHERE j.upload_id = %(upload_id)s
           AND j.state IN ('planned', 'submitted')
        HAVING bool_and(j.state = 'planned')
        """,
        {"upload_id": upload_id},
    )
    found = one(cur)
    if found is None:
        return None
    before = fairness.before(cur, [found["id"]], MOST_COUNTED)
    return {"reason": found["reason"], "before": before.get(found["id"], 0)}
