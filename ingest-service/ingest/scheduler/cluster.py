"""Jobs in the queue of a job management system; the jobs' folders are on a file system that the nodes share.

The truth is in the folders, as with every scheduler. What the queue says only tells for how long to go on waiting: a
job that it calls completed and that left no exit code has not run. Nothing is kept in memory.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ingest.scheduler import FAILED, Ended, JobSpec, LiveJob, script
from ingest.scheduler.dialect import BROKEN, ENDED, RUNNING, STUCK, WAITING, Dialect, Listed, Placement
from ingest.scheduler.trace import ended, exit_code, lost
from ingest.scheduler.transport import Transport
from tlp.errors import SchedulerError

log = logging.getLogger("ingest.scheduler")
_RECORD = "submitted"  # in a job's folder: name and task in the queue, and the id when there is one
_UNSEEN = "unseen"  # in a job's folder: since when the queue has known nothing of it
_CUT = 10  # characters of a name in the plain list of Grid Engine
_BY_HAND = ("CANCELLED", "TIMEOUT", "DEADLINE")  # another try would end likewise, or is not wanted


class Cluster:
    """See Scheduler. `places`: by kind of job; `most`: jobs in the queue at once."""

    def __init__(
        self, dialect: Dialect, transport: Transport, places: Mapping[str, Placement], most: int, grace_s: float,
        submit: str = "", status: str = "",
    ) -> None:  # fmt: skip
        self._dialect = dialect
        self._transport = transport
        self._places = places
        self._most = most
        self._grace_s = grace_s
        self._submit_command = shlex.split(submit) or [dialect.program]
        self._status_command = shlex.split(status)

    def poll(self, jobs: Sequence[LiveJob]) -> dict[int, Ended]:
        """See Scheduler. One command for all jobs that have not left an exit code."""
        found = {job.id: end for job in jobs if (end := _left(job)) is not None}
        rest = [job for job in jobs if job.id not in found]
        if rest:
            queue = _Queue(self._list())
            for job in rest:
                end = _left(job) or self._judged(job, queue)  # it may have ended since it was looked at
                if end is not None:
                    found[job.id] = end
        return found

    def _list(self) -> list[Listed]:
        command = self._status_command or self._dialect.status(self._transport.user)
        answer = self._transport.run(command)
        if answer.code:
            raise SchedulerError(f"{command[0]}: {answer.words}")
        try:
            return self._dialect.listed(answer.stdout)
        except ValueError as error:
            raise SchedulerError(f"{command[0]}: {error}") from error

    def _judged(self, job: LiveJob, queue: _Queue) -> Ended | None:
        """What becomes of a job without an exit code."""
        row = queue.find(job)
        if row is None:
            return self._missing(job, "it left no exit code, and the queue knows nothing of it any more")
        if row.state in (WAITING, RUNNING):
            (job.folder / _UNSEEN).unlink(missing_ok=True)
            return None
        if row.state == ENDED:
            return self._missing(job, f"it left no exit code, as if it had never run, but the queue says {row.words}")
        if row.state == STUCK:
            words = self._explained(row)
            self._take_out([row.scheduler_id])
            return lost(job.folder, f"the queue would never have run it ({words}) and it was taken out")
        if row.state == BROKEN and row.words.startswith(_BY_HAND):
            return Ended(FAILED, None, f"the queue ended it: {row.words}")
        return lost(job.folder, f"it left no exit code, and the queue says {row.words}")

    def _missing(self, job: LiveJob, words: str) -> Ended | None:
        """Lost after the grace: lists and shared file systems lag behind."""
        if job.age < self._grace_s or not _unseen_for(job.folder, self._grace_s):
            return None
        said = self._accounted(job)
        return lost(job.folder, f"{words}{f' ({said})' if said else ''}")

    def _accounted(self, job: LiveJob) -> str | None:
        command = self._dialect.account(job.scheduler_id) if job.scheduler_id else None
        if command is None:
            return None
        try:
            answer = self._transport.run(command)
        except SchedulerError:
            return None
        name = _record(job.folder).get("name", "")
        return self._dialect.accounted(answer.stdout, name) if answer.code == 0 else None

    def _explained(self, row: Listed) -> str:
        command = self._dialect.explain(row.scheduler_id)
        if command is None:
            return row.words
        try:
            return self._dialect.explained(self._transport.run(command).stdout) or row.words
        except SchedulerError:
            return row.words

    def room(self, running: Sequence[LiveJob], spec: JobSpec) -> bool:
        """See Scheduler. The queue is kept short, so that who comes later with less is not behind all of it."""
        return len(running) < self._most

    def submit(self, spec: JobSpec) -> str:
        """See Scheduler."""
        return self.submit_array([spec])[0]

    def submit_array(self, specs: Sequence[JobSpec]) -> list[str]:
        """See Scheduler. Several jobs are one array, which the queue takes at one go."""
        for spec in specs:
            _prepare(spec)
        with _alone(specs[0].folder):
            return self._submit(specs)

    def _submit(self, specs: Sequence[JobSpec]) -> list[str]:
        known = [_record(spec.folder) for spec in specs]
        if any(record for record in known) and not all(record.get("id") for record in known):
            known = self._adopted(specs, known)
        if all(record.get("id") for record in known):
            return [str(record["id"]) for record in known]
        todo = [spec for spec, record in zip(specs, known, strict=True) if not record.get("id")]
        fresh = iter(self._submitted(todo))
        return [str(record.get("id") or next(fresh)) for record in known]

    def _adopted(self, specs: Sequence[JobSpec], known: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """A crash may have come between the queue's yes and our note of it: what the queue has is taken."""
        queue = _Queue(self._list())
        for spec, record in zip(specs, known, strict=True):
            row = queue.named(record) if record and not record.get("id") else None
            if row is not None:
                record["id"] = row.scheduler_id
                _note(spec.folder, record)
        return known

    def _submitted(self, specs: Sequence[JobSpec]) -> list[str]:
        first, tasks = specs[0], len(specs) if len(specs) > 1 else 0
        for number, spec in enumerate(specs, 1):
            _note(spec.folder, {"name": first.name, "task": number if tasks else 0, "id": None})
        path = first.folder / ("array.sh" if tasks else "job.sh")
        if tasks:
            _write(path, script.array([spec.folder for spec in specs]))
        place = self._places.get(first.kind, Placement())
        command = [*self._submit_command, *self._dialect.submit(first, place, str(path), tasks)]
        answer = self._transport.run(command)
        if answer.code:
            for spec in specs:
                (spec.folder / _RECORD).unlink(missing_ok=True)
            raise SchedulerError(f"{command[0]}: {answer.words}")
        try:
            scheduler_id = self._dialect.submitted(answer.stdout)
        except ValueError as error:
            raise SchedulerError(f"{command[0]}: {error}") from error
        ids = [self._dialect.task(scheduler_id, n) for n in range(1, tasks + 1)] if tasks else [scheduler_id]
        for spec, its in zip(specs, ids, strict=True):
            _note(spec.folder, {**_record(spec.folder), "id": its})
        return ids

    def cancel(self, jobs: Sequence[LiveJob]) -> None:
        """See Scheduler. A job whose script has not begun yet never will, whatever the queue does."""
        live = [job for job in jobs if job.folder.is_dir() and exit_code(job.folder) is None]
        for job in live:
            (job.folder / "started").mkdir(exist_ok=True)
        ids = [str(number) for job in live if (number := _record(job.folder).get("id") or job.scheduler_id)]
        self._take_out(ids)

    def _take_out(self, ids: Sequence[str]) -> None:
        if not ids:
            return
        command = self._dialect.cancel(ids)
        answer = self._transport.run(command)
        if answer.code and not self._dialect.nothing_to_cancel(answer.stdout + answer.stderr):
            raise SchedulerError(f"{command[0]}: {answer.words}")

    def watch(self, jobs: Sequence[LiveJob]) -> list[int]:
        """See Scheduler: none."""
        return []


class _Queue:
    """The list of the queue, to be searched. Ids are given anew after a crash of the queue: the name must fit too."""

    def __init__(self, rows: Sequence[Listed]) -> None:
        self._rows: dict[str, list[Listed]] = {}
        for row in rows:
            self._rows.setdefault(row.scheduler_id, []).append(row)
        self._all = rows

    def find(self, job: LiveJob) -> Listed | None:
        """The row of a job; one that is alive before one that has ended, as of a job put back."""
        record = _record(job.folder)
        rows = [row for row in self._rows.get(job.scheduler_id, []) if _same(row.name, record.get("name", row.name))]
        return min(rows, key=lambda row: row.state not in (WAITING, RUNNING), default=None) or self.named(record)

    def named(self, record: Mapping[str, Any]) -> Listed | None:
        """The row of the job that was submitted as `record` says."""
        name, task = record.get("name"), record.get("task") or 0
        rows = [row for row in self._all if name and row.name == name and _task(row.scheduler_id) == task]
        return min(rows, key=lambda row: row.state not in (WAITING, RUNNING), default=None)


def _same(listed: str, name: str) -> bool:
    return listed == name or (len(listed) == _CUT and name.startswith(listed))


def _task(scheduler_id: str) -> int:
    number = scheduler_id.replace("_", ".").partition(".")[2]
    return int(number) if number.isdecimal() else 0


def _left(job: LiveJob) -> Ended | None:
    code = exit_code(job.folder)
    return ended(job.folder, code) if code is not None else None


def _unseen_for(folder: Path, seconds: float) -> bool:
    path = folder / _UNSEEN
    try:
        return time.time() - float(path.read_text()) > seconds
    except (OSError, ValueError):
        if folder.is_dir():
            _write(path, str(time.time()))
            return False
        return True


def _prepare(spec: JobSpec) -> None:
    try:
        spec.folder.mkdir(parents=True, exist_ok=True)
        if not (spec.folder / "job.sh").is_file():
            _write(spec.folder / "job.sh", script.text(spec))
    except OSError as error:
        raise SchedulerError(f"cannot write the script of {spec.name} into {spec.folder}: {error}") from error


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One submitter of a job at a time."""
    with (folder / "submitting").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _record(folder: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
        return record
    except (OSError, ValueError):
        return {}


def _note(folder: Path, record: Mapping[str, Any]) -> None:
    _write(folder / _RECORD, json.dumps(record))


def _write(path: Path, text: str) -> None:
    aside = path.with_name(f"{path.name}.{time.monotonic_ns()}")
    aside.write_text(text, encoding="utf-8", errors="surrogateescape")
    aside.replace(path)
