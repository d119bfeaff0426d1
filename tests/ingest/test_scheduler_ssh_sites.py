"""What login machines do that a clean one does not: greetings in the way, broken files, and what is left there."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import clusters
import pytest
from pretended_queue import PretendedQueue
from scheduling import live, wait_until
from ssh_server import SshServer

from ingest.scheduler import DONE, JobSpec, LiveJob
from ingest.scheduler.cluster import Cluster
from ingest.scheduler.slurm import Slurm
from ingest.scheduler.ssh import Ssh
from ingest.scheduler.staging import Staged
from tlp.errors import SchedulerError

Make = Callable[..., JobSpec]


@pytest.fixture
def queue(tmp_path: Path) -> PretendedQueue:
    return PretendedQueue(tmp_path / "queue")


@pytest.fixture
def server(tmp_path: Path, queue: PretendedQueue) -> Iterator[SshServer]:
    path = os.pathsep.join([str(queue.bin), os.environ["PATH"]])
    with clusters.started(SshServer(tmp_path / "sshd", {"PATH": path})) as made:
        yield made


@pytest.fixture
def client(server: SshServer) -> Iterator[Ssh]:
    made = server.client()
    yield made
    made.close()


# What is wrong there


def test_a_machine_that_greets_where_files_are_asked_for_is_told_in_words(tmp_path: Path, spec: Make) -> None:
    server = SshServer(tmp_path / "sshd")
    server.more += "\nForceCommand echo Welcome to the cluster"  # as a .bashrc does before an sftp-server
    with clusters.started(server):
        client = server.client()
        with pytest.raises(SchedulerError, match="127.0.0.1: Garbage"), client.files() as files:
            files.stat("/")
        client.close()


def test_a_broken_line_among_the_known_hosts_is_told_in_words(server: SshServer, tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.write_text((server.folder / "known_hosts").read_text() + "other ssh-ed25519 AAAAB\n")
    client = server.client(known_hosts=known)
    with pytest.raises(SchedulerError, match="127.0.0.1: .*other ssh-ed25519"):
        client.run(["true"])


@pytest.mark.skipif(not shutil.which("tcsh"), reason="tcsh is not installed")
def test_an_account_whose_shell_is_tcsh_is_served_like_any_other(
    tmp_path: Path, queue: PretendedQueue, spec: Make
) -> None:
    server = SshServer(tmp_path / "sshd", {"PATH": os.pathsep.join([str(queue.bin), os.environ["PATH"]])})
    server.more += '\nForceCommand if [ -n "$SSH_ORIGINAL_COMMAND" ]; then tcsh -fc "$SSH_ORIGINAL_COMMAND"; fi'
    with clusters.started(server):
        client = server.client()
        for word in ('a\'b "c" $d `e` * ~ \\', "hostname=!node1&!node2", "'!'!!", ""):
            assert client.run(["printf", "%s", word]).stdout == word
        there = tmp_path / "there" / "up-1" / "jobs" / "x.1"
        (there / "started").mkdir(parents=True)
        (there / "node").write_text("node7\n")
        found, uploads = Staged(client, str(tmp_path / "there"), tmp_path, tmp_path)._look()
        assert found["up-1/jobs/x.1"].node == "node7" and uploads == ["up-1"]
        client.close()


# What stays there


def test_a_service_that_begins_anew_leaves_no_connection_and_no_thread(server: SshServer, tmp_path: Path) -> None:
    """As each time when its database was away: it reads its configuration, and makes its scheduler, again."""
    threads = threading.active_count()
    for number in range(3):
        client = server.client()
        cluster = Cluster(Slurm(), client, {}, most=50, grace_s=60)
        cluster.poll([LiveJob(number, tmp_path, str(number), 1, 1.0)])
        assert len(server.connections()) == 1
        del cluster, client
        gc.collect()  # as Python does now and then: an error of Paramiko's login keeps both until then
        wait_until(lambda: not server.connections() and threading.active_count() == threads)


class Stage:
    """Jobs that are staged for a queue that runs none of them but those that a test runs."""

    def __init__(self, folder: Path, client: Ssh) -> None:
        self.uploads, self.there = folder / "uploads", folder / "there"
        folders = Staged(client, str(self.there), self.uploads, folder / "media")
        self.cluster = Cluster(Slurm(), client, {}, most=50, grace_s=60, folders=folders)
        self._jobs = 0

    def submit(self, upload: str, name: str = "x.1") -> LiveJob:
        self._jobs += 1
        given = self.uploads / upload / "in"
        given.parent.mkdir(parents=True, exist_ok=True)
        given.write_text("what was said")
        job = JobSpec(given.parent / "jobs" / name, f"TLP-s.{self._jobs}", ["cat", str(given)], {}, 1, 1, 60)
        return live(job, self.cluster.submit(job), self._jobs)

    def run(self, job: LiveJob) -> None:
        subprocess.run(["bash", self.there / job.folder.relative_to(self.uploads) / "job.sh"], check=True)

    def uploads_there(self) -> set[str]:
        return {path.name for path in self.there.iterdir()}


@pytest.fixture
def stage(tmp_path: Path, client: Ssh) -> Stage:
    return Stage(tmp_path / "stage", client)


def test_of_a_cancelled_upload_nothing_stays_there(stage: Stage) -> None:
    cancelled, goes_on = stage.submit("up-1"), stage.submit("up-2")
    stage.cluster.cancel([cancelled])
    assert stage.cluster.poll([goes_on]) == {}
    assert stage.uploads_there() == {"up-2"}


def test_what_a_job_makes_that_could_not_be_taken_out_is_brought_here(stage: Stage, queue: PretendedQueue) -> None:
    job = stage.submit("up-1")
    queue.is_away("scancel")
    stage.run(job)
    with pytest.raises(SchedulerError):
        stage.cluster.cancel([job])
    assert stage.cluster.poll([job])[job.id].state == DONE
    assert (job.folder / "stdout").read_text() == "what was said" and stage.uploads_there() == set()


def test_of_an_upload_whose_job_was_lost_nothing_stays_there_in_the_end(stage: Stage) -> None:
    lost, again, goes_on = stage.submit("up-1", "x.1"), stage.submit("up-1", "x.2"), stage.submit("up-2")
    stage.run(again)
    assert stage.cluster.poll([again, goes_on])[again.id].state == DONE
    assert stage.uploads_there() == {"up-1", "up-2"}, "a job that was staged just now may not be in the table yet"
    os.utime(lost.folder / "staged", (0, 0))
    assert stage.cluster.poll([goes_on]) == {}
    assert stage.uploads_there() == {"up-2"}


def test_what_is_there_of_somebody_else_stays(stage: Stage) -> None:
    goes_on = stage.submit("up-2")
    (stage.there / "another-platform" / "jobs" / "x.1").mkdir(parents=True)
    (stage.there / "notes.txt").write_text("of an operator")
    assert stage.cluster.poll([goes_on]) == {}
    assert stage.uploads_there() == {"up-2", "another-platform", "notes.txt"}
