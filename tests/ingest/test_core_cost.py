"""What a tick costs is what is due, however many uploads there have been."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from costs import plan_of
from world import World

from ingest.tick import tick
from tlp.db import fairness, jobs, uploads

FINISHED, WAITING = 100_000, 2_000


@pytest.fixture(scope="module")
def world(module_db: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> World:
    """A platform with a past: finished uploads with their jobs, and many that wait for jobs that run elsewhere."""
    quick = World(tmp_path_factory.mktemp("cost") / "world", module_db)
    quick.usual_systems()
    quick.rows("ALTER TABLE uploads DISABLE TRIGGER uploads_notify")
    fill = (
        "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, due_at, deadline, "
        "finished_at) SELECT %(p)s || n, %(user)s, 'speech', 'new', 'm' || n, 'h' || n, '{}', %(state)s, 'infinity', "
        "now() + interval '1 day', CASE WHEN %(state)s = 'done' THEN now() END FROM generate_series(1, %(n)s) AS n"
    )
    quick.rows(fill, p="old-", user=quick.user, state="done", n=FINISHED)
    quick.rows(fill, p="wait-", user=quick.user, state="transcribing", n=WAITING)
    quick.rows(
        "INSERT INTO jobs (upload_id, step, name, kind, command, state) "
        "SELECT id, 'transcribing', 'en', 'asr', '[]', 'done' FROM uploads WHERE state = 'done'"
    )
    quick.rows("ANALYZE uploads")
    quick.rows("ANALYZE jobs")
    return quick


def test_a_tick_with_nothing_due_takes_milliseconds(world: World) -> None:
    with world.service() as (ctx, db):
        times = []
        for _ in range(20):
            began = time.perf_counter()
            assert tick(ctx, db) is False
            times.append(time.perf_counter() - began)
    print(f"a tick over {FINISHED} finished and {WAITING} waiting uploads: {1000 * min(times):.1f} ms")
    assert min(times) < 0.02  # the rest of it is what else the machine does


def test_what_a_tick_asks_is_answered_from_partial_indexes(world: World) -> None:
    for call, index in [
        (uploads.claim_due, "uploads_due"),
        (uploads.next_due_in, "uploads_due"),
        (jobs.submitted, "jobs_live"),
        (lambda cur: fairness.ready(cur, fairness.KINDS, False, 0, 50), "jobs_turn"),
        (jobs.any_planned, "jobs_"),
    ]:
        plan = plan_of(world, call)
        assert index in plan, (index, plan)
        assert not re.search(r"Seq Scan on (uploads|jobs)\b", plan), (index, plan)


def test_jobs_that_wait_are_found_without_reading_those_that_have_ended(world: World) -> None:
    world.rows(
        "INSERT INTO jobs (upload_id, step, name, kind, command) "
        "SELECT id, 'transcribing', n::text, 'asr', '[]' FROM uploads, generate_series(1, 10) AS n "
        "WHERE state = 'transcribing'"
    )
    world.rows("ANALYZE jobs")
    plan = plan_of(world, jobs.any_planned)
    assert "jobs_live" in plan and "Seq Scan" not in plan, plan
    [last] = world.rows("SELECT max(id) AS id FROM jobs")
    plan = plan_of(world, lambda cur: fairness.before(cur, [last["id"]], 1000))
    assert "jobs_turn" in plan and not re.search(r"Seq Scan on jobs\b", plan), plan
