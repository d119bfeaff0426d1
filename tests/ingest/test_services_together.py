"""Several resident Ingest Services on one database: real processes, nothing done twice, also when some are killed."""

from __future__ import annotations

import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from world import World, tick_until, wait_until

from ingest.tick import tick
from tlp.db.connection import only_submitter

SERVICES = 4
WANTED = {"es": {"sub": {}}}


@pytest.fixture
def world(tmp_path: Path, clean_db: dict[str, Any]) -> Iterator[World]:
    formats = {"required_video_formats": ",", "generate_pcm_stream": "no"}
    made = World(tmp_path / "world", clean_db, file_formats=formats, core={"services": SERVICES, "poll_interval": 2})
    made.usual_systems()
    yield made
    made.end_jobs()


@contextmanager
def service(world: World, number: int) -> Iterator[subprocess.Popen[Any]]:
    with log_of(world, number).open("ab") as log:
        core = world.core("--watch", stderr=log)
    try:
        yield core
    finally:
        core.kill()
        core.wait()


def log_of(world: World, number: int) -> Path:
    return world.folder / f"log-{number}"


def said(world: World) -> list[str]:
    return [line for number in range(SERVICES + 1) if log_of(world, number).exists()
            for line in log_of(world, number).read_text().splitlines()]  # fmt: skip


def serving(world: World) -> int:
    return sum("the Ingest Service watches" in line for line in said(world))


def send(world: World, media: bytes, count: int) -> None:
    for number in range(count):
        world.upload(f"m{number}", {"media.mp3": media}, requested_langs=WANTED)


def each_once(world: World, count: int) -> None:
    """Everything has ended well; each program has run once, each move and each end of a job was made once."""
    rows = world.rows("SELECT state, info FROM uploads")
    assert [row["state"] for row in rows] == ["done"] * count, rows
    assert len(world.counted()) == len(set(world.counted())) == 2 * count
    assert [row["attempt"] for row in world.rows("SELECT attempt FROM jobs")] == [1] * 3 * count
    moves = Counter(
        line.partition("INFO ingest: ")[2] for line in said(world) if "INFO ingest: up-" in line and " → " in line
    )
    assert len(moves) >= 7 * count and all(times == 1 for times in moves.values()), moves.most_common(3)
    ended = Counter(line.partition("ingest: ")[2].partition(" is done")[0] for line in said(world) if "is done" in line)
    assert all(times == 1 for times in ended.values()), ended.most_common(3)
    assert world.orphans() == []
    assert "Traceback" not in "\n".join(said(world))


def test_four_services_at_once_do_everything_once_and_share_the_work(world: World, recordings: Any) -> None:
    with ExitStack() as stack:
        for number in range(SERVICES):
            stack.enter_context(service(world, number))
        wait_until(lambda: serving(world) == SERVICES, 60)
        send(world, recordings["mp3"].read_bytes(), 60)
        wait_until(lambda: not world.unfinished(), 300)
    each_once(world, 60)
    moved = [log_of(world, number).read_text().count(" → ") for number in range(SERVICES)]
    print(f"moves by each service: {moved}")
    assert all(moved)


def test_two_of_four_services_are_killed_in_the_middle_and_nothing_is_lost(world: World, recordings: Any) -> None:
    with ExitStack() as stack:
        cores = [stack.enter_context(service(world, number)) for number in range(SERVICES)]
        wait_until(lambda: serving(world) == SERVICES, 60)
        send(world, recordings["mp3"].read_bytes(), 12)
        wait_until(lambda: len(world.counted()) >= 5, 120)
        for core in cores[:2]:
            core.send_signal(signal.SIGKILL)
        wait_until(lambda: not world.unfinished(), 300)
    each_once(world, 12)


def test_one_service_more_than_there_may_be_says_so_and_leaves(world: World) -> None:
    with ExitStack() as stack:
        for number in range(SERVICES):
            stack.enter_context(service(world, number))
        wait_until(lambda: serving(world) == SERVICES, 60)
        with service(world, SERVICES) as core:
            assert core.wait(30) == 0
    assert "another Ingest Service works on this database" in log_of(world, SERVICES).read_text()


def test_while_one_service_waits_for_a_dead_scheduler_the_others_move_uploads(world: World) -> None:
    first, second = world.upload("m1", test_mode=True), world.upload("m2", test_mode=True)
    world.rows("UPDATE uploads SET due_at = 'infinity' WHERE id = %(id)s", id=second)
    with world.service() as (ctx, db), world.cursor() as other, only_submitter(other):
        tick_until(ctx, db, lambda: world.status(first)["state"] == "converting")
        world.rows("UPDATE uploads SET due_at = now() WHERE id = %(id)s", id=second)
        assert tick(ctx, db), "there is a job to be started"
        tick_until(ctx, db, lambda: world.status(second)["state"] == "converting")  # the other one still waits
        assert world.status(first)["state"] == "converting"
        assert {row["state"] for row in world.rows("SELECT state FROM jobs")} == {"planned"}
    assert [row["status_code"] for row in world.finish(first, second)] == [6, 6]
