"""For how many more jobs the machines of a cluster have idle processors: asked when something is about to be divided.

A hint, of which nothing is kept but for a moment: what it is wrong about waits in the queue a little.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from ingest.scheduler import JobSpec, LiveJob
from ingest.scheduler.dialect import Dialect, Machine, Placement
from ingest.scheduler.transport import Transport
from tlp.errors import SchedulerError

log = logging.getLogger("ingest.scheduler")
_KNOWN_S = 2.0  # many lectures that are divided in one tick ask once
_SILENT_S = 60.0  # one that does not answer may take ten seconds to say so, in which nothing else moves
_FRESH_S = 10.0  # so long after it was submitted a job may still be on its way to its processors


class Idle:
    """The idle processors of the machines, a command for each queue. May be used by several threads."""

    def __init__(self, dialect: Dialect, transport: Transport) -> None:
        self._dialect = dialect
        self._transport = transport
        self._known: dict[tuple[str, ...], tuple[float, list[Machine]]] = {}

    def room(self, running: Sequence[LiveJob], spec: JobSpec, place: Placement) -> int | None:
        """For how many jobs like `spec`, each on one machine, beside those of `running` that have not begun yet.

        None where the queue does not tell: it does not answer, or the site chooses the machines in options of its own.
        """
        command = self._dialect.machines(self._transport.user, place)
        if command is None:
            return None
        machines = self._machines(command, place)
        if not machines:
            return None
        each = [_fitting(machine, spec) for machine in machines]
        known = [count for count in each if count is not None]
        if len(known) < len(each):
            return None
        coming = sum(job.cpus for job in running if job.age < _FRESH_S and not _begun(job))
        return max(0, min(sum(known), (sum(machine.cpus for machine in machines) - coming) // spec.cpus))

    def _machines(self, command: list[str], place: Placement) -> list[Machine]:
        until, machines = self._known.get(tuple(command), (0.0, []))
        if time.monotonic() >= until:
            machines = self._asked(command, place)
            self._known[tuple(command)] = time.monotonic() + (_KNOWN_S if machines else _SILENT_S), machines
        return machines

    def _asked(self, command: list[str], place: Placement) -> list[Machine]:
        try:
            answer = self._transport.run(command)
            if answer.code:
                raise SchedulerError(answer.words)
            return self._dialect.idle(answer.stdout, place)
        except (SchedulerError, ValueError) as error:
            log.warning("how many processors are idle is not known (%s): %s", command[0], error)
            return []


def _fitting(machine: Machine, spec: JobSpec) -> int | None:
    """How many such jobs one machine can take at once; None where that is not told."""
    if not spec.gpus:
        return machine.cpus // spec.cpus
    return None if machine.gpus is None else min(machine.cpus // spec.cpus, machine.gpus // spec.gpus)


def _begun(job: LiveJob) -> bool:
    return bool(job.folder.name) and (job.folder / "pid").exists()
