"""What sites do that a cluster of a test does not: their configurations, wrappers, limits, accounts and greetings."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pretended_queue import PretendedQueue
from scheduling import GRACE_S

from ingest.scheduler import JobSpec
from ingest.scheduler.chosen import create
from ingest.scheduler.cluster import Cluster
from ingest.scheduler.gridengine import GridEngine
from ingest.scheduler.slurm import Slurm
from ingest.scheduler.transport import Here
from tlp import config
from tlp.errors import ConfigError

Make = Callable[..., JobSpec]


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PretendedQueue:
    made = PretendedQueue(tmp_path / "queue")
    monkeypatch.setenv("PATH", os.pathsep.join([str(made.bin), os.environ["PATH"]]))
    return made


@pytest.fixture
def cluster(queue: PretendedQueue) -> Cluster:
    return Cluster(Slurm(), Here(), {}, most=50, grace_s=GRACE_S)


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
