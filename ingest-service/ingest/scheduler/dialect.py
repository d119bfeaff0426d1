"""What a job management system is to us: commands to build, answers to read. Pure; see `slurm` and `gridengine`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ingest.scheduler import JobSpec

WAITING, RUNNING, STUCK, ENDED, BROKEN = "waiting", "running", "stuck", "ended", "broken"
LEAVING, UNHEARD, DISPLACED = "leaving", "unheard", "displaced"
ALIVE = (WAITING, RUNNING, LEAVING)


@dataclass(frozen=True)
class Listed:
    """A job as the queue shows it.

    waiting, running; stuck: it will never run and must be taken out; ended: over, and as the queue knows it well;
    broken: over, and not well; displaced: over, for its machine was given to others; leaving: somebody has taken it
    out and it ends; unheard: it may run, on a machine that does not answer. What the queue says in letters
    that nobody knows is running.
    """

    scheduler_id: str  # of one task of an array: 53_2 with Slurm, 53.2 with Grid Engine
    name: str
    state: str
    words: str  # the state as the queue has it, with its reason


@dataclass(frozen=True)
class Placement:
    """Where the jobs of a kind go, of the section [scheduler] of the configuration."""

    queue: str = ""  # partition or queue; empty: the default one
    host: str = ""  # this machine only
    options: tuple[str, ...] = ()  # of the site, added to every call
    environment: str = "smp"  # Grid Engine: the parallel environment for jobs with several processors
    memory: str = ""  # Grid Engine: how memory is asked for, {} being megabytes of the job
    gpu: str = ""  # how processors for graphics are asked for, {} being their number


@dataclass(frozen=True)
class Machine:
    """What a machine has idle."""

    cpus: int
    gpus: int | None = None  # None: the queue does not tell


class Dialect(Protocol):
    """One job management system."""

    program: str  # that submits

    def submit(self, spec: JobSpec, place: Placement, script: str, tasks: int = 0) -> list[str]:
        """Options that submit a script; with `tasks`, as an array of so many, numbered from 1."""
        ...

    def submitted(self, stdout: str) -> str:
        """The id in the answer. Raises ValueError."""
        ...

    def verify(self, spec: JobSpec, place: Placement, script: str) -> list[str] | None:
        """Options that only ask whether a machine is left beside those to avoid; None: none are, or `submit` tells."""
        ...

    def nowhere(self, words: str) -> bool:
        """Whether this answer says that no machine is left that fits."""
        ...

    def no_array(self, words: str) -> bool:
        """Whether this refusal of `submit` says that it takes no arrays, or none of that size."""
        ...

    def away(self, words: str) -> bool:
        """Whether a command that failed says that the controller does not answer, and not that it refuses."""
        ...

    def task(self, scheduler_id: str, number: int) -> str:
        """The id of one task of an array."""
        ...

    def status(self, user: str) -> list[str]:
        """The one command that lists all jobs of a user."""
        ...

    def listed(self, stdout: str) -> list[Listed]:
        """Every job, tasks one by one. Raises ValueError when this is no answer of the system."""
        ...

    def machines(self, user: str, place: Placement) -> list[str] | None:
        """The command that tells what the machines of a queue have idle; None where other options choose them."""
        ...

    def idle(self, stdout: str, place: Placement) -> list[Machine]:
        """The machines in its answer; one that takes no jobs has nothing idle. Raises ValueError."""
        ...

    def account(self, scheduler_id: str) -> list[str] | None:
        """A command that tells how a job ended that is not listed any more; None where there is none."""
        ...

    def accounted(self, stdout: str, name: str) -> str | None:
        """What that command says of the job of this name, in words; None when it says nothing (yet)."""
        ...

    def explain(self, scheduler_id: str) -> list[str] | None:
        """A command that tells why a job is stuck; None where the list has said it."""
        ...

    def explained(self, stdout: str) -> str | None:
        """The reason in its answer."""
        ...

    def number(self, name: str) -> list[str] | None:
        """A command that tells the ids of the jobs of a name, for lists that cut names; None where none does."""
        ...

    def numbers(self, stdout: str, name: str) -> list[str]:
        """The ids in its answer."""
        ...

    def cancel(self, ids: Sequence[str]) -> list[str]:
        """A command that takes jobs out of the queue and kills those that run."""
        ...

    def nothing_to_cancel(self, words: str) -> bool:
        """Whether this complaint of `cancel` only says that the jobs are gone already."""
        ...
