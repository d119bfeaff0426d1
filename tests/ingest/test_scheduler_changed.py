"""The configuration names another scheduler while jobs of the old one run: they end, or are run again in words."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pretended_queue import PretendedQueue
from scheduling import GRACE_S, live, processes, script_pid, wait_for_end, wait_until

from ingest.scheduler import DONE, LOST, JobSpec, Scheduler
from ingest.scheduler.chosen import create
from ingest.scheduler.cluster import Cluster
from ingest.scheduler.local import Local
from tlp import config as configuration

Make = Callable[..., JobSpec]


@pytest.fixture
def here() -> Local:
    return Local(slots=4, grace_s=GRACE_S)


def configured(folder: Path, scheduler: str) -> Scheduler:
    path = folder / "config.ini"
    path.write_text(f"[core]\nlost_grace = 0\n[scheduler]\nkind = slurm\n{scheduler}\n")
    return create(configuration.load(path), {})


@pytest.mark.parametrize("scheduler", ["", "localhost = login1"])
def test_what_this_machine_has_begun_before_it_got_a_cluster_ends_here(
    here: Local, cluster: Cluster, queue: PretendedQueue, spec: Make, tmp_path: Path, scheduler: str
) -> None:
    quick, slow = spec("true", folder="quick"), spec("sleep", "100", folder="slow")
    jobs = [live(job, here.submit(job), number, age=100) for number, job in enumerate((quick, slow), 1)]
    script_pid(slow)
    now = configured(tmp_path, scheduler)
    assert wait_for_end(now, jobs[0]).state == DONE
    for _ in range(3):
        assert now.poll(jobs[1:]) == {}, "it runs"
        time.sleep(0.1)
    assert queue.asked("squeue") == []
    assert len(now.watch(jobs[1:])) == 1
    now.cancel(jobs[1:])
    wait_until(lambda: not processes(slow))
    assert queue.asked("scancel") == []


def test_a_job_in_a_queue_that_is_not_named_any_more_is_lost_in_words_and_never_begins_there(
    here: Local, cluster: Cluster, queue: PretendedQueue, spec: Make, tmp_path: Path
) -> None:
    job = spec("touch", str(tmp_path / "it ran"))
    number = live(job, cluster.submit(job), age=100)
    assert here.poll([number]) == {}, "it may be about to leave its exit code"
    end = wait_for_end(here, number, 10 * GRACE_S + 10)
    assert end.state == LOST and "the queue of a cluster, which the configuration does not name any more" in end.reason
    subprocess.run(["bash", job.folder / "job.sh"], check=True)
    assert not (tmp_path / "it ran").exists()


def test_a_job_in_a_queue_that_is_not_named_any_more_is_done_when_it_leaves_its_exit_code(
    here: Local, cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    job = spec("true")
    number = live(job, cluster.submit(job), age=100)
    assert here.poll([number]) == {}
    subprocess.run(["bash", job.folder / "job.sh"], check=True)
    assert here.poll([number])[1].state == DONE
