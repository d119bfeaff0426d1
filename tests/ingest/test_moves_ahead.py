"""A move brings the jobs of the next state with it, in its own transaction."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from tiny_media import Media
from world import World, tick_until

from bench.simulation import Simulated
from ingest.tick import tick
from tlp.db import turns

PLACE = """
    SELECT u.state, u.due_at = 'infinity' AS waits, j.name, j.state AS job, j.early,
           u.deadline - interval '24 hours' = j.created_at AS together -- both from the time of the transaction
      FROM uploads AS u
      JOIN jobs AS j ON j.upload_id = u.id AND j.step = u.state
"""


def test_a_state_is_entered_together_with_the_jobs_that_it_needs(quick: World, recordings: Media) -> None:
    quick.upload("m1", {"media.mp3": recordings["mp3"]})
    with quick.service() as (ctx, db):
        while tick(replace(ctx, scheduler=Simulated(0, lambda spec: 1.0)), db):
            pass
    assert quick.rows(PLACE) == [
        {"state": "packaging", "waits": True, "name": "package", "job": "planned", "early": False, "together": True}
    ]


def test_what_a_state_lacks_is_said_in_that_state_after_the_move_to_it(quick: World, recordings: Media) -> None:
    """The package of one upload cannot be planned, as a file stands where its folder should be; others are moved."""
    first, second = (quick.upload(name, {"media.mp3": recordings["mp3"]}) for name in ("m1", "m2"))
    place = quick.mounts["uploads"] / first / "work"
    place.write_text("a file where the folder should be")
    with quick.service() as (ctx, db):
        while tick(replace(ctx, scheduler=Simulated(0, lambda spec: 1.0)), db):
            pass
    rows = {row["id"]: row for row in quick.rows("SELECT id, state, failed_in, status_code, info FROM uploads")}
    assert rows[first]["failed_in"] == "packaging" and rows[first]["status_code"] == 101
    assert rows[first]["info"].startswith("An error occurred while processing the Media Package.")
    assert rows[second]["state"] == "packaging"
    assert [row["upload_id"] for row in quick.rows("SELECT upload_id FROM jobs")] == [second]


def test_a_move_that_is_slow_and_whose_next_state_fails_is_made_in_one_tick_and_holds_up_no_other(
    quick: World, recordings: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first state takes longer than the time of a tick, as while the disk is slow; each tick makes one move."""
    first, second = (quick.upload(name, {"media.mp3": recordings["mp3"]}) for name in ("m1", "m2"))
    (quick.mounts["uploads"] / first / "work").write_text("a file where the folder should be")
    real = turns.before

    def slow(cur: Any, upload: Any) -> Any:
        time.sleep(0.6 if upload["id"] == first else 0)
        return real(cur, upload)

    monkeypatch.setattr(turns, "before", slow)
    with quick.service() as (ctx, db):
        ctx = replace(ctx, scheduler=Simulated(0, lambda spec: 1.0))
        tick(ctx, db)
        assert quick.status(first)["state"] != "received", "in one tick"
        ends = {first: "failed", second: "packaging"}
        tick_until(ctx, db, lambda: {upload: quick.status(upload)["state"] for upload in ends} == ends)
