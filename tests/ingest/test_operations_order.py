"""Delete and cancel, and uploads of one object that wait for each other."""

from __future__ import annotations

import logging
import os
from typing import Any

import pytest
from operations import Person, cancel, current, delete, files, lecture, runs, update
from tiny_media import Media
from world import World, tick_until, wait_until

from ingest.scheduler.process import recorded
from ingest.tick import tick


@pytest.fixture
def world(quick: World) -> World:
    lecture(quick)
    return quick


def everything(world: World) -> list[str]:
    return sorted(p.name for p in world.mounts["media"].rglob("*") if p.is_file())


def test_a_soft_delete_hides_the_media_and_backs_up_its_files(world: World) -> None:
    person = Person(world).edit("en", (1, 500, 900, "We talk about music."))
    upload = delete(world, "m1")
    [row] = world.finish(upload)
    assert (row["status_code"], row["info"]) == (30, "Media successfully deleted.")
    [media] = world.rows("SELECT id, deleted_at FROM objects")
    assert media["deleted_at"] and row["object_id"] == media["id"]
    assert files(world) == ["0!", "es!"]
    assert current(world)["en"]["texts"][1] == "We talk about music."
    [session] = world.rows("SELECT ended_at, ended_by_type FROM sessions WHERE id = %(id)s", id=person.session_id)
    assert session["ended_at"] and session["ended_by_type"] == "computer"
    assert len(world.rows("SELECT id FROM uploads")) == 1  # nothing is regenerated for what is deleted


def test_a_deleted_media_id_can_be_used_again(world: World, recordings: Media) -> None:
    world.finish(delete(world, "m1"))
    [row] = world.finish(world.upload("m1", {"media.mp3": recordings["mp3"]}))
    assert row["status_code"] == 6
    assert sorted(files(world)) == ["0", "0!", "es!"]


def test_a_hard_delete_leaves_no_file_and_no_row_but_those_of_the_uploads(
    world: World, recordings: Media, caplog: pytest.LogCaptureFixture
) -> None:
    first = world.upload("m2", {"media.mp3": recordings["mp3"]}, metadata={"speakers": [{"speaker_id": "x"}]})
    world.finish(first)
    world.finish(update(world, "m2", {"media.wav": recordings["wav"]}))  # so there are backups too
    others = everything(world)
    Person(world, "m2").edit("en", (1, 500, 900, "Music."))
    with caplog.at_level(logging.INFO, "ingest"):
        upload = delete(world, "m2", "hard")
        [row] = world.finish(upload)
    assert row["status_code"] == 30
    assert everything(world) == ["es.mp3", "media.mp3"] and len(others) == 4
    assert [r["external_id"] for r in world.rows("SELECT external_id FROM objects")] == ["m1"]
    for table in ("content_versions", "session_edits", "sessions"):
        left = world.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"]
        assert left == (3 if table == "content_versions" else 0), table
    assert [r["speaker_id"] for r in world.rows("SELECT speaker_id FROM speakers")] == ["s1"]
    assert world.status(first)["manifest"] == {} and world.status(first)["status_code"] == 6
    assert not (world.mounts["uploads"] / first).exists()
    assert f"deleted uploads/{first}" in caplog.text


def test_what_does_not_exist_cannot_be_deleted(world: World) -> None:
    [row] = world.finish(delete(world, "m9"))
    assert row["status_code"] == 106
    assert "'m9' does not exist" in row["info"]


def test_a_delete_whose_disk_does_not_answer_goes_on_when_it_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace

    def refuse(source: Any, target: Any) -> None:
        if "backup" in str(target):
            raise OSError(5, "Input/output error")
        real(source, target)

    with monkeypatch.context() as patched, world.service() as (ctx, db):
        patched.setattr(os, "replace", refuse)
        upload = delete(world, "m1")
        tick(ctx, db, 60)
    row = world.status(upload)
    assert (row["state"], row["finished_at"]) == ("removing", None)
    assert "they are tried again" in row["info"]
    world.rows("UPDATE uploads SET due_at = now()")
    assert world.finish(upload)[0]["status_code"] == 30
    assert files(world) == ["0!", "es!"]


def test_cancel_stops_what_runs_in_the_same_tick_and_leaves_nothing(world: World, recordings: Media) -> None:
    world.system("hear", "asr", "sleep 100", "languages = en")
    target = world.upload("m2", {"media.mp3": recordings["mp3"]})
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.counted())
        [folder] = world.mounts["uploads"].glob("*/jobs/transcribing.en.1")
        wait_until(lambda: (folder / "pid").exists())
        process = recorded(folder)
        assert process is not None
        upload = cancel(world, target)
        tick(ctx, db, 60)
        row, cancelled = world.status(upload), world.status(target)
        wait_until(lambda: not process.alive)
    assert (row["status_code"], row["info"]) == (40, "Cancel upload operation successfully processed.")
    assert (cancelled["status_code"], cancelled["info"], cancelled["state"]) == (90, "Upload cancelled.", "cancelled")
    assert [r["state"] for r in world.rows("SELECT state FROM jobs WHERE step = 'transcribing'")] == ["cancelled"]
    assert [r["external_id"] for r in world.rows("SELECT external_id FROM objects")] == ["m1"]
    assert world.orphans() == []


def test_a_finished_upload_cannot_be_cancelled_and_the_words_say_how_it_ended(world: World) -> None:
    target = update(world, "m1")
    world.finish(target)
    [row] = world.finish(cancel(world, target))
    assert row["status_code"] == 100
    assert row["info"] == (
        f"The upload could not be cancelled. The upload {target} had ended before, with status 20: "
        "Media successfully updated."
    )


def test_a_cancel_reaches_no_upload_of_another_user(world: World) -> None:
    target = update(world, "m1")
    world.rows("UPDATE uploads SET due_at = now() + interval '1 hour'")
    [other] = world.rows(
        "INSERT INTO users (username, secret_key) VALUES ('x', 'a-secret-of-somebody-else') RETURNING id"
    )
    upload = cancel(world, target, user_id=other["id"])
    with world.service() as (ctx, db):
        tick(ctx, db, 60)
    assert world.status(upload)["status_code"] == 100
    assert world.status(target)["state"] == "received"


def test_uploads_of_one_object_go_one_after_the_other_and_those_of_others_do_not_wait(world: World) -> None:
    world.system("turn", "mt", 'sleep 0.3; cp "$input" "$output"', "pairs = en-es, es-ca")
    lecture(world, external_id="m2")
    first = update(world, "m1", requested_langs={"es": {"sub": {}}})
    second = update(world, "m1", metadata={"title": "Second"})
    third = delete(world, "m1")
    other = update(world, "m2", metadata={"title": "Other"})
    with world.service() as (ctx, db):
        tick(ctx, db, 60)
        assert world.status(other)["status_code"] == 20
        words = f"Video ingested, not processed yet. Waiting: the upload {first} of the same object comes first."
        assert [world.status(u)["info"] for u in (second, third)] == [words, words]
        assert world.status(first)["state"] == "translating"
    rows = world.finish(first, second, third)
    assert [row["status_code"] for row in rows] == [20, 20, 30]
    assert rows[0]["finished_at"] < rows[1]["finished_at"] < rows[2]["finished_at"]
    # Woken by the one before, not by the clock: half a minute would be too long for this test.


def test_two_services_never_work_on_one_object_at_once(world: World) -> None:
    """The system fails when it is started while it runs for the same media."""
    alone = 'mkdir "$here/busy" || exit 1; sleep 0.05; cp "$input" "$output"; rmdir "$here/busy"'
    world.system("turn", "mt", alone, "pairs = en-es, es-ca")
    updates = [update(world, "m1", requested_langs={"es": {"sub": {}}}) for _ in range(6)]
    cancel(world, updates[3])
    world.serve_together(2)
    assert [world.status(u)["status_code"] for u in updates] == [20, 20, 20, 90, 20, 20]
    assert current(world)["es"]["version"] == 6


def test_the_next_upload_goes_on_when_the_one_before_fails_or_is_cancelled(world: World) -> None:
    world.system("turn", "mt", "exit 1", "pairs = en-es, es-ca")
    first = update(world, "m1", requested_langs={"es": {"sub": {}}})
    second = update(world, "m1", metadata={"title": "Second"})
    third = update(world, "m1", metadata={"title": "Third"})
    cancel(world, second)
    rows = world.finish(first, second, third)
    assert [row["status_code"] for row in rows] == [103, 90, 20]
    assert world.rows("SELECT title FROM objects") == [{"title": "Third"}]


def test_a_new_media_sent_twice_waits_and_is_then_refused(world: World, recordings: Media) -> None:
    first, second = (world.upload("m2", {"media.mp3": recordings["mp3"]}) for _ in range(2))
    rows = world.finish(first, second)
    assert [row["status_code"] for row in rows] == [6, 101]
    assert "exists already" in rows[1]["info"]
    assert runs(world) == ["hear en"]


@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_a_document_is_deleted_like_a_media(world: World, mode: str) -> None:
    world.rows("UPDATE objects SET kind = 'text'")
    [row] = world.finish(delete(world, "m1", mode, kind="text"))
    assert (row["status_code"], row["info"]) == (30, "Document(s) successfully deleted.")
    assert len(world.rows("SELECT id FROM objects")) == (1 if mode == "soft" else 0)
