"""Every operation under kill -9, at each of its points: done once and wholly, or not at all. See docs/crashes.md.

A table of what was tried is printed at the end (-s). TLP_EVERY_POINT=1 tries every point after every progress; without
it some are left out, others with each change of the code.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fault_stories import SPEECH, TEXT, Story
from faults import EXHAUSTIVE, KINDS, Tally, killed_everywhere
from operations import TURN_DOCUMENT, lecture
from tiny_media import Media
from world import World


@pytest.fixture
def world(quick: World, recordings: Media) -> World:
    lecture(quick, recordings["mp3"])
    return quick


@pytest.fixture(scope="module", autouse=True)
def tallies() -> Iterator[dict[str, tuple[Tally, set[int]]]]:
    """What was tried, by operation; printed as a table."""
    made: dict[str, tuple[Tally, set[int]]] = {}
    yield made
    print(f"\n| operation | places | kills | {' | '.join(KINDS)} | ends with |")
    print("|---" * (4 + len(KINDS)) + "|")
    for name, (tally, ends) in made.items():
        print(f"| {name} | {len(tally.places)} | {tally.kills.total()} | {_by_kind(tally)} | {_in_words(ends)} |")
    total = sum((tally.kills for tally, _ in made.values()), start=Tally().kills)
    print(f"| all | | {total.total()} | {' | '.join(str(total[kind]) for kind in KINDS)} | |")


def _by_kind(tally: Tally) -> str:
    return " | ".join(str(tally.kills[kind]) for kind in KINDS)


def _in_words(codes: set[int]) -> str:
    return ", ".join(map(str, sorted(codes)))


def codes(world: World) -> list[int]:
    return [row["status_code"] for row in world.rows("SELECT status_code FROM uploads ORDER BY uploaded_on")]


def try_it(world: World, story: Story, recordings: Media) -> Tally:
    """Ask, kill at every point until all is done, and look at everything that must hold whatever the operation."""
    story.ask(world, recordings)
    tally = killed_everywhere(world, story.stride)
    assert set(codes(world)) == story.codes, world.rows("SELECT state, info FROM uploads")
    story.check(world)
    assert world.rows("SELECT id FROM sessions WHERE ended_at IS NULL") == []
    assert world.rows("SELECT id FROM jobs WHERE state IN ('planned', 'submitted')") == []
    assert world.orphans() == []
    return tally


@pytest.mark.parametrize("name", SPEECH)
def test_killed_at_any_point_a_media_is_treated_once_and_wholly(
    world: World, recordings: Media, name: str, tallies: dict[str, tuple[Tally, set[int]]]
) -> None:
    tally = try_it(world, SPEECH[name], recordings)
    tallies[f"speech: {name}"] = tally, SPEECH[name].codes
    assert tally.kills.total() >= (50 if EXHAUSTIVE else 8)


@pytest.mark.parametrize("name", TEXT)
def test_killed_at_any_point_documents_are_treated_once_and_wholly(
    quick: World, recordings: Media, name: str, tallies: dict[str, tuple[Tally, set[int]]]
) -> None:
    quick.system("turn", "mt", TURN_DOCUMENT, "pairs = en-es, es-ca")
    quick.rows("UPDATE users SET quota_documents = 10, quota_words = 1000")
    with quick.service():
        pass  # so that the systems are known
    tally = try_it(quick, TEXT[name], recordings)
    tallies[f"text: {name}"] = tally, TEXT[name].codes
    assert tally.kills.total() >= (50 if EXHAUSTIVE else 8)
