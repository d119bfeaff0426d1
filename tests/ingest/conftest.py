"""The world of the Core's tests: a real database, real jobs, tiny systems."""

from __future__ import annotations

import itertools
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import clusters
import psycopg2
import pytest
from faulty_server import Server, serving
from packages import Upload
from pretended_queue import PretendedQueue
from scheduling import GRACE_S, made
from tiny_media import Media
from world import World

from ingest.scheduler import JobSpec, Scheduler
from ingest.scheduler.cluster import Cluster
from ingest.scheduler.slurm import Slurm
from ingest.scheduler.transport import Here

_NUMBERS = itertools.count(1)


@pytest.fixture
def clean_db(module_db: dict[str, Any]) -> dict[str, Any]:
    """The database of the module, emptied: quicker than a new one for each of a hundred tests."""
    with closing(psycopg2.connect(**module_db)) as connection, connection, connection.cursor() as cur:
        cur.execute("TRUNCATE users, systems, machines CASCADE")
    return module_db


@pytest.fixture
def world(tmp_path: Path, clean_db: dict[str, Any]) -> Iterator[World]:
    """An Ingest Service with the usual tiny systems."""
    made = World(tmp_path / "world", clean_db)
    made.usual_systems()
    yield made
    made.end_jobs()


@pytest.fixture
def quick(tmp_path: Path, clean_db: dict[str, Any]) -> Iterator[World]:
    """The same without media conversion: sound as it comes, no waveform."""
    formats = {"required_video_formats": ",", "generate_pcm_stream": "no"}
    made = World(tmp_path / "world", clean_db, file_formats=formats)
    made.usual_systems()
    yield made
    made.end_jobs()


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Media:
    """Real media files of two seconds."""
    return Media(tmp_path_factory.mktemp("media"))


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Media:
    return Media(tmp_path_factory.mktemp("media"))


@pytest.fixture
def upload(tmp_path: Path) -> Upload:
    return Upload(tmp_path)


@pytest.fixture
def server() -> Iterator[Server]:
    """An HTTP server that breaks and lies as it is told."""
    with serving() as running:
        yield running


@pytest.fixture
def path_of_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs of our Python come first, as in the environment of a job."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clusters.Slurm]:
    with clusters.started(clusters.Slurm(tmp_path_factory.mktemp("slurm"))) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def gridengine() -> Iterator[clusters.GridEngine]:
    with clusters.started(clusters.GridEngine(f"tlp{os.getpid()}")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def gridengine_hosts() -> Iterator[clusters.GridEngineHosts]:
    """Two machines, ge1 and ge2, of four processors each."""
    with clusters.started(clusters.GridEngineHosts(f"tlph{os.getpid()}")) as cluster:
        yield cluster


@pytest.fixture(params=["local", "slurm", "gridengine"])
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """The kind of a scheduler, whose cluster runs and is the one that is meant here."""
    cluster = None if request.param == "local" else request.getfixturevalue(request.param)
    with clusters.environment(cluster.environment if cluster else {}):
        yield request.param


@pytest.fixture
def scheduler(kind: str) -> Scheduler:
    return made(kind)


@pytest.fixture
def spec(tmp_path: Path) -> Callable[..., JobSpec]:
    def make(*command: str, folder: str = "package.unpack", cpus: int = 1, limit: int = 60, **env: str) -> JobSpec:
        name = f"TLP-test-{os.getpid()}.{next(_NUMBERS)}"  # as in a queue of the service, each job has its own
        return JobSpec(tmp_path / "jobs" / folder, name, list(command), env, cpus, 100, limit)

    return make


@pytest.fixture
def untidy(quick: World, caplog: pytest.LogCaptureFixture) -> World:
    """A world in which each task of housekeeping is due, and whose log is kept."""
    quick.rows("TRUNCATE orphans")
    quick.rows("UPDATE housekeeping SET due_at = now(), position = '', begun_at = NULL, known = 0, unknown = 0")
    caplog.set_level(logging.INFO, "ingest")
    return quick


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PretendedQueue:
    """The commands of a Slurm that answer as they are told, first in PATH."""
    made = PretendedQueue(tmp_path / "queue")
    monkeypatch.setenv("PATH", os.pathsep.join([str(made.bin), os.environ["PATH"]]))
    return made


@pytest.fixture
def cluster(queue: PretendedQueue) -> Cluster:
    return Cluster(Slurm(), Here(), {}, most=50, grace_s=GRACE_S)
