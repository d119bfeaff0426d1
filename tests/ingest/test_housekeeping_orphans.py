"""Files and folders that no row names: found, watched for days, then removed, unless the database is the wrong one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from operations import lecture
from sweeping import ended, folder, many, old, seen_long_ago, stray, sweep
from world import World

from ingest import housekeeping, orphans
from ingest.broom import MARKER


@pytest.fixture
def world(untidy: World) -> World:
    return untidy


def test_a_package_that_never_became_an_upload_goes_after_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = folder(world, 1)
    (path / "package.zip").rename(path / ".package.zip.part")
    kept = ended(world, 2, 0)
    sweep(world)
    assert path.exists()  # first seen just now
    seen_long_ago(world)
    sweep(world)
    assert path.exists()  # somebody may be writing to it
    old(path, monkeypatch)
    sweep(world)
    assert not path.exists() and kept.exists()
    assert f"removed uploads/{path.name}: no row has named it since" in caplog.text
    assert world.rows("SELECT path FROM orphans") == []


def test_what_bears_no_name_of_ours_is_never_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    dear = [folder(world, 0, name) for name in ("backup-of-mine", "lost+found", "up-1", "up-x")]
    own = lecture(world)
    media = world.mounts["media"] / own["hash"][0] / own["hash"]
    for name in ("notes.txt", "0123456789abcdef", "0123456789abcdef.mp4.old"):
        (media / name).write_text("mine")
    (world.mounts["media"] / "mine").mkdir()
    (world.mounts["media"] / "mine" / "0123456789abcdef.mp4").write_text("mine")
    sweep(world)
    seen_long_ago(world)
    old(media, monkeypatch)
    sweep(world)
    assert all(path.exists() for path in dear)
    assert len(list(world.mounts["media"].rglob("*"))) == len(list(media.iterdir())) + 5


def test_files_without_a_row_and_unfinished_renames_go_after_their_days_and_the_others_stay(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = lecture(world)
    world.rows("UPDATE files SET path = replace(path, 'media.mp3', 'aaaaaaaaaaaaaaaa.mp3')")
    kept = stray(world, row, "aaaaaaaaaaaaaaaa.mp3")
    world.rows("UPDATE audiotracks SET path = 'backup/' || replace(path, 'es.mp3', 'bbbbbbbbbbbbbbbb.mp3')")
    backup = stray(world, row, "bbbbbbbbbbbbbbbb.mp3", "backup")
    gone = [stray(world, row, ".0123456789abcdef.mp4.part"), stray(world, row, below="backup")]
    sweep(world)
    assert {r["path"] for r in world.rows("SELECT path FROM orphans")} == {
        str(path.relative_to(world.mounts["media"])) for path in gone
    }
    old(gone[0], monkeypatch)
    seen_long_ago(world, days=6)
    sweep(world)
    assert all(path.exists() for path in gone)
    seen_long_ago(world, days=2)
    sweep(world)
    assert not any(path.exists() for path in gone) and kept.exists() and backup.exists()


def test_a_file_that_gets_its_row_in_time_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = lecture(world)
    path = stray(world, row)
    many(world, row, 2)
    sweep(world)
    seen_long_ago(world)
    old(path, monkeypatch)
    relative = str(path.relative_to(world.mounts["media"]))
    world.rows("INSERT INTO files (object_id, type_code, format, path) VALUES (%(id)s, 0, 'mp4', %(path)s)",
               id=row["id"], path=relative)  # fmt: skip
    sweep(world)
    assert path.exists() and world.rows("SELECT path FROM orphans") == []


@pytest.mark.parametrize(("named", "unnamed"), [(0, 1), (3, 4), (30, 11)])
def test_where_too_much_would_go_nothing_goes(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, named: int, unnamed: int
) -> None:
    row = lecture(world)
    many(world, row, named)
    kept = [stray(world, row, f"{n:016x}.mp3") for n in range(unnamed)]
    for _ in range(2):
        sweep(world)
        seen_long_ago(world)
        old(kept[0], monkeypatch)
    assert all(path.exists() for path in kept)
    assert f"knows nothing of {unnamed} of {named + unnamed}" in caplog.text
    assert not (world.mounts["media"] / MARKER).exists()


def test_an_empty_database_removes_nothing_of_what_another_one_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = lecture(world)
    kept = [*many(world, row, 5), folder(world, 1), folder(world, 2)]
    sweep(world)
    world.rows("TRUNCATE users CASCADE")
    for _ in range(2):
        sweep(world)
        seen_long_ago(world)
        old(kept[0], monkeypatch)
    assert all(path.exists() for path in kept[:5])


def test_a_mount_point_remembers_its_database_and_another_one_touches_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    row = lecture(world)
    many(world, row, 5)
    assert sweep(world) == 0
    path = stray(world, row)
    sweep(world)
    marker = world.mounts["media"] / MARKER
    ours = marker.read_text()
    assert ours.split("\n")[0].split("/")[1] == world.db["dbname"]
    marker.write_text("7/another/9\n")
    seen_long_ago(world)
    old(path, monkeypatch)
    assert sweep(world) == 1
    assert path.exists() and "belongs to another database (7/another/9)" in caplog.text
    marker.unlink()
    assert sweep(world) == 0
    assert not path.exists() and marker.read_text() == ours


def test_a_copy_of_the_database_removes_no_folder_and_no_backup_of_the_service_it_was_copied_from(
    tmp_path: Path, clean_db: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    world = World(tmp_path / "copied", clean_db, general={"rm_backup_days": 30})
    world.usual_systems()
    row = lecture(world)
    retried, backup = ended(world, 1, 9, error=102), stray(world, row, "a.mp3", "backup")
    world.rows("INSERT INTO files (object_id, type_code, format, path, replaced_at) VALUES "
               "(%(id)s, 0, 'mp3', %(path)s, now() - interval '31 days')",
               id=row["id"], path=str(backup.relative_to(world.mounts["media"])))  # fmt: skip
    for mount in ("uploads", "media"):
        (world.mounts[mount] / MARKER).write_text("7/another/9\n")
    assert sweep(world) == len(housekeeping.TASKS) - 1  # what was sent is no file
    assert retried.exists() and backup.exists() and "belongs to another database (7/another/9)" in caplog.text
    assert not world.rows("SELECT id FROM uploads WHERE tidied_at IS NOT NULL")
    for mount in ("uploads", "media"):
        (world.mounts[mount] / MARKER).unlink()
    assert sweep(world) == 0
    assert not retried.exists() and not backup.exists()


def test_a_walk_goes_on_where_the_last_tick_left_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = lecture(world)
    many(world, row, 3)
    for digit in "123456789":
        stray(world, {"hash": digit * 21})
    monkeypatch.setattr(orphans, "BATCH", 2)
    monkeypatch.setattr(housekeeping, "SLICE_S", 0.0)
    world.rows("UPDATE housekeeping SET due_at = 'infinity' WHERE task <> 'media'")
    positions = []
    with world.service() as (ctx, db):
        for _ in range(20):
            world.rows(
                "UPDATE housekeeping SET due_at = now() WHERE task = 'media' AND due_at < now() + interval '9 s'"
            )
            housekeeping.keep(ctx, db)
            positions.append(world.rows("SELECT position FROM housekeeping WHERE task = 'media'")[0]["position"])
    assert positions[0].startswith("2/") and positions[1].startswith("4/") and positions[-1] == ""
    assert len(world.rows("SELECT path FROM orphans")) == 9
