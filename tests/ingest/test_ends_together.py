"""Jobs that end at once: noted in one transaction, whatever becomes of one of them; then their uploads are due."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from psycopg2.extensions import connection
from world import World

from bench.simulation import Simulated
from ingest import dispatch, job_ends
from ingest.context import Context
from ingest.scheduler import DONE, FAILED, LOST, Ended, JobSpec

COUNT = 8


@pytest.fixture
def world(quick: World, monkeypatch: pytest.MonkeyPatch) -> World:
    for part in (dispatch, job_ends):
        monkeypatch.setattr(part, "SLICE_S", 60.0)  # all at one go, also on a busy machine
    return quick


def upload(world: World, name: str, *jobs: str, state: str = "transcribing") -> str:
    """An upload that waits for jobs, each a name or `step/name`."""
    made = str(world.upload(name, test_mode=True))
    world.rows("UPDATE uploads SET state = %(s)s, due_at = 'infinity' WHERE id = %(u)s", s=state, u=made)
    for job in jobs:
        step, _, job_name = job.rpartition("/")
        world.rows("INSERT INTO jobs (upload_id, step, name, kind, command) VALUES (%(u)s, %(s)s, %(n)s, 'asr', '[]')",
                   u=made, s=step or state, n=job_name)  # fmt: skip
    return made


def makes_a_file(spec: JobSpec) -> None:
    (spec.folder / "out").mkdir(parents=True)
    (spec.folder / "out" / "en.dfxp").write_text("made")


@contextmanager
def started(world: World, seconds: float = 1.0) -> Iterator[tuple[Context, connection, Simulated]]:
    """A service that has started all jobs; those that are called slow take ten times as long."""
    with world.service() as (ctx, db):
        scheduler = Simulated(100, lambda spec: seconds * (10 if "slow" in spec.folder.name else 1), make=makes_a_file)
        ctx = replace(ctx, scheduler=scheduler)
        dispatch.submit_ready(ctx, db)
        scheduler.now += 2 * seconds
        yield ctx, db, scheduler


def due(world: World) -> set[str]:
    return {row["id"] for row in world.rows("SELECT id FROM uploads WHERE due_at <= now()")}


def test_jobs_that_end_at_once_are_noted_in_one_transaction_and_each_upload_is_due(world: World) -> None:
    ids = {upload(world, f"m{n}", "en") for n in range(COUNT)}
    with started(world) as (ctx, db, _):
        assert job_ends.end_jobs(ctx, db) is False
    [noted] = world.rows("SELECT count(*) AS jobs, count(DISTINCT xmin::text) AS writes FROM jobs WHERE state = 'done'")
    assert noted == {"jobs": COUNT, "writes": 1}
    assert due(world) == ids
    assert all((world.mounts["uploads"] / each / "work" / "en.dfxp").read_text() == "made" for each in ids)
    [share] = world.rows("SELECT used FROM shares")
    [spent] = world.rows("SELECT sum(extract(epoch FROM ended_at - submitted_at))::float8 AS seconds FROM jobs")
    assert share["used"] == pytest.approx(spent["seconds"])


def test_an_upload_is_due_when_the_last_job_of_its_state_has_ended(world: World) -> None:
    ended, waits = upload(world, "ended", "en", "fr"), upload(world, "waits", "en", "slow")
    early = upload(world, "early", "slow", "converting/thumbnail")
    with started(world) as (ctx, db, scheduler):
        job_ends.end_jobs(ctx, db)
        assert due(world) == {ended}
        scheduler.now += 20
        job_ends.end_jobs(ctx, db)
        assert due(world) == {ended, waits, early}


def test_what_cannot_be_taken_of_one_job_is_noted_later_and_the_others_at_once(world: World) -> None:
    ids = [upload(world, f"m{n}", "en") for n in range(COUNT)]
    place = world.mounts["uploads"] / ids[3] / "work"
    place.parent.mkdir(exist_ok=True)
    place.write_text("a file where the folder should be")
    with started(world) as (ctx, db, scheduler):
        job_ends.end_jobs(ctx, db)
        assert due(world) == set(ids) - {ids[3]}
        assert world.rows("SELECT upload_id FROM jobs WHERE state = 'submitted'") == [{"upload_id": ids[3]}]
        place.unlink()
        scheduler.now += 1
        job_ends.end_jobs(ctx, db)
    assert due(world) == set(ids)


def test_the_end_of_a_job_that_was_given_up_meanwhile_is_not_noted(world: World) -> None:
    ids = [upload(world, f"m{n}", "en") for n in range(3)]
    with started(world) as (ctx, db, scheduler):
        poll: Any = scheduler.poll

        def given_up_while_asked(jobs: Any) -> Any:
            found = poll(jobs)
            world.rows("UPDATE jobs SET attempt = 2 WHERE upload_id = %(u)s", u=ids[0])
            return found

        scheduler.poll = given_up_while_asked  # type: ignore[method-assign]
        job_ends.end_jobs(ctx, db)
    assert world.rows("SELECT state FROM jobs WHERE upload_id = %(u)s", u=ids[0]) == [{"state": "submitted"}]
    assert not (world.mounts["uploads"] / ids[0] / "work" / "en.dfxp").exists()
    assert set(ids[1:]) <= due(world)


@contextmanager
def held_by_another(world: World, *uploads: str) -> Iterator[None]:
    """Another service is moving these uploads."""
    with world.cursor() as cur:
        cur.execute("SELECT 1 FROM uploads WHERE id = ANY (%s) FOR NO KEY UPDATE", (list(uploads),))
        yield


@pytest.mark.parametrize("end", [DONE, FAILED, LOST])
@pytest.mark.parametrize("others", [0, 3])
def test_the_end_of_a_job_whose_upload_another_service_moves_is_left_and_noted_when_it_is_free(
    world: World, end: str, others: int
) -> None:
    held = upload(world, "held", "en")
    free = [upload(world, f"m{n}", "en") for n in range(others)]
    with started(world) as (ctx, db, scheduler):
        ended = {row["id"]: Ended(end, 0, "it ended so") for row in world.rows("SELECT id FROM jobs")}
        scheduler.poll = lambda jobs: {job.id: ended[job.id] for job in jobs}  # type: ignore[method-assign]
        with db.cursor() as cur:
            cur.execute("SET lock_timeout = '1s'")
        db.commit()
        with held_by_another(world, held):
            assert job_ends.end_jobs(ctx, db) is False
            assert due(world) == set(free)
            [left] = world.rows("SELECT id, upload_id FROM jobs WHERE state = 'submitted'")
            assert left["upload_id"] == held and set(ctx.unnoted) == {left["id"]}
        job_ends.end_jobs(ctx, db)
        assert due(world) == {held, *free} and not ctx.unnoted
    states = {row["state"] for row in world.rows("SELECT state FROM jobs")}
    assert states == {"planned" if end == LOST else end}  # a lost one is run once more


def test_the_lost_job_of_a_state_that_this_version_does_not_know_is_run_again_like_any_other(world: World) -> None:
    upload(world, "m1", "en", state="pondering")  # as after a version that had such a state
    with started(world) as (ctx, db, scheduler):
        lost = {row["id"]: Ended(LOST, None, "it is gone") for row in world.rows("SELECT id FROM jobs")}
        scheduler.poll = lambda jobs: {job.id: lost[job.id] for job in jobs}  # type: ignore[method-assign]
        job_ends.end_jobs(ctx, db)
    assert world.rows("SELECT state, attempt FROM jobs") == [{"state": "planned", "attempt": 2}]
