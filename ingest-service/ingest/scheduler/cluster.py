"""Jobs in the queue of a job management system, whose nodes see the jobs' folders, or are brought them (`folders`).

The truth is in the folders, as with every scheduler. What the queue says only tells for how long to go on waiting: a
job that it calls completed and that left no exit code has not run. Nothing is kept in memory but for a moment.
"""

from __future__ import annotations

import contextlib
import logging
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest.scheduler import FAILED, Ended, JobSpec, LiveJob, notes
from ingest.scheduler.dialect import (
    ALIVE,
    BROKEN,
    DISPLACED,
    ENDED,
    LEAVING,
    STUCK,
    UNHEARD,
    WAITING,
    Dialect,
    Listed,
    Placement,
)
from ingest.scheduler.folders import Folders, Shared
from ingest.scheduler.idle import Idle
from ingest.scheduler.locked import lock
from ingest.scheduler.queue import Queue
from ingest.scheduler.reach import Reach
from ingest.scheduler.trace import ended, exit_code, lost
from ingest.scheduler.transport import Answer, Transport
from tlp.errors import SchedulerError

log = logging.getLogger("ingest.scheduler")
_ACCOUNT_S = 1.0  # qacct reads a file of years: what it says is a word more, for which no tick stands still
_BY_HAND = ("CANCELLED", "TIMEOUT", "DEADLINE")  # another try would end likewise, or is not wanted


class Cluster:
    """See Scheduler. `places`: by kind of job; `most`: jobs in the queue at once."""

    def __init__(
        self, dialect: Dialect, transport: Transport, places: Mapping[str, Placement], most: int, grace_s: float,
        submit: str = "", status: str = "", folders: Folders | None = None,
    ) -> None:  # fmt: skip
        self._dialect = dialect
        self._transport = transport
        self._reach = Reach(transport, dialect.away)
        self._accounts = Reach(transport, dialect.away, _ACCOUNT_S)  # may be silent while the queue answers
        self._places = places
        self._most = most
        self._grace_s = grace_s
        self._submit_command = shlex.split(submit) or [dialect.program]
        self._status_command = shlex.split(status)
        self._folders = folders or Shared()
        self._idle = Idle(dialect, self._reach)

    def poll(self, jobs: Sequence[LiveJob]) -> dict[int, Ended]:
        """See Scheduler. One command for all jobs that have not left an exit code."""
        try:
            late = self._folders.fetch(jobs)
        except SchedulerError as error:
            return _all_that_is_known(jobs, error)
        found = _known(jobs)
        rest = [job for job in jobs if job.id not in found and job.id not in late]
        if not rest:
            return found
        try:
            queue = Queue(self._list(in_any_case=True))
        except SchedulerError as error:
            return _all_that_is_known(jobs, error)
        ends = {job.id: _left(job) or self._looked_at(job, queue) for job in rest}  # one may have ended since
        return found | {number: end for number, end in ends.items() if end is not None}

    def _list(self, in_any_case: bool = False) -> list[Listed]:
        command = self._status_command or self._dialect.status(self._transport.user)
        answer = self._reach.run(command, in_any_case)
        if answer.code:
            raise SchedulerError(f"{command[0]}: {answer.words}")
        try:
            return self._dialect.listed(answer.stdout)
        except ValueError as error:
            raise SchedulerError(f"{command[0]}: {error}") from error

    def _looked_at(self, job: LiveJob, queue: Queue) -> Ended | None:
        """What becomes of it. Trouble with this one must not keep the ends of the others from being known."""
        try:
            return self._judged(job, queue)
        except (SchedulerError, OSError) as error:
            log.warning("the job in %s is looked at again: %s", job.folder, error)
            return None

    def _judged(self, job: LiveJob, queue: Queue) -> Ended | None:
        """What becomes of a job without an exit code."""
        row = queue.find(job)
        if row is None:
            return self._missing(job, "it left no exit code, and the queue knows nothing of it any more")
        if row.state == UNHEARD or (row.state == WAITING and (job.folder / "started").is_dir()):
            return self._given_up(job, row)
        if row.state in ALIVE:
            notes.seen(job.folder, row.state == LEAVING, row.words if row.state == WAITING else "")
            return None
        if row.state == ENDED:
            return self._missing(job, f"it left no exit code, as if it had never run, but the queue says {row.words}")
        if row.state == STUCK:
            words = self._explained(row)
            self._take_out([row.scheduler_id])
            return lost(job.folder, f"the queue would never have run it ({words}) and it was taken out")
        if row.state == BROKEN and row.words.startswith(_BY_HAND):
            return Ended(FAILED, None, f"the queue ended it: {row.words}")
        return lost(job.folder, f"it left no exit code, and the queue says {row.words}", None, row.state == DISPLACED)

    def _given_up(self, job: LiveJob, row: Listed) -> Ended | None:
        """A job that was put back after it had begun, or whose machine does not answer: after the grace."""
        if not notes.unseen_for(job.folder, self._grace_s):
            return None
        self._take_out([row.scheduler_id])
        if row.state == UNHEARD:
            return lost(job.folder, f"the queue says {row.words}")
        return lost(job.folder, f"it was put back into the queue after it had begun ({row.words})", displaced=True)

    def _missing(self, job: LiveJob, words: str) -> Ended | None:
        """Lost after the grace: lists and shared file systems lag behind."""
        if (job.folder / notes.TAKEN).exists():
            return Ended(FAILED, None, "somebody took it out of the queue")
        if job.age < self._grace_s or not notes.unseen_for(job.folder, self._grace_s):
            return None
        said = self._accounted(job)
        return lost(job.folder, f"{words}{f' ({said})' if said else ''}")

    def _accounted(self, job: LiveJob) -> str | None:
        command = self._dialect.account(job.scheduler_id) if job.scheduler_id else None
        if command is None:
            return None
        try:
            answer = self._accounts.run(command)
        except SchedulerError:
            return None
        name = notes.record(job.folder).get("name", "")
        return self._dialect.accounted(answer.stdout, name) if answer.code == 0 else None

    def _explained(self, row: Listed) -> str:
        command = self._dialect.explain(row.scheduler_id)
        if command is None:
            return row.words
        try:
            return self._dialect.explained(self._reach.run(command).stdout) or row.words
        except SchedulerError:
            return row.words

    def queue(self, kind: str) -> str:
        """See Scheduler: as many as there are, their number is what is limited."""
        return "cluster"

    def room(self, running: Sequence[LiveJob], spec: JobSpec) -> bool:
        """See Scheduler. The queue is kept short, so that who comes later with less is not behind all of it."""
        return len(running) < self._most

    def idle(self, running: Sequence[LiveJob], spec: JobSpec) -> int | None:
        """See Scheduler. A site's own program that submits may choose other machines than those that would be asked."""
        if self._submit_command != [self._dialect.program]:
            return None
        return self._idle.room(running, spec, self._places.get(spec.kind, Placement()))

    def submit(self, spec: JobSpec) -> str:
        """See Scheduler."""
        return self.submit_array([spec])[0]

    def submit_array(self, specs: Sequence[JobSpec]) -> list[str]:
        """See Scheduler. Several jobs are one array, which the queue takes at one go."""
        first = specs[0]
        try:
            for spec in specs:
                spec.folder.mkdir(parents=True, exist_ok=True)
            with _alone(first.folder):
                for spec in specs:
                    self._folders.prepare(spec)
                return self._submit(specs)
        except OSError as error:  # of our disk: there `folders` knows what to say
            why = error.strerror or error
            raise SchedulerError(f"cannot write what {first.name} needs into {first.folder}: {why}") from error

    def _submit(self, specs: Sequence[JobSpec]) -> list[str]:
        known = [notes.record(spec.folder) for spec in specs]
        if any(record for record in known) and not all(record.get("id") for record in known):
            known = self._adopted([spec.folder for spec in specs], known)
        if all(record.get("id") for record in known):
            return [str(record["id"]) for record in known]
        todo = [spec for spec, record in zip(specs, known, strict=True) if not record.get("id")]
        fresh = iter(self._submitted(todo))
        return [str(record.get("id") or next(fresh)) for record in known]

    def _adopted(self, folders: Sequence[Path], known: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """A crash may have come between the queue's yes and our note of it: what the queue has is taken."""
        queue = Queue(self._list())
        for folder, record in zip(folders, known, strict=True):
            row = self._found(queue, record) if record and not record.get("id") else None
            if row is not None:
                record["id"] = row.scheduler_id
                with contextlib.suppress(OSError):
                    notes.note(folder, record)
        return known

    def _found(self, queue: Queue, record: Mapping[str, Any]) -> Listed | None:
        row, perhaps = queue.named(record), queue.perhaps(record)
        command = self._dialect.number(record["name"]) if not row and perhaps else None
        if command is None:
            return row
        answer = self._reach.run(command)
        return queue.numbered(perhaps, self._dialect.numbers(answer.stdout, record["name"]))

    def _submitted(self, specs: Sequence[JobSpec]) -> list[str]:
        first, tasks = specs[0], len(specs) if len(specs) > 1 else 0
        for number, spec in enumerate(specs, 1):
            notes.note(spec.folder, {"name": first.name, "task": number if tasks else 0, "id": None})
        path = self._folders.array(specs) if tasks else self._folders.script(first)
        answer = self._called(first, path, tasks)
        if answer.code and tasks and self._dialect.no_array(answer.stdout + answer.stderr):
            return [self._submitted([spec])[0] for spec in specs]
        if answer.code:
            away = self._dialect.away(answer.stdout + answer.stderr)  # it may have taken them, and could not say so
            for spec in [] if away else specs:
                (spec.folder / notes.RECORD).unlink(missing_ok=True)
            raise SchedulerError(f"{self._submit_command[0]}: {answer.words}")
        try:
            scheduler_id = self._dialect.submitted(answer.stdout)
        except ValueError as error:
            raise SchedulerError(f"{self._submit_command[0]}: {error}") from error
        ids = [self._dialect.task(scheduler_id, n) for n in range(1, tasks + 1)] if tasks else [scheduler_id]
        with contextlib.suppress(OSError):  # without the note they are found in the queue by their names
            for spec, its in zip(specs, ids, strict=True):
                notes.note(spec.folder, {**notes.record(spec.folder), "id": its})
        return ids

    def _called(self, spec: JobSpec, path: str, tasks: int) -> Answer:
        """Where no machine is left but those to avoid, it is better there than nowhere."""
        place = self._places.get(spec.kind, Placement())
        for options in (self._dialect.verify(spec, place, path), self._dialect.submit(spec, place, path, tasks)):
            answer = self._reach.run([*self._submit_command, *options]) if options else Answer(0, "", "")
            if spec.avoid and self._dialect.nowhere(answer.stdout + answer.stderr):
                return self._called(replace(spec, avoid=()), path, tasks)
        return answer

    def cancel(self, jobs: Sequence[LiveJob]) -> None:
        """See Scheduler. A job whose script has not begun yet never will, whatever the queue does."""
        live = [job for job in jobs if job.folder.is_dir() and exit_code(job.folder) is None]
        for job in live:
            try:
                (job.folder / "started").mkdir(exist_ok=True)
            except OSError as error:  # a full disk: it is taken out of the queue all the same
                log.warning("that it must not begin cannot be noted in %s: %s", job.folder, error.strerror)
        folders = [job.folder for job in live]
        self._folders.forbid(folders)
        known = [notes.record(folder) for folder in folders]
        if any(record and not record.get("id") for record in known):
            known = self._adopted(folders, known)
        ids = [record.get("id") or job.scheduler_id for job, record in zip(live, known, strict=True)]
        self._take_out([str(number) for number in ids if number])
        self._folders.forget(folders)

    def _take_out(self, ids: Sequence[str]) -> None:
        if not ids:
            return
        command = self._dialect.cancel(ids)
        answer = self._reach.run(command)
        if answer.code and not self._dialect.nothing_to_cancel(answer.stdout + answer.stderr):
            raise SchedulerError(f"{command[0]}: {answer.words}")

    def watch(self, jobs: Sequence[LiveJob]) -> list[int]:
        """See Scheduler: none."""
        return []


def _known(jobs: Sequence[LiveJob]) -> dict[int, Ended]:
    return {job.id: end for job in jobs if (end := _left(job)) is not None}


def _all_that_is_known(jobs: Sequence[LiveJob], error: SchedulerError) -> dict[int, Ended]:
    """What has left an exit code is known without the queue. Raises the error where that is nothing."""
    found = _known(jobs)
    if not found:
        raise error
    log.warning("the queue does not answer, what has left no exit code is looked at again: %s", error)
    return found


def _left(job: LiveJob) -> Ended | None:
    code = exit_code(job.folder)
    return ended(job.folder, code) if code is not None else None


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One submitter of a job at a time."""
    with (folder / "submitting").open("w") as file:
        lock(file)
        yield
