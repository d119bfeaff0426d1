"""Each upload that cannot succeed ends in the manual's error state, in words a client can act on; the rest goes on."""

from __future__ import annotations

import hashlib
import logging
import shutil
import time
from typing import Any

import psycopg2
import pytest
from tiny_media import Media
from world import World, dfxp, failed, tick_until, wait_until

from ingest.scheduler.process import recorded
from tlp.errors import StorageError
from tlp.storage import Storage


@pytest.fixture
def world(quick: World) -> World:
    return quick


@pytest.mark.parametrize(
    ("files", "keys", "words"),
    [
        ({"media.mp4": b"no video at all"}, {}, "'media.mp4'"),
        ({"media.mp4": b""}, {}, "'media.mp4'"),
        ({"other.txt": b"x"}, {"media": {"filename": "a.mp4", "fileformat": "mp4", "md5": "0" * 32}}, "'a.mp4'"),
        ({"media.mp4": b"x"}, {"media": {"filename": "media.mp4", "fileformat": "mp4", "md5": "0" * 32}}, "MD5"),
        (None, {"media": {"url": "http://127.0.0.1:9/video.mp4"}}, "127.0.0.1"),
    ],
    ids=["no media", "an empty file", "a file that is not there", "a wrong checksum", "an address that is not public"],
)
def test_a_broken_package_is_refused_in_words_that_name_the_file(
    world: World, files: dict[str, Any] | None, keys: dict[str, Any], words: str
) -> None:
    reason = failed(world.finish(world.upload("m1", files, **keys))[0], 101)
    assert words in reason and reason.endswith(".")
    assert str(world.folder) not in reason
    assert world.counted() == []
    assert world.orphans() == []


def test_a_package_that_is_no_zip_file_is_refused(world: World) -> None:
    upload = world.upload("m1", {"media.mp4": b"x"})
    (world.mounts["uploads"] / upload / "package.zip").write_bytes(b"Rar!")
    assert "ZIP" in failed(world.finish(upload)[0], 101)


def test_a_media_in_another_format_than_it_says_is_refused(world: World, recordings: Media) -> None:
    media = {"filename": "media.flac", "fileformat": "flac"}
    data = recordings["avi"].read_bytes()
    upload = world.upload("m1", {"media.flac": data}, media={**media, "md5": hashlib.md5(data).hexdigest()})
    reason = failed(world.finish(upload)[0], 101)
    assert "'media.flac'" in reason and "avi" in reason


def test_an_engine_that_crashes_ends_its_upload_and_no_other(world: World, recordings: Media) -> None:
    world.system("turn", "mt", "echo loading >&2; kill -SEGV $$", "pairs = en-es")
    bad = world.upload("m1", {"media.mp3": recordings["mp3"]}, requested_langs={"es": {"sub": {}}})
    good = world.upload("m2", {"media.mp3": recordings["mp3"]})
    rows = world.finish(bad, good)
    reason = failed(rows[0], 103)
    number = world.rows("SELECT id FROM systems WHERE folder = 'turn' AND target_lang = 'es'")[0]["id"]
    assert reason.startswith(f"System {number} (Turn, English → Español) failed: ended by the signal 11 (SIGSEGV)")
    assert "loading" in reason and "/systems" in reason
    assert rows[1]["status_code"] == 6
    assert [line.split(" /")[0] for line in world.counted()] == ["hear en", "hear en", "turn en es"]
    assert world.orphans() == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("echo 'the model is broken' >&2; exit 3", "the model is broken"),
        ("exit 0", "made no subtitles in 'en'"),
        ("echo nonsense >$output", "DFXP"),
    ],
    ids=["fails", "makes nothing", "makes nonsense"],
)
def test_a_recogniser_that_does_not_do_its_work_is_an_error_of_the_transcription(
    world: World, recordings: Media, body: str, words: str
) -> None:
    world.system("hear", "asr", body, "languages = en")
    assert words in failed(world.finish(world.upload("m1", {"media.mp3": recordings["mp3"]}))[0], 102)


def test_a_translation_with_other_segments_than_its_source_is_an_error(world: World, recordings: Media) -> None:
    place = world.system("turn", "mt", 'cp "$here/short.dfxp" "$output"', "pairs = en-es")
    (place / "short.dfxp").write_bytes(dfxp("es", ["Una."]))
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]}, requested_langs={"es": {"sub": {}}})
    assert "has 1 segments where its source has 3" in failed(world.finish(upload)[0], 103)


def test_a_voice_that_is_not_made_is_an_error_of_the_synthesis(world: World, recordings: Media) -> None:
    world.system("say", "tts", 'touch "$output"', "languages = es")
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]}, requested_langs={"es": {"tts": {}}})
    assert "made no audio track in 'es'" in failed(world.finish(upload)[0], 104)


def test_when_one_of_several_translations_fails_the_others_are_stopped_and_what_waits_for_it_never_runs(
    world: World, recordings: Media
) -> None:
    begun = world.folder / "begun"
    body = f'[ "$to" = fr ] && {{ touch {begun}; sleep 60; }}; until [ -e {begun} ]; do sleep 0.05; done; '
    world.system("turn", "mt", f"{body}echo no >&2; exit 1", "pairs = en-es, es-ca, en-fr", priority="90")
    wanted = {"ca": {"sub": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}, "fr": {"sub": {}}}
    began = time.monotonic()
    failed(world.finish(world.upload("m1", {"media.mp3": recordings["mp3"]}, requested_langs=wanted))[0], 103)
    assert time.monotonic() - began < 50
    states = {r["name"]: r["state"] for r in world.rows("SELECT name, state FROM jobs WHERE step = 'translating'")}
    assert states == {"en.es": "failed", "en.es.ca": "cancelled", "en.fr": "cancelled"}
    assert not any("es ca" in line for line in world.counted())
    folder = next(world.mounts["uploads"].glob("*/jobs/translating.en.fr.1"))
    process = recorded(folder)
    wait_until(lambda: process is None or not process.alive)


def test_a_full_quota_is_an_error_that_says_how_much_is_left(world: World, recordings: Media) -> None:
    world.rows("UPDATE users SET quota_media_ms = 1000")
    reason = failed(world.finish(world.upload("m1", {"media.mp3": recordings["mp3"]}))[0], 101)
    assert "the media lasts 2 s, 1 s are left" in reason
    world.rows("UPDATE users SET quota_media_ms = NULL, quota_media = 0")
    assert "no more media" in failed(world.finish(world.upload("m2", {"media.mp3": recordings["mp3"]}))[0], 101)
    assert world.counted() == []


def test_a_system_asked_for_that_can_run_no_more_is_said_with_its_reason(world: World, recordings: Media) -> None:
    with world.service():
        pass
    sid = world.rows("SELECT id FROM systems WHERE folder = 'hear'")[0]["id"]
    shutil.rmtree(world.mounts["systems"] / "hear")
    wanted = {"en": {"sub": {"sid": sid}}}
    reason = failed(world.finish(world.upload("m1", {"media.mp3": recordings["mp3"]}, requested_langs=wanted))[0], 101)
    assert f"System {sid} (Hear, English) cannot run now: its folder hear is gone" in reason


def test_a_media_that_exists_already_or_is_made_meanwhile_is_an_error_and_leaves_no_file(
    world: World, recordings: Media
) -> None:
    both = [world.upload("m1", {"media.mp3": recordings["mp3"]}) for _ in range(2)]
    rows = sorted(world.finish(*both), key=lambda row: row["status_code"])
    assert rows[0]["status_code"] == 6
    assert "m1" in rows[1]["info"] and rows[1]["status_code"] in (101, 106)
    assert "/ingest/update" in failed(world.finish(world.upload("m1", {"media.mp3": recordings["mp3"]}))[0], 101)
    assert world.orphans() == []
    assert len(world.rows("SELECT id FROM objects")) == 1


def test_a_state_that_this_version_does_not_know_is_an_error_and_not_a_loop(world: World) -> None:
    upload = world.upload("m1", test_mode=True)
    world.rows("UPDATE uploads SET state = 'dreaming'")
    assert "'dreaming'" in failed(world.finish(upload)[0], 100)


def break_the_disk(monkeypatch: pytest.MonkeyPatch, error: Exception, times: int) -> None:
    """The disk or the network misbehaves: the outside world is what is faked here."""
    real, left = Storage.place, [times]

    def place(self: Storage, *arguments: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise error
        return real(self, *arguments)

    monkeypatch.setattr(Storage, "place", place)


def test_a_full_disk_is_tried_again_and_then_all_is_well(
    world: World, recordings: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_the_disk(monkeypatch, StorageError("cannot store x under 'media': No space left on device"), 2)
    [row] = world.finish(world.upload("m1", {"media.mp3": recordings["mp3"]}))
    assert row["status_code"] == 6
    assert world.orphans() == []


def test_a_disk_that_stays_broken_is_an_error_in_words_without_a_path(world: World) -> None:
    upload = world.upload("m1", test_mode=True)
    for digit in "0123456789abcdef":
        (world.mounts["media"] / digit).write_text("not a folder")
    reason = failed(world.finish(upload)[0], 106)
    assert "The server has a problem" in reason and "send it again" in reason
    assert str(world.folder) not in reason


def test_an_unexpected_error_of_one_upload_is_logged_and_the_others_go_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = world.upload("m1", test_mode=True), world.upload("m2", test_mode=True)
    world.rows("UPDATE uploads SET manifest = '{}' WHERE id = %(id)s", id=bad)
    with caplog.at_level(logging.ERROR, "ingest"):
        rows = world.finish(bad, good)
    assert bad in failed(rows[0], 100)
    assert rows[1]["status_code"] == 6
    assert "attempt 5 of 5" in caplog.text and "KeyError" in caplog.text


def test_an_error_of_the_database_about_one_upload_ends_that_one_alone(world: World) -> None:
    bad, good = world.upload("m1", test_mode=True), world.upload("m2", test_mode=True)
    world.rows(
        "UPDATE uploads SET manifest = jsonb_set(manifest, '{metadata,language}', '\"xx\"') WHERE id = %(id)s", id=bad
    )
    rows = world.finish(bad, good)
    failed(rows[0], 100)
    assert rows[1]["status_code"] == 6


@pytest.mark.parametrize("while_it_runs", [True, False])
def test_an_upload_whose_files_are_gone_as_after_the_database_was_restored_alone_ends_in_words(
    world: World, recordings: Media, while_it_runs: bool
) -> None:
    world.system("hear", "asr", "sleep 100", "languages = en")
    upload = world.upload("lecture", {"media.mp4": recordings["mp4"]}, requested_langs={"en": {"sub": {}}})
    if while_it_runs:
        submitted = "SELECT 1 FROM jobs WHERE step = 'transcribing' AND state = 'submitted'"
        with world.service() as (ctx, db):
            tick_until(ctx, db, lambda: world.rows(submitted))
    world.end_jobs()
    for folder in world.mounts["uploads"].iterdir():
        shutil.rmtree(folder)
    [row] = world.finish(upload)
    assert str(world.mounts["uploads"]) not in row["info"]
    if while_it_runs:
        assert "the files of the upload are gone from the server. Nothing is wrong with what was sent" in row["info"]
    else:
        assert f"No such file or directory: 'uploads/{upload}/" in row["info"]


def test_words_of_an_error_are_printable_whatever_a_program_said(world: World, recordings: Media) -> None:
    world.system("hear", "asr", r"printf 'bad\033[31m \001\000 \377 model\n' >&2; exit 1", "languages = en")
    reason = failed(world.finish(world.upload("m1", {"media.mp3": recordings["mp3"]}))[0], 102)
    assert reason.isprintable() and "model" in reason


def test_the_database_guards_the_kinds_of_jobs(world: World) -> None:
    upload = world.upload("m1", test_mode=True)
    with pytest.raises(psycopg2.errors.CheckViolation):
        world.rows(
            "INSERT INTO jobs (upload_id, step, name, kind, command) VALUES (%(id)s, 's', 'n', 'other', '[]')",
            id=upload,
        )
