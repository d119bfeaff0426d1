"""An upload that cannot go on says why, and goes on by itself when it can."""

from __future__ import annotations

import errno
import shutil
import time
from typing import Any

import pytest
from operations import Person, lecture, update
from tiny_media import Media
from world import World, tick_until

from ingest import machines, registry
from ingest.tick import tick
from tlp import administration
from tlp.errors import StorageError
from tlp.storage import Storage


@pytest.fixture
def world(quick: World) -> World:
    return quick


def until_it_waits(world: World, upload: str, words: str) -> str:
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: words in world.status(upload)["info"])
    return str(world.status(upload)["info"])


def go_on(world: World, upload: str) -> dict[str, Any]:
    world.rows("UPDATE uploads SET due_at = now() WHERE finished_at IS NULL")
    return world.finish(upload)[0]


@pytest.mark.parametrize("mount", ["uploads", "media", "systems"])
def test_a_mount_point_that_is_not_there_is_waited_for_and_nothing_is_written_in_its_place(
    world: World, recordings: Media, mount: str
) -> None:
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
    aside = world.mounts[mount].with_name("aside")
    world.mounts[mount].rename(aside)
    info = until_it_waits(world, upload, "Waiting")
    assert info.endswith(f"Waiting: the server's folder '{mount}' is not there. It goes on by itself when it is back.")
    assert not world.mounts[mount].exists() and world.status(upload)["attempts"] == 0
    aside.rename(world.mounts[mount])
    assert go_on(world, upload)["status_code"] == 6
    assert [line.split(" /")[0] for line in world.counted()] == ["hear en"]


@pytest.mark.parametrize("mount", ["uploads", "media", "systems"])
def test_while_a_mount_point_is_away_no_job_is_started_and_none_that_runs_is_given_up(
    world: World, recordings: Media, mount: str
) -> None:
    go = world.folder / "go"
    world.system(
        "hear", "asr", f'until [ -e {go} ]; do sleep 0.05; done; cp "$here/en.dfxp" "$output"', "languages = en"
    )
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
    other = world.upload("m2", {"media.mp3": recordings["mp3"]})
    world.rows("UPDATE uploads SET due_at = 'infinity' WHERE id = %(id)s", id=other)
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.counted())
        world.rows("UPDATE uploads SET state = 'packaging' WHERE id = %(id)s", id=other)
        world.rows(
            "INSERT INTO jobs (upload_id, step, name, kind, command) "
            "VALUES (%(id)s, 'packaging', 'x', 'asr', '[\"x\"]')",
            id=other,
        )
        before = world.rows("SELECT name, state, attempt, reason FROM jobs ORDER BY id")
        aside = world.mounts[mount].with_name("aside")
        world.mounts[mount].rename(aside)
        ends = time.monotonic() + 2 * world.config.core.lost_grace
        while time.monotonic() < ends:
            tick(ctx, db)
        assert world.rows("SELECT name, state, attempt, reason FROM jobs ORDER BY id") == before
        assert not world.mounts[mount].exists()
        aside.rename(world.mounts[mount])
        go.touch()
        world.rows("DELETE FROM jobs WHERE upload_id = %(id)s", id=other)
    assert go_on(world, upload)["status_code"] == 6
    assert [line.split(" /")[0] for line in world.counted()] == ["hear en", "hear en"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_waited_for_and_counts_as_no_failure(
    world: World, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    full, real = [True], Storage.place

    def place(self: Storage, *arguments: Any) -> Any:  # the disk is of the outside world
        if full[0]:
            raise StorageError("cannot store x under 'media'") from OSError(number, "no room")
        return real(self, *arguments)

    monkeypatch.setattr(Storage, "place", place)
    upload = world.upload("m1", test_mode=True)
    info = until_it_waits(world, upload, "disk")
    assert info == f"{machines.PREPARING} Waiting: the server's disk is full. It goes on by itself when there is room."
    with world.service() as (ctx, db):
        for _ in range(world.config.core.max_attempts + 1):
            world.rows("UPDATE uploads SET due_at = now()")
            tick(ctx, db)
    assert (world.status(upload)["state"], world.status(upload)["attempts"]) == ("storing", 0)
    full[0] = False
    assert go_on(world, upload)["status_code"] == 6


def test_a_system_that_was_chosen_and_cannot_run_any_more_is_waited_for(world: World, recordings: Media) -> None:
    world.system("slow", "asr", 'cp "$here/en.dfxp" "$output"', "languages = en", priority="99")
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
    slow = world.mounts["systems"] / "slow"
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.status(upload)["state"] == "packaging")
        # it is chosen when the package has been looked at, and gone when its job is to be planned
        real = machines.SPEECH_NEW.state("planning").finish  # type: ignore[union-attr]
        assert real is not None

        def then_gone(*arguments: Any) -> None:
            real(*arguments)
            shutil.move(slow, world.folder / "slow")
            registry.register(arguments[0], arguments[1])

        object.__setattr__(machines.SPEECH_NEW.state("planning"), "finish", then_gone)
        try:
            tick_until(ctx, db, lambda: "Waiting" in world.status(upload)["info"])
        finally:
            object.__setattr__(machines.SPEECH_NEW.state("planning"), "finish", real)
    info = world.status(upload)["info"]
    assert info.startswith(machines.TRANSCRIBING) and "(Slow, English) cannot run now: its folder slow is gone" in info
    shutil.move(world.folder / "slow", slow)
    assert go_on(world, upload)["status_code"] == 6
    assert [line.split()[0] for line in world.counted()] == ["slow"]


def test_what_no_system_is_offered_for_is_skipped_with_a_note(world: World, recordings: Media) -> None:
    with world.service():
        pass
    with world.cursor() as cur:
        administration.disable_system(cur, world.rows("SELECT id FROM systems WHERE kind = 'asr'")[0]["id"])
    [row] = world.finish(world.upload("m1", {"media.mp3": recordings["mp3"]}))
    assert row["status_code"] == 6 and row["info"].endswith("Not transcribed: no ASR system for 'en'.")


def test_a_regeneration_that_waits_speaks_of_the_edits_and_not_of_a_video(world: World) -> None:
    lecture(world)
    Person(world).edit("en", (0, 0, 400, "Good evening.")).end()
    [upload] = [row["id"] for row in world.rows("SELECT id FROM uploads")]
    other = update(world, "m1", metadata={"title": "Another"})
    world.rows("UPDATE uploads SET uploaded_on = now() - interval '1 h' WHERE id = %(id)s", id=other)
    world.rows("UPDATE uploads SET due_at = 'infinity' WHERE id = %(id)s", id=other)
    info = until_it_waits(world, upload, "Waiting")
    assert info.startswith("People have changed the text; what depends on it will be made again. Waiting: the upload ")
    seen = set()
    world.rows("UPDATE uploads SET due_at = now()")
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: seen.add(world.status(upload)["info"]) or not world.unfinished())
    assert world.status(upload)["status_code"] == 20 and not [words for words in seen if "ideo" in words]


def test_every_state_has_a_time_limit_but_those_that_wait_for_others_or_have_no_way_back() -> None:
    without = {s.name for m in machines.MACHINES.values() for s in m.states if s.limit is None}
    assert without <= {"received", "guarding", "removing", "tidying"}
