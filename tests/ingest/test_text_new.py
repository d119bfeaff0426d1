"""/text/ingest/new with real jobs and tiny systems, option by option (manual, Appendix F, and 7.2 for quotas)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from faulty_server import serving, whole
from operations import TURN_DOCUMENT, Person, asked, cancel, current, documents, files, rebuilt, runs
from world import World, tick_until

STORY = "She told me something. You know nothing.\n\nA second paragraph.\n"


@pytest.fixture
def world(world: World) -> World:
    """A service with MT from en to es and fr, and from es to ca."""
    world.system("turn", "mt", TURN_DOCUMENT, "pairs = en-es, es-ca, en-fr")
    return world


def done(world: World, upload: str) -> dict[str, Any]:
    [row] = world.finish(upload)
    assert (row["status_code"], row["error_code"]) == (3, None), row["info"]
    assert row["info"].startswith("Document(s) successfully processed.")
    return row


def failed(world: World, upload: str, code: int) -> str:
    [row] = world.finish(upload)
    assert (row["status_code"], row["error_code"]) == (code, code), row["info"]
    assert world.rows("SELECT id FROM objects") == []
    assert [p for p in world.mounts["media"].rglob("*") if p.is_file()] == []
    return str(row["info"])


def test_a_document_is_translated_sentence_by_sentence_and_rebuilt_in_each_language(world: World) -> None:
    done(world, documents(world, {"d1": STORY}, requested_langs={"es": {}, "fr": {}}))
    assert runs(world) == ["turn en es", "turn en fr"]
    texts = current(world, "d1")
    assert list(texts["en"]["texts"].values()) == ["She told me something.", "You know nothing.", "A second paragraph."]
    assert list(texts["es"]["texts"].values())[1] == "es:You know nothing."
    assert texts["es"]["sources"] == texts["en"]["texts"]
    assert {lang: (text["status"], text["origin"]) for lang, text in texts.items()} == {
        "en": (1, "client"), "es": (1, "mt"), "fr": (1, "mt"),
    }  # fmt: skip
    assert rebuilt(world, "fr") == "fr:She told me something. fr:You know nothing.\n\nfr:A second paragraph.\n"
    assert files(world) == ["0", "8 es", "8 fr"]
    [row] = world.rows("SELECT title, format, language, sentences, words, characters, rebuilt_format FROM objects")
    assert row == {
        "title": "Document d1", "format": "txt", "language": "en", "sentences": 3, "words": 10, "characters": 58,
        "rebuilt_format": "txt",
    }  # fmt: skip


def test_without_requested_langs_the_document_is_stored_and_not_translated(world: World) -> None:
    done(world, documents(world, {"d1": STORY}))
    assert (runs(world), list(current(world, "d1")), files(world)) == ([], ["en"], ["0"])


def test_generate_off_translates_nothing(world: World) -> None:
    done(world, documents(world, {"d1": STORY}, requested_langs={"es": {}}, generate=False))
    assert (runs(world), list(current(world, "d1"))) == ([], ["en"])


def test_many_documents_go_through_each_system_in_one_run(world: World) -> None:
    sent = {f"d{number}": f"This is document {number}. It is short.\n" for number in range(1, 8)}
    upload = documents(world, sent, requested_langs={"es": {}, "fr": {}})
    done(world, upload)
    assert runs(world) == ["turn en es", "turn en fr"]
    for number in range(1, 8):
        assert rebuilt(world, "es", f"d{number}") == f"es:This is document {number}. es:It is short.\n"
    linked = world.rows(
        "SELECT o.external_id = d.external_id AS same FROM upload_documents AS d JOIN objects AS o ON o.id = object_id"
    )
    assert linked == [{"same": True}] * 7


def test_tlpath_goes_through_other_languages_which_are_kept_only_where_they_are_asked_for(world: World) -> None:
    path = {"ca": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}
    done(world, documents(world, {"d1": STORY}, requested_langs=path))
    assert (runs(world), list(current(world, "d1"))) == (["turn en es", "turn es ca"], ["en", "ca"])
    assert rebuilt(world, "ca").startswith("ca:es:She told me something. ca:es:You know")
    before = asked(world)
    done(world, documents(world, {"d2": STORY}, requested_langs={"es": {}, **path}))
    assert runs(world, before) == ["turn en es", "turn es ca"]
    texts = current(world, "d2")
    assert texts["ca"]["sources"] == texts["es"]["texts"]


def test_sid_chooses_the_system(world: World) -> None:
    world.system("other", "mt", TURN_DOCUMENT, "pairs = en-es", priority="1")
    with world.service():
        [row] = world.rows("SELECT id FROM systems WHERE folder = 'other'")
    done(world, documents(world, {"d1": STORY}, requested_langs={"es": {"sid": row["id"]}}))
    assert runs(world) == ["other en es"]


def test_a_language_without_a_system_is_a_note_at_the_end(world: World) -> None:
    row = done(world, documents(world, {"d1": STORY, "d2": STORY}, requested_langs={"es": {}, "et": {}}))
    assert "No translations in 'et': no MT system from 'en' to 'et'." in row["info"]
    assert sorted(current(world, "d2")) == ["en", "es"]


def test_a_document_that_comes_back_untranslated_is_an_error_that_names_it_and_the_numbers(world: World) -> None:
    world.system("turn", "mt", 'cp "$input" "$output"', "pairs = en-es")
    info = failed(world, documents(world, {"d1": STORY}, requested_langs={"es": {}}), 102)
    assert info.startswith("An error occurred while translating the document. Document 'd1': only 0 of 3 sentences")
    assert "into 'es' by system" in info and "at least 50 %" in info


def test_a_system_that_leaves_out_half_of_the_sentences_fails_the_document(world: World) -> None:
    world.system("turn", "mt", TURN_DOCUMENT + "; sed -i '/nothing/d; /second/d' \"$output\"", "pairs = en-es")
    info = failed(world, documents(world, {"d1": STORY}, requested_langs={"es": {}}), 102)
    assert "only 1 of 3 sentences" in info


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (r"""sed -e 's#<tl:c>[^<]*</tl:c>#<tl:c></tl:c>#' "$input" >"$output" """, "only 0 of 3 sentences"),
        (r"""sed -e 's#<tl:c>.*</tl:c>##' "$input" >"$output" """, "only 0 of 3 sentences"),
        (r"""sed -e '/paragraph/!s#<tl:c>#<tl:c>es:#;/paragraph/s#<tl:c>[^<]*</tl:c>##' "$input" >"$output" """, None),
        (':>"$output"', "made a translation in 'es' that cannot be read: DTLX, line 1: not well-formed XML"),
        ('echo "Traceback: dead" >"$output"', "made a translation in 'es' that cannot be read"),
        ("true", "made no translation in 'es'"),
    ],
)
def test_whatever_a_system_gives_back_is_a_translation_or_an_error_in_one_sentence(
    world: World, body: str, words: str | None
) -> None:
    world.system("turn", "mt", body, "pairs = en-es")
    upload = documents(world, {"d1": STORY}, requested_langs={"es": {}})
    if words is None:
        done(world, upload)
        assert rebuilt(world, "es") == "es:She told me something. es:You know nothing.\n\nA second paragraph.\n"
        return
    info = failed(world, upload, 102)
    assert words in info and "\n" not in info


def test_a_system_that_fails_is_told_in_its_words(world: World) -> None:
    world.system("turn", "mt", "echo the model is broken >&2; exit 1", "pairs = en-es")
    assert "the model is broken" in failed(world, documents(world, {"d1": STORY}, requested_langs={"es": {}}), 102)


def test_a_file_that_is_no_document_is_told_with_the_id_of_the_document(world: World) -> None:
    info = failed(world, documents(world, {"d1": STORY, "d2": b"\0\1\2 binary"}, requested_langs={"es": {}}), 101)
    assert info.startswith("An error occurred while processing the Document Package. Document 'd2': ")


def test_a_document_that_exists_already_is_refused_and_the_others_with_it(world: World) -> None:
    done(world, documents(world, {"d1": STORY}))
    [row] = world.finish(documents(world, {"d2": STORY, "d1": "Another.\n"}))
    assert (row["status_code"], "'d1' exists already" in row["info"]) == (101, True)
    assert world.rows("SELECT external_id FROM objects") == [{"external_id": "d1"}]


def test_uploads_that_share_a_document_wait_for_their_turn(world: World) -> None:
    first = documents(world, {"d1": STORY, "d2": STORY}, requested_langs={"es": {}})
    second = documents(world, {"d3": STORY, "d2": STORY})
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: first in world.status(second)["info"])
    rows = world.finish(first, second)
    assert [row["status_code"] for row in rows] == [3, 101]
    assert "'d2' exists already" in rows[1]["info"]


def test_a_document_that_stays_with_the_client_is_kept_here_only_to_rebuild_it(
    tmp_path: Path, clean_db: dict[str, Any]
) -> None:
    sections = {"general": {"local_repository": "no"}, "downloads": {"allow_private": "yes"}}
    world = World(tmp_path / "remote", clean_db, **sections)
    world.system("turn", "mt", TURN_DOCUMENT, "pairs = en-es")
    with serving() as server:
        server.answers["/story"], url = (
            lambda handler: whole(handler, STORY.encode(), "text/plain"),
            server.url("/story"),
        )
        done(world, documents(world, {"d1": None}, d1={"url": url}, requested_langs={"es": {}}))
    kept = world.rows("SELECT type_code FROM files WHERE path IS NOT NULL ORDER BY type_code")
    assert [row["type_code"] for row in kept] == [7, 8]
    [row] = world.rows("SELECT url, format, md5, size FROM files WHERE type_code = 0")
    assert (row["url"], row["format"], row["size"], len(row["md5"])) == (url, "txt", len(STORY), 32)
    Person(world, "d1", kind="text").write("es", {2: "No sabes nada."}).end()
    world.finish()
    assert rebuilt(world, "es").startswith("es:She told me something. No sabes nada.")


def test_a_cancelled_upload_stops_its_jobs_and_leaves_nothing(world: World) -> None:
    world.system("turn", "mt", "sleep 60", "pairs = en-es")
    upload = documents(world, {"d1": STORY, "d2": STORY}, requested_langs={"es": {}})
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.rows("SELECT 1 FROM jobs WHERE kind = 'mt' AND state = 'submitted'"))
    stop = cancel(world, upload, kind="text")
    rows = world.finish(upload, stop)
    assert [row["status_code"] for row in rows] == [90, 40]
    assert world.rows("SELECT id FROM objects") == []
    assert [path for path in world.mounts["media"].rglob("*") if path.is_file()] == []
    done(world, documents(world, {"d1": STORY}))  # its quota and its turn are free again


# Quota (7.2)


def quota(world: World) -> tuple[Any, Any]:
    [row] = world.rows("SELECT quota_documents, quota_words FROM users")
    return row["quota_documents"], row["quota_words"]


def test_documents_and_words_are_taken_of_the_quota_when_they_are_stored(world: World) -> None:
    world.rows("UPDATE users SET quota_documents = 3, quota_words = 25")
    done(world, documents(world, {"d1": STORY, "d2": STORY}))
    assert quota(world) == (1, 5)
    info = str(world.finish(documents(world, {"d3": STORY}))[0]["info"])
    assert "10 words were sent, 5 are left" in info
    assert quota(world) == (1, 5)
    [row] = world.finish(documents(world, {"d3": "One.\n", "d4": "Two.\n"}))
    assert "2 documents were sent, 1 are left" in row["info"]


def test_what_an_unfinished_upload_needs_is_reserved(world: World) -> None:
    world.rows("UPDATE users SET quota_documents = 1")
    go = world.folder / "go"
    world.system("turn", "mt", f"until [ -e {go} ]; do sleep 0.05; done; {TURN_DOCUMENT}", "pairs = en-es")
    first = documents(world, {"d1": STORY}, requested_langs={"es": {}})
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.rows("SELECT 1 FROM uploads WHERE state = 'translating'"))
        second = documents(world, {"d2": STORY})
        tick_until(ctx, db, lambda: world.status(second)["finished_at"])
        assert "1 documents were sent, 0 are left" in world.status(second)["info"]
    go.touch()
    done(world, first)
    assert quota(world) == (0, None)
    assert world.rows("SELECT DISTINCT quota_documents, quota_words FROM uploads WHERE status_code = 3") == [
        {"quota_documents": 0, "quota_words": 0}
    ]


# Test mode


def test_test_mode_gives_empty_translations_at_once_without_engines_files_and_quota(world: World) -> None:
    world.rows("UPDATE users SET quota_documents = 0, quota_words = 0")
    done(world, documents(world, {"d1": None}, test_mode=True, requested_langs={"es": {}, "et": {}}))
    assert (runs(world), world.rows("SELECT id FROM jobs"), files(world)) == ([], [], [])
    texts = current(world, "d1")
    assert {lang: (text["origin"], text["status"], text["texts"]) for lang, text in texts.items()} == {
        lang: ("test", 0, {}) for lang in ("en", "es", "et")
    }
    assert world.rows("SELECT format, sentences, words FROM objects") == [{"format": "txt", "sentences": 0, "words": 0}]


def test_progress_of_a_document_is_told_in_words(world: World, tmp_path: Path) -> None:
    go = world.folder / "go"
    slow = f'printf "40 translating" >"$TLP_PROGRESS"; until [ -e {go} ]; do sleep 0.05; done; {TURN_DOCUMENT}'
    world.system("turn", "mt", slow, "pairs = en-es")
    upload = documents(world, {"d1": STORY}, requested_langs={"es": {}})
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: "40 %" in world.status(upload)["info"])
        row = world.status(upload)
        assert row["info"].startswith("Translation(s) in progress: 40 %")
        assert row["status_code"] == 2
    go.touch()
    done(world, upload)
