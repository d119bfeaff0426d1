"""Mail and callbacks that were sent are forgotten after some days, and nothing else of them."""

from __future__ import annotations

import pytest
from sweeping import ended, news, sweep, told, would
from world import World

from ingest import housekeeping
from tlp.db import notifications


@pytest.fixture
def world(untidy: World) -> World:
    return untidy


def test_news_that_were_sent_are_forgotten_after_their_days_and_no_others(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    upload = ended(world, 1, 40).name
    for channel in ("mail", "callback"):
        for days, mark in ((31, "sent_at"), (29, "sent_at"), (90, "due_at"), (91, "gave_up_at")):
            told(world, upload, channel, days, mark)
    assert "would forget 2 mails and callbacks that were sent more than 30 days ago" in would(world)
    assert len(news(world)) == 8
    assert sweep(world) == 0
    assert news(world) == [
        f"nt-{channel}-{rest}"
        for channel in ("callback", "mail")
        for rest in ("29-sent_at", "90-due_at", "91-gave_up_at")
    ]
    assert "forgot 2 mails and callbacks" in caplog.text
    caplog.clear()
    sweep(world)
    assert "forgot" not in caplog.text


def test_thousands_of_old_news_go_bit_by_bit_in_ticks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = ended(world, 1, 40).name
    for days in range(31, 43):
        told(world, upload, "mail", days)
    monkeypatch.setattr(housekeeping, "BATCH", 5)
    monkeypatch.setattr(housekeeping, "SLICE_S", 0.001)
    with world.service() as (ctx, db):
        left = []
        for _ in range(4):
            world.rows("UPDATE housekeeping SET due_at = now() + CASE task WHEN 'news' THEN interval '-1 h' "
                       "ELSE interval '1 h' END")  # fmt: skip
            housekeeping.keep(ctx, db)
            left.append(len(news(world)))
    assert left[-1] == 0 and left[0] > 0


def test_status_knows_of_a_callback_that_arrived_when_its_row_is_gone(world: World) -> None:
    callback = {"callback": {"url": "https://example.org/done"}}
    first, again = world.upload("m1", test_mode=True, **callback), world.upload("m2", test_mode=True, **callback)
    told(world, first, "callback", 50, "gave_up_at", "error")  # it was tried again, and then was well
    told(world, first, "callback", 40)
    told(world, again, "callback", 45)
    told(world, again, "callback", 1, "due_at")
    sweep(world)
    with world.cursor() as cur:
        found = notifications.callback_of(cur, first)
        assert found and found["sent_at"] and not found["gave_up_at"] and found["attempts"] == 1
        found = notifications.callback_of(cur, again)
        assert found and not found["sent_at"] and found["due_at"]
