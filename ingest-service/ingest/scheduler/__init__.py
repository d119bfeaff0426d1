"""What every scheduler does: run programs outside the tick and tell, truly, how they ended. No database, no steps.

A job is a folder. Its `job.sh` (see `script`) is the same for every scheduler and guards itself: however often and by
however many it is submitted, the program runs once. A job that must run again needs a new folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

DONE, FAILED, LOST = "done", "failed", "lost"


@dataclass(frozen=True)
class JobSpec:
    """A program to run. It gets `environment` (and TLP_CPUS, TLP_PROGRESS), runs in `folder`, with no input."""

    folder: Path  # absolute; made when it is not there
    name: str  # for people and queues; never part of a path or a command
    command: list[str]  # passed on exactly as it is, never through a shell
    environment: dict[str, str]
    cpus: int
    memory_mb: int
    time_limit_s: int
    kind: str = ""  # package, media, asr, mt or tts: decides where it runs
    gpus: int = 0
    avoid: tuple[str, ...] = ()  # machines on which an earlier try was lost
    tell: Path | None = None  # a file that is written when it has ended, where nobody can watch its process
    notify: tuple[str, ...] = ()  # a command that is then run as well


@dataclass(frozen=True)
class LiveJob:
    """What is known of a submitted job; `age` is in seconds since it was submitted."""

    id: int
    folder: Path
    scheduler_id: str
    cpus: int
    age: float


@dataclass(frozen=True)
class Ended:
    """How a job ended: done (exit code 0), failed (another one), or lost (it is gone and left no exit code)."""

    state: str
    exit_code: int | None
    reason: str  # words for people; of a failed job the last line it wrote to stderr
    displaced: bool = False  # lost because its machine was given to others, or it was put back: no fault of its own


class Scheduler(Protocol):
    """Any method may raise SchedulerError: the job management system did not answer; try again later."""

    def poll(self, jobs: Sequence[LiveJob]) -> dict[int, Ended]:
        """Those of the jobs that have ended, by their id; whatever is left of a lost one has been killed."""
        ...

    def queue(self, kind: str) -> str:
        """In which of its queues jobs of a kind wait for room; one that is full says nothing about another."""
        ...

    def room(self, running: Sequence[LiveJob], spec: JobSpec) -> bool:
        """May `spec` be submitted now, while `running` are?"""
        ...

    def idle(self, running: Sequence[LiveJob], spec: JobSpec) -> int | None:
        """For how many jobs like `spec` processors are idle now, beside `running`; None where only `room` tells."""
        ...

    def submit(self, spec: JobSpec) -> str:
        """Start the job and return the scheduler's id of it; a job that was started before is adopted instead."""
        ...

    def submit_array(self, specs: Sequence[JobSpec]) -> list[str]:
        """Submit jobs that need the same, as one where that is of use; the ids in their order."""
        ...

    def cancel(self, jobs: Sequence[LiveJob]) -> None:
        """Kill the jobs with everything they started. Jobs that have ended are left alone."""
        ...

    def watch(self, jobs: Sequence[LiveJob]) -> list[int]:
        """File descriptors that become readable when a job ends (readable at once when it has); the caller closes them.

        Empty where the scheduler has none: then only `poll` tells.
        """
        ...
