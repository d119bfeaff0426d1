"""Whatever is killed, each system runs once for each job and every upload arrives; also with several services."""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
import time
from typing import Any

import pytest
from tiny_media import Media
from world import World, tick_until, wait_until

from ingest import command
from ingest.scheduler.process import recorded
from ingest.tick import tick
from tlp.db import users
from tlp.db.connection import connect, take_ingest_lock

WANTED = {"es": {"sub": {}, "tts": {}}, "ca": {"sub": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}}
RUNS = ["hear en", "say es", "turn en es", "turn es ca"]


@pytest.fixture
def world(quick: World) -> World:
    return quick


def upload(world: World, recordings: Media, count: int, first: int = 0) -> None:
    for n in range(first, first + count):
        world.upload(f"m{n}", {"media.mp3": recordings["mp3"]}, requested_langs=WANTED)


def each_ran_once(world: World, count: int) -> None:
    """Every upload is done, every system has run once for each, and the files are those that the database knows."""
    states = world.rows("SELECT state, info FROM uploads")
    assert [r["state"] for r in states] == ["done"] * count, states
    lines = world.counted()
    assert len(lines) == len(set(lines)) == count * len(RUNS), lines
    assert sorted({line.split(" /")[0] for line in lines}) == RUNS
    assert len(world.rows("SELECT id FROM objects")) == count
    assert len(world.rows("SELECT content_id FROM content_versions")) == 3 * count
    assert world.orphans() == []
    assert not [p for p in world.mounts["media"].rglob("*") if p.name.endswith(".part")]


def kill_at_random(world: World, recordings: Media, start: Any, times: int, within: tuple[float, float]) -> int:
    """Start the service again and again and kill it; two new uploads whenever there are none. Returns how many."""
    chance, kills, count = random.Random(20), 0, 0
    deadline = time.monotonic() + 240
    while kills < times:
        if not world.unfinished():
            upload(world, recordings, 2, count)
            count += 2
        assert time.monotonic() < deadline, world.rows("SELECT id, state, info FROM uploads")
        pid = start()
        time.sleep(chance.uniform(*within))
        if os.waitpid(pid, os.WNOHANG) == (0, 0):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            kills += 1
    return count


def test_core_killed_a_hundred_times_at_random_points_loses_nothing_and_does_nothing_twice(
    world: World, recordings: Media
) -> None:
    """A child of this process is killed rather than core.py itself, which is hit while it starts nine times of ten."""

    def start() -> int:
        if (child := os.fork()) == 0:
            try:
                command.main(["-C", str(world.config_file)])
            finally:
                os._exit(0)
        return child

    with world.service():
        pass
    count = kill_at_random(world, recordings, start, 120, (0.0, 0.12))
    world.core_until_finished()
    print(f"120 kills over {count} uploads")
    each_ran_once(world, count)


def test_core_py_itself_may_be_killed(world: World, recordings: Media) -> None:
    upload(world, recordings, 1)
    for n in range(6):
        core = world.core()
        time.sleep(0.25 + 0.04 * n)
        core.send_signal(signal.SIGKILL)
        core.communicate()
    world.finish()
    each_ran_once(world, 1)


def test_two_ticks_at_once_do_everything_once(world: World, recordings: Media) -> None:
    count = 4
    upload(world, recordings, count)
    world.serve_together(4)
    each_ran_once(world, count)
    most = world.rows(
        "SELECT max(running) AS most FROM (SELECT (SELECT sum(o.cpus) FROM jobs AS o WHERE o.submitted_at <= "
        "j.submitted_at AND o.ended_at > j.submitted_at) AS running FROM jobs AS j) AS at"
    )
    assert most[0]["most"] <= 4  # the slots, although four services look for room


def test_while_another_service_holds_the_lock_core_says_so_and_leaves(world: World) -> None:
    world.upload("m1", test_mode=True)
    lock = connect(world.config.storage)
    assert take_ingest_lock(lock)
    for options in (["-v"], ["-v", "--watch"]):
        core = world.core(*options)
        _, errors = core.communicate(timeout=60)
        assert core.returncode == 0
        assert "INFO ingest: another Ingest Service works on this database; leaving" in errors
    assert world.unfinished() == 1
    lock.close()


def test_ten_uploads_at_once_of_two_users_never_take_more_than_their_quota(world: World, recordings: Media) -> None:
    with world.cursor() as cur:
        other = users.create(cur, "other", "a-secret-key-for-tests")["id"]
    length = 2100
    world.rows("UPDATE users SET quota_media_ms = %(ms)s WHERE id = %(id)s", ms=3 * length, id=world.user)
    world.rows("UPDATE users SET quota_media = 2 WHERE id = %(id)s", id=other)
    for n in range(10):
        world.upload(f"m{n}", {"media.mp3": recordings["mp3"]}, user=other if n % 2 else world.user)
    world.serve_together(2)
    done = world.rows("SELECT user_id, count(*) AS n FROM uploads WHERE state = 'done' GROUP BY user_id")
    assert {r["user_id"]: r["n"] for r in done} == {world.user: 3, other: 2}
    codes = world.rows("SELECT status_code, info FROM uploads WHERE state = 'failed'")
    assert {r["status_code"] for r in codes} == {101} and all("quota" in r["info"] for r in codes)
    [mine] = world.rows("SELECT quota_media_ms FROM users WHERE id = %(id)s", id=world.user)
    assert 0 <= mine["quota_media_ms"] < length
    assert world.rows("SELECT quota_media FROM users WHERE id = %(id)s", id=other) == [{"quota_media": 0}]


def job_folder(world: World, name: str) -> Any:
    wait_until(lambda: list(world.mounts["uploads"].glob(f"*/jobs/{name}/pid")))
    return next(world.mounts["uploads"].glob(f"*/jobs/{name}"))


def test_a_job_that_its_machine_lost_is_run_once_more_in_a_new_folder(
    world: World, recordings: Media, caplog: pytest.LogCaptureFixture
) -> None:
    world.system(
        "hear", "asr", f'[ -e {world.folder}/again ] || sleep 60; cp "$here/en.dfxp" "$output"', "languages = en"
    )
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
    with world.service() as (ctx, db), caplog.at_level(logging.INFO, "ingest"):
        tick_until(ctx, db, lambda: world.counted())
        (world.folder / "again").touch()
        process = recorded(job_folder(world, "transcribing.en.1"))
        assert process is not None
        process.kill_session()
        tick_until(ctx, db, lambda: "run once more" in caplog.text)
        words = world.status(upload)["info"]
        assert words.startswith("Transcription in progress. A program was lost"), words
    [row] = world.finish(upload)
    assert row["status_code"] == 6
    assert world.rows("SELECT attempt, state FROM jobs WHERE step = 'transcribing'") == [
        {"attempt": 2, "state": "done"}
    ]
    assert len(world.counted()) == 2
    assert job_folder(world, "transcribing.en.2").is_dir()


def test_a_job_that_is_lost_twice_is_an_error_that_says_the_client_may_send_it_again(
    world: World, recordings: Media
) -> None:
    world.system("hear", "asr", "sleep 60", "languages = en")
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
    with world.service() as (ctx, db):
        for attempt in (1, 2):
            tick_until(ctx, db, lambda attempt=attempt: len(world.counted()) == attempt)
            process = recorded(job_folder(world, f"transcribing.en.{attempt}"))
            assert process is not None
            process.kill_session()
        tick_until(ctx, db, lambda: not world.unfinished())
    row = world.status(upload)
    assert row["status_code"] == 102
    assert "(2 times)" in row["info"] and "send it again" in row["info"]


def test_after_a_restart_of_the_machine_everything_goes_on(world: World, recordings: Media) -> None:
    """Every process is gone, the boot is another one, and the folder of a job just begun never reached the disk."""
    body = f'[ -e {world.folder}/again ] || sleep 60; cp "$here/en.dfxp" "$output"'
    world.system("hear", "asr", body, "languages = en")
    ids = [world.upload(f"m{n}", {"media.mp3": recordings["mp3"]}) for n in range(3)]
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: len(world.counted()) == 3)
    (world.folder / "again").touch()
    folders = sorted(world.mounts["uploads"].glob("*/jobs/transcribing.en.1"))
    world.end_jobs()
    for folder in folders:
        pid = (folder / "pid").read_text().split()
        (folder / "pid").write_text(f"{pid[0]} {pid[1]} 00000000-0000-0000-0000-000000000000\n")
    subprocess.run(["rm", "-rf", str(folders[0])], check=True)
    rows = world.finish(*ids)
    assert [row["status_code"] for row in rows] == [6, 6, 6]
    assert len(world.counted()) == 6


def test_a_job_started_just_before_the_kill_is_stopped_with_its_upload_although_no_row_knows(
    world: World, recordings: Media
) -> None:
    world.system("hear", "asr", "sleep 100", "languages = en")
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.counted())
        # As if the commit after the start had not come: the row says planned, the program runs.
        world.rows(
            "UPDATE jobs SET state = 'planned', scheduler_id = NULL, reason = 'refused' WHERE step = 'transcribing'"
        )
        world.rows("UPDATE uploads SET deadline = now()")
        tick(ctx, db)
    assert world.status(upload)["state"] == "failed"
    process = recorded(job_folder(world, "transcribing.en.1"))
    assert process is not None
    wait_until(lambda: not process.alive)
