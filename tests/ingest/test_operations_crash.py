"""Updates and deletes under kill -9, after any statement to the database and before any change of a file."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from operations import Person, current, delete, files, lecture, update
from psycopg2.extras import RealDictCursor
from tiny_media import Media
from world import World

from ingest.tick import tick

FILE_EVENTS = frozenset(("os.rename", "os.remove", "os.rmdir", "os.link", "os.mkdir", "shutil.copyfile"))


@pytest.fixture
def world(quick: World, recordings: Media) -> World:
    lecture(quick, recordings["mp3"])
    return quick


def tick_and_die(world: World, after: int) -> None:
    """A tick that is killed before the statement or change of a file with that number. Never returns.

    What dies is the process, as under kill -9; nothing is faked.
    """
    left = 10**9

    def count() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    class Counting(RealDictCursor):
        def execute(self, *arguments: Any) -> Any:
            count()
            return super().execute(*arguments)

    sys.addaudithook(lambda event, arguments: count() if event in FILE_EVENTS else None)
    try:
        with world.service() as (ctx, db):
            db.cursor_factory = Counting
            left = after
            tick(ctx, db)
    finally:
        os._exit(0)


def killed_everywhere(world: World, stride: int) -> int:
    """Tick in children that die at every `stride`-th point of each state until one comes through. Returns the kills."""
    point, kills, now = 0, 0, []
    deadline = time.monotonic() + 120
    while world.unfinished():
        assert time.monotonic() < deadline, world.rows("SELECT id, state, info FROM uploads")
        if (child := os.fork()) == 0:
            tick_and_die(world, point)
        _, status = os.waitpid(child, 0)
        died = os.WIFSIGNALED(status)
        before, now = now, world.rows("SELECT id, state FROM uploads ORDER BY id")
        kills, point = kills + died, point + stride if died and before == now else kills % stride
        if not died:
            time.sleep(0.02)
    return kills


def killed_at_random(world: World, chance: random.Random) -> int:
    """Tick in children that die at random moments until all is done. Returns the kills."""
    kills = 0
    deadline = time.monotonic() + 100
    while world.unfinished():
        assert time.monotonic() < deadline, world.rows("SELECT id, state, info FROM uploads")
        if (child := os.fork()) == 0:
            tick_and_die(world, chance.randrange(80))
        _, status = os.waitpid(child, 0)
        kills += os.WIFSIGNALED(status)
        chance.random()
    return kills


def codes(world: World) -> list[int]:
    return [row["status_code"] for row in world.rows("SELECT status_code FROM uploads ORDER BY uploaded_on")]


def ask_for_a_rerecording(world: World, recordings: Media) -> None:
    update(world, "m1", {"media.wav": recordings["wav"]}, requested_langs={"es": {"sub": {}}})


def rerecorded(world: World) -> None:
    assert sorted(files(world)) == ["0", "0!", "es!"]
    assert {lang: text["version"] for lang, text in current(world).items()} == {"en": 2, "es": 2}
    assert world.rows("SELECT version FROM contents WHERE language = 'ca'") == [{"version": -1}]


def ask_for_regeneration(world: World, recordings: Media) -> None:
    Person(world).edit("en", (1, 500, 900, "We talk about music.")).end()


def regenerated(world: World) -> None:
    texts = current(world)
    assert {lang: text["version"] for lang, text in texts.items()} == {"en": 2, "es": 2, "ca": 2}
    assert texts["ca"]["texts"][1] == "ca:es:We talk about music."
    assert sorted(files(world)) == ["0", "es", "es!"]
    assert len(world.rows("SELECT id FROM uploads")) == 2
    assert len(world.counted()) == 3


def deleted_softly(world: World) -> None:
    assert files(world) == ["0!", "es!"]
    assert world.rows("SELECT count(*) AS n FROM objects WHERE deleted_at IS NOT NULL") == [{"n": 1}]


def deleted_hard(world: World) -> None:
    assert [p for p in world.mounts["media"].rglob("*") if p.is_file()] == []
    assert world.rows("SELECT id FROM objects") == []


STORIES: dict[str, tuple[Callable[[World, Media], object], Callable[[World], None], set[int]]] = {
    "re-recording": (ask_for_a_rerecording, rerecorded, {20}),
    "regeneration": (ask_for_regeneration, regenerated, {20}),
    "soft delete": (lambda world, _: delete(world, "m1"), deleted_softly, {30}),
    "hard delete": (lambda world, _: delete(world, "m1", "hard"), deleted_hard, {30}),
}


@pytest.mark.parametrize(
    "story, stride", [("soft delete", 1), ("hard delete", 1), ("re-recording", 3), ("regeneration", 7)]
)
def test_killed_at_any_point_of_a_tick_it_is_done_once_and_wholly(
    world: World, recordings: Media, story: str, stride: int
) -> None:
    ask, check, expected = STORIES[story]
    ask(world, recordings)
    kills = killed_everywhere(world, stride)
    print(f"{story}: {kills} kills")
    assert kills > 20
    assert set(codes(world)) == expected
    check(world)
    assert world.rows("SELECT id FROM sessions WHERE ended_at IS NULL") == []


def test_updates_and_deletes_of_one_media_survive_kills_at_random_moments(world: World, recordings: Media) -> None:
    """Whatever the moments, they go one after the other: regenerated twice, recorded anew, deleted."""
    ask_for_regeneration(world, recordings)
    ask_for_a_rerecording(world, recordings)
    update(world, "m1", force=True, **{"re-generate": ["tx", "tl", "tts"]})
    delete(world, "m1")
    kills = killed_at_random(world, random.Random(4))
    print(f"{kills} kills")
    assert kills > 5
    assert sorted(codes(world)) == [20, 20, 20, 20, 30], world.rows("SELECT state, info FROM uploads")
    [last] = world.rows("SELECT info FROM uploads WHERE manifest -> 'edited' = '[\"es\"]'")
    assert "nothing left to do" in last["info"]
    assert all(name.endswith("!") for name in files(world))
    assert not [p for p in world.mounts["media"].rglob("*") if p.name.endswith(".part")]
