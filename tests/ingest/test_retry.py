"""core.py retry: an upload that has ended goes on, with what is there still, or says why it cannot."""

from __future__ import annotations

import logging
import shutil
from typing import Any

import pytest
from operations import Person, cancel, delete, lecture, runs, update
from tiny_media import Media
from world import World, tick_until

from ingest import retry
from ingest.scheduler.process import recorded
from tlp.errors import QuotaError, TlpError

WORKS = 'cp "$here/en.dfxp" "$output"'


@pytest.fixture
def world(quick: World) -> World:
    return quick


def again(world: World, upload_id: str, step: str | None = None) -> str:
    with world.service() as (ctx, db):
        with db.cursor() as cur:
            state = retry.again(ctx, cur, upload_id, step)
        db.commit()
    return state


def refused(world: World, words: str, upload_id: str, step: str | None = None) -> None:
    before = world.status(upload_id) if upload_id.startswith("up-") else None
    with pytest.raises(TlpError, match=words):
        again(world, upload_id, step)
    if before:
        assert world.status(upload_id) == before


def failed(world: World, recordings: Media, external_id: str = "m1", **keys: Any) -> str:
    """An upload of which the transcription failed."""
    world.system("hear", "asr", "echo broken >&2; exit 1", "languages = en")
    upload = world.upload(external_id, {"media.mp3": recordings["mp3"]}, **keys)
    [row] = world.finish(upload)
    assert (row["status_code"], row["failed_in"]) == (102, "transcribing")
    return upload


def test_a_failed_upload_goes_on_where_it_failed_and_what_was_done_is_not_done_again(
    world: World, recordings: Media, caplog: pytest.LogCaptureFixture
) -> None:
    upload = failed(world, recordings, requested_langs={"es": {"sub": {}}})
    package = world.rows("SELECT id, attempt, ended_at FROM jobs WHERE step = 'packaging'")
    world.system("hear", "asr", WORKS, "languages = en")
    with caplog.at_level(logging.WARNING, "ingest"):
        assert again(world, upload) == "transcribing"
    assert f"{upload}: failed → transcribing, tried again by" in caplog.text and "broken" in caplog.text
    row = world.status(upload)
    assert (row["status_code"], row["error_code"], row["finished_at"], row["failed_in"]) == (2, None, None, None)
    [row] = world.finish(upload)
    assert row["status_code"] == 6, row["info"]
    assert world.rows("SELECT id, attempt, ended_at FROM jobs WHERE step = 'packaging'") == package
    [job] = world.rows("SELECT attempt, first_attempt, state FROM jobs WHERE step = 'transcribing'")
    assert job == {"attempt": 2, "first_attempt": 2, "state": "done"}
    jobs = world.mounts["uploads"] / upload / "jobs"
    assert (jobs / "transcribing.en.1" / "exit_code").exists() and (jobs / "transcribing.en.2").is_dir()
    assert world.orphans() == []


def test_a_retry_that_fails_can_be_tried_again(world: World, recordings: Media) -> None:
    upload = failed(world, recordings)
    again(world, upload)
    assert world.finish(upload)[0]["status_code"] == 102
    world.system("hear", "asr", WORKS, "languages = en")
    again(world, upload)
    assert world.finish(upload)[0]["status_code"] == 6
    assert world.rows("SELECT attempt FROM jobs WHERE step = 'transcribing'") == [{"attempt": 3}]


def test_an_earlier_state_can_be_named_and_everything_from_there_is_made_anew(world: World, recordings: Media) -> None:
    upload = failed(world, recordings)
    world.system("hear", "asr", WORKS, "languages = en")
    assert again(world, upload, "packaging") == "packaging"
    assert world.finish(upload)[0]["status_code"] == 6
    jobs = world.rows("SELECT attempt FROM jobs WHERE step IN ('packaging', 'transcribing')")
    assert [job["attempt"] for job in jobs] == [2, 2]


def test_a_job_that_a_machine_loses_after_a_retry_is_run_once_more_as_ever(world: World, recordings: Media) -> None:
    upload = failed(world, recordings)
    world.system("hear", "asr", f"[ -e {world.folder}/again ] || sleep 60; {WORKS}", "languages = en")
    again(world, upload)
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: len(world.counted()) == 2)
        (world.folder / "again").touch()
        process = recorded(world.mounts["uploads"] / upload / "jobs" / "transcribing.en.2")
        assert process is not None
        process.kill_session()
    [row] = world.finish(upload)
    assert row["status_code"] == 6, row["info"]
    assert world.rows("SELECT attempt, first_attempt FROM jobs WHERE step = 'transcribing'") == [
        {"attempt": 3, "first_attempt": 2}
    ]


def test_a_state_that_is_unknown_or_comes_after_the_failure_is_refused_by_name(world: World, recordings: Media) -> None:
    upload = failed(world, recordings)
    refused(world, "no state 'dreaming'; its states are received, .*transcribing, translating", upload, "dreaming")
    refused(world, "failed in 'transcribing', which comes before 'storing'", upload, "storing")


def test_what_runs_was_cancelled_or_does_not_exist_is_refused(world: World) -> None:
    refused(world, "no such upload", "nothing")
    running = world.upload("m1", test_mode=True)
    refused(world, "has not ended: it is in 'received'", running)
    world.finish(cancel(world, running))
    refused(world, "was cancelled", running)


def test_files_that_are_gone_must_be_sent_again(world: World, recordings: Media) -> None:
    upload = failed(world, recordings)
    shutil.rmtree(world.mounts["uploads"] / upload / "work")
    refused(world, "files have been removed: it must be sent again", upload)
    (world.mounts["uploads"] / upload / "package.zip").rename(world.folder / "package.zip")
    refused(world, "files have been removed", upload, "received")
    shutil.rmtree(world.mounts["uploads"] / upload)
    refused(world, "files have been removed", upload, "packaging")


def test_from_its_package_everything_can_be_made_again(world: World, recordings: Media) -> None:
    upload = failed(world, recordings)
    for name in ("work", "files", "jobs"):
        shutil.rmtree(world.mounts["uploads"] / upload / name)
    world.system("hear", "asr", WORKS, "languages = en")
    again(world, upload, "received")
    assert world.finish(upload)[0]["status_code"] == 6


def test_a_media_that_exists_by_now_is_not_made_a_second_time(world: World, recordings: Media) -> None:
    upload = failed(world, recordings)
    assert world.finish(world.upload("m1", test_mode=True))[0]["status_code"] == 6
    refused(world, "'m1' exists by now", upload)


def test_another_upload_of_the_same_object_comes_first(world: World, recordings: Media) -> None:
    upload = failed(world, recordings)
    other = world.upload("m1", {"media.mp3": recordings["mp3"]})
    world.system("hear", "asr", f"sleep 1; {WORKS}", "languages = en")
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.status(other)["state"] == "transcribing")
    refused(world, f"{other} of the same object comes first", upload)
    world.finish(cancel(world, other))
    assert again(world, upload) == "transcribing"
    assert world.finish(upload)[0]["status_code"] == 6


def test_an_update_that_is_tried_again_guards_its_object_again(tmp_path: Any, clean_db: dict[str, Any]) -> None:
    world = World(tmp_path / "world", clean_db, sessions={"enabled": "yes"})
    world.usual_systems()
    lecture(world)
    world.system("turn", "mt", "echo broken >&2; exit 1", "pairs = en-es, es-ca")
    upload = update(world, "m1", **{"re-generate": ["tl"]})
    assert world.finish(upload)[0]["failed_in"] == "translating"
    person = Person(world)
    refused(world, "Ada is editing it", upload)
    person.end(regenerate=False)
    again(world, upload)
    open_now = "SELECT upload_id FROM sessions WHERE ended_at IS NULL"
    assert world.rows(open_now) == [{"upload_id": upload}]
    world.finish(upload)
    assert world.rows(open_now) == []


def test_what_it_had_reserved_of_the_quota_is_reserved_again_or_missed(world: World, recordings: Media) -> None:
    world.rows("UPDATE users SET quota_media = 1, quota_media_ms = 3000")
    upload = failed(world, recordings)
    assert world.rows("SELECT quota_media, quota_media_ms FROM users") == [{"quota_media": 1, "quota_media_ms": 3000}]
    world.rows("UPDATE users SET quota_media_ms = 1000")
    with pytest.raises(QuotaError, match="the quota of someone does not suffice for 2s of media"):
        again(world, upload)
    world.rows("UPDATE users SET quota_media = 0, quota_media_ms = NULL")
    refused(world, "does not suffice for 1 media", upload)
    world.rows("UPDATE users SET quota_media = 1")
    world.system("hear", "asr", WORKS, "languages = en")
    again(world, upload)
    other = world.upload("m2", {"media.mp3": recordings["mp3"]})
    rows = world.finish(upload, other)
    assert rows[0]["status_code"] == 6 and "quota" in rows[1]["info"]
    assert world.rows("SELECT quota_media FROM users") == [{"quota_media": 0}]


def test_a_finished_update_can_be_done_again_from_a_state(world: World) -> None:
    lecture(world)
    upload = update(world, "m1", **{"re-generate": ["tts"]})
    assert world.finish(upload)[0]["status_code"] == 20
    refused(world, "say from which state", upload)
    again(world, upload, "synthesising")
    assert world.finish(upload)[0]["status_code"] == 20
    assert runs(world) == ["say es", "say es"]


def test_a_finished_new_media_is_stored_already(world: World) -> None:
    upload = world.upload("m1", test_mode=True)
    world.finish(upload)
    refused(world, "stored already", upload, "storing")


def test_a_failed_delete_goes_on(world: World) -> None:
    lecture(world)
    upload = delete(world, "m1", "hard")
    world.rows("UPDATE uploads SET state = 'failed', error_code = 106, finished_at = now(), due_at = 'infinity'")
    assert again(world, upload) == "received"  # where it failed was not recorded then
    assert world.finish(upload)[0]["status_code"] == 30


def test_the_command_takes_several_and_says_of_each_what_becomes_of_it(world: World, recordings: Media) -> None:
    upload = failed(world, recordings)
    process = world.core("retry", upload, "up-x", "--from", "packaging")
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == f"{upload}: goes on from 'packaging'\n"
    assert errors.splitlines()[-1] == "core.py: up-x: there is no such upload"
    again_now = world.core("retry", upload)
    _, errors = again_now.communicate(timeout=60)
    assert again_now.returncode == 1 and "has not ended" in errors


def test_all_that_have_failed_since_can_be_taken_up_at_once(world: World, recordings: Media) -> None:
    ids = [failed(world, recordings, f"m{n}") for n in range(3)]
    world.rows("UPDATE uploads SET finished_at = now() - interval '2 days' WHERE id = %(id)s", id=ids[0])
    process = world.core("retry", "--failed-since", "yesterday")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.splitlines() == [f"{upload}: goes on from 'transcribing'" for upload in ids[1:]]
    bad = world.core("retry", "--failed-since", "whenever")
    _, errors = bad.communicate(timeout=60)
    assert bad.returncode == 1 and "whenever" in errors and "Traceback" not in errors
    none = world.core("retry")
    _, errors = none.communicate(timeout=60)
    assert none.returncode == 1 and "say which upload" in errors
