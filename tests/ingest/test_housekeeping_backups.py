"""Files that are kept as backups: for ever, or for as many days as the configuration says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from operations import lecture
from sweeping import kept_for_ever, stray, sweep
from world import World


def note(world: World, row: dict[str, Any], path: Path, days: int) -> None:
    """A file of the object that was replaced so many days ago."""
    world.rows(
        "INSERT INTO files (object_id, type_code, format, path, replaced_at) "
        "VALUES (%(id)s, 0, 'mp3', %(path)s, now() - %(days)s * interval '1 day')",
        id=row["id"], path=str(path.relative_to(world.mounts["media"])), days=days,
    )  # fmt: skip


def test_backups_go_after_their_days_with_their_rows_and_current_files_stay(
    tmp_path: Path, clean_db: dict[str, Any]
) -> None:
    world = World(tmp_path / "world", clean_db, general={"rm_backup_days": 30})
    world.usual_systems()
    row = lecture(world)
    gone, kept = stray(world, row, "a.mp3", "backup"), stray(world, row, "b.mp3", "backup")
    for path, days in ((gone, 31), (kept, 29)):
        note(world, row, path, days)
    assert sweep(world) == 0
    assert (
        not gone.exists() and kept.exists() and len(world.rows("SELECT id FROM files WHERE path LIKE 'backup/%%'")) == 1
    )


def test_backups_stay_for_ever_by_default(quick: World) -> None:
    world = quick
    row = lecture(world)
    path = stray(world, row, "a.mp3", "backup")
    note(world, row, path, 99 * 365)
    sweep(world)
    assert path.exists()


def test_a_backup_that_cannot_be_removed_keeps_no_other_from_going(tmp_path: Path, clean_db: dict[str, Any]) -> None:
    world = World(tmp_path / "world", clean_db, general={"rm_backup_days": 30})
    world.usual_systems()
    row = lecture(world)
    stuck, free = stray(world, row, "a.mp3", "backup"), stray(world, row, "b.mp3", "backup")
    for path, days in ((stuck, 99), (free, 31)):
        note(world, row, path, days)
    with kept_for_ever(stuck):
        assert sweep(world) == 1
        assert stuck.exists() and not free.exists()
    assert sweep(world) == 0 and not stuck.exists()
