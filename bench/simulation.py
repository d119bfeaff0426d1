"""A scheduler without programs: a clock of its own, as many processors as asked for, results that are made at once.

Everything else around it is real. `now` is in simulated seconds and goes on only when it is told to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ingest.scheduler import DONE, Ended, JobSpec, LiveJob

Seconds = Callable[[JobSpec], float]


def nothing(spec: JobSpec) -> None:
    """The result of a program that makes no file."""


@dataclass
class Simulated:
    """See Scheduler. `seconds`: how long a job runs; `make`: writes what it makes; `queues`: kind → its queue.

    `note`: is told when each starts, which is then kept in no list.
    """

    slots: int
    seconds: Seconds
    make: Callable[[JobSpec], None] = nothing
    queues: dict[str, str] = field(default_factory=dict)
    note: Callable[[float, JobSpec], None] | None = None
    now: float = 0.0
    count: int = 0
    started: list[tuple[float, JobSpec]] = field(default_factory=list)
    _ends: dict[str, float] = field(default_factory=dict)
    _queue_of: dict[str, str] = field(default_factory=dict)

    def poll(self, jobs: Sequence[LiveJob]) -> dict[int, Ended]:
        """See Scheduler."""
        over = [job for job in jobs if self._ends.get(job.scheduler_id, 0.0) <= self.now]
        for job in over:
            self._ends.pop(job.scheduler_id, None)
        return {job.id: Ended(DONE, 0, "") for job in over}

    def queue(self, kind: str) -> str:
        """See Scheduler."""
        return self.queues.get(kind, "simulated")

    def room(self, running: Sequence[LiveJob], spec: JobSpec) -> bool:
        """See Scheduler."""
        mine = self.queue(spec.kind)
        if not self.queues:
            return sum(job.cpus for job in running) + spec.cpus <= self.slots
        busy = sum(job.cpus for job in running if self._queue_of.get(job.scheduler_id, mine) == mine)
        return busy + spec.cpus <= self.slots

    def idle(self, running: Sequence[LiveJob], spec: JobSpec) -> int | None:
        """See Scheduler: its room is its processors."""
        return None

    def submit(self, spec: JobSpec) -> str:
        """See Scheduler."""
        number = f"simulated:{self.count}"
        self.count += 1
        self.make(spec)
        if self.note:
            self.note(self.now, spec)
        else:
            self.started.append((self.now, spec))
        self._ends[number] = self.now + self.seconds(spec)
        if self.queues:
            self._queue_of[number] = self.queue(spec.kind)
        return number

    def submit_array(self, specs: Sequence[JobSpec]) -> list[str]:
        """See Scheduler."""
        return [self.submit(spec) for spec in specs]

    def cancel(self, jobs: Sequence[LiveJob]) -> None:
        """See Scheduler."""
        for job in jobs:
            self._ends.pop(job.scheduler_id, None)

    def watch(self, jobs: Sequence[LiveJob]) -> list[int]:
        """See Scheduler: nothing runs that could be watched."""
        return []

    def next_end(self) -> float | None:
        """When the next job ends; None when none runs."""
        return min(self._ends.values(), default=None)
