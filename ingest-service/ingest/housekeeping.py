"""What uploads leave behind, removed in time: their folders, old backups, news that were sent, and what no row names
(see `orphans`).

A tick does a little of one task that is due. Every delete is a line in the log, with the path below its mount point;
nothing outside the mount points is ever touched, and nothing there whose name we would not have given it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from psycopg2.extensions import connection

from ingest import orphans
from ingest.broom import BATCH, UPLOAD, Broom, check_owner
from ingest.context import Context
from tlp.db import housekeeping
from tlp.db.connection import savepoint
from tlp.db.rows import Row
from tlp.errors import StorageError, TlpError

log = logging.getLogger("ingest.housekeeping")
SLICE_S = 0.25  # of a tick
GO_ON_S = 1.0  # until the next slice of a task that is not over
TROUBLED_S = 3600.0


Task = Callable[[Broom, Row], bool]  # whether it is over; else it goes on soon


def tidy(broom: Broom, row: Row) -> bool:
    """Remove the folders of uploads that ended long ago; /status goes on telling of them (manual, Appendix A)."""
    check_owner(broom, "uploads")
    general = broom.ctx.config.general
    while not broom.tired:
        most = BATCH + len(broom.stuck)
        found = housekeeping.untidy(broom.cur, general.rm_finished_up_days, general.rm_error_up_days, most)
        done = [upload for upload in found if _tidied(broom, upload)]
        if not done:
            return True
    return False


def _tidied(broom: Broom, upload: Row) -> bool:
    if broom.tired or upload["id"] in broom.stuck:
        return False
    try:
        with savepoint(broom.cur):
            if not housekeeping.lock_tidied(broom.cur, upload["id"]):
                return False
            if UPLOAD.fullmatch(upload["id"]):
                how = "failed" if upload["error_code"] else "ended"
                broom.remove("uploads", upload["id"], f"its upload {how} on {upload['finished_at']:%Y-%m-%d}")
    except StorageError as error:
        broom.stuck[upload["id"]] = error
        return False
    return True


def backups(broom: Broom, row: Row) -> bool:
    """Remove replaced and deleted files that are older than [general] rm_backup_days, with their rows."""
    days = broom.ctx.config.general.rm_backup_days
    if days <= 0:
        return True
    check_owner(broom, "media")
    while not broom.tired:
        found = housekeeping.old_backups(broom.cur, days, BATCH + len(broom.stuck))
        removed = [_removed(broom, backup) for backup in found if backup["path"] not in broom.stuck]
        if not any(removed):
            return True
    return False


def _removed(broom: Broom, backup: Row) -> bool:
    try:
        broom.remove("media", backup["path"], f"a backup since {backup['replaced_at']:%Y-%m-%d}")
    except StorageError as error:
        broom.stuck[backup["path"]] = error
        return False
    housekeeping.drop_backup(broom.cur, backup)
    return True


def news(broom: Broom, row: Row) -> bool:
    """Forget mail and callbacks that were sent [general] rm_notifications_days ago; what was not sent stays."""
    days = broom.ctx.config.general.rm_notifications_days
    if days <= 0:
        return True
    if broom.dry:
        count = housekeeping.old_news(broom.cur, days)
        if count:
            broom.dry(f"would forget {count} mails and callbacks that were sent more than {days} days ago")
        return True
    gone, found = 0, BATCH
    while found and not broom.tired:
        found = housekeeping.drop_news(broom.cur, days, BATCH)
        gone += found
    if gone:
        log.info("forgot %d mails and callbacks that were sent more than %d days ago", gone, days)
    return not found


# By name: what it does, and seconds from its end to its next beginning.
TASKS: dict[str, tuple[Task, float]] = {
    "tidy": (tidy, 60),
    "backups": (backups, 3600),
    "news": (news, 3600),
    "uploads": (orphans.uploads, 3600),
    "media": (orphans.media, 3600),
}


def keep(ctx: Context, db: connection) -> None:
    """Do some of a task that is due. Trouble puts that task off, and never disturbs the tick or what else is to go."""
    with db.cursor() as cur:
        row = housekeeping.take_due(cur)
        if row is None or row["task"] not in TASKS:
            db.commit()
            return
        try:
            _do(Broom(ctx, cur, time.monotonic() + SLICE_S), row)
        except Exception as error:
            if db.closed:
                raise
            db.rollback()
            known = isinstance(error, TlpError)
            log.error("housekeeping (%s) is put off: %s", row["task"], error, exc_info=None if known else error)
            housekeeping.put_off(cur, {**row, "position": "", "begun_at": None, "known": 0, "unknown": 0}, TROUBLED_S)
        db.commit()


def _do(broom: Broom, row: Row) -> bool:
    """Returns whether all that was to be removed could be."""
    task, every = TASKS[row["task"]]
    over = task(broom, row)
    if over:
        row.update(position="", begun_at=None, known=0, unknown=0)
    for error in broom.stuck.values():
        log.error("housekeeping (%s) is put off: %s", row["task"], error)
    housekeeping.put_off(broom.cur, row, GO_ON_S if not over else TROUBLED_S if broom.stuck else every)
    return not broom.stuck


def all_now(ctx: Context, db: connection, say: Callable[[str], None] | None = None) -> int:
    """Do every task to its end, due or not; with `say` only say what would go. Returns how many had trouble."""
    troubles = 0
    for name in TASKS:
        with db.cursor() as cur:
            try:
                troubles += not _do(Broom(ctx, cur, dry=say), housekeeping.take(cur, name))
            except TlpError as error:
                db.rollback()
                troubles += 1
                (say or log.error)(f"{name}: {error}")
        db.rollback() if say else db.commit()
    return troubles
