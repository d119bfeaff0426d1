"""Jobs whose machines are given to others again and again: no fault of theirs, and no end of their upload."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import clusters
import pytest
from scheduling import live, made, wait_for_end, wait_until
from tiny_media import Media
from world import World

from ingest.job_ends import MOST_RUNS
from ingest.scheduler import LOST, Ended, JobSpec, LiveJob
from ingest.scheduler.local import Local
from ingest.tick import tick


@pytest.fixture
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clusters.Slurm]:
    cluster = clusters.Slurm(tmp_path_factory.mktemp("slurm"), cpus=2)
    cluster.preempts = True
    with clusters.started(cluster), clusters.environment(cluster.environment):
        yield cluster


def test_a_job_that_slurm_preempts_is_lost_without_a_fault_of_its_own(
    slurm: clusters.Slurm, spec: Callable[..., JobSpec]
) -> None:
    scheduler = made("slurm")
    job = replace(spec("sleep", "100"), cpus=2)
    number = scheduler.submit(job)
    wait_until((job.folder / "pid").exists)
    slurm.command("sbatch", "--partition=urgent", "--cpus-per-task=2", "--output=/dev/null", "--wrap=true")
    end = wait_for_end(scheduler, live(job, number), 60)
    assert (end.state, end.displaced) == (LOST, True) and "PREEMPTED" in end.reason


class Unlucky(Local):
    """The first attempts of each ASR job are preempted, the next ones killed without a word of the queue."""

    def __init__(self, preempted: int, killed: int = 0) -> None:
        super().__init__(slots=4, grace_s=10)
        self.preempted, self.killed = preempted, killed

    def poll(self, jobs: Sequence[LiveJob]) -> dict[int, Ended]:
        found = super().poll(jobs)
        for job in jobs:
            name, _, attempt = job.folder.name.rpartition(".")
            if name.startswith("transcribing.") and int(attempt) <= self.preempted + self.killed:
                self.cancel([job])
                displaced = int(attempt) <= self.preempted
                cause = "the queue says PREEMPTED" if displaced else "left no exit code"
                found[job.id] = Ended(LOST, None, cause, displaced)
        return found


def ended(world: World, upload_id: str, scheduler: Local) -> dict[str, object]:
    with world.service() as (ctx, db):
        ctx = replace(ctx, scheduler=scheduler)
        deadline = time.monotonic() + 180
        while world.unfinished():
            assert time.monotonic() < deadline, world.status(upload_id)
            tick(ctx, db)
    return dict(world.status(upload_id))


@pytest.fixture
def lecture(quick: World, recordings: Media) -> str:
    quick.system("hear", "asr", 'cp "$here/en.dfxp" "$output"', "languages = en")
    return quick.upload("lecture", {"media.mp4": recordings["mp4"]}, requested_langs={"en": {"sub": {}}})


def test_an_upload_outlives_its_job_being_preempted_many_times(quick: World, lecture: str) -> None:
    assert ended(quick, lecture, Unlucky(MOST_RUNS - 1))["status_code"] == 6
    assert quick.rows("SELECT attempt, state FROM jobs WHERE step = 'transcribing'") == [
        {"attempt": MOST_RUNS, "state": "done"}
    ]


def test_a_job_that_is_preempted_without_end_ends_its_upload_in_words(quick: World, lecture: str) -> None:
    row = ended(quick, lecture, Unlucky(MOST_RUNS))
    assert row["status_code"] == 102
    assert "PREEMPTED (10 times)" in str(row["info"]), row["info"]


def test_what_vanishes_without_a_word_of_the_queue_is_tried_twice(quick: World, lecture: str) -> None:
    row = ended(quick, lecture, Unlucky(0, killed=2))
    assert row["status_code"] == 102 and "left no exit code (2 times)" in str(row["info"])


def test_having_been_preempted_costs_a_job_none_of_its_own_tries(quick: World, lecture: str) -> None:
    assert ended(quick, lecture, Unlucky(3, killed=1))["status_code"] == 6
    assert quick.rows("SELECT attempt, displaced FROM jobs WHERE step = 'transcribing'") == [
        {"attempt": 5, "displaced": [1, 2, 3]}
    ]


def test_after_it_has_been_preempted_a_job_has_as_many_tries_as_any_other(quick: World, lecture: str) -> None:
    row = ended(quick, lecture, Unlucky(3, killed=2))
    assert row["status_code"] == 102 and "left no exit code (2 times)" in str(row["info"])
