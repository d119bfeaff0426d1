"""Edit sessions and the Ingest Service: the silent ones end, its own guard what it works on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from operations import Person, cancel, current, delete, lecture, update
from world import World, dfxp, tick_until, wait_until

from ingest.tick import tick
from tlp.db import sessions as table

EDIT = (1, 500, 900, "We talk about music.")


@pytest.fixture
def world(quick: World) -> World:
    lecture(quick)
    return quick


@pytest.fixture
def guarded(tmp_path: Path, db: dict[str, Any]) -> Any:
    """The same with [sessions] enabled."""
    formats = {"required_video_formats": ",", "generate_pcm_stream": "no"}
    made = World(tmp_path / "world", db, file_formats=formats, sessions={"enabled": "yes"})
    made.usual_systems()
    lecture(made)
    yield made
    made.end_jobs()


def silence(world: World, minutes: int) -> None:
    world.rows("UPDATE sessions SET last_alive = now() - %(n)s * interval '1 minute'", n=minutes)


def one_tick(world: World) -> None:
    with world.service() as (ctx, db):
        tick(ctx, db, 60)


def only_session(world: World) -> dict[str, Any]:
    [row] = world.rows("SELECT * FROM sessions")
    return row


def test_a_silent_session_ends_as_its_author_would_have_ended_it(world: World) -> None:
    Person(world).edit("en", EDIT)
    silence(world, 239)
    one_tick(world)
    assert only_session(world)["ended_at"] is None
    silence(world, 241)
    one_tick(world)
    row = only_session(world)
    assert row["ended_at"] and (row["ended_by_type"], row["ended_by_id"]) == ("computer", "ingest-service")
    assert not row["requires_revision"]
    assert current(world)["en"]["texts"][1] == EDIT[3]
    assert world.rows("SELECT session_id FROM uploads") == [{"session_id": row["id"]}]


def test_silent_edits_of_little_confidence_wait_for_revision(world: World) -> None:
    Person(world, conf=50).edit("en", EDIT)
    silence(world, 241)
    one_tick(world)
    assert only_session(world)["requires_revision"]
    assert current(world)["en"]["version"] == 1


def test_a_session_whose_edits_cannot_be_applied_ends_too_and_hinders_no_other(world: World) -> None:
    lecture(world, external_id="m2")
    bad, good = Person(world, "m1").edit("en", EDIT), Person(world, "m2").edit("en", EDIT)
    world.rows("UPDATE content_versions SET body = 'no captions' WHERE content_id IN "
               "(SELECT id FROM contents WHERE object_id = %(id)s)", id=bad.object_id)  # fmt: skip
    silence(world, 241)
    one_tick(world)
    rows = {r["id"]: r for r in world.rows("SELECT id, ended_at, requires_revision FROM sessions")}
    assert rows[bad.session_id]["ended_at"] and rows[bad.session_id]["requires_revision"]
    assert rows[good.session_id]["ended_at"] and not rows[good.session_id]["requires_revision"]


def test_a_session_that_began_while_its_media_was_deleted_is_ended_too(world: World) -> None:
    [media] = world.rows("SELECT id FROM objects")
    world.finish(delete(world, "m1"))  # after /start_session has found the media, and before it opens the session
    author = {"id": "ada", "name": None, "conf": 100, "type": "human"}
    with world.cursor() as cur:
        table.start(cur, media["id"], author)
    silence(world, 241)
    one_tick(world)
    assert only_session(world)["ended_at"]


def test_an_update_opens_a_session_of_its_own_and_closes_it(guarded: World) -> None:
    guarded.system("turn", "mt", 'sleep 0.2; cp "$input" "$output"', "pairs = en-es, es-ca")
    upload = update(guarded, "m1", requested_langs={"es": {"sub": {}}})
    with guarded.service() as (ctx, db):
        tick_until(ctx, db, lambda: guarded.status(upload)["state"] == "translating")
        row = only_session(guarded)
        assert (row["author_type"], row["author_id"], row["upload_id"]) == ("computer", "ingest-service", upload)
        assert row["ended_at"] is None
        author = {"id": "ada", "name": None, "conf": 100, "type": "human"}
        with guarded.cursor() as cur:
            assert table.start(cur, row["object_id"], author) is None
    [done] = guarded.finish(upload)
    assert done["status_code"] == 20
    assert only_session(guarded)["ended_by_type"] == "computer"


@pytest.mark.parametrize("end", ["fails", "is cancelled"])
def test_the_session_of_an_update_ends_with_it_also_when_it(guarded: World, end: str) -> None:
    guarded.system("turn", "mt", "sleep 0.3; exit 1", "pairs = en-es, es-ca")
    upload = update(guarded, "m1", requested_langs={"es": {"sub": {}}})
    with guarded.service() as (ctx, db):
        tick_until(ctx, db, lambda: guarded.status(upload)["state"] == "translating")
    if end == "is cancelled":
        cancel(guarded, upload)
    [row] = guarded.finish(upload)
    assert row["status_code"] == (103 if end == "fails" else 90)
    assert only_session(guarded)["ended_at"] is not None


def test_an_update_waits_while_a_person_edits_and_then_takes_its_turn(guarded: World) -> None:
    person = Person(guarded)
    upload = update(guarded, "m1", metadata={"title": "Another"})
    one_tick(guarded)
    row = guarded.status(upload)
    assert (row["state"], row["status_code"]) == ("guarding", 0)
    assert row["info"] == "Video ingested, not processed yet. Waiting: Ada is editing it."
    person.end()
    guarded.rows("UPDATE uploads SET due_at = now()")  # half a minute later
    [row] = guarded.finish(upload)
    assert row["status_code"] == 20


def test_the_end_of_a_silent_session_lets_the_update_go_on_at_once(guarded: World) -> None:
    Person(guarded)
    upload = update(guarded, "m1")
    one_tick(guarded)
    silence(guarded, 241)
    one_tick(guarded)
    assert guarded.status(upload)["status_code"] == 20


def test_a_session_of_the_service_without_an_upload_is_ended(guarded: World) -> None:
    guarded.rows("INSERT INTO sessions (object_id, author_id, author_conf, author_type) "
                 "SELECT id, 'ingest-service', 100, 'computer' FROM objects")  # fmt: skip
    one_tick(guarded)
    assert only_session(guarded)["ended_at"] is not None


def test_a_session_that_an_upload_has_left_open_at_its_end_is_ended(guarded: World) -> None:
    guarded.system("turn", "mt", 'sleep 0.2; cp "$input" "$output"', "pairs = en-es, es-ca")
    upload = update(guarded, "m1", requested_langs={"es": {"sub": {}}})
    with guarded.service() as (ctx, db):
        tick_until(ctx, db, lambda: guarded.status(upload)["state"] == "translating")
    assert only_session(guarded)["upload_id"] == upload
    guarded.rows("UPDATE uploads SET finished_at = now() WHERE id = %(id)s", id=upload)  # by an administrator
    one_tick(guarded)
    assert only_session(guarded)["ended_at"] is not None


def test_without_the_configuration_an_update_opens_no_session(world: World) -> None:
    [row] = world.finish(update(world, "m1"))
    assert row["status_code"] == 20
    assert world.rows("SELECT id FROM sessions") == []


def test_an_update_and_the_end_of_a_session_that_change_the_same_texts_do_not_wait_for_each_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    person = Person(world).edit("en", EDIT).edit("ca", EDIT)
    sent = {"ca.dfxp": dfxp("ca"), "en.dfxp": dfxp("en")}  # in another order than the media came to have them
    items = [{"type_code": 4, "language": lang, "filename": f"{lang}.dfxp", "human": True} for lang in ("ca", "en")]
    upload = update(world, "m1", sent, attachments=items, generate=False)
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor() as pool:
        with world.cursor() as cur:
            cur.execute("SELECT 1 FROM contents WHERE language = 'en' FOR UPDATE")
            ended = pool.submit(person.end)
            wait_until(lambda: len(world.rows(waiting)) == 1)
            updated = pool.submit(world.finish, upload)
            wait_until(lambda: len(world.rows(waiting)) == 2)
        ended.result()
        assert updated.result()[0]["status_code"] == 20
    assert "deadlock" not in caplog.text
