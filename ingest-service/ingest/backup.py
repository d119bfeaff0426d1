"""Old files out of the way of the new ones: renamed below `backup/` of the mount point `media`, or erased.

A rename within a file system is quick whatever the size and can be done twice. /data gives nothing below `backup/`,
because no row that the API shows names it.
"""

from __future__ import annotations

import logging
from pathlib import Path

from ingest.context import Context
from tlp.db import backups, deletions
from tlp.db.rows import Cursor
from tlp.storage import object_folder

log = logging.getLogger("ingest.backup")
FOLDER = "backup"


def move(ctx: Context, cur: Cursor, object_id: int, object_hash: str) -> None:
    """Rename every file of an object that is not current any more. Raises StorageError; may be called again."""
    folder = f"{FOLDER}/{object_folder(object_hash)}"
    for row in backups.to_move(cur, object_id):
        target = f"{folder}/{Path(row['path']).name}"
        if ctx.storage.move("media", row["path"], target):
            log.info("backed up media/%s", row["path"])
        else:
            log.warning("cannot back up media/%s: it is not there", row["path"])
        backups.note_moved(cur, row, target)


def erase(ctx: Context, cur: Cursor, object_id: int, object_hash: str) -> None:
    """Delete every file of an object, also its backups and what its finished uploads left. Raises StorageError."""
    own = object_folder(object_hash)
    wanted = [("media", own), ("media", f"{FOLDER}/{own}")]
    wanted += [("uploads", upload_id) for upload_id in deletions.uploads_of(cur, object_id)]
    for mount, relative in wanted:
        if ctx.storage.remove(mount, relative):
            log.info("deleted %s/%s", mount, relative)
