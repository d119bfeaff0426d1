"""/speech/ingest/update, option by option (manual, Appendix E, "Behavior changes with optional inputs")."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from faulty_server import serving, whole
from operations import Person, asked, current, files, lecture, runs, update
from tiny_media import Media
from world import SENTENCES, World, dfxp, tick_until

ENGLISH = {i: text for i, text in enumerate(SENTENCES)}
EDIT = (1, 500, 900, "We talk about music.")


@pytest.fixture
def world(quick: World, recordings: Media) -> World:
    """A service with one lecture: en, es made from it, ca made from es, a voice in es."""
    lecture(quick, recordings["mp3"])
    return quick


def done(world: World, upload: str) -> dict[str, Any]:
    [row] = world.finish(upload)
    assert (row["status_code"], row["error_code"]) == (20, None), row["info"]
    assert row["info"].startswith("Media successfully updated.")
    return row


def versions(world: World) -> dict[str, int]:
    return {lang: text["version"] for lang, text in current(world).items()}


def supervise(world: World, language: str) -> None:
    Person(world).edit(language, EDIT).end(regenerate=False)


def test_metadata_alone_changes_the_metadata_alone(world: World) -> None:
    speakers = [{"speaker_id": "s2", "speaker_name": "Bea"}]
    done(world, update(world, "m1", metadata={"title": "Another", "keywords": "a,b", "speakers": speakers}))
    [row] = world.rows("SELECT title, keywords, topic, language FROM objects")
    assert row == {"title": "Another", "keywords": "a,b", "topic": None, "language": "en"}
    assert world.rows(
        "SELECT s.name FROM speakers AS s JOIN object_speakers AS o ON o.speaker_id = s.id"
    ) == [{"name": "Bea"}]  # fmt: skip
    assert (runs(world), versions(world)) == ([], {"en": 1, "es": 1, "ca": 1})
    assert files(world) == ["0", "es"]


def test_regenerated_transcription_is_heard_again_from_the_stored_media_and_nothing_else_is_made(world: World) -> None:
    done(world, update(world, "m1", **{"re-generate": ["tx"]}))
    assert runs(world) == ["hear en"]
    assert versions(world) == {"en": 2, "es": 1, "ca": 1}
    assert current(world)["en"]["texts"] == ENGLISH
    assert files(world) == ["0", "es"]


def test_regenerated_translations_are_made_by_the_way_they_had_been_made(world: World) -> None:
    done(world, update(world, "m1", **{"re-generate": ["tl"]}))
    assert runs(world) == ["turn en es", "turn es ca"]
    assert current(world)["ca"]["texts"][2] == "ca:es:en ca:es:Thank ca:es:you."
    rows = world.rows("SELECT based_on_version FROM content_versions WHERE version = 2 ORDER BY content_id")
    assert rows == [{"based_on_version": 1}, {"based_on_version": 2}]


def test_a_regenerated_voice_takes_the_place_of_the_old_one_which_is_backed_up(world: World) -> None:
    done(world, update(world, "m1", **{"re-generate": "tts"}))
    assert runs(world) == ["say es"]
    assert files(world) == ["0", "es!", "es"] or files(world) == ["0", "es", "es!"]


def test_what_people_have_supervised_is_kept_and_said_unless_force_is_set(world: World) -> None:
    supervise(world, "es")
    row = done(world, update(world, "m1", **{"re-generate": ["tx", "tl"]}))
    assert runs(world) == ["hear en", "turn es ca"]
    assert "The subtitles in 'es' were kept: people have worked on them" in row["info"]
    assert current(world)["ca"]["texts"][1] == "ca:We talk about music."  # from what people wrote
    before = asked(world)
    done(world, update(world, "m1", force=True, **{"re-generate": ["tl"]}))
    assert runs(world, before) == ["turn en es", "turn es ca"]
    assert current(world)["es"]["human"] == []


def test_requested_languages_are_made_anew_or_for_the_first_time_but_never_over_the_work_of_people(
    world: World,
) -> None:
    supervise(world, "es")
    wanted = {"en": {"sub": {}}, "es": {"sub": {}, "tts": {}}, "fr": {"sub": {}}}
    row = done(world, update(world, "m1", requested_langs=wanted))
    assert runs(world) == ["hear en", "say es"]
    assert versions(world) == {"en": 2, "es": 2, "ca": 1}
    assert "No subtitles in 'fr'" in row["info"] and "'es' were kept" in row["info"]
    before = asked(world)
    done(world, update(world, "m1", requested_langs={"es": {"sub": {}}}, force=True))
    assert runs(world, before) == ["turn en es"]


def test_generate_off_makes_nothing(world: World) -> None:
    done(world, update(world, "m1", generate=False, requested_langs={"es": {"sub": {}}}, **{"re-generate": ["tx"]}))
    assert (runs(world), versions(world)) == ([], {"en": 1, "es": 1, "ca": 1})


def test_attached_subtitles_overwrite_even_what_people_supervised_and_what_is_asked_for_follows(
    world: World,
) -> None:
    supervise(world, "en")
    attached = [{"filename": "e.dfxp", "type_code": 4, "language": "en"}]
    upload = update(
        world, "m1", {"e.dfxp": dfxp("en", ["One.", "Two."])}, attachments=attached, **{"re-generate": ["tl", "tts"]}
    )
    done(world, upload)
    assert runs(world) == ["say es", "turn en es", "turn es ca"]
    texts = current(world)
    assert texts["en"]["texts"] == {0: "One.", 1: "Two."} and texts["en"]["origin"] == "client"
    assert texts["es"]["texts"] == {0: "es:One.", 1: "es:Two."}
    assert texts["en"]["version"] == 3
    assert len(world.rows("SELECT 1 FROM content_versions")) == 3 + 2 + 2  # none is lost


def test_attached_slides_take_the_place_of_earlier_ones_and_documents_are_added(world: World) -> None:
    for n in (1, 2):
        attached = [{"filename": "s.txt", "type_code": 1}, {"filename": "d.txt", "type_code": 2}]
        done(world, update(world, "m1", {"s.txt": b"slides %d" % n, "d.txt": b"text %d" % n}, attachments=attached))
    assert sorted(files(world)) == ["0", "1", "1!", "2", "2", "es"]
    assert runs(world) == []


def test_an_attached_audio_track_takes_the_place_of_the_voice_although_one_is_asked_for(
    world: World, recordings: Media
) -> None:
    attached = [{"filename": "es.mp3", "type_code": 5, "language": "es"}]
    upload = update(
        world, "m1", {"es.mp3": recordings["mp3"]}, attachments=attached,
        requested_langs={"es": {"tts": {}}}, **{"re-generate": ["tts"]},
    )  # fmt: skip
    done(world, upload)
    assert runs(world) == []
    assert world.rows("SELECT voice_type FROM audiotracks WHERE replaced_at IS NULL") == [{"voice_type": "rec"}]
    assert sorted(files(world)) == ["0", "es", "es!"]


def test_a_rerecording_is_a_new_media_under_the_old_id_and_everything_old_is_backed_up(
    world: World, recordings: Media
) -> None:
    world.rows("UPDATE users SET quota_media = 3, quota_media_ms = 60000")
    supervise(world, "en")
    reviewed = Person(world, conf=50).edit("es", EDIT)
    reviewed.end()
    [before] = world.rows("SELECT id, hash FROM objects")
    upload = update(
        world, "m1", {"media.wav": recordings["wav"]}, requested_langs={"es": {"sub": {}}}, metadata={"title": "Again"}
    )
    done(world, upload)
    assert runs(world) == ["hear en", "turn en es"]
    texts = current(world)
    assert {lang: t["version"] for lang, t in texts.items()} == {"en": 3, "es": 2}
    assert texts["en"]["texts"] == ENGLISH and texts["en"]["human"] == []
    assert sorted(files(world)) == ["0", "0!", "es!"]
    [row] = world.rows("SELECT id, hash, title, format FROM objects")
    assert row == {**before, "title": "Again", "format": "wav"}
    assert world.rows("SELECT version FROM contents WHERE language = 'ca'") == [{"version": -1}]
    [left] = world.rows("SELECT quota_media, quota_media_ms FROM users")
    assert left["quota_media"] == 2 and 57000 < left["quota_media_ms"] < 59000
    assert world.rows("SELECT revised_via FROM sessions WHERE id = %(id)s", id=reviewed.session_id) == [
        {"revised_via": "reject"}
    ]
    # A language that was left without a current version gets the next one.
    wanted = {"ca": {"sub": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}}
    done(world, update(world, "m1", requested_langs=wanted))
    assert versions(world) == {"en": 3, "es": 2, "ca": 2}


def test_an_update_takes_no_quota_and_needs_none(world: World) -> None:
    world.rows("UPDATE users SET quota_media = 0, quota_media_ms = 0")
    done(world, update(world, "m1", force=True, **{"re-generate": ["tx", "tl", "tts"]}))
    assert runs(world) == ["hear en", "say es", "turn en es", "turn es ca"]


def test_a_rerecording_beyond_the_quota_is_refused_and_changes_nothing(world: World, recordings: Media) -> None:
    world.rows("UPDATE users SET quota_media = 0")
    [row] = world.finish(update(world, "m1", {"media.wav": recordings["wav"]}))
    assert row["status_code"] == 101 and "quota" in row["info"]
    assert files(world) == ["0", "es"]


def test_test_mode_makes_empty_subtitles_where_there_are_none_and_leaves_the_rest(world: World) -> None:
    done(world, update(world, "m1", test_mode=True, requested_langs={"es": {"sub": {}}, "fr": {"sub": {}}}))
    assert (runs(world), versions(world)) == ([], {"en": 1, "es": 1, "ca": 1, "fr": 1})
    assert files(world) == ["0", "es"]


def test_a_media_that_the_client_keeps_is_fetched_again_to_be_transcribed_again(
    tmp_path: Path, db: dict[str, Any], recordings: Media
) -> None:
    sections = {"general": {"local_repository": "no"}, "downloads": {"allow_private": "yes"}}
    world = World(
        tmp_path / "world", db, file_formats={"generate_pcm_stream": "no", "required_video_formats": ","}, **sections
    )
    world.usual_systems()
    with serving() as server:
        server.answers["/talk"] = lambda handler: whole(handler, recordings["mp3"].read_bytes(), "audio/mpeg")
        [row] = world.finish(world.upload("m1", media={"url": server.url("/talk")}))
        assert row["status_code"] == 6, row["info"]
        attached = [{"filename": "s.txt", "type_code": 1}]
        done(world, update(world, "m1", {"s.txt": b"slides"}, attachments=attached, **{"re-generate": ["tx"]}))
        assert [path for path, _ in server.asked] == ["/talk", "/talk"]
    assert runs(world) == ["hear en", "hear en"]
    assert versions(world) == {"en": 2}
    rows = world.rows("SELECT type_code, path IS NULL AS elsewhere FROM files ORDER BY type_code")
    assert [(row["type_code"], row["elsewhere"]) for row in rows] == [(0, True), (1, False)]


def test_what_people_change_while_an_update_runs_stays(world: World) -> None:
    world.system("turn", "mt", 'sleep 0.2; cp "$input" "$output"', "pairs = en-es, es-ca")
    upload = update(world, "m1", requested_langs={"es": {"sub": {}}})
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.status(upload)["state"] == "translating")
        supervise(world, "es")
    row = done(world, upload)
    assert "people have changed them meanwhile" in row["info"]
    assert current(world)["es"]["texts"][1] == EDIT[3]


def test_a_media_that_does_not_exist_cannot_be_updated(world: World) -> None:
    [row] = world.finish(update(world, "m2"))
    assert row["status_code"] == 101
    assert "Media ID 'm2' does not exist" in row["info"]
