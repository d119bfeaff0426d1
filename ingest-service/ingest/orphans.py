"""Files and folders below the mount points that no row of the database names, found by a walk and removed later.

Written for the day on which the database is the wrong one: empty, restored from last week, a copy for tests. A mount
point remembers the database it belongs to (the file MARKER); where most would go, nothing goes; what goes has been
without a row, walk after walk, for days; and only what bears a name that we give is looked at.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from ingest.backup import FOLDER as BACKUP
from ingest.broom import BATCH, MARKER, UPLOAD, Broom, check_owner, folder
from tlp.db import housekeeping
from tlp.db.rows import Cursor, Row
from tlp.errors import StorageError
from tlp.systems import write_aside

DAY_S = 86400.0
UPLOAD_DAYS = 1  # a package may take hours to arrive
A_FEW, MOST_SHARE = 10, 0.2
_TOP = re.compile(r"[0-9a-z]", re.ASCII)
_HASH = re.compile(r"[0-9a-z]{8,64}", re.ASCII)
_FILE = re.compile(r"(?:[0-9a-f]{16}\.[a-z0-9]{1,8}|\.[0-9a-f]{16}\.[a-z0-9]{1,8}\.part)", re.ASCII)

Known = Callable[[Cursor, Collection[str]], set[str]]
Found = tuple[str, list[str]]  # where a walk is, and what there is


def uploads(broom: Broom, row: Row) -> bool:
    """Folders of packages that never became an upload, as when a worker was killed while one arrived."""
    base = folder(broom.ctx, "uploads")
    found = ((name, [name]) for name in _names(base, UPLOAD) if name > row["position"])
    return _walk(broom, row, "uploads", found, housekeeping.known_uploads, UPLOAD_DAYS)


def media(broom: Broom, row: Row) -> bool:
    """Files that a killed service placed, or wrote aside, before their rows were there. [general] rm_orphan_days."""
    days = broom.ctx.config.general.rm_orphan_days
    if days <= 0:
        return True
    base = folder(broom.ctx, "media")
    found = _object_folders(base, row["position"])
    return _walk(broom, row, "media", found, housekeeping.known_files, days)


def _names(base: Path, pattern: re.Pattern[str]) -> list[str]:
    """The folders in a folder whose name is one of ours; links are none."""
    with os.scandir(base) as entries:
        return sorted(e.name for e in entries if pattern.fullmatch(e.name) and e.is_dir(follow_symlinks=False))


def _object_folders(base: Path, after: str) -> Iterator[Found]:
    """Each object's folder, and each folder of backups, with its files; those that come after a folder, in order."""
    tops = [(f"{top}/", base / top) for top in _names(base, _TOP)]
    backups = base / BACKUP
    if backups.is_dir() and not backups.is_symlink():
        tops += [(f"{BACKUP}/{top}/", backups / top) for top in _names(backups, _TOP)]
    for prefix, path in sorted(tops):
        if after[: len(prefix)] > prefix:
            continue
        for name in _names(path, _HASH):
            key = f"{prefix}{name}"
            if key > after and name.startswith(path.name):
                with os.scandir(path / name) as entries:
                    files = [e.name for e in entries if _FILE.fullmatch(e.name) and e.is_file(follow_symlinks=False)]
                yield key, [f"{key}/{file}" for file in files]


def _walk(broom: Broom, row: Row, mount: str, found: Iterator[Found], known: Known, days: int) -> bool:
    """Note what no row names; at the end of the walk remove what has been noted long enough."""
    check_owner(broom, mount)
    if row["begun_at"] is None:
        row["begun_at"] = housekeeping.begin_walk(broom.cur)
    while batch := list(itertools.islice(found, BATCH)):
        paths = {path for _, some in batch for path in some}
        named = known(broom.cur, paths)
        housekeeping.note_orphans(broom.cur, mount, paths - named)
        row.update(known=row["known"] + len(named), unknown=row["unknown"] + len(paths - named), position=batch[-1][0])
        if broom.tired:
            return False
    housekeeping.forget_orphans(broom.cur, mount, row["begun_at"])
    _sweep(broom, row, mount, known, days)
    return True


def _sweep(broom: Broom, row: Row, mount: str, known: Known, days: int) -> None:
    all_seen = row["known"] + row["unknown"]
    few = row["unknown"] <= A_FEW
    if (row["unknown"] > row["known"] and not (few and mount == "uploads" and _marked(broom, mount))) or (
        not few and row["unknown"] > MOST_SHARE * all_seen
    ):
        broom.warn(
            f"{mount}: the database knows nothing of {row['unknown']} of {all_seen}. That is too much to be true, so "
            "none is removed. Is it the right database? They are in the table orphans"
        )
        return
    _mark(broom, mount)
    old = housekeeping.old_orphans(broom.cur, mount, days)
    for orphan in old:
        if broom.tired:
            return
        if not known(broom.cur, [orphan["path"]]):
            if _touched(folder(broom.ctx, mount) / orphan["path"]):
                continue
            try:
                broom.remove(mount, orphan["path"], f"no row has named it since {orphan['first_seen']:%Y-%m-%d}")
            except StorageError as error:
                broom.stuck[orphan["path"]] = error
                continue
            _leave_no_empty_folder(broom, mount, orphan["path"])
        housekeeping.drop_orphan(broom.cur, mount, orphan["path"])
    if broom.dry and (left := row["unknown"] - len(old)) > 0:
        broom.dry(f"{mount}: {left} more without a row, which go when that has been so for {days} days")


def _touched(path: Path) -> bool:
    """Whether something has been done to it in the last day: then it may be about to get its row."""
    entries = [path]
    with contextlib.suppress(OSError):
        entries += path.iterdir()
    newest = 0.0
    for entry in entries:
        with contextlib.suppress(OSError):
            status = entry.lstat()
            newest = max(newest, status.st_mtime, status.st_ctime)
    return newest > time.time() - DAY_S


def _leave_no_empty_folder(broom: Broom, mount: str, relative: str) -> None:
    if mount == "media" and not broom.dry:
        with contextlib.suppress(OSError):  # it is not empty, most likely
            broom.ctx.storage.path(mount, relative).parent.rmdir()


def _marked(broom: Broom, mount: str) -> bool:
    marker = folder(broom.ctx, mount) / MARKER
    return marker.is_file() and marker.stat().st_size > 0


def _mark(broom: Broom, mount: str) -> None:
    """Have the mount point remember its database, once what is there has been found to be of this one."""
    if broom.dry or _marked(broom, mount):
        return
    words = "the TLP database whose files these are; housekeeping of any other one removes nothing here"
    text = f"{housekeeping.identity(broom.cur)}\n# {words}\n"
    marker = folder(broom.ctx, mount) / MARKER
    try:
        write_aside(marker, text.encode())  # half of it would be taken for another database
    except OSError as error:
        with contextlib.suppress(OSError):
            marker.with_name(f"{MARKER}.part").unlink()
        raise StorageError(f"cannot write {mount}/{MARKER}: {error}") from error
    check_owner(broom, mount)  # another one may have been as quick
