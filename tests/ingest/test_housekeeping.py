"""What housekeeping removes of uploads, what it must leave alone, and what it says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from operations import lecture
from sweeping import ended, folder, kept_for_ever, many, news, old, seen_long_ago, stray, sweep, told, would
from world import World, tick_until

from ingest import housekeeping
from ingest.broom import MARKER
from ingest.tick import tick


@pytest.fixture
def world(untidy: World) -> World:
    return untidy


# Folders of uploads


def test_folders_of_finished_and_of_failed_uploads_go_after_their_days_and_the_rows_stay(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    gone = [ended(world, 1, 1.1), ended(world, 2, 5.1, error=102)]
    kept = [ended(world, 3, 0.9), ended(world, 4, 4.9, error=102), ended(world, 5, 1.1, error=102)]
    assert sweep(world) == 0
    assert not any(path.exists() for path in gone) and all(path.exists() for path in kept)
    rows = world.rows("SELECT id FROM uploads WHERE tidied_at IS NOT NULL ORDER BY id")
    assert [row["id"] for row in rows] == [path.name for path in gone]
    assert len(world.rows("SELECT id FROM uploads")) == 5
    assert f"removed uploads/{gone[0].name}: its upload ended on" in caplog.text
    assert f"removed uploads/{gone[1].name}: its upload failed on" in caplog.text


def test_a_tick_removes_them_too_and_an_unfinished_upload_keeps_everything(world: World) -> None:
    gone = ended(world, 1, 100)
    upload = world.upload("m1", {"media.mp3": b"x"})
    world.rows("UPDATE uploads SET uploaded_on = now() - interval '100 days', due_at = 'infinity' WHERE id = %(id)s",
               id=upload)  # fmt: skip
    with world.service() as (ctx, db):
        for _ in housekeeping.TASKS:
            tick(ctx, db)
        tick_until(ctx, db, lambda: not gone.exists())  # on a busy machine it takes more than the time of a tick
    assert (world.mounts["uploads"] / upload / "package.zip").exists()


def test_a_job_that_may_still_run_keeps_its_folder(world: World) -> None:
    path = ended(world, 1, 100)
    world.rows("INSERT INTO jobs (upload_id, step, name, kind, command, state) "
               "VALUES (%(id)s, 's', 'n', 'asr', '[]', 'submitted')", id=path.name)  # fmt: skip
    sweep(world)
    assert path.exists()


def test_no_days_mean_never(tmp_path: Path, clean_db: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    keys = "rm_finished_up_days", "rm_error_up_days", "rm_orphan_days", "rm_notifications_days"
    world = World(tmp_path / "never", clean_db, general=dict.fromkeys(keys, 0))
    told(world, ended(world, 3, 0.5).name, "callback", 999)
    kept = [ended(world, 1, 999), ended(world, 2, 999, error=101)]
    assert sweep(world) == 0 and all(path.exists() for path in kept)
    assert world.rows("SELECT id FROM uploads WHERE tidied_at IS NOT NULL") == []
    assert len(news(world)) == 1


def test_an_upload_whose_id_we_would_not_have_given_leads_nowhere(world: World) -> None:
    path = ended(world, 1, 100)
    world.rows("UPDATE uploads SET id = '..'")
    (world.mounts["uploads"] / "keep").mkdir()
    sweep(world)
    assert path.exists() and (world.mounts["uploads"] / "keep").exists() and world.mounts["media"].exists()


def test_links_are_removed_and_never_followed(world: World) -> None:
    outside = world.folder / "outside"
    (outside / "dear").mkdir(parents=True)
    path = ended(world, 1, 100)
    (path / "files").symlink_to(outside)
    linked = ended(world, 2, 100)
    linked.rename(linked.with_name("aside"))
    linked.symlink_to(outside, target_is_directory=True)
    sweep(world)
    assert not path.exists() and not linked.is_symlink()
    assert (outside / "dear").is_dir()


@pytest.mark.parametrize("path", ["/", "/tmp/../", "/no/such/folder"])
def test_nothing_is_removed_below_a_mount_point_that_is_the_root_or_missing(
    world: World, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    kept = ended(world, 1, 100)
    world.rows("UPDATE mount_points SET path = %(path)s WHERE name = 'uploads'", path=path)
    assert sweep(world) == 2  # tidy and uploads
    assert kept.exists() and "mount point 'uploads'" in caplog.text
    assert world.rows("SELECT id FROM uploads WHERE tidied_at IS NOT NULL") == []


# Words, trouble


def test_a_dry_run_says_what_would_go_and_changes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = lecture(world)
    many(world, row, 5)
    tidy, lost, file = ended(world, 1, 9), folder(world, 2), stray(world, row)
    ended(world, 3, 0)
    sweep_rows = "SELECT * FROM housekeeping ORDER BY task"
    before = world.rows(sweep_rows)
    first = would(world)
    assert any("1 more without a row" in line and line.startswith("media") for line in first)
    assert world.rows(sweep_rows) == before and world.rows("SELECT * FROM orphans") == []
    world.rows("INSERT INTO orphans VALUES ('uploads', %(lost)s, 'epoch'), ('media', %(file)s, 'epoch')",
               lost=lost.name, file=str(file.relative_to(world.mounts["media"])))  # fmt: skip
    old(file, monkeypatch)
    words = would(world)
    for path in (f"uploads/{tidy.name}", f"uploads/{lost.name}", "media/" + "/".join(file.parts[-3:])):
        assert any(line.startswith(f"would remove {path}: ") for line in words), words
    assert tidy.exists() and lost.exists() and file.exists()
    assert world.rows("SELECT id FROM uploads WHERE tidied_at IS NOT NULL") == []
    assert not (world.mounts["media"] / MARKER).exists()


def test_the_command_does_it_and_says_it(world: World) -> None:
    path = ended(world, 1, 9)
    dry = world.core("housekeeping", "--dry-run")
    out, errors = dry.communicate(timeout=60)
    assert (dry.returncode, errors) == (0, "") and f"would remove uploads/{path.name}" in out
    assert path.exists()
    wet = world.core("-v", "housekeeping")
    _, errors = wet.communicate(timeout=60)
    assert wet.returncode == 0 and f"removed uploads/{path.name}" in errors and not path.exists()


def test_trouble_puts_a_task_off_and_the_tick_goes_on(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ended(world, 1, 9)
    real = os.rmdir

    def rmdir(what: Any, *more: Any, **named: Any) -> None:
        if str(what).endswith("work"):
            raise PermissionError(13, "Permission denied")
        real(what, *more, **named)

    monkeypatch.setattr(os, "rmdir", rmdir)
    world.rows("UPDATE housekeeping SET due_at = 'infinity' WHERE task <> 'tidy'")
    upload = world.upload("m1", test_mode=True)
    assert world.finish(upload)[0]["status_code"] == 6
    assert path.exists() and "housekeeping (tidy) is put off" in caplog.text
    [row] = world.rows("SELECT due_at > now() + interval '50 min' AS later FROM housekeeping WHERE task = 'tidy'")
    assert row["later"]


def test_a_folder_that_cannot_be_removed_keeps_no_other_from_going(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    stuck, free = ended(world, 1, 9), ended(world, 2, 8)
    with kept_for_ever(stuck / "package.zip"):
        assert sweep(world) == 1
        assert stuck.exists() and not free.exists() and stuck.name in caplog.text
        assert world.rows("SELECT id FROM uploads WHERE tidied_at IS NULL") == [{"id": stuck.name}]
    assert sweep(world) == 0 and not stuck.exists()


def test_a_stray_file_that_cannot_be_removed_keeps_no_other_from_going(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = lecture(world)
    many(world, row, 20)
    stuck, free = stray(world, row, f"{1:016x}.mp4"), stray(world, row, f"{2:016x}.mp4")
    sweep(world)
    seen_long_ago(world)
    old(stuck, monkeypatch)
    with kept_for_ever(stuck):
        assert sweep(world) == 1
        assert stuck.exists() and not free.exists()
    assert sweep(world) == 0 and not stuck.exists()


def test_housekeeping_knows_every_column_that_names_a_file(world: World) -> None:
    """A new table with paths below `media` must be asked by `known_files`, or its files will be taken for strays."""
    found = world.rows(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'path' AND table_schema = 'public'"
    )
    assert {row["table_name"] for row in found} == {"files", "audiotracks", "mount_points", "orphans"}
