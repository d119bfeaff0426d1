"""What housekeeping removes, and all that it must leave alone."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from operations import lecture
from world import World

from ingest import housekeeping, orphans
from ingest.broom import MARKER
from ingest.tick import tick
from tlp.db import notifications

LONG_AGO = 1_600_000_000
NEW = "up-00000000-0000-0000-0000-{:012d}"


@pytest.fixture
def world(quick: World) -> Iterator[World]:
    quick.rows("TRUNCATE orphans")
    quick.rows("UPDATE housekeeping SET due_at = now(), position = '', begun_at = NULL, known = 0, unknown = 0")
    yield quick


@pytest.fixture(autouse=True)
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "ingest")
    return caplog


def sweep(world: World) -> int:
    with world.service() as (ctx, db):
        return housekeeping.all_now(ctx, db)


def would(world: World) -> list[str]:
    """What a dry run says."""
    said: list[str] = []
    with world.service() as (ctx, db):
        housekeeping.all_now(ctx, db, said.append)
    return said


def ended(world: World, number: int, days: float, error: int | None = None, **more: Any) -> Path:
    """An upload that ended so many days ago, and its folder."""
    upload_id = NEW.format(number)
    world.rows(
        "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, error_code, "
        "finished_at) VALUES (%(id)s, %(user)s, 'speech', 'new', 'm', 'h', '{}', %(state)s, %(error)s, "
        "now() - %(days)s * interval '1 day')",
        id=upload_id, user=world.user, state="failed" if error else "done", error=error, days=days,
    )  # fmt: skip
    return folder(world, number)


def folder(world: World, number: int, name: str | None = None) -> Path:
    path = world.mounts["uploads"] / (name or NEW.format(number))
    (path / "work").mkdir(parents=True)
    (path / "package.zip").write_bytes(b"PK")
    return path


def old(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has touched anything for long: the clock of the walk is put forward, for no file can be given a ctime."""
    real = orphans.time.time
    monkeypatch.setattr(orphans.time, "time", lambda: real() + 3 * orphans.DAY_S)


def seen_long_ago(world: World, days: int = 30) -> None:
    world.rows("UPDATE orphans SET first_seen = first_seen - %(days)s * interval '1 day'", days=days)


def told(
    world: World, upload_id: str, channel: str, days: float, mark: str = "sent_at", event: str = "finished"
) -> None:
    """A mail or callback of so many days ago, and what has become of it."""
    world.rows(
        "INSERT INTO notifications (id, upload_id, channel, event, target, receiver, body, created_at) "
        "VALUES (%(id)s, %(u)s, %(channel)s, %(event)s, 'x', 'x', '{}', now() - %(days)s * interval '1 day')",
        id=f"nt-{channel}-{days}-{mark}", u=upload_id, channel=channel, event=event, days=days,
    )  # fmt: skip
    if mark != "due_at":
        world.rows(f"UPDATE notifications SET {mark} = created_at + interval '1 s' WHERE id = %(id)s",
                   id=f"nt-{channel}-{days}-{mark}")  # fmt: skip


def news(world: World) -> list[str]:
    return [row["id"] for row in world.rows("SELECT id FROM notifications ORDER BY id")]


# Folders of uploads


def test_folders_of_finished_and_of_failed_uploads_go_after_their_days_and_the_rows_stay(
    world: World, said: pytest.LogCaptureFixture
) -> None:
    gone = [ended(world, 1, 1.1), ended(world, 2, 5.1, error=102)]
    kept = [ended(world, 3, 0.9), ended(world, 4, 4.9, error=102), ended(world, 5, 1.1, error=102)]
    assert sweep(world) == 0
    assert not any(path.exists() for path in gone) and all(path.exists() for path in kept)
    rows = world.rows("SELECT id FROM uploads WHERE tidied_at IS NOT NULL ORDER BY id")
    assert [row["id"] for row in rows] == [path.name for path in gone]
    assert len(world.rows("SELECT id FROM uploads")) == 5
    assert f"removed uploads/{gone[0].name}: its upload ended on" in said.text
    assert f"removed uploads/{gone[1].name}: its upload failed on" in said.text


def test_a_tick_removes_them_too_and_an_unfinished_upload_keeps_everything(world: World) -> None:
    gone = ended(world, 1, 100)
    upload = world.upload("m1", {"media.mp3": b"x"})
    world.rows("UPDATE uploads SET uploaded_on = now() - interval '100 days', due_at = 'infinity' WHERE id = %(id)s",
               id=upload)  # fmt: skip
    with world.service() as (ctx, db):
        for _ in housekeeping.TASKS:
            tick(ctx, db)
    assert not gone.exists() and (world.mounts["uploads"] / upload / "package.zip").exists()


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


def test_news_that_were_sent_are_forgotten_after_their_days_and_no_others(
    world: World, said: pytest.LogCaptureFixture
) -> None:
    upload = ended(world, 1, 40).name
    for channel in ("mail", "callback"):
        for days, mark in ((31, "sent_at"), (29, "sent_at"), (90, "due_at"), (91, "gave_up_at")):
            told(world, upload, channel, days, mark)
    assert "would forget 2 mails and callbacks that were sent more than 30 days ago" in would(world)
    assert len(news(world)) == 8
    assert sweep(world) == 0
    assert news(world) == [
        f"nt-{channel}-{rest}"
        for channel in ("callback", "mail")
        for rest in ("29-sent_at", "90-due_at", "91-gave_up_at")
    ]
    assert "forgot 2 mails and callbacks" in said.text
    said.clear()
    sweep(world)
    assert "forgot" not in said.text


def test_thousands_of_old_news_go_bit_by_bit_in_ticks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = ended(world, 1, 40).name
    for days in range(31, 43):
        told(world, upload, "mail", days)
    monkeypatch.setattr(housekeeping, "BATCH", 5)
    monkeypatch.setattr(housekeeping, "SLICE_S", 0.001)
    with world.service() as (ctx, db):
        left = []
        for _ in range(4):
            world.rows("UPDATE housekeeping SET due_at = now() + CASE task WHEN 'news' THEN interval '-1 h' "
                       "ELSE interval '1 h' END")  # fmt: skip
            housekeeping.keep(ctx, db)
            left.append(len(news(world)))
    assert left[-1] == 0 and left[0] > 0


def test_status_knows_of_a_callback_that_arrived_when_its_row_is_gone(world: World) -> None:
    callback = {"callback": {"url": "https://example.org/done"}}
    first, again = world.upload("m1", test_mode=True, **callback), world.upload("m2", test_mode=True, **callback)
    told(world, first, "callback", 50, "gave_up_at", "error")  # it was tried again, and then was well
    told(world, first, "callback", 40)
    told(world, again, "callback", 45)
    told(world, again, "callback", 1, "due_at")
    sweep(world)
    with world.cursor() as cur:
        found = notifications.callback_of(cur, first)
        assert found and found["sent_at"] and not found["gave_up_at"] and found["attempts"] == 1
        found = notifications.callback_of(cur, again)
        assert found and not found["sent_at"] and found["due_at"]


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
    world: World, path: str, said: pytest.LogCaptureFixture
) -> None:
    kept = ended(world, 1, 100)
    world.rows("UPDATE mount_points SET path = %(path)s WHERE name = 'uploads'", path=path)
    assert sweep(world) == 2  # tidy and uploads
    assert kept.exists() and "mount point 'uploads'" in said.text
    assert world.rows("SELECT id FROM uploads WHERE tidied_at IS NOT NULL") == []


# What no row names


def test_a_package_that_never_became_an_upload_goes_after_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch, said: pytest.LogCaptureFixture
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
    assert f"removed uploads/{path.name}: no row has named it since" in said.text
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


def stray(world: World, row: dict[str, Any], name: str = "0123456789abcdef.mp4", below: str = "") -> Path:
    path = world.mounts["media"] / below / row["hash"][0] / row["hash"] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"stray")
    return path


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


def many(world: World, row: dict[str, Any], number: int, named: bool = True) -> list[Path]:
    """Files of an object, with a row each or none."""
    paths = [stray(world, row, f"{n:016x}.mp4") for n in range(100, 100 + number)]
    for path in paths if named else ():
        world.rows("INSERT INTO files (object_id, type_code, format, path) VALUES (%(id)s, 0, 'mp4', %(path)s)",
                   id=row["id"], path=str(path.relative_to(world.mounts["media"])))  # fmt: skip
    return paths


@pytest.mark.parametrize(("named", "unnamed"), [(0, 1), (3, 4), (30, 11)])
def test_where_too_much_would_go_nothing_goes(
    world: World, monkeypatch: pytest.MonkeyPatch, said: pytest.LogCaptureFixture, named: int, unnamed: int
) -> None:
    row = lecture(world)
    many(world, row, named)
    kept = [stray(world, row, f"{n:016x}.mp3") for n in range(unnamed)]
    for _ in range(2):
        sweep(world)
        seen_long_ago(world)
        old(kept[0], monkeypatch)
    assert all(path.exists() for path in kept)
    assert f"knows nothing of {unnamed} of {named + unnamed}" in said.text
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
    world: World, monkeypatch: pytest.MonkeyPatch, said: pytest.LogCaptureFixture
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
    assert path.exists() and "belongs to another database (7/another/9)" in said.text
    marker.unlink()
    assert sweep(world) == 0
    assert not path.exists() and marker.read_text() == ours


def test_a_copy_of_the_database_removes_no_folder_and_no_backup_of_the_service_it_was_copied_from(
    tmp_path: Path, clean_db: dict[str, Any], said: pytest.LogCaptureFixture
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
    assert retried.exists() and backup.exists() and "belongs to another database (7/another/9)" in said.text
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
    out, errors = dry.communicate(timeout=30)
    assert (dry.returncode, errors) == (0, "") and f"would remove uploads/{path.name}" in out
    assert path.exists()
    wet = world.core("-v", "housekeeping")
    _, errors = wet.communicate(timeout=30)
    assert wet.returncode == 0 and f"removed uploads/{path.name}" in errors and not path.exists()


def test_trouble_puts_a_task_off_and_the_tick_goes_on(
    world: World, said: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
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
    assert path.exists() and "housekeeping (tidy) is put off" in said.text
    [row] = world.rows("SELECT due_at > now() + interval '50 min' AS later FROM housekeeping WHERE task = 'tidy'")
    assert row["later"]


def test_housekeeping_knows_every_column_that_names_a_file(world: World) -> None:
    """A new table with paths below `media` must be asked by `known_files`, or its files will be taken for strays."""
    found = world.rows(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'path' AND table_schema = 'public'"
    )
    assert {row["table_name"] for row in found} == {"files", "audiotracks", "mount_points", "orphans"}
