"""What becomes of a job that left no exit code, by what the queue says of it and when."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pretended_queue import PretendedQueue
from scheduling import GRACE_S, live

from ingest.scheduler import FAILED, LOST, JobSpec, notes
from ingest.scheduler.cluster import Cluster
from ingest.scheduler.gridengine import GridEngine
from ingest.scheduler.transport import Here

Make = Callable[..., JobSpec]
PLAIN = "job-ID prior name user state submit/start at queue slots ja-task-ID\n"


@pytest.mark.parametrize(
    ("state", "end", "displaced"),
    [
        ("CANCELLED by 0", FAILED, False),
        ("TIMEOUT", FAILED, False),
        ("DEADLINE", FAILED, False),
        ("FAILED", LOST, False),
        ("OUT_OF_MEMORY", LOST, False),
        ("NODE_FAIL", LOST, False),
        ("PREEMPTED", LOST, True),
    ],
)
def test_what_a_person_or_a_limit_ended_is_not_for_another_try_and_the_rest_is(
    cluster: Cluster, queue: PretendedQueue, spec: Make, state: str, end: str, displaced: bool
) -> None:
    job = spec("true")
    number = live(job, cluster.submit(job))
    queue.shows(f"{number.scheduler_id}|{job.name}|{state}|None")
    found = cluster.poll([number])[number.id]
    assert (found.state, found.exit_code, found.displaced) == (end, None, displaced)
    assert state in found.reason


def test_a_job_that_was_put_back_after_it_had_begun_is_displaced_and_taken_out(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    job = spec("true")
    number = live(job, cluster.submit(job))
    assert cluster.poll([number]) == {}, "it waits for the first time"
    (job.folder / "started").mkdir()
    assert cluster.poll([number]) == {}
    time.sleep(GRACE_S * 1.5)
    found = cluster.poll([number])[number.id]
    assert (found.state, found.displaced) == (LOST, True) and "put back" in found.reason
    assert queue.asked("scancel") == ["scancel 1"]


def test_a_job_that_was_submitted_just_now_is_missed_by_nobody(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    job = spec("true")
    number = live(job, cluster.submit(job), age=GRACE_S / 2)
    (job.folder / notes.UNSEEN).write_text(str(time.time() - 100))
    queue.shows()
    assert cluster.poll([number]) == {}


def test_a_job_is_missed_from_the_last_time_that_the_queue_had_it(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    job = spec("true")
    number = live(job, cluster.submit(job), age=100)
    queue.shows()
    assert cluster.poll([number]) == {}
    time.sleep(GRACE_S * 1.5)
    queue.shows(f"{number.scheduler_id}|{job.name}|RUNNING|None")
    assert cluster.poll([number]) == {}
    queue.shows()
    assert cluster.poll([number]) == {}, "the grace begins anew"
    time.sleep(GRACE_S * 1.5)
    assert cluster.poll([number])[number.id].state == LOST


def says(rows: Path, job: JobSpec, state: str) -> None:
    line = f"7 0.5 {job.name[:10]} root {state} 11/22/2026 12:00:00 all.q@n1 1\n" if state else ""
    rows.write_text(PLAIN + line)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return tmp_path / "rows"


@pytest.fixture
def grid(rows: Path) -> Cluster:
    """A Grid Engine of which there is only a list."""
    return Cluster(GridEngine(), Here(), {}, most=50, grace_s=GRACE_S, status=f"cat {rows}")


def began(job: JobSpec) -> None:
    (job.folder / "started").mkdir(parents=True)
    notes.note(job.folder, {"name": job.name, "task": 0, "id": "7"})


def test_a_job_that_somebody_takes_out_has_failed_when_it_is_gone(grid: Cluster, rows: Path, spec: Make) -> None:
    job = spec("true")
    began(job)
    says(rows, job, "dr")
    assert grid.poll([live(job, "7", age=100)]) == {}, "it ends, and may leave its exit code yet"
    says(rows, job, "")
    found = grid.poll([live(job, "7", age=100)])[1]
    assert (found.state, found.exit_code) == (FAILED, None) and "took it out" in found.reason


def test_a_job_that_runs_on_although_somebody_wanted_it_out_is_lost_like_any_other(
    grid: Cluster, rows: Path, spec: Make
) -> None:
    job = spec("true")
    began(job)
    for state in ("dr", "r", ""):
        says(rows, job, state)
        assert grid.poll([live(job, "7", age=100)]) == {}
    time.sleep(GRACE_S * 1.5)
    assert grid.poll([live(job, "7", age=100)])[1].state == LOST


def test_a_job_on_a_machine_that_does_not_answer_for_a_moment_is_not_given_up(
    grid: Cluster, queue: PretendedQueue, rows: Path, spec: Make
) -> None:
    job = spec("true")
    began(job)
    (queue.bin / "qdel").write_text(f'#!/bin/sh\necho "qdel $*" >>{queue.folder}/asked\n')
    (queue.bin / "qdel").chmod(0o755)
    rows.write_text(
        "<job_info><queue_info><Queue-List><name>all.q@n1</name><state>au</state><job_list><JB_job_number>7"
        f"</JB_job_number><JB_name>{job.name}</JB_name><state>r</state></job_list></Queue-List></queue_info></job_info>"
    )
    number = live(job, "7", age=100)
    assert grid.poll([number]) == {}
    time.sleep(GRACE_S * 1.5)
    found = grid.poll([number])[1]
    assert (found.state, found.displaced) == (LOST, False) and "does not answer" in found.reason
    assert queue.asked("qdel") == ["qdel 7"], "it may come back, and its job is run again meanwhile"


def test_a_cancelled_job_that_the_queue_starts_all_the_same_does_nothing(cluster: Cluster, spec: Make) -> None:
    job = spec("touch", "ran")
    cluster.cancel([live(job, cluster.submit(job))])
    subprocess.run(["bash", str(job.folder / "job.sh")], check=True, timeout=20)
    assert not (job.folder / "ran").exists() and not (job.folder / "exit_code").exists()


def test_a_job_that_slurm_holds_back_after_a_failed_launch_is_taken_out(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    job = spec("true")
    number = live(job, cluster.submit(job))
    assert "--chdir=/ " in queue.asked("sbatch")[0], "the folder of the service need not be on a node"
    queue.shows(f"{number.scheduler_id}|{job.name}|REQUEUE_HOLD|None")
    assert cluster.poll([number])[number.id].state == LOST
    assert queue.asked("scancel") == ["scancel 1"]
