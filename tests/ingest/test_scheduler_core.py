"""Whole uploads whose engines run on a real cluster: a site's own commands, lost machines, a network that is cut."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clusters
import pytest
from scheduling import processes_in as processes
from ssh_server import SshServer
from tiny_media import Media
from world import World, wait_until

from ingest.tick import tick
from tlp.formats import FORMATS

Farm = clusters.Slurm | clusters.GridEngineHosts
NODES = {"slurm": {"node1", "node2"}, "gridengine": {"ge1", "ge2"}}
SUBS = {"en": {"sub": {}}, "es": {"sub": {"tlpath": [{"l": "es"}]}}}
FORMATS_OFF = {"required_video_formats": ",", "generate_pcm_stream": "no"}


@pytest.fixture
def quick_world(tmp_path: Path, clean_db: dict[str, Any]) -> Iterator[Any]:
    """Makes a world without media conversion, with these keys of the section [scheduler]."""
    made: list[World] = []

    def make(**scheduler: object) -> World:
        made.append(World(tmp_path / "world", clean_db, file_formats=FORMATS_OFF, scheduler=scheduler))
        made[0].usual_systems()
        return made[0]

    yield make
    for world in made:
        world.end_jobs()


@pytest.fixture(params=["slurm", "gridengine"])
def farm(request: pytest.FixtureRequest) -> Iterator[Farm]:
    """A cluster of two nodes."""
    cluster = request.getfixturevalue("two_nodes" if request.param == "slurm" else "gridengine_hosts")
    with clusters.environment(cluster.environment):
        yield cluster


@pytest.fixture
def two_nodes(tmp_path: Path) -> Iterator[clusters.Slurm]:
    cluster = clusters.Slurm(tmp_path / "slurm", nodes=2, cpus=8)
    cluster.patience = 5
    with clusters.started(cluster):
        yield cluster


def upload(world: World, media: Path, **more: Any) -> str:
    return world.upload("lecture", {"media.mp4": media}, requested_langs={"en": {"sub": {}}}, **more)


def jobs(world: World, step: str) -> list[dict[str, Any]]:
    return world.rows("SELECT * FROM jobs WHERE step = %(step)s", step=step)


def texts(world: World) -> list[str]:
    [row] = world.rows(
        "SELECT v.body FROM contents AS c JOIN content_versions AS v ON v.content_id = c.id WHERE c.language = 'en'"
    )
    return [s.text for s in FORMATS["dfxp"].read(row["body"].encode()).current]


_QSUBMIT = """#!/bin/sh
# A site's own: notes who asks, and says it in a sentence.
echo "$@" >>{log}
{submit}
"""
_SITES = {
    "slurm": (
        'id=$(sbatch "$@") && echo "It is with Slurm now. Submitted batch job $id"',
        'squeue -h -r -t all -o "%i|%j|%T|%r"',
    ),
    "gridengine": ('id=$(qsub "$@") && echo "Your job $id (\\"x\\") has been submitted"', "qstat"),
}


@pytest.mark.parametrize("kind", ["slurm", "gridengine"], indirect=True)
def test_a_sites_own_commands_and_options_run_a_whole_upload(
    kind: str, quick_world: Any, recordings: Media, tmp_path: Path
) -> None:
    submit, status = _SITES[kind]
    qsubmit, log = tmp_path / "qsubmit", tmp_path / "asked"
    qsubmit.write_text(_QSUBMIT.format(log=log, submit=submit))
    qsubmit.chmod(qsubmit.stat().st_mode | stat.S_IXUSR)
    options = "--comment=lectures" if kind == "slurm" else "-ac site=lectures"
    named = {"kind": kind} if kind == "slurm" else {}  # as in the manual, qstat says that it is Grid Engine
    world = quick_world(
        **named, submit_scr=qsubmit, submit_opts=options, status_cmd=f"'{status}'", job_name_prefix="LECT"
    )
    upload_id = upload(world, recordings["mp4"])
    [row] = world.finish(upload_id)
    assert row["error_code"] is None, row["info"]
    [asked] = log.read_text().splitlines()
    assert options in asked and "LECT-" in asked
    [job] = jobs(world, "transcribing")
    assert job["state"] == "done" and not job["scheduler_id"].startswith("local")
    [package] = jobs(world, "packaging")
    assert package["scheduler_id"].startswith("local"), "what reads whole media runs here"


@pytest.mark.parametrize("name", ["slurm", "gridengine"])
def test_the_keys_of_an_ssh_target_run_a_whole_upload_on_another_machine(
    request: pytest.FixtureRequest, name: str, quick_world: Any, recordings: Media, tmp_path: Path
) -> None:
    cluster = request.getfixturevalue(name)
    with clusters.started(SshServer(tmp_path / "sshd", cluster.environment)) as server:
        target = server.target()
        keys = {"ssh_host": target.host, "ssh_port": target.port, "ssh_user": target.user, "ssh_key": target.key}
        world = quick_world(kind=name, ssh_known_hosts=target.known_hosts, **keys)
        upload_id = upload(world, recordings["mp4"])
        [row] = world.finish(upload_id)
    assert row["error_code"] is None, row["info"]
    [job] = jobs(world, "transcribing")
    assert job["state"] == "done" and not job["scheduler_id"].startswith("local")
    assert server.log.count("Accepted publickey") == 1


_FIRST_IS_SLOW = """
echo "${SLURMD_NODENAME:-$HOSTNAME}" >>{nodes}
if [ "$(wc -l <{nodes})" = 1 ]; then
    while [ ! -e {go} ]; do sleep 0.05; done
    cp "$here/es.dfxp" "$output"; sed -i s/lectures/ZOMBIES/ "$output"
else
    cp "$here/en.dfxp" "$output"
fi
"""


class Cut:
    """An upload whose first ASR job waits on a node until `go`; ticks until that node was given up and all is done."""

    def __init__(self, world: World, media: Path) -> None:
        self.world = world
        self.nodes, self.go = world.folder / "nodes", world.folder / "go"
        body = _FIRST_IS_SLOW.replace("{nodes}", str(self.nodes)).replace("{go}", str(self.go))
        world.system("hear", "asr", body, "languages = en")
        self.upload_id = upload(world, media)

    @property
    def first(self) -> Path:
        return self.world.mounts["uploads"] / self.upload_id / "jobs" / "transcribing.en.1"

    def tick_until_it_runs(self, ctx: Any, db: Any) -> tuple[str, int]:
        """The name of the node, and the process above the script of the job."""

        def runs() -> bool:
            tick(ctx, db)
            return self.nodes.exists() and self.nodes.read_text() != ""

        wait_until(runs, 180)
        script = int((self.first / "pid").read_text().split()[0])
        step = int(clusters.call(["ps", "-o", "ppid=", "-p", str(script)]))
        return self.nodes.read_text().strip(), step

    def tick_until_done(self, ctx: Any, db: Any) -> None:
        def done() -> bool:
            tick(ctx, db)
            return not self.world.unfinished()

        wait_until(done, 180)


def kind_of(farm: Farm) -> str:
    return "slurm" if isinstance(farm, clusters.Slurm) else "gridengine"


def assert_on_both(cut: Cut, farm: Farm, first: str) -> None:
    """The job was begun on both nodes, on this one first."""
    assert cut.nodes.read_text().split() == [first, *(NODES[kind_of(farm)] - {first})]


def cut_off(farm: Farm, node: str, step: int, until: contextlib.ExitStack) -> None:
    """Cut the network of a node while its job runs on.

    The nodes of Slurm have none of their own: there the daemons are stopped, which is the same to the controller.
    """
    if isinstance(farm, clusters.GridEngineHosts):
        until.callback(clusters.wait_for, lambda: farm.queue_is_up(node), "the node", 60)
        farm.cut(node)
        until.callback(farm.heal, node)
        return
    for pid in (farm.pid(f"slurmd.{node}"), step):
        os.kill(pid, signal.SIGSTOP)
        until.callback(os.kill, pid, signal.SIGCONT)


def test_a_network_cut_lets_a_job_end_on_both_sides_and_the_far_result_changes_nothing(
    quick_world: Any, farm: Farm, recordings: Media
) -> None:
    world = quick_world(kind=kind_of(farm))
    cut = Cut(world, recordings["mp4"])
    with world.service() as (ctx, db), contextlib.ExitStack() as stack:
        node, step = cut.tick_until_it_runs(ctx, db)
        cut_off(farm, node, step, stack)
        cut.tick_until_done(ctx, db)
        assert_on_both(cut, farm, node)
        stored = texts(world)
        work = {path.name: path.read_bytes() for path in (cut.first.parents[1] / "work").iterdir()}
        cut.go.touch()
        wait_until((cut.first / "exit_code").exists)
        stack.close()  # the network is there again
        for _ in range(20):
            tick(ctx, db)
    assert "ZOMBIES" in next((cut.first / "out").glob("*.dfxp")).read_text(), "it has ended there too"
    assert texts(world) == stored and "ZOMBIES" not in " ".join(stored)
    assert {path.name: path.read_bytes() for path in (cut.first.parents[1] / "work").iterdir()} == work
    assert world.status(cut.upload_id)["error_code"] is None
    [job] = jobs(world, "transcribing")
    assert (job["state"], job["attempt"]) == ("done", 2)


def test_when_a_node_dies_its_job_runs_once_more_on_another(
    quick_world: Any, farm: Farm, recordings: Media, caplog: pytest.LogCaptureFixture
) -> None:
    world = quick_world(kind=kind_of(farm))
    cut = Cut(world, recordings["mp4"])
    with world.service() as (ctx, db):
        node, step = cut.tick_until_it_runs(ctx, db)
        farm.kill(f"slurmd.{node}" if isinstance(farm, clusters.Slurm) else f"execd.{node}")
        with contextlib.suppress(ProcessLookupError):
            os.kill(step, signal.SIGKILL)
        for pid in processes(cut.first):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        cut.tick_until_done(ctx, db)
    assert_on_both(cut, farm, node)
    assert world.status(cut.upload_id)["error_code"] is None
    said = "NODE_FAIL" if isinstance(farm, clusters.Slurm) else f"main.q@{node} does not answer"
    assert "was lost and is run once more" in caplog.text and said in caplog.text
    if isinstance(farm, clusters.GridEngineHosts):
        farm.start_node(node)
