"""Several services at once, a question at a time: who may take an upload, whose turn it is, what is planned twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2.errors
import pytest
from operations import cancel
from world import World

from bench.simulation import Simulated
from ingest import dispatch, job_ends
from ingest.tick import tick
from tlp.db import jobs, turns, uploads
from tlp.db.connection import connect
from tlp.errors import SchedulerError


@pytest.fixture
def other(quick: World) -> Iterator[Any]:
    """The cursor of another service, which waits for no lock for long."""
    with closing(connect(quick.config.storage)) as db, db.cursor() as cur:
        cur.execute("SET lock_timeout = '500ms'")
        db.commit()
        yield cur


def test_an_upload_that_another_service_moves_is_waited_for_by_nobody(quick: World, other: Any) -> None:
    held, free = quick.upload("m1", test_mode=True), quick.upload("m2", test_mode=True)
    quick.rows("UPDATE uploads SET due_at = now() - interval '1 h' WHERE id = %(id)s", id=held)
    with quick.cursor() as cur:
        first, second = uploads.claim_due(cur), uploads.claim_due(other)
        assert first and second and (first["id"], second["id"]) == (held, free)


def move_on(cur: Any, upload: str) -> None:
    values = {"status_code": 0, "info": "", "error_code": None, "due": 0, "limit": None, "finished": False}
    uploads.move(cur, upload, "packaging", values)


def test_two_services_that_ask_at_once_whose_turn_it_is_never_both_begin(quick: World, other: Any) -> None:
    """The younger one was alone when it was asked for; the older one came into sight before it had begun."""
    young = quick.upload("m1", test_mode=True)
    with quick.cursor() as cur:
        assert turns.before(cur, quick.status(young)) is None
        move_on(cur, young)
        old = quick.upload("m1", test_mode=True)
        quick.rows("UPDATE uploads SET uploaded_on = uploaded_on - interval '1 h' WHERE id = %(id)s", id=old)
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            turns.before(other, quick.status(old))
        other.connection.rollback()
        cur.connection.commit()
    assert turns.before(other, quick.status(old)) == young, "what has begun comes before what is older"


def test_the_end_of_an_upload_makes_the_next_one_of_its_object_due_at_once(quick: World) -> None:
    first, second = quick.upload("m1", test_mode=True), quick.upload("m1", test_mode=True)
    with quick.service() as (ctx, db):
        while not quick.status(first)["finished_at"]:
            tick(ctx, db)
            [row] = quick.rows("SELECT due_at > now() AS waits FROM uploads WHERE id = %(id)s", id=second)
        tick(ctx, db)
    assert row["waits"] is False or quick.status(second)["state"] != "received"


def planned(name: str) -> dict[str, Any]:
    values = {"name": name, "kind": "asr", "system_id": None, "command": ["run"], "environment": {}}
    return {**values, "depends_on": [], "cpus": 1, "gpus": 0, "memory_mb": 1, "time_limit_s": 1}


def test_what_is_planned_a_second_time_is_left_as_it_is(quick: World) -> None:
    upload = quick.upload("m1", test_mode=True)
    for _ in range(2):
        with quick.cursor() as cur:
            jobs.plan(cur, upload, "transcribing", planned("en"))
            cur.execute("UPDATE jobs SET state = 'done', exit_code = 0")
    [row] = quick.rows("SELECT state, attempt, exit_code FROM jobs")
    assert row == {"state": "done", "attempt": 1, "exit_code": 0}


class Away(Simulated):
    """Cannot be told to stop anything while it is away."""

    away = True

    def cancel(self, jobs: Any) -> None:
        if self.away:
            raise SchedulerError("the controller does not answer")
        super().cancel(jobs)


def test_a_cancel_waits_for_a_scheduler_that_does_not_answer(tmp_path: Path, clean_db: dict[str, Any]) -> None:
    quick = World(tmp_path / "world", clean_db, core={"retry_delay": 60})
    upload = quick.upload("m1", test_mode=True)
    quick.rows("UPDATE uploads SET state = 'transcribing', due_at = 'infinity'")
    with quick.cursor() as cur:
        jobs.plan(cur, upload, "transcribing", planned("en"))
    scheduler = Away(4, lambda spec: 100.0)
    with quick.service() as (ctx, db):
        ctx = replace(ctx, scheduler=scheduler)
        dispatch.submit_ready(ctx, db)
        cancelling = cancel(quick, upload)
        tick(ctx, db)
        assert quick.status(cancelling)["finished_at"] is None and quick.status(cancelling)["attempts"] >= 1
        assert quick.rows("SELECT state FROM jobs") == [{"state": "submitted"}], "it runs, and the table says so"
        scheduler.away = False
        quick.rows("UPDATE uploads SET due_at = now() WHERE id = %(id)s", id=cancelling)
        while not quick.status(cancelling)["finished_at"]:
            tick(ctx, db)
    assert quick.status(upload)["state"] == "cancelled"
    assert quick.rows("SELECT state FROM jobs") == [{"state": "cancelled"}]


def test_what_a_job_writes_beside_its_result_stays_in_its_folder(quick: World) -> None:
    upload = quick.upload("m1", test_mode=True)
    quick.rows("UPDATE uploads SET state = 'transcribing', due_at = 'infinity'")
    with quick.cursor() as cur:
        jobs.plan(cur, upload, "transcribing", planned("en"))
    scheduler = Simulated(4, lambda spec: 1.0)
    with quick.service() as (ctx, db):
        ctx = replace(ctx, scheduler=scheduler)
        dispatch.submit_ready(ctx, db)
        job_ends.end_jobs(ctx, db)
    [(_, spec)] = scheduler.started
    assert spec.environment["TMPDIR"] == spec.environment["HOME"] == str(spec.folder)
    assert spec.folder.is_relative_to(quick.mounts["uploads"] / upload)
