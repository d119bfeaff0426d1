"""What people correct is followed by what was made from it, segment by segment; their own words stay everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from operations import Person, asked, current, files, lecture, runs
from world import World, tick_until

MUSIC = (1, 500, 900, "We talk about music.")


@pytest.fixture
def world(quick: World) -> World:
    """A service with one lecture: en, es made from it, ca made from es, a voice in es."""
    lecture(quick)
    return quick


def finish(world: World) -> list[dict[str, Any]]:
    """Let all regeneration come to its end; the rows of its uploads in order."""
    world.finish()
    rows = world.rows("SELECT * FROM uploads ORDER BY uploaded_on, last_update")
    assert [row["status_code"] for row in rows] == [20] * len(rows), [row["info"] for row in rows]
    return rows


def translated(world: World) -> list[str]:
    """The text of every segment that an MT system was given, in the order of the runs."""
    found = []
    for line in world.runs.read_text().splitlines():
        if line.startswith("turn"):
            found += [s for s in Path(line[line.index("/") :]).read_text().split("<tl:o>")[0].split("\n") if "sI=" in s]
    return found


def test_only_the_corrected_segment_is_translated_again_down_the_whole_chain(world: World) -> None:
    Person(world).edit("en", MUSIC).end()
    uploads = finish(world)
    assert runs(world) == ["say es", "turn en es", "turn es ca"]
    assert [line.count("sI=") for line in translated(world)] == [1, 1]
    texts = current(world)
    assert texts["es"]["texts"] == {0: "es Good morning.", 1: "es:We talk about music.", 2: "es Thank you."}
    assert texts["ca"]["texts"] == {0: "ca Good morning.", 1: "ca:es:We talk about music.", 2: "ca Thank you."}
    assert texts["es"]["human"] == texts["ca"]["human"] == []
    assert (texts["es"]["based_on_version"], texts["ca"]["based_on_version"]) == (2, 2)
    assert [u["manifest"]["edited"] for u in uploads] == [["en"], ["es"]]
    assert files(world) in (["0", "es", "es!"], ["0", "es!", "es"])


def test_segments_that_people_have_translated_are_never_touched(world: World) -> None:
    Person(world).edit("es", (1, 480, 950, "Hablamos de clases.")).end(regenerate=False)
    Person(world).edit("en", MUSIC, (2, 1000, 1400, "Thanks a lot.")).end()
    finish(world)
    es = current(world)["es"]
    assert es["texts"] == {0: "es Good morning.", 1: "Hablamos de clases.", 2: "es:Thanks a lot."}
    assert (es["human"], es["times"][1], es["status"]) == ([1], (480, 950), 1)
    # The Catalan follows the Spanish that people wrote, which had not been asked for then.
    assert current(world)["ca"]["texts"][1] == "ca:Hablamos de clases."


def test_a_deleted_segment_goes_and_a_moved_one_moves_without_any_translation(world: World) -> None:
    Person(world).edit("en", (2, 1010, 1500, "en Thank you."), gone=(0,)).end()
    finish(world)
    assert not [run for run in runs(world) if run.startswith("turn")]
    es = current(world)["es"]
    assert es["texts"] == {1: "es Today we talk about lectures.", 2: "es Thank you."}
    assert es["times"][2] == (1010, 1500)
    assert current(world)["ca"]["times"][2] == (1010, 1500)


def test_a_new_segment_is_translated_in_its_place(world: World) -> None:
    Person(world).edit("en", (77, 1500, 1900, "Good bye.")).end()
    finish(world)
    assert list(current(world)["es"]["texts"].items())[-1] == (77, "es:Good bye.")


def test_a_corrected_translation_is_followed_by_its_voice_and_what_was_made_from_it(world: World) -> None:
    Person(world).edit("es", (0, 0, 400, "Buenos días.")).end()
    [upload] = finish(world)
    assert upload["manifest"]["edited"] == ["es"]
    assert runs(world) == ["say es", "turn es ca"]
    assert current(world)["ca"]["texts"][0] == "ca:Buenos días."
    [voice] = world.rows("SELECT content_version, sub_type FROM audiotracks WHERE replaced_at IS NULL")
    assert voice == {"content_version": 2, "sub_type": 1}


def test_both_ends_of_a_chain_corrected_in_one_session_come_together(world: World) -> None:
    Person(world).edit("en", MUSIC).edit("es", (0, 0, 400, "Buenos días.")).end()
    finish(world)
    texts = current(world)
    assert texts["es"]["texts"] == {0: "Buenos días.", 1: "es:We talk about music.", 2: "es Thank you."}
    assert texts["ca"]["texts"] == {0: "ca:Buenos días.", 1: "ca:es:We talk about music.", 2: "ca Thank you."}
    assert texts["es"]["human"] == [0]


def test_a_session_that_comes_to_the_same_text_asks_for_nothing(world: World) -> None:
    Person(world).edit("en", (1, 500, 900, "en Today we talk about lectures.")).end()
    assert world.rows("SELECT id FROM uploads") == []


def test_a_translation_whose_system_is_gone_stays_and_the_rest_follows(world: World) -> None:
    world.system("turn", "mt", 'cp "$input" "$output"', "pairs = es-ca")
    Person(world).edit("en", MUSIC).end()
    # What stays unsaid in one language is a note of the upload, not its failure.
    [upload] = finish(world)
    assert "'es' does not follow: no MT system from 'en' to 'es'" in upload["info"]
    assert current(world)["es"]["version"] == 1


def test_what_people_write_into_a_translation_while_it_follows_is_kept(world: World) -> None:
    world.system("turn", "mt", 'sleep 0.2; cp "$input" "$output"', "pairs = en-es, es-ca")
    Person(world).edit("en", MUSIC).end()
    with world.service() as (ctx, db):
        state = "SELECT 1 FROM uploads WHERE state = 'translating'"
        tick_until(ctx, db, lambda: world.rows(state))
        Person(world).edit("es", (0, 0, 400, "Buenos días.")).end()
    finish(world)
    es = current(world)["es"]
    assert (es["texts"][0], es["human"]) == ("Buenos días.", [0])
    assert es["texts"][1] == "We talk about music."
    assert current(world)["ca"]["texts"][0] == "Buenos días."


def test_regeneration_takes_no_quota(world: World) -> None:
    world.rows("UPDATE users SET quota_media = 0, quota_media_ms = 0")
    Person(world).edit("en", MUSIC).end()
    before = asked(world)
    finish(world)
    assert asked(world) > before
