"""SQL of uploads: how a request to /ingest becomes a row, and how the Ingest Service moves it from state to state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from psycopg2.extras import Json

from tlp.db.prepared import Prepared
from tlp.db.rows import Cursor, Row, one


def create(cur: Cursor, values: Row, documents: Sequence[Row] = ()) -> None:
    """Record a request: id, user_id, kind, operation, external_id, hash, manifest (dict), package, test_mode, info.

    `documents`: the external_id and hash of each document of a /text upload, in order.
    """
    cur.execute(
        """
        INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, package, test_mode, info)
        VALUES (%(id)s, %(user_id)s, %(kind)s, %(operation)s, %(external_id)s, %(hash)s, %(manifest)s, %(package)s,
                %(test_mode)s, %(info)s)
        """,
        {**values, "manifest": Json(values["manifest"])},
    )
    for position, document in enumerate(documents):
        cur.execute(
            """
            INSERT INTO upload_documents (upload_id, position, external_id, hash)
            VALUES (%(upload_id)s, %(position)s, %(external_id)s, %(hash)s)
            """,
            {**document, "upload_id": values["id"], "position": position},
        )


_STATUS = Prepared(
    "status_of_upload",
    """
    SELECT id, external_id, hash, status_code, info, error_code, uploaded_on, last_update, state, state_since,
           finished_at, progress, jsonb_typeof(manifest -> 'callback') = 'object' AS has_callback,
           finished_at IS NULL
           AND EXISTS (SELECT 1 FROM jobs WHERE upload_id = uploads.id AND state = 'planned') AS has_waiting_jobs,
           CASE WHEN ready_at IS NOT NULL
                THEN ceil(greatest(0, extract(epoch FROM ready_at - clock_timestamp())))::integer END AS eta
      FROM uploads
     WHERE id = %(upload_id)s
       AND user_id = %(user_id)s
       AND kind = %(kind)s
    """,
)


def status(cur: Cursor, user_id: int, kind: str, upload_id: str) -> Row | None:
    """What /status tells of an upload of this user."""
    _STATUS.execute(cur, {"upload_id": upload_id, "user_id": user_id, "kind": kind})
    return one(cur)


def list_for(cur: Cursor, user_id: int, kind: str, object_id: str | None) -> Iterator[Row]:
    """The uploads of a user, newest first; with `object_id` those of that upload id or external id.

    An upload of several documents gives a row for each.
    """
    cur.execute(
        """
        SELECT u.id, coalesce(d.external_id, u.external_id) AS external_id, u.status_code, u.uploaded_on, u.last_update
          FROM uploads AS u
          LEFT JOIN upload_documents AS d ON d.upload_id = u.id
         WHERE u.user_id = %(user_id)s
           AND u.kind = %(kind)s
           AND (%(object_id)s IS NULL OR coalesce(d.external_id, u.external_id) = %(object_id)s OR u.id = %(object_id)s)
         ORDER BY u.uploaded_on DESC, u.id, d.position
        """,
        {"user_id": user_id, "kind": kind, "object_id": object_id},
    )
    yield from cur


def unfinished_for(cur: Cursor, user_id: int, kind: str, external_id: str) -> str | None:
    """The hash that an unfinished upload has given to an object that does not exist yet."""
    cur.execute(
        """
        SELECT coalesce(d.hash, u.hash) AS hash
          FROM uploads AS u
          LEFT JOIN upload_documents AS d ON d.upload_id = u.id
         WHERE u.user_id = %(user_id)s
           AND u.kind = %(kind)s
           AND u.operation = 'new'
           AND coalesce(d.external_id, u.external_id) = %(external_id)s
           AND u.finished_at IS NULL
         ORDER BY u.uploaded_on
         LIMIT 1
        """,
        {"user_id": user_id, "kind": kind, "external_id": external_id},
    )
    row = cur.fetchone()
    return row["hash"] if row else None


_CLAIM = Prepared(
    "claim_upload",
    """
    SELECT id, user_id, kind, operation, external_id, hash, object_id, manifest, package, test_mode, state,
           status_code, info, plan, quota_ms, attempts, uploaded_on, state_since, deadline <= now() AS overdue
      FROM uploads
     WHERE finished_at IS NULL
       AND least(due_at, deadline) <= now()
     ORDER BY least(due_at, deadline)
     LIMIT 1
       FOR NO KEY UPDATE SKIP LOCKED
    """,
)


def claim_due(cur: Cursor) -> Row | None:
    """Lock the upload that has been due longest and that no other tick holds; None when nothing is due.

    The row as it is, with `overdue` true when its state has lasted too long.
    """
    _CLAIM.execute(cur)
    return one(cur)


def claim_again(cur: Cursor, upload: Row) -> bool:
    """Lock an upload of `claim_due` once more after a rollback; False: another tick has it, or has had it since."""
    cur.execute(
        """
        SELECT 1
          FROM uploads
         WHERE id = %(id)s
           AND state = %(state)s
           AND attempts = %(attempts)s
           AND finished_at IS NULL
           AND least(due_at, deadline) <= now()
           FOR NO KEY UPDATE SKIP LOCKED
        """,
        {"id": upload["id"], "state": upload["state"], "attempts": upload["attempts"]},
    )
    return cur.fetchone() is not None


def next_due_in(cur: Cursor) -> float | None:
    """Seconds until an upload is due or overdue next (0 when one is); None when none ever will be by itself."""
    cur.execute(
        """
        SELECT extract(epoch FROM nullif(min(least(due_at, deadline)), 'infinity') - now())::float8 AS seconds
          FROM uploads
         WHERE finished_at IS NULL
        """
    )
    row = cur.fetchone()
    return None if row is None or row["seconds"] is None else max(0.0, row["seconds"])


_MOVE = Prepared(
    "move_upload",
    """
    UPDATE uploads
       SET failed_in = CASE WHEN %(state)s = 'failed' THEN state END,
           state = %(state)s,
           progress = NULL,
           ready_at = NULL,
           status_code = %(status_code)s,
           info = %(info)s,
           error_code = %(error_code)s,
           attempts = 0,
           last_update = clock_timestamp(),
           state_since = clock_timestamp(),
           due_at = coalesce(now() + %(due)s * interval '1 second', 'infinity'),
           deadline = coalesce(now() + %(limit)s * interval '1 second', 'infinity'),
           finished_at = CASE WHEN %(finished)s THEN clock_timestamp() END
     WHERE id = %(upload_id)s
    """,
)


def move(cur: Cursor, upload_id: str, state: str, values: Row) -> None:
    """Put an upload into a state.

    `values`: status_code, info, error_code, due (seconds from now, None: when a job ends), limit (seconds the state
    may last, None: for ever), finished (bool). The state `failed` remembers which one came before.
    """
    _MOVE.execute(cur, {**values, "upload_id": upload_id, "state": state})


_WAIT = Prepared(
    "let_upload_wait",
    """
    UPDATE uploads
       SET due_at = coalesce(now() + %(due)s * interval '1 second', 'infinity'),
           deadline = greatest(deadline, now() + %(due)s * interval '1 second'),
           info = coalesce(%(info)s, info),
           attempts = attempts + %(failed)s::boolean::integer,
           last_update = clock_timestamp()
     WHERE id = %(upload_id)s
    """,
)


def wait(cur: Cursor, upload_id: str, due: float | None, info: str | None = None, failed: bool = False) -> None:
    """Leave an upload in its state and look again `due` seconds from now (None: when a job ends).

    Its time in the state is not over before that: what is put off is never due at once.
    """
    _WAIT.execute(cur, {"upload_id": upload_id, "due": due, "info": info, "failed": failed})


def extend(cur: Cursor, upload_id: str, limit: float) -> None:
    """Give an upload `limit` more seconds in its state."""
    cur.execute(
        "UPDATE uploads SET deadline = now() + %(limit)s * interval '1 second' WHERE id = %(upload_id)s",
        {"upload_id": upload_id, "limit": limit},
    )


def wake(cur: Cursor, upload_id: str) -> None:
    """Make an upload due now, unless it is finished. Its row is locked until the transaction ends."""
    cur.execute(
        """
        UPDATE uploads
           SET due_at = now()
         WHERE id = %(upload_id)s
           AND finished_at IS NULL
        """,
        {"upload_id": upload_id},
    )


def touch(cur: Cursor, upload_ids: list[str], seconds: float) -> list[str]:
    """Note that uploads whose jobs run have been checked (last_update of /status).

    Only those that were not in the last `seconds` and that nobody is moving; returns their ids.
    """
    cur.execute(
        """
        UPDATE uploads
           SET last_update = clock_timestamp()
         WHERE id IN (
                   SELECT id
                     FROM uploads
                    WHERE id = ANY (%(upload_ids)s)
                      AND finished_at IS NULL
                      AND last_update < clock_timestamp() - %(seconds)s * interval '1 second'
                      FOR NO KEY UPDATE SKIP LOCKED
               )
        RETURNING id
        """,
        {"upload_ids": upload_ids, "seconds": seconds},
    )
    return [row["id"] for row in cur.fetchall()]


def set_info(cur: Cursor, upload_id: str, state: str, info: str) -> None:
    """Change the words of /status only, unless the upload has left the state that they are of."""
    cur.execute(
        """
        UPDATE uploads
           SET info = %(info)s
         WHERE id = %(upload_id)s
           AND state = %(state)s
           AND info <> %(info)s
        """,
        {"upload_id": upload_id, "state": state, "info": info},
    )


def set_plan(cur: Cursor, upload: Row, plan: Row, quota_ms: int) -> None:
    """Record what an upload will do, and reserve the media time it needs; its row of `claim_due` says so, too."""
    upload.update(plan=plan, quota_ms=quota_ms)
    cur.execute(
        """
        UPDATE uploads
           SET plan = %(plan)s, quota_ms = %(quota_ms)s
         WHERE id = %(upload_id)s
        """,
        {"upload_id": upload["id"], "plan": Json(plan), "quota_ms": quota_ms},
    )


def set_object(cur: Cursor, upload_id: str, object_id: int) -> None:
    """Link an upload to the object it made."""
    cur.execute(
        "UPDATE uploads SET object_id = %(object_id)s, quota_ms = 0 WHERE id = %(upload_id)s",
        {"upload_id": upload_id, "object_id": object_id},
    )
