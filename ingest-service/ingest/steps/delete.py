"""Delete an object: first nobody finds it any more, which puts the intent on record; then its files and rows go."""

from __future__ import annotations

import logging
from typing import Any

from ingest import backup
from ingest.context import Context
from ingest.upkeep import end_session
from ingest.waiting import Wait
from tlp.db import backups, deletions, objects, sessions, uploads
from tlp.db.rows import Cursor
from tlp.errors import PackageError, StorageError

log = logging.getLogger("ingest")
Upload = dict[str, Any]
FILE_TYPES = (0, 1, 2, 3, 4, 6, 7, 8)
TRY_AGAIN_S = 600.0


def hide(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Mark the object as deleted and its files as backups; a session that is open ends, its edits kept."""
    found = objects.find(cur, upload["user_id"], upload["kind"], upload["external_id"])
    if found is None:
        raise PackageError(f"'{upload['external_id']}' does not exist any more.")
    opened = sessions.opened(cur, found["id"])
    session = sessions.lock(cur, opened["id"]) if opened else None
    if session:
        end_session(ctx, cur, session, regenerate=False)
    deletions.hide(cur, found["id"])
    backups.retire_files(cur, found["id"], FILE_TYPES)
    backups.retire_tracks(cur, found["id"])
    plan = {"object": found["id"], "hash": found["hash"], "mode": upload["manifest"].get("mode") or "soft"}
    uploads.set_plan(cur, upload, plan, 0)
    uploads.set_object(cur, upload["id"], found["id"])


def remove(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Move the files to the backups (soft) or delete files and rows (hard). May be killed and called again.

    There is no way back from here, so a disk that does not answer is waited for. Raises Wait.
    """
    plan = upload["plan"]
    try:
        if plan["mode"] == "hard":
            backup.erase(ctx, cur, plan["object"], plan["hash"])
            deletions.erase(cur, plan["object"])
        else:
            backup.move(ctx, cur, plan["object"], plan["hash"])
    except StorageError as error:
        log.error("%s: not all files could be removed, next try in %g s: %s", upload["id"], TRY_AGAIN_S, error)
        raise Wait("Some files could not be removed; they are tried again.", TRY_AGAIN_S) from error
