"""Housekeeping when the database itself makes trouble, or names a file at the last moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from operations import lecture as lecture_of
from sweeping import many, old, seen_long_ago, stray, sweep
from tiny_media import Media
from world import World

from ingest import housekeeping


def test_a_task_that_fails_in_the_database_is_put_off_like_any_other(
    untidy: World, caplog: pytest.LogCaptureFixture
) -> None:
    untidy.rows("UPDATE housekeeping SET due_at = 'infinity' WHERE task <> 'news'")
    untidy.rows("ALTER TABLE notifications RENAME TO elsewhere")
    try:
        with untidy.service() as (ctx, db):
            housekeeping.keep(ctx, db)
    finally:
        untidy.rows("ALTER TABLE elsewhere RENAME TO notifications")
    assert "housekeeping (news) is put off" in caplog.text
    [row] = untidy.rows("SELECT due_at > now() + interval '50 min' AS later FROM housekeeping WHERE task = 'news'")
    assert row["later"]


def test_a_file_that_gets_its_row_after_the_walk_has_passed_it_stays(
    untidy: World, recordings: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    lecture_of(untidy, recordings["mp3"])
    [row] = untidy.rows("SELECT id, hash FROM objects")
    path = stray(untidy, row)
    many(untidy, row, 2)
    sweep(untidy)
    seen_long_ago(untidy)
    old(path, monkeypatch)
    relative = str(path.relative_to(untidy.mounts["media"]))
    untidy.rows("INSERT INTO files (object_id, type_code, format, path) VALUES (%(id)s, 0, 'mp4', %(path)s)",
                id=row["id"], path=relative)  # fmt: skip
    untidy.rows("UPDATE orphans SET last_seen = now() + interval '1 h'")  # as though this walk had seen it before
    sweep(untidy)
    assert path.exists()


def test_a_file_that_was_replaced_and_is_no_backup_stays(
    tmp_path: Path, clean_db: dict[str, Any], recordings: Media
) -> None:
    world = World(tmp_path / "world", clean_db, general={"rm_backup_days": 1})
    world.usual_systems()
    lecture_of(world, recordings["mp3"])
    [row] = world.rows("SELECT id, hash FROM objects")
    [path] = many(world, row, 1)
    world.rows(
        "UPDATE files SET replaced_at = now() - interval '99 days' WHERE path LIKE %(path)s", path=f"%{path.name}"
    )
    sweep(world)
    assert path.exists()
