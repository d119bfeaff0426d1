"""A move brings the jobs of the next state with it, in its own transaction."""

from __future__ import annotations

from dataclasses import replace

from tiny_media import Media
from world import World

from bench.simulation import Simulated
from ingest.tick import tick

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
