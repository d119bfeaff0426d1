"""/text/ingest/update, option by option (manual, Appendix F, "Behavior changes with optional inputs")."""

from __future__ import annotations

from typing import Any

import pytest
from operations import TURN_DOCUMENT, Person, asked, current, documents, files, rebuilt, runs
from world import World, tick_until

STORY = "She told me something. You know nothing.\n\nA second paragraph.\n"
NEWER = "You know nothing. She told me a lot.\n\nA second paragraph. And a third one.\n"


@pytest.fixture
def world(world: World) -> World:
    """A service with two documents: d1 in en, es made from it and ca made from es; d2 in en and es."""
    world.system("turn", "mt", TURN_DOCUMENT, "pairs = en-es, es-ca, en-fr")
    chain = {"es": {}, "ca": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}
    first = documents(world, {"d1": STORY}, requested_langs=chain)
    second = documents(world, {"d2": "Another document.\n"}, requested_langs={"es": {}})
    assert [row["status_code"] for row in world.finish(first, second)] == [3, 3]
    world.runs.unlink()
    return world


def update(world: World, sent: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """Send an update and let everything come to its end; the row of its upload."""
    [row] = world.finish(documents(world, sent, "update", **keys))
    assert (row["status_code"], row["error_code"]) == (20, None), row["info"]
    assert row["info"].startswith("Document(s) successfully updated.")
    assert world.rows("SELECT id FROM uploads WHERE status_code > 99") == []
    return row


def versions(world: World, external_id: str = "d1") -> dict[str, int]:
    return {lang: text["version"] for lang, text in current(world, external_id).items()}


def write(world: World, language: str, sentences: dict[int, str], external_id: str = "d1") -> None:
    """What people make of a translation, without anything that follows."""
    Person(world, external_id, kind="text").write(language, sentences).end(regenerate=False)


def texts(world: World, language: str) -> list[str]:
    return list(current(world, "d1")[language]["texts"].values())


# Without a file


def test_a_title_alone_changes_the_title_alone(world: World) -> None:
    update(world, {"d1": None}, d1={"title": "Another title"})
    assert {"title": "Another title"} in world.rows("SELECT title FROM objects")
    assert (runs(world), versions(world)) == ([], {"en": 1, "es": 1, "ca": 1})


@pytest.mark.parametrize("manifest", [{"re-generate": True}, {"re-generate": ["tl"]}])
def test_regenerate_makes_every_translation_again_by_the_way_it_had_been_made(
    world: World, manifest: dict[str, Any]
) -> None:
    update(world, {"d1": None, "d2": None}, **manifest)
    assert runs(world) == ["turn en es", "turn en es", "turn es ca"]
    assert (versions(world), versions(world, "d2")) == ({"en": 1, "es": 2, "ca": 2}, {"en": 1, "es": 2})
    assert sorted(files(world)) == ["0", "0", *["8 ca", "8 ca!"], *["8 es"] * 2, *["8 es!"] * 2]
    assert rebuilt(world, "ca").startswith("ca:es:She told me")


def test_documents_that_need_the_same_are_made_again_in_one_run(world: World) -> None:
    update(world, {"d1": None, "d2": None}, requested_langs={"es": {}}, **{"re-generate": True})
    assert runs(world) == ["turn en es"]
    assert (versions(world), versions(world, "d2")) == ({"en": 1, "es": 2, "ca": 1}, {"en": 1, "es": 2})


def test_requested_langs_with_regenerate_makes_new_languages_and_leaves_the_others_alone(world: World) -> None:
    update(world, {"d1": None}, requested_langs={"fr": {}}, **{"re-generate": True})
    assert runs(world) == ["turn en fr"]
    assert versions(world) == {"en": 1, "es": 1, "ca": 1, "fr": 1}
    assert rebuilt(world, "fr") == "fr:She told me something. fr:You know nothing.\n\nfr:A second paragraph.\n"


def test_a_supervised_translation_is_not_made_again_unless_force_is_set(world: World) -> None:
    write(world, "es", {2: "No sabes nada."})
    row = update(world, {"d1": None, "d2": None}, **{"re-generate": True})
    assert "The translations in 'es' were kept: people have worked on them, and force is not set (of d1)" in row["info"]
    assert runs(world) == ["turn en es", "turn es ca"]  # es of d2, ca of d1 from what people wrote
    assert texts(world, "es")[1] == "No sabes nada."
    assert texts(world, "ca")[1] == "ca:No sabes nada."
    before = asked(world)
    update(world, {"d1": None}, force=True, **{"re-generate": True})
    assert runs(world, before) == ["turn en es", "turn es ca"]
    assert (texts(world, "es")[1], current(world, "d1")["es"]["human"]) == ("es:You know nothing.", [])


def test_generate_off_makes_nothing_again(world: World) -> None:
    update(world, {"d1": None}, generate=False, **{"re-generate": True})
    assert (runs(world), versions(world)) == ([], {"en": 1, "es": 1, "ca": 1})


def test_a_language_without_a_system_is_a_note_at_the_end(world: World) -> None:
    row = update(world, {"d1": None}, requested_langs={"et": {}}, **{"re-generate": True})
    assert row["info"].endswith("No translations in 'et': no MT system from 'en' to 'et'.")


def test_test_mode_adds_empty_translations_and_runs_nothing(world: World) -> None:
    update(world, {"d1": None}, test_mode=True, requested_langs={"fr": {}})
    assert (runs(world), versions(world)) == ([], {"en": 1, "es": 1, "ca": 1, "fr": 1})
    assert current(world, "d1")["fr"]["origin"] == "test"


# With a file


def test_a_new_file_takes_the_place_of_the_old_one_and_every_translation_is_made_anew(world: World) -> None:
    update(world, {"d1": NEWER}, d1={"title": "NEW VERSION"})
    assert runs(world) == ["turn en es", "turn es ca"]
    assert versions(world) == {"en": 2, "es": 2, "ca": 2}
    assert rebuilt(world, "ca") == (
        "ca:es:You know nothing. ca:es:She told me a lot.\n\nca:es:A second paragraph. ca:es:And a third one.\n"
    )
    assert sorted(files(world)) == ["0", "0", "0!", "8 ca", "8 ca!", "8 es", "8 es", "8 es!"]
    [row] = world.rows("SELECT title, sentences, words, characters FROM objects WHERE external_id = 'd1'")
    assert row == {"title": "NEW VERSION", "sentences": 4, "words": 15, "characters": 70}


def test_requested_langs_with_a_new_file_adds_languages_to_those_that_the_document_has(world: World) -> None:
    update(world, {"d1": NEWER}, requested_langs={"fr": {}, "es": {}})
    assert runs(world) == ["turn en es", "turn en fr", "turn es ca"]
    assert versions(world) == {"en": 2, "es": 2, "ca": 2, "fr": 1}


def test_peoples_sentences_whose_source_has_not_changed_are_kept_wherever_they_stand_now(world: World) -> None:
    write(world, "es", {1: "Me dijo algo.", 2: "No sabes nada."})
    update(world, {"d1": NEWER})
    es = current(world, "d1")["es"]
    assert texts(world, "es") == [
        "No sabes nada.", "es:She told me a lot.", "es:A second paragraph.", "es:And a third one.",
    ]  # fmt: skip
    assert (es["human"], es["status"]) == ([1], 2)
    assert rebuilt(world, "es").startswith("No sabes nada. es:She told me a lot.\n")
    # What is made from the translation follows what people wrote.
    assert texts(world, "ca")[:2] == ["ca:No sabes nada.", "ca:es:She told me a lot."]
    assert rebuilt(world, "ca").startswith("ca:No sabes nada. ca:es:She told me a lot.\n")


def test_peoples_sentences_are_kept_along_the_whole_chain(world: World) -> None:
    write(world, "es", {2: "No sabes nada."})
    write(world, "ca", {2: "No saps res.", 1: "Em va dir alguna cosa."})
    update(world, {"d1": NEWER})
    assert texts(world, "ca")[:2] == ["No saps res.", "ca:es:She told me a lot."]
    assert current(world, "d1")["ca"]["human"] == [1]


def test_with_force_a_new_file_keeps_nothing_that_people_wrote(world: World) -> None:
    write(world, "es", {2: "No sabes nada."})
    update(world, {"d1": NEWER}, force=True)
    assert texts(world, "es")[0] == "es:You know nothing."
    assert len(world.rows("SELECT 1 FROM content_versions WHERE body LIKE '%%No sabes nada%%'")) > 0  # none is lost


def test_without_generation_a_new_file_keeps_what_is_still_right_and_the_rest_is_not_translated(world: World) -> None:
    write(world, "es", {2: "No sabes nada."})
    update(world, {"d1": NEWER}, generate=False)
    assert runs(world) == []
    assert texts(world, "es") == ["No sabes nada.", "es:A second paragraph."]
    assert rebuilt(world, "es") == "No sabes nada. She told me a lot.\n\nes:A second paragraph. And a third one.\n"


def test_a_translation_of_which_nothing_is_right_any_more_is_put_aside_where_none_can_be_made(world: World) -> None:
    world.system("turn", "mt", TURN_DOCUMENT, "pairs = en-fr")
    row = update(world, {"d1": "Everything is different now.\n"}, requested_langs={"fr": {}})
    assert "The translation into 'es' was of the former document, and is put aside." in row["info"]
    assert "No translations in 'es': no MT system from 'en' to 'es'." in row["info"]
    assert versions(world) == {"en": 2, "fr": 1}
    assert {"version": -1} in world.rows("SELECT version FROM contents WHERE language = 'es'")
    assert sorted(files(world)) == ["0", "0", "0!", "8 ca!", "8 es", "8 es!", "8 fr"]


def test_a_new_file_in_another_language_is_another_document(world: World) -> None:
    update(world, {"d2": "Otro documento.\n"}, language="es", requested_langs={"ca": {}})
    assert runs(world) == ["turn es ca"]
    texts = current(world, "d2")
    assert {lang: text["version"] for lang, text in texts.items()} == {"es": 2, "ca": 1}
    assert texts["es"]["texts"] == {1: "Otro documento."}
    assert {"language": "es"} in world.rows("SELECT language FROM objects WHERE external_id = 'd2'")


def test_several_documents_are_updated_in_one_upload_each_by_what_is_sent_of_it(world: World) -> None:
    update(world, {"d1": NEWER, "d2": None}, requested_langs={"es": {}}, **{"re-generate": True})
    assert (versions(world)["es"], versions(world, "d2")["es"]) == (2, 2)
    assert versions(world, "d2")["en"] == 1


def test_an_open_session_ends_with_a_new_file_and_what_it_wrote_is_kept(world: World) -> None:
    writing = Person(world, "d1", kind="text").write("es", {2: "No sabes nada."})
    update(world, {"d1": NEWER})
    assert texts(world, "es")[0] == "No sabes nada."
    assert world.rows("SELECT id FROM sessions WHERE ended_at IS NULL AND id = %(id)s", id=writing.session_id) == []


def test_what_people_write_while_a_new_file_is_translated_is_kept_and_rebuilt(world: World) -> None:
    world.system("turn", "mt", "sleep 0.3; " + TURN_DOCUMENT, "pairs = en-es, es-ca")
    documents(world, {"d1": NEWER}, "update")
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.rows("SELECT 1 FROM uploads WHERE state = 'translating'"))
        write(world, "es", {2: "No sabes nada."})
    world.finish()
    assert texts(world, "es")[0] == "No sabes nada."
    assert rebuilt(world, "es").startswith("No sabes nada. es:She told me a lot.\n")


def test_an_update_takes_no_quota_and_needs_none(world: World) -> None:
    world.rows("UPDATE users SET quota_documents = 0, quota_words = 0")
    update(world, {"d1": NEWER}, requested_langs={"fr": {}})
    assert world.rows("SELECT quota_documents, quota_words FROM users") == [{"quota_documents": 0, "quota_words": 0}]


def test_a_bad_file_changes_nothing_of_any_document(world: World) -> None:
    [row] = world.finish(documents(world, {"d2": "Another one.\n", "d1": b"\0\1"}, "update"))
    assert (row["status_code"], "'d1'" in row["info"]) == (101, True)
    assert versions(world) == {"en": 1, "es": 1, "ca": 1} and versions(world, "d2") == {"en": 1, "es": 1}


def test_a_document_that_was_deleted_meanwhile_is_told(world: World) -> None:
    world.rows("UPDATE objects SET deleted_at = now() WHERE external_id = 'd1'")
    [row] = world.finish(documents(world, {"d2": None, "d1": None}, "update", **{"re-generate": True}))
    assert (row["status_code"], "'d1' does not exist any more" in row["info"]) == (101, True)
