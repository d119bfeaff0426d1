"""SQL of uploads that are tried again by hand (`core.py retry`)."""

from __future__ import annotations

from tlp.db.rows import Cursor, Row, one


def lock(cur: Cursor, upload_id: str) -> Row | None:
    """An upload of whatever user, its row locked: what a step needs of it, and how it ended.

    id, user_id, username, kind, operation, external_id, hash, object_id, manifest, package, test_mode, state,
    status_code, info, plan, quota_ms, quota_documents, quota_words, error_code, failed_in, tidied_at, finished_at.
    """
    cur.execute(
        """
        SELECT u.id, u.user_id, a.username, u.kind, u.operation, u.external_id, u.hash, u.object_id, u.manifest,
               u.package, u.test_mode, u.state, u.status_code, u.info, u.plan, u.quota_ms, u.quota_documents,
               u.quota_words, u.error_code, u.failed_in, u.tidied_at, u.finished_at
          FROM uploads AS u
          JOIN users AS a ON a.id = u.user_id
         WHERE u.id = %(upload_id)s
           FOR NO KEY UPDATE OF u
        """,
        {"upload_id": upload_id},
    )
    return one(cur)


def failed_since(cur: Cursor, since: str) -> list[str]:
    """The uploads that have failed since a time (as PostgreSQL reads it), those that came first first."""
    cur.execute(
        """
        SELECT id
          FROM uploads
         WHERE finished_at >= %(since)s::timestamptz
           AND state = 'failed'
         ORDER BY uploaded_on, id
        """,
        {"since": since},
    )
    return [row["id"] for row in cur.fetchall()]


def set_jobs_aside(cur: Cursor, upload_id: str, steps: list[str]) -> None:
    """Mark the jobs of these steps as of before: they are planned anew where they are still needed."""
    cur.execute(
        """
        UPDATE jobs
           SET state = 'stale'
         WHERE upload_id = %(upload_id)s
           AND step = ANY (%(steps)s)
        """,
        {"upload_id": upload_id, "steps": steps},
    )


def note_files(cur: Cursor, upload_id: str) -> None:
    """The upload gets a folder again, and the Ingest Service hears that there is something to do."""
    cur.execute("UPDATE uploads SET tidied_at = NULL WHERE id = %(upload_id)s", {"upload_id": upload_id})
    cur.execute("SELECT pg_notify('tlp_ingest', %(upload_id)s)", {"upload_id": upload_id})
