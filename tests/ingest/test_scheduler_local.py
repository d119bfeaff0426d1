"""What only the scheduler of one machine must do: it goes by processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from scheduling import live, made, processes, script_pid, wait_for_end, wait_until

from ingest.scheduler import LOST, JobSpec, Scheduler


@pytest.fixture
def scheduler() -> Scheduler:
    return made("local")


def test_a_pid_that_another_process_has_now_is_not_taken_for_the_job(
    scheduler: Scheduler, spec: Callable[..., JobSpec]
) -> None:
    job = spec("true")
    job.folder.mkdir(parents=True)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    (job.folder / "pid").write_text(f"{os.getpid()} 12345 {boot}")
    assert scheduler.poll([live(job)])[1].state == LOST
    scheduler.cancel([live(job)])  # and this test lives on


def test_a_job_of_before_a_restart_of_the_machine_is_lost(scheduler: Scheduler, spec: Callable[..., JobSpec]) -> None:
    job = spec("sleep", "100")
    number = live(job, scheduler.submit(job))
    recorded = (job.folder / "pid").read_text()
    (job.folder / "pid").write_text(recorded.rpartition(" ")[0] + " 00000000-0000-0000-0000-000000000000\n")
    end = scheduler.poll([number])[1]
    assert (end.state, end.reason, end.displaced) == (LOST, "the machine was restarted", False)
    (job.folder / "pid").write_text(recorded)
    scheduler.cancel([number])


def test_a_job_whose_script_is_told_to_end_a_moment_after_its_program_is_lost_and_has_not_failed(
    scheduler: Scheduler, spec: Callable[..., JobSpec]
) -> None:
    """As when a queue gives its machine to others, or the machine stops: one process after the other gets SIGTERM."""
    job = spec("sh", "-c", "echo >begun; sleep 100")
    number = live(job, scheduler.submit(job))
    script = script_pid(job)
    wait_until((job.folder / "begun").exists)
    for pid in set(processes(job)) - {script}:
        os.kill(pid, signal.SIGTERM)
    time.sleep(0.5)
    os.kill(script, signal.SIGTERM)
    assert wait_for_end(scheduler, number).state == LOST


def test_a_program_that_alone_is_told_to_end_is_lost_in_words(
    scheduler: Scheduler, spec: Callable[..., JobSpec]
) -> None:
    job = spec("sh", "-c", "kill -TERM $$")
    end = wait_for_end(scheduler, live(job, scheduler.submit(job)))
    assert end.state == LOST and "told to end (SIGTERM)" in end.reason


def test_a_job_leaves_no_zombie_with_its_submitter(scheduler: Scheduler, spec: Callable[..., JobSpec]) -> None:
    job = spec("true")
    wait_for_end(scheduler, live(job, scheduler.submit(job)))
    with pytest.raises(ChildProcessError):
        os.waitpid(script_pid(job), os.WNOHANG)
