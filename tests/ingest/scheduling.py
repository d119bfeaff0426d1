"""What the tests of the schedulers share."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ingest.scheduler import Ended, JobSpec, LiveJob, Scheduler
from ingest.scheduler.chosen import DIALECTS
from ingest.scheduler.cluster import Cluster
from ingest.scheduler.local import Local
from ingest.scheduler.ssh import Ssh, Target
from ingest.scheduler.transport import Here

GRACE_S = 1.0
SSH_TARGET = "TLP_TESTS_SSH"


def made(kind: str) -> Scheduler:
    """The scheduler of a kind, as `slurm` or `slurm over ssh`; that of a cluster finds it by the environment."""
    if kind == "local":
        return Local(slots=4, grace_s=GRACE_S)
    dialect, _, far = kind.partition(" over ")
    return Cluster(DIALECTS[dialect](), _over_ssh() if far else Here(), {}, most=50, grace_s=GRACE_S)


def _over_ssh() -> Ssh:
    host, port, user, key, known_hosts = os.environ[SSH_TARGET].split("|")
    return Ssh(Target(host, int(port), user, Path(key), Path(known_hosts)))


def told(target: Target) -> dict[str, str]:
    """The environment by which `made` finds the machine of a cluster, also in another process."""
    words = target.host, target.port, target.user, target.key, target.known_hosts
    return {SSH_TARGET: "|".join(map(str, words))}


def live(spec: JobSpec, scheduler_id: str = "", number: int = 1, age: float = 0.0) -> LiveJob:
    return LiveJob(number, spec.folder, scheduler_id, spec.cpus, age)


def wait_for_end(scheduler: Scheduler, job: LiveJob, seconds: float = 60) -> Ended:
    begin = time.monotonic()
    while (passed := time.monotonic() - begin) < seconds:
        if job.id in (found := scheduler.poll([replace(job, age=job.age + passed)])):
            return found[job.id]
        time.sleep(0.01 if isinstance(scheduler, Local) else 0.1)
    raise AssertionError(f"the job did not end in {seconds} s")


def wait_until(true: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def script_pid(spec: JobSpec) -> int:
    wait_until((spec.folder / "node").exists)  # written after the pid
    return int((spec.folder / "pid").read_text().split()[0])


def processes(spec: JobSpec) -> list[int]:
    """The live processes of a job: those that work in its folder."""
    return processes_in(spec.folder)


def processes_in(folder: Path) -> list[int]:
    """The live processes that work in a folder."""
    found = []
    for cwd in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if cwd.readlink() == folder and cwd.with_name("stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.append(int(cwd.parent.name))
        except OSError:
            continue
    return found
