"""A cluster of the tests leaves nothing behind when it is stopped, whatever became of its daemons."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import clusters
import pytest
from daemons import knowing, running
from scheduling import made, processes, script_pid, wait_until

from ingest.scheduler import JobSpec

# As an engine that waits and cannot be asked to end.
LOOP = "trap '' TERM HUP INT; while :; do sleep 0.05; done"


@pytest.fixture(params=["slurm", "gridengine"])
def farm(request: pytest.FixtureRequest, tmp_path: Path) -> clusters.Slurm | clusters.GridEngine:
    """A cluster that is not started yet, and that the test stops."""
    slurm = request.param == "slurm"
    made = clusters.Slurm(tmp_path / "slurm", nodes=2) if slurm else clusters.GridEngine(f"ends{os.getpid()}")
    if reason := made.lacking():
        pytest.skip(reason)
    return made


def test_a_job_whose_daemons_are_dead_ends_with_its_cluster_and_nothing_else_does(
    farm: clusters.Slurm | clusters.GridEngine, spec: Callable[..., JobSpec]
) -> None:
    kind = "slurm" if isinstance(farm, clusters.Slurm) else "gridengine"
    job, other = spec("sh", "-c", LOOP), None
    try:
        farm.start()
        with clusters.environment(farm.environment):
            made(kind).submit(job)
            other = subprocess.Popen(["sleep", "100"])  # of the test, which has told it of the cluster
            script = script_pid(job)
            wait_until((job.folder / "log").exists)
        for pid in daemons_of(farm, script):
            os.kill(pid, signal.SIGKILL)
        assert running(script) and len(processes(job)) >= 3
    finally:
        farm.stop()
        left = [processes(job), [pid for pid in knowing(farm.environment) if other and pid != other.pid]]
        alive = other is not None and running(other.pid)
        if other is not None:
            other.kill()
            other.wait()
    assert left == [[], []]
    assert alive


def daemons_of(farm: clusters.Slurm | clusters.GridEngine, script: int) -> list[int]:
    """Those that would end the job when they are asked to end."""
    if isinstance(farm, clusters.Slurm):
        step = int(clusters.call(["ps", "-o", "ppid=", "-p", str(script)]))
        return [step, farm.pid("slurmd.node1"), farm.pid("slurmd.node2")]
    shepherd = int(clusters.call(["ps", "-o", "ppid=", "-p", str(script)]))
    return [farm.pid("execd"), shepherd]
