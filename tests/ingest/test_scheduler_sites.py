"""What sites do that a cluster of a test does not: their configurations, wrappers, limits, accounts and greetings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pretended_queue import PretendedQueue
from scheduling import GRACE_S, live
from tiny_media import Media
from world import World, failed, tick_until

from ingest.scheduler import LOST, JobSpec, LiveJob, notes
from ingest.scheduler.chosen import create
from ingest.scheduler.cluster import Cluster
from ingest.scheduler.dialect import RUNNING, Listed, Placement
from ingest.scheduler.gridengine import GridEngine
from ingest.scheduler.queue import Queue
from ingest.scheduler.slurm import Slurm
from ingest.scheduler.transport import Here
from ingest.tick import tick
from tlp import config
from tlp.errors import ConfigError, SchedulerError

Make = Callable[..., JobSpec]


def configured(tmp_path: Path, *lines: str) -> config.Config:
    path = tmp_path / "config.ini"
    path.write_text("\n".join(["[scheduler]", "kind = slurm", *lines, ""]))
    return config.load(path)


# Configurations


def test_commas_in_options_and_queues_reach_the_queue_as_they_were_written(
    queue: PretendedQueue, tmp_path: Path, spec: Make
) -> None:
    options = "submit_opts = --exclude=node1,node2 --licenses=a:1,b:2"
    job = replace(spec("true"), kind="asr")
    create(configured(tmp_path, options, "queue = main,long"), {}).submit(job)
    [asked] = queue.asked("sbatch")
    assert "--exclude=node1,node2 --licenses=a:1,b:2 /" in asked and "--partition=main,long " in asked


@pytest.mark.parametrize("key", ["submit_scr", "submit_opts", "status_cmd", "notify_command"])
def test_a_quote_that_is_never_closed_is_told_with_its_key(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigError, match=rf"\[scheduler\] {key} = .*quot"):
        create(configured(tmp_path, f"{key} = sbatch it's"), {})


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("max_jobs = 0", "max_jobs = 0: must be 1 or more"),  # where the keys around it mean "all" by 0
        ("max_jobs_per_user = -1", "max_jobs_per_user = -1: must be 0 or more"),
        ("ssh_port = 70000", "ssh_port = 70000: must be from 1 to 65535"),
    ],
)
def test_a_number_with_which_nothing_would_ever_run_is_refused_at_the_start(
    tmp_path: Path, line: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=rf"\[scheduler\] {words}"):
        create(configured(tmp_path, line), {})


# Accounts


def test_jobs_are_listed_of_the_account_that_submits_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = Here().user
    for name in ("LOGNAME", "USER"):  # as runuser -u and setpriv leave it
        monkeypatch.setenv(name, "somebody-else")
    assert Here().user == before != "somebody-else"


# Wrappers


@pytest.mark.parametrize(
    "answer",
    [
        "17\nHave a nice day!\n", "Load: 3\n\n17\n", "17;north\nQuota left: 20\n",
        "Submitted batch job 17 on cluster north\n", "Welcome, 3 messages\nSubmitted batch job 17\nThanks\n",
    ],
)  # fmt: skip
def test_the_id_is_found_among_the_words_of_a_site(answer: str) -> None:
    assert Slurm().submitted(answer) == "17"


@pytest.mark.parametrize(
    "answer",
    [
        "17\nHave a nice day!\n", "Load: 3\n\n17\n", "17.1-3:1\nQuota left: 20\n", "Your job 5 is done, well\n17\n",
        'Welcome\nYour job-array 17.1-3:1 ("n") has been submitted\nThanks\n',
    ],
)  # fmt: skip
def test_the_id_of_grid_engine_is_found_among_the_words_of_a_site(answer: str) -> None:
    assert GridEngine().submitted(answer) == "17"


# What nobody was told


def test_a_job_of_grid_engine_needs_no_home_of_its_account_on_the_node(spec: Make) -> None:
    line = GridEngine().submit(spec("x"), Placement(), "s")
    assert line[line.index("-wd") + 1] == "/", "chdir to a home that is not there ends in Eqw"


def test_a_job_that_was_taken_and_could_not_be_noted_is_killed_with_its_upload(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    job = spec("true")
    usual = (queue.folder / "sbatch.now").read_text()
    queue.does("sbatch", f"({usual}) >/dev/null; echo 'Socket timed out on send/recv operation' >&2; exit 1")
    with pytest.raises(SchedulerError):
        cluster.submit(job)
    queue.is_away("squeue")
    with pytest.raises(SchedulerError):
        cluster.cancel([live(job)])
    queue.usual("squeue")
    cluster.cancel([live(job)])
    assert queue.asked("scancel") == ["scancel 1"]


# States and reasons


def test_a_job_that_another_cluster_of_a_federation_has_taken_is_not_given_up(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    job = spec("true")
    number = live(job, cluster.submit(job), age=100)
    queue.shows(f"{number.scheduler_id}|{job.name}|REVOKED|None")
    assert cluster.poll([number]) == {}
    queue.shows()
    assert cluster.poll([number]) == {}
    time.sleep(GRACE_S * 1.5)
    assert cluster.poll([number])[1].state == LOST, "when it is over there, it is gone from the list here"


@pytest.mark.parametrize(
    "reason", ["QOSMaxCpuPerJobLimit", "AssocMaxWallDurationPerJobLimit", "QOSMaxMemoryPerJob", "MaxMemPerLimit"]
)
def test_a_job_beyond_what_an_account_may_have_in_one_job_is_taken_out_and_says_why(
    cluster: Cluster, queue: PretendedQueue, spec: Make, reason: str
) -> None:
    job = spec("true")
    number = live(job, cluster.submit(job))
    queue.shows(f"{number.scheduler_id}|{job.name}|PENDING|{reason}")
    end = cluster.poll([number])[1]
    assert end.state == LOST and f"would never have run it (PENDING: {reason})" in end.reason
    assert queue.asked("scancel")


def test_a_job_that_waits_for_others_of_its_account_goes_on_waiting(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    job = spec("true")
    number = live(job, cluster.submit(job))
    for reason in ("AssocMaxJobsLimit", "QOSMaxCpuPerUserLimit", "AssocGrpMemLimit", "PartitionDown", "JobHeldAdmin"):
        queue.shows(f"{number.scheduler_id}|{job.name}|PENDING|{reason}")
        assert cluster.poll([number]) == {}, reason


def test_an_accounting_with_an_empty_field_ends_no_look(cluster: Cluster, queue: PretendedQueue, spec: Make) -> None:
    job = spec("true")
    number = live(job, cluster.submit(job), age=100)
    queue.shows()
    queue.does("sacct", f"echo '{job.name}||'\n")
    cluster.poll([number])
    time.sleep(GRACE_S * 1.5)
    assert cluster.poll([number])[1].state == LOST


def test_an_accounting_that_takes_long_to_answer_holds_up_no_look_at_many_lost_jobs(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    """As qacct, which reads a file of years from its end to its beginning."""
    jobs = [spec("true", folder=str(n)) for n in range(6)]
    lives = [live(job, cluster.submit(job), n, age=100) for n, job in enumerate(jobs)]
    queue.shows()
    queue.does("sacct", "sleep 1.2; echo 'another|FAILED|7:0'\n")
    cluster.poll(lives)
    time.sleep(GRACE_S * 1.5)
    began = time.monotonic()
    assert {end.state for end in cluster.poll(lives).values()} == {LOST}
    assert time.monotonic() - began < 2.4 and len(queue.asked("sacct")) == 1


# Limits


_NO_ARRAYS = """
for word; do case $word in --array=*)
    echo 'sbatch: error: Batch job submission failed: Invalid job array specification' >&2; exit 1 ;;
esac; done
"""


def test_where_a_queue_takes_no_arrays_of_that_size_the_jobs_go_one_by_one(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    queue.does("sbatch", _NO_ARRAYS + (queue.folder / "sbatch.now").read_text())
    jobs = [spec("true", folder=str(n)) for n in range(3)]
    assert cluster.submit_array(jobs) == ["1", "2", "3"]
    assert (queue.folder / "names").read_text().splitlines() == [job.name for job in jobs]
    assert cluster.submit_array(jobs) == ["1", "2", "3"], "and they are known by their own names"
    assert len(queue.asked("sbatch")) == 4


def test_a_job_that_asks_for_no_memory_does_not_get_all_of_a_machine(spec: Make) -> None:
    assert not any("--mem" in word for word in Slurm().submit(replace(spec("x"), memory_mb=0), Placement(), "s"))


def test_a_look_at_a_thousand_jobs_among_ten_thousand_takes_a_moment(tmp_path: Path) -> None:
    jobs = []
    for number in range(1000):
        folder = tmp_path / str(number)
        folder.mkdir()
        notes.note(folder, {"name": f"TLP-job-{number}.1", "task": 0, "id": str(number)})
        jobs.append(LiveJob(number, folder, str(number), 1, 1.0))
    rows = [Listed(str(number), f"TLP-job-{number}.1", RUNNING, "RUNNING") for number in range(10_000)]
    began = time.process_time()
    found = Queue(rows)
    assert [found.find(job) for job in jobs] == rows[:1000]
    assert time.process_time() - began < 0.2, "not so many times as there are jobs times rows"


# Whole uploads


@pytest.fixture
def world(queue: PretendedQueue, tmp_path: Path, clean_db: dict[str, Any]) -> Iterator[World]:
    formats = {"required_video_formats": ",", "generate_pcm_stream": "no"}
    made = World(tmp_path / "world", clean_db, file_formats=formats, scheduler={"kind": "slurm"})
    made.usual_systems()
    yield made
    made.end_jobs()


def test_an_upload_whose_job_waits_in_a_queue_that_is_closed_for_days_is_not_stopped(
    queue: PretendedQueue, world: World, recordings: Media
) -> None:
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: queue.asked("sbatch"))
        world.rows("UPDATE uploads SET deadline = now()")
        world.rows("UPDATE jobs SET submitted_at = now() - interval '30 days' WHERE state = 'submitted'")
        tick(ctx, db)
    row = world.status(upload)
    assert (row["state"], row["finished_at"]) == ("transcribing", None)
    assert world.rows("SELECT deadline > now() + interval '167 h' AS later FROM uploads") == [{"later": True}]


def test_a_part_that_an_operator_cancels_is_not_run_again_like_any_other_job(
    queue: PretendedQueue, world: World, recordings: Media
) -> None:
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: queue.asked("sbatch"))
        world.rows("UPDATE jobs SET part_of = 'en', part = 'part 1 of 2, from 0:00' WHERE step = 'transcribing'")
        queue.shows((queue.folder / "rows").read_text().replace("PENDING|Resources", "CANCELLED|None").strip())
        tick_until(ctx, db, lambda: world.status(upload)["finished_at"])
    words = "the queue ended it: CANCELLED (part 1 of 2, from 0:00; tried once)"
    assert words in failed(world.status(upload), 102)
    assert len(queue.asked("sbatch")) == 1
