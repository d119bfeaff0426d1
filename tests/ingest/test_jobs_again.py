"""Which jobs are run again after a bad end, and which are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from disks import fill, small_disk
from operations import runs
from tiny_media import Media
from world import World, failed

from bench.simulation import Simulated
from ingest import dispatch, job_ends
from ingest.scheduler import DONE, LOST, Ended, JobSpec, LiveJob
from ingest.tick import tick
from ingest.waiting import NO_ROOM
from tlp.errors import SchedulerError
from tlp.systems import LACKS


@pytest.mark.parametrize("code", [LACKS, 126, 127])
def test_what_this_machine_lacks_it_would_lack_again_so_nothing_is_run_once_more(
    quick: World, recordings: Media, code: int
) -> None:
    quick.system("hear", "asr", f"echo 'it lacks a program' >&2; exit {code}", "languages = en")
    [row] = quick.finish(quick.upload("m1", {"media.mp3": recordings["mp3"]}))
    assert "it lacks a program" in failed(row, 102)
    assert runs(quick) == ["hear en"]


class Grouped(Simulated):
    """Notes which jobs are submitted together. `end`: of all of them; `refuses`: takes none."""

    def __init__(self, end: str = DONE, refuses: bool = False) -> None:
        super().__init__(10, lambda spec: 1.0)
        self.groups: list[list[str]] = []
        self.names: list[str] = []
        self._end, self._refuses = end, refuses

    def submit_array(self, specs: Sequence[JobSpec]) -> list[str]:
        self.groups.append([spec.folder.name for spec in specs])
        self.names += [spec.name for spec in specs]
        if self._refuses:
            raise SchedulerError("no such partition")
        for spec in specs:
            spec.folder.mkdir(parents=True)
        return super().submit_array(specs)

    def poll(self, jobs: Sequence[LiveJob]) -> dict[int, Ended]:
        return {job.id: Ended(self._end, None, "it is gone") for job in jobs}


def plan(world: World, *jobs: tuple[str, int], part_of: str | None = None) -> str:
    """An upload that waits for jobs: their names and attempts."""
    upload = world.upload("m1", test_mode=True)
    world.rows("UPDATE uploads SET state = 'transcribing', due_at = 'infinity'")
    for name, attempt in jobs:
        world.rows(
            "INSERT INTO jobs (upload_id, step, name, kind, command, part_of, part, attempt) "
            "VALUES (%(u)s, 'transcribing', %(n)s, 'asr', '[]', %(of)s, %(of)s, %(a)s)",
            u=upload,
            n=name,
            of=part_of,
            a=attempt,
        )
    return upload


@pytest.mark.parametrize("refuses", [False, True])
def test_a_part_that_is_tried_again_goes_alone_for_it_avoids_a_machine_that_the_others_need_not(
    quick: World, refuses: bool
) -> None:
    plan(quick, ("p1", 2), ("p2", 1), ("p3", 1), part_of="en")
    scheduler = Grouped(refuses=refuses)
    with quick.service() as (ctx, db):
        dispatch.submit_ready(replace(ctx, scheduler=scheduler), db)
    # also where they are refused: nobody asks for each of them then
    assert scheduler.groups == [["transcribing.p1.2"], ["transcribing.p2.1", "transcribing.p3.1"]]


def test_each_attempt_has_a_name_of_its_own_in_the_queue_which_may_show_an_earlier_one_still(quick: World) -> None:
    plan(quick, ("en", 1))
    scheduler = Grouped(LOST)
    with quick.service() as (ctx, db):
        ctx = replace(ctx, scheduler=scheduler)
        for _ in range(2):
            dispatch.submit_ready(ctx, db)
            job_ends.end_jobs(ctx, db)
    assert len(scheduler.names) == len(set(scheduler.names)) == 2


def test_a_job_that_is_lost_again_while_the_disk_is_full_found_no_room_for_its_end_and_waits(quick: World) -> None:
    with small_disk(quick.mounts["uploads"]) as disk:
        upload = plan(quick, ("en", 2))
        with quick.service() as (ctx, db):
            ctx = replace(ctx, scheduler=Grouped(LOST))
            dispatch.submit_ready(ctx, db)
            filler = fill(disk)
            job_ends.end_jobs(ctx, db)
            assert quick.rows("SELECT state, reason FROM jobs") == [{"state": "failed", "reason": NO_ROOM}]
            tick(ctx, db)
            assert NO_ROOM in quick.status(upload)["info"] and quick.status(upload)["finished_at"] is None
            filler.unlink()
