"""What lasts longer than its limit or is not taken by the scheduler: an error in words, or it waits, never a loss."""

from __future__ import annotations

import errno
import os
import time
from typing import Any

import pytest
from tiny_media import Media
from world import World, failed, tick_until, wait_until

from ingest.scheduler.process import recorded
from ingest.tick import tick
from ingest.waiting import NO_ROOM
from tlp.db import uploads
from tlp.errors import SchedulerError


@pytest.fixture
def world(quick: World) -> World:
    return quick


def has_worked_for_days(world: World) -> None:
    """As though the jobs that run had begun a month ago, and the limit of the state were over."""
    world.rows("UPDATE uploads SET deadline = now()")
    world.rows("UPDATE jobs SET submitted_at = now() - interval '30 days' WHERE state = 'submitted'")
    month_ago = time.time() - 30 * 86400
    for pid in world.mounts["uploads"].glob("*/jobs/*/pid"):
        os.utime(pid, (month_ago, month_ago))


def test_a_state_that_lasts_too_long_is_ended_with_its_jobs(world: World, recordings: Media) -> None:
    world.system("hear", "asr", "sleep 100", "languages = en")
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.counted())
        world.rows("UPDATE uploads SET deadline = now()")
        tick(ctx, db)
        assert world.status(upload)["state"] == "transcribing", "what came before was waiting: it has just begun"
        has_worked_for_days(world)
        tick(ctx, db)
    reason = failed(world.status(upload), 102)
    assert "longer than its limit of 168 hours" in reason
    assert {r["state"] for r in world.rows("SELECT state FROM jobs WHERE step = 'transcribing'")} == {"cancelled"}
    process = recorded(next(world.mounts["uploads"].glob("*/jobs/transcribing.en.1")))
    wait_until(lambda: process is None or not process.alive)


def test_an_upload_that_only_waits_for_its_turn_is_never_too_late(world: World, recordings: Media) -> None:
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
    with world.service() as (ctx, db):
        ctx.scheduler.room = lambda running, spec: False  # type: ignore[method-assign]  # a machine that is full
        tick(ctx, db)
        world.rows("UPDATE uploads SET deadline = now()")
        assert tick(ctx, db, 20) is False
        row = world.status(upload)
    assert (row["state"], row["finished_at"]) == ("packaging", None)
    assert world.rows("SELECT deadline > now() + interval '23 h' AS later FROM uploads") == [{"later": True}]
    assert world.finish(upload)[0]["status_code"] == 6


def test_a_scheduler_that_refuses_is_asked_again_and_its_words_are_in_the_error_in_the_end(
    world: World, recordings: Media
) -> None:
    upload, other = (world.upload(name, {"media.mp3": recordings["mp3"]}) for name in ("m1", "m2"))

    def refuse(spec: Any) -> str:
        raise SchedulerError("no such queue: long")

    with world.service() as (ctx, db):
        real, ctx.scheduler.submit = ctx.scheduler.submit, refuse  # type: ignore[method-assign]
        both = [{"reason": "no such queue: long"}] * 2
        tick_until(ctx, db, lambda: world.rows("SELECT reason FROM jobs") == both)
        world.rows("UPDATE uploads SET deadline = now() WHERE id = %(id)s", id=upload)
        tick(ctx, db)
        assert "no such queue: long" in failed(world.status(upload), 101)
        ctx.scheduler.submit = real  # type: ignore[method-assign]
    assert world.finish(other)[0]["status_code"] == 6


@pytest.mark.parametrize("refusal", [SchedulerError("no such queue: long"), OSError(errno.ENOSPC, "No space left")])
def test_jobs_that_were_refused_once_and_wait_for_room_now_are_never_too_late(
    world: World, recordings: Media, refusal: Exception
) -> None:
    """Room on the machine after the scheduler had refused them, or room on the disk."""
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})

    def refuse(spec: Any) -> str:
        raise refusal

    with world.service() as (ctx, db):
        ctx.scheduler.submit = refuse  # type: ignore[method-assign]
        tick(ctx, db)
        assert world.rows("SELECT reason IS NOT NULL AS refused FROM jobs") == [{"refused": True}]
        if isinstance(refusal, SchedulerError):
            ctx.scheduler.room = lambda running, spec: False  # type: ignore[method-assign]
            tick(ctx, db)
        world.rows("UPDATE uploads SET deadline = now()")
        tick(ctx, db)
        row = world.status(upload)
    assert (row["state"], row["error_code"], row["finished_at"]) == ("packaging", None, None)
    assert world.finish(upload)[0]["status_code"] == 6


def test_an_upload_whose_jobs_cannot_be_stopped_is_not_claimed_again_at_once_for_ever(
    world: World, recordings: Media
) -> None:
    world.system("hear", "asr", "sleep 100", "languages = en")
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})

    def unreachable(jobs: Any) -> None:
        raise SchedulerError("the controller does not answer")

    with world.service() as (ctx, db):
        real, ctx.scheduler.cancel = ctx.scheduler.cancel, unreachable  # type: ignore[method-assign]
        tick_until(ctx, db, lambda: world.counted())
        object.__setattr__(ctx.config.core, "retry_delay", 60)
        has_worked_for_days(world)
        assert tick(ctx, db, 20) is False
        assert world.status(upload)["state"] == "transcribing"
        assert {r["state"] for r in world.rows("SELECT state FROM jobs")} == {"submitted", "done"}
        ctx.scheduler.cancel = real  # type: ignore[method-assign]
        has_worked_for_days(world)
        tick(ctx, db)
    failed(world.status(upload), 102)


def test_put_off_means_not_due_even_when_the_deadline_is_over(world: World) -> None:
    upload = world.upload("m1", test_mode=True)
    world.rows("UPDATE uploads SET deadline = now() - interval '1 h'")
    with world.cursor() as cur:
        uploads.wait(cur, upload, 60)
    with world.cursor() as cur:
        assert uploads.claim_due(cur) is None
        left = uploads.next_due_in(cur)
        assert left is not None and 30 < left <= 60


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.ENOENT])
def test_a_scheduler_that_cannot_write_its_files_keeps_no_tick_from_moving_and_tidying(
    world: World, recordings: Media, number: int
) -> None:
    first = world.upload("m1", {"media.mp3": recordings["mp3"]})
    broken = OSError(number, os.strerror(number), "/a/folder/of/the/scheduler")

    def fails(jobs: Any) -> Any:
        raise broken

    with world.service() as (ctx, db):
        scheduler = ctx.scheduler
        real, scheduler.submit_array = scheduler.submit_array, fails  # type: ignore[method-assign]
        tick(ctx, db)
        [job] = world.rows("SELECT state, reason FROM jobs")
        assert job["state"] == "planned"
        assert job["reason"] == {errno.ENOSPC: NO_ROOM, errno.ENOENT: "No such file or directory"}[number]
        scheduler.submit_array = real  # type: ignore[method-assign]
        tick_until(ctx, db, lambda: world.rows("SELECT id FROM jobs WHERE state = 'submitted'"))
        poll, scheduler.poll = scheduler.poll, fails  # type: ignore[method-assign]
        second = world.upload("m2", {"media.mp3": recordings["mp3"]})
        old = world.mounts["uploads"] / "up-00000000-0000-0000-0000-000000000001"
        old.mkdir()
        world.rows(
            "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, finished_at) "
            "VALUES (%(id)s, %(user)s, 'speech', 'new', 'm', 'h', '{}', 'done', now() - interval '30 days')",
            id=old.name, user=world.user,
        )  # fmt: skip
        world.rows("DELETE FROM heartbeats")
        world.rows("UPDATE housekeeping SET due_at = now()")
        tick_until(ctx, db, lambda: not old.exists())
        assert world.status(second)["state"] == "packaging"
        assert world.rows("SELECT host FROM heartbeats") != []
        scheduler.poll = poll  # type: ignore[method-assign]
    assert [row["status_code"] for row in world.finish(first, second)] == [6, 6]
