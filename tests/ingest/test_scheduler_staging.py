"""Nodes that do not see our files: jobs of real clusters behind a real sshd, with folders of their own far away."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import clusters
import pytest
from scheduling import live, processes_in, wait_for_end, wait_until
from ssh_server import SshServer
from tiny_media import Media
from world import World

from ingest.scheduler import DONE, FAILED, LOST, JobSpec, LiveJob
from ingest.scheduler.chosen import DIALECTS
from ingest.scheduler.cluster import Cluster
from ingest.scheduler.ssh import Ssh
from ingest.scheduler.staging import Staged
from tlp.errors import SchedulerError


@pytest.fixture(params=["slurm", "gridengine"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> Iterator[SshServer]:
    with clusters.started(SshServer(tmp_path / "sshd", request.getfixturevalue(kind).environment)) as made:
        yield made


class Site:
    """The mount points here, the stage there, and jobs of one upload."""

    def __init__(self, folder: Path, ssh: Ssh, kind: str) -> None:
        self.uploads, self.media, self.stage = (folder / name for name in ("uploads", "media", "far/stage"))
        for path in (self.uploads, self.media, self.stage.parent):
            path.mkdir(parents=True)
        folders = Staged(ssh, str(self.stage), self.uploads, self.media)
        self.cluster = Cluster(DIALECTS[kind](), ssh, {}, most=50, grace_s=1.5, folders=folders)

    def input(self, name: str = "work/in.txt", data: bytes = b"said\n", upload: str = "up-1") -> Path:
        path = self.uploads / upload / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def job(self, *command: object, name: str = "transcribing.en.1", upload: str = "up-1") -> JobSpec:
        """`OUT` in a word stands for the folder of its outputs, as the core places it."""
        folder = self.uploads / upload / "jobs" / name
        words = [str(word).replace("OUT", str(folder / "out")) for word in command]
        return JobSpec(folder, f"TLP-s-{os.getpid()}-{time.monotonic_ns()}", words, {"TMPDIR": str(folder)}, 1, 100, 60)

    def submit(self, spec: JobSpec, number: int = 1) -> LiveJob:
        return live(spec, self.cluster.submit(spec), number)


@pytest.fixture
def site(tmp_path: Path, server: SshServer, kind: str) -> Iterator[Site]:
    client = server.client()
    yield Site(tmp_path / "site", client, kind)
    client.close()


def patiently(do: Callable[[], Any], seconds: float = 60) -> Any:
    """What comes of it once the connection holds."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return do()
        except SchedulerError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


_COPY = 'mkdir -p "$2/deep"; tr a-z A-Z <"$1" >"$2/a"; cp "$1" "$2/deep/ñ b"; (pwd; echo "$TMPDIR") >"$2/where"'


def test_inputs_go_there_and_what_is_made_comes_back(site: Site) -> None:
    source = site.input()
    media = site.media / "7" / "track.mp3"
    media.parent.mkdir()
    media.write_bytes(b"sound")
    job = site.job("sh", "-c", f'{_COPY}; cp "$3" "$2/media"; echo "$3" >>"$2/where"', "sh", source, "OUT", media)
    assert wait_for_end(site.cluster, site.submit(job)).state == DONE
    out = job.folder / "out"
    made = {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    there = site.stage / "up-1"
    where = f"{there}/jobs/transcribing.en.1\n" * 2 + f"{there}/media/7/track.mp3\n"
    assert made == {"a": b"SAID\n", "deep/ñ b": b"said\n", "media": b"sound", "where": where.encode()}
    assert (job.folder / "node").read_text() in ("node1\n", "localhost\n")
    assert not there.exists(), "nothing is left there"


def test_a_failed_job_brings_its_last_words(site: Site) -> None:
    job = site.job("sh", "-c", "echo 'there is nobody who speaks' >&2; exit 4")
    end = wait_for_end(site.cluster, site.submit(job))
    assert (end.state, end.exit_code, end.reason) == (FAILED, 4, "there is nobody who speaks")


def test_progress_of_a_job_is_seen_here_while_it_runs(site: Site) -> None:
    job = site.job("sh", "-c", 'echo "40 half" >"$TLP_PROGRESS"; until [ -e go ]; do sleep 0.05; done')
    number = site.submit(job)
    wait_until(lambda: site.cluster.poll([number]) == {} and (job.folder / "progress").exists())
    assert (job.folder / "progress").read_text() == "40 half\n" and (job.folder / "pid").exists()
    (site.stage / "up-1" / "jobs" / "transcribing.en.1" / "go").touch()
    assert wait_for_end(site.cluster, number).state == DONE


def test_an_array_is_staged_too_and_its_common_input_is_copied_once(site: Site) -> None:
    source = site.input()
    jobs = [site.job("sh", "-c", _COPY, "sh", source, "OUT", name=f"transcribing.en-{n}.1") for n in range(3)]
    ids = site.cluster.submit_array(jobs)
    lives = [live(job, number, n) for n, (job, number) in enumerate(zip(jobs, ids, strict=True))]
    assert [wait_for_end(site.cluster, one).state for one in lives[:2]] == [DONE, DONE]
    deadline = time.monotonic() + 60
    while lives[2].id not in site.cluster.poll(lives):
        assert time.monotonic() < deadline
    assert [(job.folder / "out" / "a").read_bytes() for job in jobs] == [b"SAID\n"] * 3
    assert not (site.stage / "up-1").exists()


def test_an_input_that_is_there_is_not_copied_again_and_one_that_has_changed_is(site: Site) -> None:
    source = site.input()
    first, second, third = (site.job("cat", source, name=f"x.{n}.1") for n in range(3))
    for job in (first, second, third):
        job.folder.mkdir(parents=True)
    site.cluster._folders.prepare(first)
    there = site.stage / "up-1" / "work" / "in.txt"
    before = there.stat().st_ino
    site.cluster._folders.prepare(second)
    assert there.stat().st_ino == before
    source.write_text("said otherwise\n")
    site.cluster._folders.prepare(third)
    assert there.read_text() == "said otherwise\n"


def test_a_job_that_never_ran_there_is_lost(site: Site) -> None:
    job = site.job("true")
    job.folder.mkdir(parents=True)
    site.cluster._folders.prepare(job)
    (site.stage / "up-1" / "jobs" / "transcribing.en.1" / "job.sh").write_text("#!/bin/bash\nexit 0\n")
    end = wait_for_end(site.cluster, site.submit(job))
    assert end.state == LOST and "left no exit code" in end.reason


def test_a_cancelled_job_is_killed_there_and_one_that_has_not_begun_never_does(site: Site) -> None:
    job = site.job("sh", "-c", "sleep 100")
    number = site.submit(job)
    there = site.stage / "up-1" / "jobs" / "transcribing.en.1"
    wait_until((there / "log").exists)
    site.cluster.cancel([number])
    wait_until(lambda: not processes_in(there))
    never = site.job("touch", "OUT/ran", name="never.1")
    never.folder.mkdir(parents=True)
    site.cluster.cancel([live(never)])
    site.cluster.submit(never)
    time.sleep(1.5)
    assert not list(site.stage.rglob("ran"))


# What breaks


def test_connections_that_break_all_the_time_lose_and_double_nothing(server: SshServer, site: Site) -> None:
    data = os.urandom(6_000_000)
    source = site.input(data=data)
    job = site.job("sh", "-c", 'cp "$1" "$2/a"; cp "$1" "$2/b"', "sh", source, "OUT")
    stop = threading.Event()

    def cut() -> None:
        for pause in (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8):
            if stop.wait(pause):
                return
            with contextlib.suppress(AssertionError):
                server.cut()

    cutting = threading.Thread(target=cut)
    cutting.start()
    try:
        number = live(job, patiently(lambda: site.cluster.submit(job)))
        deadline = time.monotonic() + 120
        while not (found := patiently(lambda: site.cluster.poll([number]))):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        stop.set()
        cutting.join()
    assert found[1].state == DONE
    assert [(job.folder / "out" / name).read_bytes() == data for name in ("a", "b")] == [True, True]
    assert {path.name for path in (job.folder / "out").iterdir()} == {"a", "b"}


def test_what_a_crash_left_half_fetched_is_fetched_again(site: Site) -> None:
    job = site.job("sh", "-c", _COPY, "sh", site.input(), "OUT")
    number = site.submit(job)
    wait_until((site.stage / "up-1" / "jobs" / "transcribing.en.1" / "exit_code").exists)
    (job.folder / "out").mkdir()
    (job.folder / "out" / "a").write_text("SA")
    (job.folder / "fetching").write_text("half of ano")
    assert site.cluster.poll([number])[1].state == DONE
    assert (job.folder / "out" / "a").read_text() == "SAID\n"


def test_an_end_that_cannot_be_brought_here_is_no_loss(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    job = site.job("sh", "-c", _COPY, "sh", site.input(), "OUT")
    number = replace(site.submit(job), age=100.0)
    wait_until((site.stage / "up-1" / "jobs" / "transcribing.en.1" / "exit_code").exists)
    (job.folder / "out").write_text("a file where a folder should be")
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        assert site.cluster.poll([number]) == {}
        time.sleep(0.3)
    assert "cannot be brought here yet" in caplog.text
    (job.folder / "out").unlink()
    assert site.cluster.poll([number])[1].state == DONE


def test_a_stage_that_cannot_be_written_is_told_when_a_job_is_submitted(
    tmp_path: Path, server: SshServer, kind: str
) -> None:
    client = server.client()
    site = Site(tmp_path / "site", client, kind)
    site.stage.write_text("a file")
    with pytest.raises(SchedulerError, match="mkdir on the cluster"):
        site.submit(site.job("true"))
    client.close()


# Two services


def test_what_one_service_brings_another_that_sees_the_last_job_end_does_not_remove(
    server: SshServer, site: Site
) -> None:
    first = site.job("true", name="first.1")
    ended = site.submit(first)
    wait_until((site.stage / "up-1" / "jobs" / "first.1" / "exit_code").exists)
    large = site.input("work/large", os.urandom(100_000_000))
    second = site.job("sh", "-c", 'cp "$1" "$2/a"', "sh", large, "OUT", name="second.1")
    second.folder.mkdir(parents=True)
    with ThreadPoolExecutor(1) as pool:
        bringing = pool.submit(site.cluster._folders.prepare, second)
        wait_until((site.stage / "up-1" / "work" / "large.part").exists)
        client = server.client()
        Staged(client, str(site.stage), site.uploads, site.media).fetch([ended])
        client.close()
        bringing.result()
    assert wait_for_end(site.cluster, site.submit(second, 2)).state == DONE
    assert (second.folder / "out" / "a").stat().st_size == 100_000_000
    assert not (site.stage / "up-1").exists(), "nothing is left there in the end"


def test_what_was_brought_and_is_gone_is_brought_again_or_the_job_is_refused_in_words(site: Site) -> None:
    job = site.job("sh", "-c", _COPY, "sh", site.input(), "OUT")
    job.folder.mkdir(parents=True)
    site.cluster._folders.prepare(job)
    shutil.rmtree(site.stage / "up-1")
    with pytest.raises(SchedulerError, match="cannot bring what TLP-s-.* needs"):
        site.cluster._folders.array([job])
    assert wait_for_end(site.cluster, site.submit(job)).state == DONE
    assert (job.folder / "out" / "a").read_bytes() == b"SAID\n"


# The whole


def test_a_lecture_goes_through_a_cluster_that_sees_none_of_our_files(
    tmp_path: Path, clean_db: dict[str, Any], server: SshServer, kind: str, recordings: Media
) -> None:
    stage = tmp_path / "far" / "stage"
    target = server.target()
    world = World(
        tmp_path / "world", clean_db,
        scheduler={
            "kind": kind, "ssh_host": target.host, "ssh_port": target.port, "ssh_user": target.user,
            "ssh_key": target.key, "ssh_known_hosts": target.known_hosts, "stage_folder": stage,
        },
    )  # fmt: skip
    world.usual_systems()
    wishes = {"en": {"sub": {}}, "es": {"sub": {}, "tts": {}}}
    upload = world.upload("lecture", {"media.mp4": recordings["mp4"]}, requested_langs=wishes)
    [row] = world.finish(upload)
    world.end_jobs()
    assert row["error_code"] is None, row["info"]
    inputs = [line.rpartition(" ")[2] for line in world.counted()]
    assert len(inputs) == 3 and all(path.startswith(f"{stage}/{upload}/work/") for path in inputs)
    kept = world.rows("SELECT language FROM contents ORDER BY language")
    assert [content["language"] for content in kept] == ["en", "es"]
    assert not [path for path in stage.rglob("*") if path.is_file() and path.name != "ended"]
