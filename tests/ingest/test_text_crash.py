"""New and updated documents under kill -9, as in test_operations_crash: done once and wholly, or not at all."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from operations import TURN_DOCUMENT, Person, current, delete, documents, files
from test_operations_crash import codes, killed_at_random, killed_everywhere
from test_text_new import rebuilt
from world import World

STORY = "She told me something. You know nothing.\n\nA second paragraph.\n"
NEWER = "You know nothing. She told me a lot.\n"
WANTED = {"es": {}, "ca": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}


@pytest.fixture
def world(world: World) -> World:
    world.system("turn", "mt", TURN_DOCUMENT, "pairs = en-es, es-ca")
    return world


def new(world: World) -> None:
    documents(world, {"d1": STORY, "d2": STORY}, requested_langs=WANTED)


def made(world: World) -> None:
    assert sorted(files(world)) == ["0", "0", "8 ca", "8 ca", "8 es", "8 es"]
    assert {lang: text["version"] for lang, text in current(world, "d2").items()} == {"en": 1, "es": 1, "ca": 1}
    assert sorted(line.split(" /")[0] for line in world.counted()) == ["turn en es", "turn es ca"]
    assert world.rows("SELECT quota_documents, quota_words FROM users") == [{"quota_documents": 8, "quota_words": 980}]


def newer(world: World) -> None:
    """What people wrote stays in a new file, and what was made from it follows in an upload of its own."""
    new(world)
    world.finish()
    world.runs.unlink()
    Person(world, "d1", kind="text").write("es", {2: "No sabes nada."}).end(regenerate=False)
    documents(world, {"d1": NEWER}, "update")


def updated(world: World) -> None:
    assert rebuilt(world, "es") == "No sabes nada. es:She told me a lot.\n"
    assert rebuilt(world, "ca") == "ca:No sabes nada. ca:es:She told me a lot.\n"
    assert {lang: text["version"] for lang, text in current(world, "d1").items()} == {"en": 2, "es": 4, "ca": 3}
    # The Catalan of the new file is put aside as soon as what people wrote is in it.
    wanted = ["0", "0", "0!", "8 ca", "8 ca", "8 ca!", "8 ca!", "8 es", "8 es", "8 es!"]
    assert sorted(files(world)) == wanted
    assert len(world.counted()) == 3


STORIES: dict[str, tuple[Callable[[World], None], Callable[[World], None], set[int], int]] = {
    "new": (new, made, {3}, 9),
    "update": (newer, updated, {3, 20}, 11),
}


@pytest.mark.parametrize("story", STORIES)
def test_killed_at_any_point_of_a_tick_it_is_done_once_and_wholly(world: World, story: str) -> None:
    ask, check, expected, stride = STORIES[story]
    world.rows("UPDATE users SET quota_documents = 10, quota_words = 1000")
    ask(world)
    kills = killed_everywhere(world, stride)
    print(f"{story}: {kills} kills")
    assert kills > 20
    assert set(codes(world)) == expected, world.rows("SELECT info FROM uploads")
    check(world)
    assert world.rows("SELECT id FROM sessions WHERE ended_at IS NULL") == []


def test_what_is_done_with_one_document_survives_kills_at_random_moments(world: World) -> None:
    new(world)
    documents(world, {"d1": NEWER, "d2": None}, "update", requested_langs={"es": {}}, **{"re-generate": True})
    documents(world, {"d1": None}, "update", force=True, **{"re-generate": True})
    delete(world, "d1", kind="text")
    kills = killed_at_random(world, random.Random(5))
    print(f"{kills} kills")
    assert kills > 5
    assert sorted(codes(world)) == [3, 20, 20, 30], world.rows("SELECT state, info FROM uploads")
    assert len([name for name in files(world) if not name.endswith("!")]) == 3  # d2: as it came, es, ca
    assert not [path for path in world.mounts["media"].rglob("*") if path.name.endswith(".part")]
