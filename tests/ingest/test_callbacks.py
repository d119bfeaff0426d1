"""The callback of a manifest: what is POSTed, how it is signed, and what happens when it does not arrive."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from callback_receiver import Handler, Receiver
from mail_server import silent_server
from notifying import due_now, news, over_at_once, send, settled, world_with
from operations import cancel, lecture, update
from world import World

from ingest import ending
from ingest.callbacks import signature
from ingest.tick import tick
from installer.postgres import free_port
from tlp.db import notifications

SECRET = "a-secret-key-for-tests"  # of the user of a `World`
DOCS = Path(__file__).resolve().parents[2] / "docs" / "notifications.md"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def section() -> dict[str, Any]:
    """The section [callbacks]; tests parametrise this."""
    return {"allow_private": "yes"}


@pytest.fixture
def world(tmp_path: Path, clean_db: dict[str, Any], section: dict[str, Any]) -> Iterator[World]:
    made = world_with(tmp_path / "world", clean_db, callbacks=section)
    yield made
    settled()
    made.end_jobs()


def finish(world: World, *uploads: str) -> list[dict[str, Any]]:
    rows = world.finish(*uploads)
    settled()
    return rows


def failing(world: World, url: str, **keys: Any) -> str:
    """An upload that is over at once and asks for a callback."""
    return over_at_once(world, callback={"url": url, **keys})


def called(world: World, url: str, **keys: Any) -> str:
    """An upload in test mode that asks for a callback."""
    return world.upload("m1", test_mode=True, callback={"url": url, **keys})


def test_when_an_upload_is_over_its_outcome_is_posted_once_with_the_params_of_the_client(
    world: World, receiver: Receiver
) -> None:
    params = {"course": 7, "names": ["Ñ", None]}
    upload = called(world, receiver.url, params=params)
    finish(world, upload)
    ((path, headers, body),) = receiver.got
    said = json.loads(body)
    assert path == "/done?x=1" and headers["Content-Type"] == "application/json; charset=utf-8"
    assert re.fullmatch(r"nt-[0-9a-f-]{36}", said["delivery"]) and headers["TLP-Delivery"] == said.pop("delivery")
    assert abs(said.pop("timestamp") - time.time()) < 60
    assert said == {
        "event": "finished", "upload_id": upload, "object_id": "m1", "object_ids": ["m1"], "kind": "speech",
        "operation": "new", "test_mode": True, "status_code": 6, "info": "New media successfully processed.",
        "error_code": None, "params": params,
    }  # fmt: skip
    assert news(world, "callback")[0]["sent_at"]


def test_the_example_of_the_documentation_verifies_the_signature(world: World, receiver: Receiver) -> None:
    example: dict[str, Any] = {}
    exec(DOCS.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0], example)
    is_from_tlp = example["is_from_tlp"]
    finish(world, failing(world, receiver.url, params="Ñ"))
    ((_, headers, body),) = receiver.got
    assert is_from_tlp(SECRET, headers, body)
    assert not is_from_tlp("another key", headers, body)
    assert not is_from_tlp(SECRET, headers, body.replace(b"error", b"finished"))
    assert not is_from_tlp(SECRET, {**headers, "TLP-Timestamp": str(int(time.time()) + 1)}, body)
    old = int(time.time()) - 3600
    replayed = {**headers, "TLP-Timestamp": str(old), "TLP-Signature": f"sha256={signature(SECRET, old, body)}"}
    assert not is_from_tlp(SECRET, replayed, body) and is_from_tlp(SECRET, replayed, body, longest=4000)


def test_a_failure_a_cancel_and_an_update_are_told_as_such(world: World, receiver: Receiver) -> None:
    bad = world.upload("m1", {"media.mp4": b"no video at all"}, callback={"url": receiver.url})
    finish(world, bad)
    stopped = world.upload("m2", {"media.mp4": b"x"}, callback={"url": receiver.url})
    finish(world, cancel(world, stopped))
    lecture(world, external_id="m3")
    changed = update(world, "m3", metadata={"title": "Another"}, callback={"url": receiver.url})
    finish(world, changed)
    said = [json.loads(body) for _, _, body in receiver.got]
    told = [(each["upload_id"], each["event"], each["status_code"], each["error_code"]) for each in said]
    assert told == [(bad, "error", 101, 101), (stopped, "cancelled", 90, None), (changed, "finished", 20, None)]
    assert "'media.mp4'" in said[0]["info"] and said[2]["operation"] == "update" and said[2]["params"] is None


def test_anything_but_2xx_is_tried_again_with_growing_delays_and_the_same_delivery(
    world: World, receiver: Receiver
) -> None:
    receiver.answers = [500, 404, 301, 200]
    finish(world, failing(world, receiver.url))
    seen = []
    for _ in range(3):
        row = news(world, "callback")[0]
        seen.append((round(row["due_in"] / 60), row["last_error"]))
        due_now(world)
        send(world, "callback")
    assert seen == [
        (1, "127.0.0.1 answered 500"), (2, "127.0.0.1 answered 404"),
        (4, "127.0.0.1 answered 301: redirects are not followed"),
    ]  # fmt: skip
    assert news(world, "callback")[0]["sent_at"] and len(receiver.got) == 4
    assert len({headers["TLP-Delivery"] for _, headers, _ in receiver.got}) == 1
    assert len({body for _, _, body in receiver.got}) == 1
    assert {path for path, _, _ in receiver.got} == {"/done?x=1"}


@pytest.mark.parametrize("section", [{}])
@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://[::1]:{port}/", "http://2130706433:{port}/",
     "http://169.254.169.254/latest", "http://[::ffff:127.0.0.1]:{port}/"],
)  # fmt: skip
def test_private_addresses_are_refused_for_good(world: World, receiver: Receiver, url: str) -> None:
    upload = failing(world, url.format(port=receiver.server_address[1]))
    assert finish(world, upload)[0]["status_code"] == 101
    row = news(world, "callback")[0]
    assert row["gave_up_at"] and row["last_error"].startswith("it cannot be sent there: ")
    assert receiver.got == []


def drip(handler: Handler) -> None:
    """A status line that never ends."""
    for _ in range(600):
        handler.wfile.write(b"H")
        time.sleep(0.05)


def endless(handler: Handler) -> None:
    """A good answer with a body that never ends."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(600):
        handler.wfile.write(b"x" * 1000)
        time.sleep(0.05)


@pytest.mark.parametrize("section", [{"allow_private": "yes", "timeout": 1}])
def test_a_receiver_that_answers_byte_by_byte_is_cut_off(world: World, receiver: Receiver) -> None:
    receiver.answers = [drip]
    began = time.monotonic()
    finish(world, failing(world, receiver.url))
    assert time.monotonic() - began < 25  # it would go on for 30 s
    assert news(world, "callback")[0]["last_error"] == "127.0.0.1 does not answer: not within 1 s"


@pytest.mark.parametrize("section", [{"allow_private": "yes", "timeout": 60}])
def test_what_a_receiver_says_beside_its_status_is_not_read(world: World, receiver: Receiver) -> None:
    receiver.answers = [endless]
    began = time.monotonic()
    finish(world, failing(world, receiver.url))
    assert time.monotonic() - began < 25  # it would go on for 30 s
    assert news(world, "callback")[0]["sent_at"]


def test_an_answer_that_is_no_http_is_a_failure_in_words(world: World, receiver: Receiver) -> None:
    receiver.answers = [lambda handler: handler.wfile.write(b"SSH-2.0-x\r\n\r\n")]
    finish(world, failing(world, receiver.url))
    assert news(world, "callback")[0]["last_error"].startswith("127.0.0.1 does not answer: ")


@pytest.mark.parametrize("section", [{"allow_private": "yes", "timeout": 4}])
def test_receivers_that_say_nothing_hold_up_no_upload_no_tick_and_not_each_other_s_messages(
    world: World, receiver: Receiver
) -> None:
    upload = failing(world, receiver.url.replace("127.0.0.1", "localhost"))
    with silent_server() as port, world.service() as (ctx, db):
        with world.cursor() as cur:
            row = {"upload_id": upload, "channel": "callback", "event": "finished", "body": "{}"}
            for n in range(20):
                place = {"target": f"http://127.0.0.1:{port}/", "receiver": "127.0.0.1"}
                notifications.add(cur, {**row, **place, "id": f"nt-silent-{n}"})
        slowest = 0.0
        while world.unfinished():
            began = time.monotonic()
            tick(ctx, db)
            slowest = max(slowest, time.monotonic() - began)
        print(f"the slowest tick took {slowest:.2f} s")
        settled()
        tick(ctx, db)
        settled()
    assert slowest < 3.5  # less than one attempt takes
    assert len(receiver.got) == 1
    silent = [row for row in news(world, "callback") if row["receiver"] == "127.0.0.1"]
    assert not any(row["sent_at"] for row in silent)
    assert sum(row["attempts"] for row in silent) <= 3  # one for each thread: what is silent is not asked twenty times


def tell(world: World, *words: str) -> tuple[int, str, str]:
    process = world.core("tell", *words)
    out, errors = process.communicate(timeout=60)
    return process.returncode, out, errors


def test_a_receiver_that_is_down_gets_its_callback_when_it_is_back_or_when_an_administrator_sends_it_again(
    world: World, receiver: Receiver
) -> None:
    upload = failing(world, f"http://127.0.0.1:{free_port()}/")
    finish(world, upload)
    assert "127.0.0.1 does not answer" in news(world, "callback")[0]["last_error"]
    world.rows("UPDATE notifications SET gave_up_at = now(), target = %(url)s", url=receiver.url)
    due_now(world)
    send(world, "callback")
    assert receiver.got == []
    assert tell(world, upload) == (0, f"{upload}: 1 to be sent again (callback)\n", "")
    assert tell(world, upload, "--mail")[0] == 1
    send(world, "callback")
    assert len(receiver.got) == 1 and news(world, "callback")[0]["attempts"] == 1


def test_the_address_of_a_callback_is_logged_without_its_secrets(
    world: World, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    finish(world, failing(world, receiver.url.replace("x=1", "token=s3cret")))
    assert receiver.got[0][0] == "/done?token=s3cret"
    assert "callback about error sent to http://127.0.0.1" in caplog.text and "s3cret" not in caplog.text


def test_what_is_told_is_rolled_back_with_the_move_it_tells_of(world: World, receiver: Receiver) -> None:
    row = world.status(failing(world, receiver.url))
    with world.service() as (ctx, db), db.cursor() as cur:
        for outcome, rows in ((db.rollback, 0), (db.commit, 1)):
            ending.end(ctx, cur, row, "done", 6, "New media successfully processed.")
            outcome()
            assert len(news(world, "callback")) == rows


def test_news_that_cannot_be_written_are_logged_and_harm_no_upload(
    world: World, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    world.rows("ALTER TABLE notifications ADD CONSTRAINT never CHECK (event <> 'error')")
    try:
        assert finish(world, failing(world, receiver.url))[0]["status_code"] == 101
    finally:
        world.rows("ALTER TABLE notifications DROP CONSTRAINT never")
    assert "nobody is told of it (error)" in caplog.text and news(world, "callback") == []


def test_where_no_thread_can_be_started_the_tick_goes_on_and_it_is_sent_later(world: World, receiver: Receiver) -> None:
    upload = failing(world, receiver.url)
    size = threading.stack_size(1 << 46)  # more than there can be: as though the machine had room for no more threads
    try:
        world.finish(upload)
        assert [row["attempts"] for row in news(world, "callback")] == [0]
    finally:
        threading.stack_size(size)
    with world.service() as (ctx, db):
        tick(ctx, db)
    settled()
    assert news(world, "callback")[0]["sent_at"]
