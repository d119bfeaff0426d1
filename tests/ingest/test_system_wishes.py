"""What an administrator says of a system counts more than its folder, and stays when the folders are looked at."""

from __future__ import annotations

from typing import Any

import pytest
from world import World

from ingest import registry
from tlp import administration


@pytest.fixture
def world(quick: World) -> World:
    return quick


def looked_at(world: World) -> dict[str, Any]:
    """The ASR system's row after a look at the folders."""
    with world.service():
        [row] = world.rows("SELECT * FROM systems WHERE kind = 'asr'")
    return row


def test_a_disabled_system_stays_disabled_until_it_is_enabled(world: World) -> None:
    asr = looked_at(world)["id"]
    with world.cursor() as cur:
        administration.disable_system(cur, asr)
    after = looked_at(world)
    assert (after["available"], after["reason"]) == (False, "disabled by the administrator")
    with world.cursor() as cur:
        administration.enable_system(cur, asr)
    with world.service() as (ctx, db), db.cursor() as cur:
        registry.refresh(ctx, cur)
    after = looked_at(world)
    assert (after["available"], after["reason"]) == (True, None)


def test_a_given_name_and_priority_stay_and_go_back_to_those_of_the_folder(world: World) -> None:
    before = looked_at(world)
    with world.cursor() as cur:
        administration.set_priority(cur, before["id"], 0)
        administration.rename_system(cur, before["id"], "The good one")
    after = looked_at(world)
    assert (after["priority"], after["name"]) == (0, "The good one")
    with world.cursor() as cur:
        administration.set_priority(cur, before["id"], None)
        administration.rename_system(cur, before["id"], None)
    after = looked_at(world)
    assert (after["priority"], after["name"]) == (before["priority"], before["name"])


def test_the_service_looks_with_its_next_tick_when_it_was_asked_to(world: World) -> None:
    asr = looked_at(world)["id"]
    with world.cursor() as cur:
        administration.disable_system(cur, asr)
        administration.enable_system(cur, asr)
    assert not world.rows("SELECT available FROM systems WHERE id = %(id)s", id=asr)[0]["available"]
    core = world.core()
    assert core.wait(30) == 0
    assert world.rows("SELECT available FROM systems WHERE id = %(id)s", id=asr)[0]["available"]
