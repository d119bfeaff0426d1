"""A new media through all its states with real jobs and tiny systems (manual, 7.1.1 and Appendix E)."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from tiny_media import Media
from world import SENTENCES, World, dfxp

from ingest.tick import tick
from tlp.formats import FORMATS

SRT = b"1\n00:00:00,000 --> 00:00:01,500\nHola a todos.\n"
TRS = (
    b'<?xml version="1.0" encoding="UTF-8"?><Trans><Episode><Section type="report" startTime="0" endTime="2">'
    b'<Turn startTime="0" endTime="2"><Sync time="0"/>Hello there.</Turn></Section></Episode></Trans>'
)
ES_AND_CA = {"es": {"sub": {}, "tts": {}}, "ca": {"sub": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}}


def contents(world: World) -> dict[str, dict[str, Any]]:
    rows = world.rows(
        "SELECT c.language, v.body, v.origin, v.status, v.sup_ratio, v.based_on_content, s.name AS system "
        "FROM contents AS c JOIN content_versions AS v ON v.content_id = c.id "
        "LEFT JOIN systems AS s ON s.id = v.system_id"
    )
    return {row["language"]: row for row in rows}


def texts(row: dict[str, Any]) -> list[str]:
    return [s.text for s in FORMATS["dfxp"].read(row["body"].encode()).current]


def stored(world: World, *codes: int) -> list[tuple[int, str]]:
    rows = world.rows("SELECT type_code, format FROM files ORDER BY type_code, format")
    return [(r["type_code"], r["format"]) for r in rows if not codes or r["type_code"] in codes]


def test_a_recording_becomes_subtitles_translations_and_a_voice(world: World, recordings: Media) -> None:
    world.rows("UPDATE users SET quota_media = 3, quota_media_ms = 60000")
    speakers = [{"speaker_id": 7, "speaker_name": "Ada", "speaker_gender": "F"}]
    upload = world.upload(
        "m1", {"media.mp4": recordings["mp4"]}, requested_langs=ES_AND_CA, metadata={"speakers": speakers}
    )
    [row] = world.finish(upload)
    assert (row["status_code"], row["info"], row["error_code"]) == (6, "New media successfully processed.", None)
    assert [line.split(" /")[0] for line in world.counted()] == ["hear en", "say es", "turn en es", "turn es ca"]
    made = contents(world)
    assert {lang: (r["origin"], r["status"]) for lang, r in made.items()} == {
        "en": ("asr", 0), "es": ("mt", 0), "ca": ("mt", 0)
    }  # fmt: skip
    assert all(texts(r) == SENTENCES for r in made.values())
    assert made["en"]["system"] == "Hear, English"
    assert stored(world) == [(0, "mp4"), (3, "jpg"), (6, "pcm")]
    tracks = world.rows("SELECT language, voice_type, sub_type, content_version FROM audiotracks")
    assert tracks == [{"language": "es", "voice_type": "tts", "sub_type": 0, "content_version": 1}]
    [media] = world.rows("SELECT * FROM objects")
    assert (media["external_id"], media["hash"], media["format"]) == ("m1", row["hash"], "mp4")
    assert 1900 <= media["duration_ms"] <= 2200
    assert world.rows("SELECT name, gender FROM speakers") == [{"name": "Ada", "gender": "F"}]
    assert row["object_id"] == media["id"]
    assert world.orphans() == []
    ids = {r["language"]: r["id"] for r in world.rows("SELECT id, language FROM contents")}
    assert (made["es"]["based_on_content"], made["ca"]["based_on_content"]) == (ids["en"], ids["es"])
    [left] = world.rows("SELECT quota_media, quota_media_ms FROM users")
    assert (left["quota_media"], left["quota_media_ms"]) == (2, 60000 - media["duration_ms"])


def test_attached_subtitles_in_three_formats_are_used_and_nothing_is_generated_for_them(
    world: World, recordings: Media
) -> None:
    files: dict[str, bytes | Path] = {
        "media.mp4": recordings["mp4"], "a.trs": TRS, "b.srt": SRT, "c.dfxp": dfxp("ca"),
    }  # fmt: skip
    attachments = [
        {"filename": "a.trs", "type_code": 4, "language": "en"},
        {"filename": "b.srt", "type_code": 4, "language": "es", "human": False},
        {"filename": "c.dfxp", "type_code": 4, "language": "ca"},
    ]
    upload = world.upload("m1", files, attachments=attachments, requested_langs=ES_AND_CA)
    [row] = world.finish(upload)
    assert row["status_code"] == 6
    assert [line.split(" /")[0] for line in world.counted()] == ["say es"]
    made = contents(world)
    assert {lang: (r["origin"], r["status"]) for lang, r in made.items()} == {
        "en": ("client", 2), "es": ("client", 0), "ca": ("client", 0)
    }  # fmt: skip
    assert texts(made["en"]) == ["Hello there."]
    assert texts(made["es"]) == ["Hola a todos."]
    assert stored(world, 4) == [(4, "dfxp"), (4, "srt"), (4, "trs")]
    assert world.orphans() == []


def test_an_attached_audio_track_takes_the_place_of_the_voice(world: World, recordings: Media) -> None:
    files = {"media.mp4": recordings["mp4"], "es.mp3": recordings["mp3"]}
    attached = [{"filename": "es.mp3", "type_code": 5, "language": "es"}]
    [row] = world.finish(world.upload("m1", files, attachments=attached, requested_langs=ES_AND_CA))
    assert row["status_code"] == 6
    assert world.rows("SELECT language, voice_type, format FROM audiotracks") == [
        {"language": "es", "voice_type": "rec", "format": "mp3"}
    ]
    assert not any(line.startswith("say") for line in world.counted())
    assert world.orphans() == []


def test_test_mode_looks_at_no_file_and_takes_no_quota(world: World) -> None:
    world.rows("UPDATE users SET quota_media = 1, quota_media_ms = 0")
    upload = world.upload("m1", test_mode=True, requested_langs={"es": {"sub": {}}})
    [row] = world.finish(upload)
    assert (row["status_code"], world.counted()) == (6, [])
    assert {lang: (r["origin"], texts(r)) for lang, r in contents(world).items()} == {
        "en": ("test", []), "es": ("test", [])
    }  # fmt: skip
    assert stored(world) == [(0, "mp4")]
    assert world.rows("SELECT name, cpus FROM jobs") == [{"name": "convert", "cpus": 1}]  # it waits for no more
    assert world.rows("SELECT quota_media, quota_media_ms FROM users") == [{"quota_media": 1, "quota_media_ms": 0}]


def test_the_video_of_test_mode_is_made_once_and_then_nobody_waits_for_a_processor(world: World) -> None:
    world.finish(world.upload("m1", test_mode=True))
    world.upload("m2", test_mode=True)
    with world.service() as (ctx, db):
        tick(ctx, db, 60)
    assert world.rows("SELECT count(*) AS n FROM uploads WHERE status_code = 6") == [{"n": 2}]
    assert world.rows("SELECT count(*) AS n FROM jobs") == [{"n": 1}]
    first, second = world.rows("SELECT path, size FROM files WHERE type_code = 0")
    assert first["size"] == second["size"] > 0 and first["path"] != second["path"]


def test_steps_that_are_not_asked_for_are_passed_through(world: World, recordings: Media) -> None:
    files = {"media.mp4": recordings["mp4"], "t.jpg": recordings.jpeg()}
    attached = [{"filename": "t.jpg", "type_code": 3}]
    upload = world.upload("m1", files, attachments=attached, generate=False, requested_langs=ES_AND_CA)
    [row] = world.finish(upload)
    assert (row["status_code"], world.counted(), contents(world)) == (6, [], {})
    steps = {r["step"] for r in world.rows("SELECT step FROM jobs")}
    assert steps == {"packaging", "converting"}
    assert [r["name"] for r in world.rows("SELECT name FROM jobs WHERE step = 'converting'")] == ["stream"]


def test_what_is_skipped_for_want_of_a_system_is_said_at_the_end(world: World, recordings: Media) -> None:
    wanted = {"fr": {"sub": {}, "tts": {}}}
    [row] = world.finish(world.upload("m1", {"media.mp4": recordings["mp4"]}, requested_langs=wanted))
    assert row["status_code"] == 6
    assert "No subtitles in 'fr': no MT system from 'en' to 'fr'." in row["info"]


def test_sound_alone_becomes_a_video_that_browsers_play(world: World, recordings: Media) -> None:
    [row] = world.finish(world.upload("m1", {"media.mp3": recordings["mp3"]}))
    assert row["status_code"] == 6
    assert stored(world) == [(0, "mp3"), (0, "mp4"), (6, "pcm")]


def test_an_mp4_that_is_attached_makes_the_conversion_needless(world: World, recordings: Media) -> None:
    files = {"media.webm": recordings["webm"], "also.mp4": recordings["mp4"]}
    [row] = world.finish(world.upload("m1", files, attachments=[{"filename": "also.mp4", "type_code": 0}]))
    assert row["status_code"] == 6
    assert stored(world, 0) == [(0, "mp4"), (0, "webm")]
    assert "convert" not in {r["name"] for r in world.rows("SELECT name FROM jobs")}


def test_the_log_has_one_sentence_for_each_decision(
    world: World, recordings: Media, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "ingest"):
        upload = world.upload("m1", {"media.mp4": recordings["mp4"]}, requested_langs={"es": {"sub": {}}})
        world.finish(upload)
    said = [r.getMessage() for r in caplog.records if r.getMessage().startswith(upload)]
    moves = [line.removeprefix(f"{upload}: ") for line in said if "→" in line]
    assert moves == [
        "received → packaging",
        "packaging → planning", "planning → retrieving", "retrieving → transcribing", "transcribing → translating",
        "translating → synthesising", "synthesising → converting", "converting → storing",
        "storing → done: New media successfully processed.",
    ]  # fmt: skip
    # Each job: needed (a sentence a state), started, done.
    jobs = world.rows("SELECT count(*) AS jobs, count(DISTINCT step) AS steps FROM jobs")[0]
    assert len(said) == len(moves) + 2 * jobs["jobs"] + jobs["steps"]
    assert len(set(said)) == len(said)
