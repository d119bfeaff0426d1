"""What the tests of the schedulers share. A new scheduler is a new line in SCHEDULERS."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ingest.scheduler import Ended, JobSpec, LiveJob, Scheduler
from ingest.scheduler.local import Local

SCHEDULERS: dict[str, Callable[[], Scheduler]] = {"local": lambda: Local(slots=4, grace_s=0.3)}


def live(spec: JobSpec, scheduler_id: str = "", number: int = 1, age: float = 0.0) -> LiveJob:
    return LiveJob(number, spec.folder, scheduler_id, spec.cpus, age)


def wait_for_end(scheduler: Scheduler, job: LiveJob, seconds: float = 20) -> Ended:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if job.id in (found := scheduler.poll([job])):
            return found[job.id]
        time.sleep(0.01)
    raise AssertionError(f"the job did not end in {seconds} s")


def wait_until(true: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def script_pid(spec: JobSpec) -> int:
    return int((spec.folder / "pid").read_text().split()[0])


def session(leader: int) -> list[int]:
    """The live processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found
