"""What people correct in documents is followed by translations and files, sentence by sentence; their words stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from operations import TURN_DOCUMENT, Person, asked, current, delete, documents, files, rebuilt, runs
from world import World, tick_until

STORY = "She told me something. You know nothing.\n\nA second paragraph.\n"


@pytest.fixture
def world(world: World) -> World:
    """A service with one document: en, es and fr made from it, ca made from es."""
    world.system("turn", "mt", TURN_DOCUMENT, "pairs = en-es, es-ca, en-fr")
    wanted = {"es": {}, "fr": {}, "ca": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}
    [row] = world.finish(documents(world, {"d1": STORY}, requested_langs=wanted))
    assert row["status_code"] == 3, row["info"]
    world.runs.unlink()
    return world


def write(world: World, language: str, sentences: dict[int, str]) -> Person:
    return Person(world, "d1", kind="text").write(language, sentences)


def finish(world: World) -> list[dict[str, Any]]:
    """Let all regeneration come to its end; the rows of its uploads in order."""
    world.finish()
    rows = world.rows("SELECT * FROM uploads WHERE operation = 'update' ORDER BY uploaded_on, last_update")
    assert [row["status_code"] for row in rows] == [20] * len(rows), [row["info"] for row in rows]
    return rows


def given(world: World) -> list[int]:
    """How many sentences an MT system was given, run by run."""
    lines = world.runs.read_text().splitlines()
    return [Path(line[line.index("/") :]).read_text().count("sI=") for line in lines]


def test_only_the_corrected_sentence_is_translated_again_down_the_whole_chain_and_files_are_rebuilt(
    world: World,
) -> None:
    write(world, "en", {2: "You know a lot."}).end()
    uploads = finish(world)
    assert runs(world) == ["turn en es", "turn en fr", "turn es ca"]
    assert given(world) == [1, 1, 1]
    assert [upload["manifest"]["edited"] for upload in uploads] == [["en"], ["es", "fr"]]
    texts = current(world, "d1")
    assert texts["es"]["texts"] == {
        1: "es:She told me something.",
        2: "es:You know a lot.",
        3: "es:A second paragraph.",
    }
    assert texts["es"]["sources"][2] == "You know a lot."
    assert texts["ca"]["texts"][2] == "ca:es:You know a lot."
    assert texts["ca"]["sources"][2] == "es:You know a lot."
    assert {lang: text["version"] for lang, text in texts.items()} == {"en": 2, "es": 2, "fr": 2, "ca": 2}
    assert rebuilt(world, "fr") == "fr:She told me something. fr:You know a lot.\n\nfr:A second paragraph.\n"
    assert rebuilt(world, "ca") == "ca:es:She told me something. ca:es:You know a lot.\n\nca:es:A second paragraph.\n"
    # The document in its own language is rebuilt too, and the file that came stays beside it.
    assert rebuilt(world, "en") == "She told me something. You know a lot.\n\nA second paragraph.\n"
    assert files(world).count("0") == 1


def test_a_corrected_translation_is_rebuilt_without_any_translation_where_nothing_was_made_from_it(
    world: World,
) -> None:
    write(world, "fr", {3: "Un second paragraphe."}).end()
    [upload] = finish(world)
    assert runs(world) == []
    assert rebuilt(world, "fr") == "fr:She told me something. fr:You know nothing.\n\nUn second paragraphe.\n"
    assert [name for name in files(world) if "fr" in name] in (["8 fr", "8 fr!"], ["8 fr!", "8 fr"])
    assert upload["info"] == "Document(s) successfully updated."


def test_what_was_made_from_a_corrected_translation_follows(world: World) -> None:
    write(world, "es", {1: "Me dijo algo."}).end()
    finish(world)
    assert runs(world) == ["turn es ca"]
    assert current(world, "d1")["ca"]["texts"][1] == "ca:Me dijo algo."
    assert rebuilt(world, "es").startswith("Me dijo algo. es:You know")
    assert rebuilt(world, "ca").startswith("ca:Me dijo algo. ca:es:You know")


def test_sentences_that_people_have_translated_stay_when_their_source_is_corrected(world: World) -> None:
    write(world, "es", {2: "No sabes nada."}).end(regenerate=False)
    write(world, "en", {2: "You know a lot.", 3: "The second one."}).end()
    finish(world)
    es = current(world, "d1")["es"]
    assert es["texts"] == {1: "es:She told me something.", 2: "No sabes nada.", 3: "es:The second one."}
    assert (es["human"], es["status"], es["sources"][2]) == ([2], 2, "You know a lot.")


def test_what_people_write_into_a_translation_while_it_follows_is_kept_and_rebuilt(world: World) -> None:
    world.system("turn", "mt", "sleep 0.3; " + TURN_DOCUMENT, "pairs = en-es, es-ca, en-fr")
    write(world, "en", {2: "You know a lot."}).end()
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.rows("SELECT 1 FROM uploads WHERE state = 'translating'"))
        write(world, "es", {1: "Me dijo algo."}).end()
    finish(world)
    assert current(world, "d1")["es"]["texts"][1] == "Me dijo algo."
    assert rebuilt(world, "es") == "Me dijo algo. es:You know a lot.\n\nes:A second paragraph.\n"
    assert current(world, "d1")["ca"]["texts"][1] == "ca:Me dijo algo."


def test_a_session_that_comes_to_the_same_text_asks_for_nothing(world: World) -> None:
    write(world, "en", {2: "You know nothing."}).end()
    assert world.rows("SELECT id FROM uploads WHERE operation = 'update'") == []


def test_a_translation_whose_system_is_gone_stays_and_the_rest_follows(world: World) -> None:
    world.system("turn", "mt", TURN_DOCUMENT, "pairs = en-fr, es-ca")
    write(world, "en", {2: "You know a lot."}).end()
    [upload, *_] = finish(world)
    assert "'es' does not follow: no MT system from 'en' to 'es'" in upload["info"]
    assert {lang: text["version"] for lang, text in current(world, "d1").items()} == {
        "en": 2,
        "es": 1,
        "fr": 2,
        "ca": 1,
    }


def test_a_translation_through_a_language_that_is_not_kept_follows_by_the_same_way(world: World) -> None:
    through = {"ca": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}
    assert world.finish(documents(world, {"d3": STORY}, requested_langs=through))[0]["status_code"] == 3
    assert current(world, "d3")["ca"]["sources"] == current(world, "d3")["en"]["texts"]
    before = asked(world)
    Person(world, "d3", kind="text").write("en", {2: "You know a lot."}).end()
    finish(world)
    assert runs(world, before) == ["turn en es", "turn es ca"]
    texts = current(world, "d3")
    assert (list(texts), texts["ca"]["texts"][2]) == (["en", "ca"], "ca:es:You know a lot.")
    assert texts["ca"]["sources"][2] == "You know a lot."
    assert rebuilt(world, "ca", "d3").startswith("ca:es:She told me something. ca:es:You know a lot.")
    before = asked(world)
    newer = documents(world, {"d3": "You know a lot. She told me nothing.\n"}, "update")
    assert world.finish(newer)[0]["status_code"] == 20
    assert runs(world, before) == ["turn en es", "turn es ca"]
    assert rebuilt(world, "ca", "d3") == "ca:es:You know a lot. ca:es:She told me nothing.\n"


def test_regeneration_takes_no_quota(world: World) -> None:
    world.rows("UPDATE users SET quota_documents = 0, quota_words = 0")
    write(world, "en", {2: "You know a lot."}).end()
    finish(world)
    assert asked(world) == 3


def test_the_document_is_guarded_while_it_follows_where_the_configuration_says_so(
    tmp_path: Path, clean_db: dict[str, Any]
) -> None:
    world = World(tmp_path / "guarded", clean_db, sessions={"enabled": "yes"})
    world.system("turn", "mt", "sleep 0.3; " + TURN_DOCUMENT, "pairs = en-es")
    sent = documents(world, {"d1": STORY, "d2": STORY}, requested_langs={"es": {}})
    assert world.finish(sent)[0]["status_code"] == 3
    documents(world, {"d1": None, "d2": None}, "update", **{"re-generate": True})
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.rows("SELECT 1 FROM uploads WHERE state = 'translating'"))
        open_now = world.rows("SELECT author_type FROM sessions WHERE ended_at IS NULL")
        assert open_now == [{"author_type": "computer"}] * 2
    finish(world)
    assert world.rows("SELECT id FROM sessions WHERE ended_at IS NULL") == []


def test_a_document_that_was_deleted_meanwhile_needs_nothing_more(world: World) -> None:
    write(world, "en", {2: "You know a lot."}).end()
    world.rows("UPDATE objects SET deleted_at = now()")
    [upload] = finish(world)
    assert "There was nothing left to do: the document was deleted meanwhile." in upload["info"]


# Deleting


@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_deleting_puts_every_file_of_a_document_aside_or_erases_it(world: World, mode: str) -> None:
    write(world, "fr", {3: "Un second paragraphe."}).end()
    finish(world)
    [row] = world.finish(delete(world, "d1", mode, kind="text"))
    assert row["status_code"] == 30
    if mode == "soft":
        assert all(name.endswith("!") for name in files(world)) and len(files(world)) == 5
        return
    assert [path for path in world.mounts["media"].rglob("*") if path.is_file()] == []
    assert world.rows("SELECT id FROM objects") == []
    assert world.rows("SELECT manifest FROM uploads WHERE operation = 'new'") == [{"manifest": {}}]
    assert [path for path in world.mounts["uploads"].iterdir() if path.name != row["id"]] == []
