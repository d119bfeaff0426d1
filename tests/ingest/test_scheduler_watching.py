"""Many jobs of the local scheduler: polled at once, room for them, their ends watched, what they cost."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable

import pytest
from scheduling import live, made

from ingest.scheduler import DONE, JobSpec, Scheduler


@pytest.fixture
def scheduler() -> Scheduler:
    return made("local")


def test_fifty_jobs_are_polled_at_once_and_only_the_ended_are_told(
    scheduler: Scheduler, spec: Callable[..., JobSpec]
) -> None:
    running = spec("sleep", "100", folder="running")
    number = live(running, scheduler.submit(running), number=0)
    jobs = [number]
    for n in range(1, 50):
        job = spec("true", folder=f"job{n}")
        job.folder.mkdir(parents=True)
        (job.folder / "pid").write_text((running.folder / "pid").read_text())
        if n % 2:
            (job.folder / "exit_code").write_text("0\n")
        jobs.append(live(job, number=n))
    took = []
    for _ in range(5):
        start = time.perf_counter()
        found = scheduler.poll(jobs)
        took.append(time.perf_counter() - start)
        assert set(found) == set(range(1, 50, 2))
    assert min(took) < 0.25
    scheduler.cancel([number])


def test_room_counts_processors_and_lets_a_job_larger_than_the_machine_run_alone(
    scheduler: Scheduler, spec: Callable[..., JobSpec]
) -> None:
    small, large = spec("true", cpus=2), spec("true", cpus=99)
    assert scheduler.room([], large)
    assert not scheduler.room([live(small)], large)
    assert not scheduler.room([live(large)], small)
    assert scheduler.room([live(small)], small)
    assert not scheduler.room([live(small), live(small)], spec("true", cpus=1))


def test_watching_tells_of_the_end_of_a_job_and_its_exit_code_is_there_then(
    scheduler: Scheduler, spec: Callable[..., JobSpec]
) -> None:
    job = spec("sh", "-c", "until [ -e go ]; do sleep 0.05; done")
    number = live(job, scheduler.submit(job))
    watched = scheduler.watch([number])
    assert watched and not select.select(watched, [], [], 0)[0]
    (job.folder / "go").touch()
    assert select.select(watched, [], [], 30)[0] == watched
    assert scheduler.poll([number])[1].state == DONE
    again = scheduler.watch([number])  # a job that ended before it was watched is told at once
    assert select.select(again, [], [], 0)[0] == again
    for fd in watched + again:
        os.close(fd)


def test_the_overhead_of_a_job_is_small(scheduler: Scheduler, spec: Callable[..., JobSpec]) -> None:
    begins, ends = [], []
    for n in range(5):
        job = spec(sys.executable, "-S", "-c", "import time; print(time.time())", folder=f"job{n}")
        asked = time.time()
        watched = scheduler.watch([live(job, scheduler.submit(job))])
        select.select(watched, [], [], 10)
        ended = time.time()
        begin = float((job.folder / "stdout").read_text())
        begins.append(begin - asked)
        ends.append(ended - begin)
        for fd in watched:
            os.close(fd)
    print(f"submit to running {min(begins) * 1000:.0f} ms, end to known {min(ends) * 1000:.0f} ms")
    assert min(begins) < 0.25 and min(ends) < 0.25
