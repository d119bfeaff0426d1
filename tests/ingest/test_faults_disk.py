"""A disk that is really full, for each mount point: it is said, nothing is half stored, and all goes on later."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clusters
import falcon.testing
import pytest
from disks import fill, fill_with_files, small_disk
from operations import current, lecture, runs, update
from packages import request
from tiny_media import Media
from world import World, tick_until, wait_until

from api.app import create_app
from ingest import housekeeping
from ingest.broom import MARKER
from ingest.tick import tick
from ingest.waiting import NO_ROOM

WAITS = "Waiting: the server's disk is full. It goes on by itself when there is room."


def look_again(world: World) -> None:
    """Let the minute pass after which a full disk is looked at again."""
    world.rows("UPDATE jobs SET ended_at = ended_at - interval '2 minutes' WHERE state = 'failed'")
    world.rows("UPDATE uploads SET due_at = now() WHERE finished_at IS NULL")


def tick_until_it_waits(world: World, upload: str, seconds: float = 120) -> dict[str, Any]:
    """Tick until /status says that the disk is full: in the words of the upload, or as the reason of a waiting job."""
    with world.service() as (ctx, db):
        deadline = time.monotonic() + seconds
        while NO_ROOM not in (row := world.status(upload))["info"] and not refused(world):
            assert time.monotonic() < deadline and not row["finished_at"], row["info"]
            tick(ctx, db)
            time.sleep(0.02)
    return row


def refused(world: World) -> bool:
    return bool(world.rows("SELECT 1 AS one FROM jobs WHERE state = 'planned' AND reason = %(why)s", why=NO_ROOM))


def state_of(world: World) -> tuple[list[dict[str, Any]], int]:
    return world.rows("SELECT path FROM files ORDER BY id"), current(world)["en"]["version"]


@pytest.fixture
def world(quick: World) -> Iterator[World]:
    yield quick
    quick.end_jobs()


@pytest.mark.parametrize("operation", ["new", "update"])
def test_while_media_is_full_an_upload_waits_in_words_and_nothing_is_half_stored(
    world: World, recordings: Media, operation: str
) -> None:
    lecture(world, recordings["mp3"])
    before = state_of(world)
    media = {"media.wav": recordings["wav"]}
    with small_disk(world.mounts["media"]) as disk:
        filler = fill(disk, leave=4096)
        upload = (world.upload if operation == "new" else lambda *of: update(world, *of))(
            "m2" if operation == "new" else "m1", media
        )
        row = tick_until_it_waits(world, upload)
        assert row["info"].endswith(WAITS)
        assert (row["state"], row["status_code"], row["attempts"]) == ("storing", 5, 0)
        assert state_of(world) == before and world.orphans() == ["filler"]
        assert not [path for path in disk.rglob("*") if path.name.endswith(".part")]
        look_again(world)
        with world.service() as (ctx, db):
            tick(ctx, db)
        assert world.status(upload)["info"].endswith(WAITS)
        filler.unlink()
        look_again(world)
        [row] = world.finish(upload)
        assert row["status_code"] == (6 if operation == "new" else 20), row["info"]
        assert runs(world) == ["hear en"]
        assert world.orphans() == []


def test_a_package_that_finds_no_room_to_be_opened_waits_and_is_not_the_clients_fault(
    world: World, recordings: Media
) -> None:
    with small_disk(world.mounts["uploads"]) as disk:
        upload = world.upload("m1", {"media.wav": recordings["wav"]})
        filler = fill(disk, leave=64 << 10)
        row = tick_until_it_waits(world, upload)
        assert row["state"] == "packaging"
        filler.unlink()
        look_again(world)
        [row] = world.finish(upload)
        assert row["status_code"] == 6, row["info"]
        assert runs(world) == ["hear en"]


def test_a_system_that_finds_no_room_is_run_again_when_there_is(world: World, recordings: Media) -> None:
    body = 'head -c 3000000 /dev/zero >"$output.big" && cp "$here/en.dfxp" "$output" && rm "$output.big"'
    world.system("hear", "asr", body, "languages = en")
    with small_disk(world.mounts["uploads"]) as disk:
        upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
        filler = fill(disk, leave=1 << 20)
        row = tick_until_it_waits(world, upload)
        assert row["state"] == "transcribing"
        filler.unlink()
        look_again(world)
        [row] = world.finish(upload)
        assert row["status_code"] == 6, row["info"]


def test_a_job_that_cannot_even_begin_waits_in_words(world: World, recordings: Media) -> None:
    with small_disk(world.mounts["uploads"]) as disk:
        upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
        filler = fill(disk)
        tick_until_it_waits(world, upload)
        filler.unlink()
        look_again(world)
        [row] = world.finish(upload)
        assert row["status_code"] == 6, row["info"]


def test_a_disk_that_takes_no_more_files_is_a_full_one_and_costs_a_job_no_try(world: World, recordings: Media) -> None:
    go = world.folder / "go"
    body = f'until [ -e {go} ]; do sleep 0.05; done; cp "$here/en.dfxp" "$output"'
    world.system("hear", "asr", body, "languages = en")
    with small_disk(world.mounts["uploads"], files=500) as disk:
        upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
        with world.service() as (ctx, db):
            tick_until(ctx, db, lambda: world.counted())
        files = fill_with_files(disk)
        assert 0 < len(files) < 500
        go.touch()
        row = tick_until_it_waits(world, upload)
        assert row["state"] == "transcribing"
        for path in files:
            path.unlink()
        look_again(world)
        [row] = world.finish(upload)
        assert row["status_code"] == 6, row["info"]
        [job] = world.rows("SELECT attempt - first_attempt AS again FROM jobs WHERE step = 'transcribing'")
        assert job["again"] == 0


def test_jobs_of_a_cluster_that_find_no_room_to_begin_or_to_end_stop_no_tick_and_go_on_later(
    tmp_path: Path, clean_db: Any, gridengine: clusters.GridEngine, recordings: Media
) -> None:
    formats = {"required_video_formats": ",", "generate_pcm_stream": "no"}
    queue = {"kind": "gridengine", "localhost": "localhost"}
    with clusters.environment(gridengine.environment):
        world = World(tmp_path / "world", clean_db, file_formats=formats, scheduler=queue)
        world.usual_systems()
        go = world.folder / "go"
        body = f'until [ -e {go} ]; do sleep 0.05; done; cp "$here/en.dfxp" "$output"'
        world.system("hear", "asr", body, "languages = en")
        with small_disk(world.mounts["uploads"]) as disk:
            ends = world.upload("m1", {"media.mp3": recordings["mp3"]})
            with world.service() as (ctx, db):
                tick_until(ctx, db, lambda: world.counted())
                begins = world.upload("m2", {"media.mp3": recordings["mp3"]})
                filler = fill(disk)
                tick_until_it_waits(world, begins)
                go.touch()
                wait_until(lambda: not gridengine.command("qstat"))
                time.sleep(1.1)  # the grace: that it left no exit code could be noted now
                for _ in range(3):
                    tick(ctx, db)
                assert world.status(ends)["state"] == "transcribing", world.status(ends)["info"]
            filler.unlink()
            look_again(world)
            rows = world.finish(ends, begins)
            world.end_jobs()
    assert [row["status_code"] for row in rows] == [6, 6], [row["info"] for row in rows]


def test_a_request_that_finds_no_room_is_refused_in_words_and_leaves_nothing(tmp_path: Path, clean_db: Any) -> None:
    world = World(tmp_path / "world", clean_db, media_urls={"use_urls": "no"})
    with small_disk(world.mounts["uploads"]) as disk:
        filler = fill(disk, leave=500 << 10)  # half of the package
        client = falcon.testing.TestClient(create_app(world.config))
        refused = client.simulate_post("/api/speech/ingest/new", **request())
        assert refused.status_code == 500
        assert "disk is full" in refused.json["message"] and str(tmp_path) not in refused.text
        assert [path.name for path in disk.iterdir()] == ["filler"]
        assert world.rows("SELECT id FROM uploads") == []
        assert client.simulate_get("/health").status_code == 503
        filler.unlink()
        assert client.simulate_post("/api/speech/ingest/new", **request()).json["rcode"] == 0
        assert len(world.rows("SELECT id FROM uploads")) == 1


def test_housekeeping_on_a_full_disk_makes_room_and_leaves_no_half_marker(world: World) -> None:
    with small_disk(world.mounts["uploads"]) as disk:
        old = "up-00000000-0000-0000-0000-000000000001"
        (disk / old).mkdir()
        (disk / old / "package.zip").write_bytes(b"PK" * 5000)
        world.rows(
            "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, finished_at) "
            "VALUES (%(id)s, %(user)s, 'speech', 'new', 'm', 'h', '{}', 'done', now() - interval '30 days')",
            id=old, user=world.user,
        )  # fmt: skip
        filler = fill(disk)
        with world.service() as (ctx, db):
            housekeeping.all_now(ctx, db)
            assert not (disk / old).exists()
            filler.unlink()
            assert housekeeping.all_now(ctx, db) == 0
        assert [path.name for path in disk.iterdir()] == [MARKER]
