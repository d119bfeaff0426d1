"""The list of a queue, to be searched for jobs. Pure, but for what the jobs' folders say of their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ingest.scheduler import LiveJob, notes
from ingest.scheduler.dialect import ALIVE, UNHEARD, Listed

_CUT = 10  # characters of a name in the plain list of Grid Engine


class Queue:
    """The list of the queue, to be searched. Ids are given anew after a crash of the queue: the name must fit too."""

    def __init__(self, rows: Sequence[Listed]) -> None:
        self._rows: dict[str, list[Listed]] = {}
        self._names: dict[str, list[Listed]] = {}
        for row in rows:
            self._rows.setdefault(row.scheduler_id, []).append(row)
            self._names.setdefault(row.name, []).append(row)
        self._all = rows

    def find(self, job: LiveJob) -> Listed | None:
        """The row of a job; one that is alive before one that has ended, as of a job put back or taken twice."""
        record = notes.record(job.folder)
        rows = [row for row in self._rows.get(job.scheduler_id, []) if _same(row.name, record.get("name", row.name))]
        return _liveliest([*rows, *filter(None, [self.named(record)])])

    def named(self, record: Mapping[str, Any]) -> Listed | None:
        """The row of the job that was submitted as `record` says."""
        name, task = record.get("name"), record.get("task") or 0
        rows = [row for row in self._names.get(name, []) if _task(row.scheduler_id) == task] if name else []
        return _liveliest(rows)

    def perhaps(self, record: Mapping[str, Any]) -> list[Listed]:
        """The rows that may be of that job, where the list cuts names: many names begin alike."""
        name, task = str(record.get("name") or ""), record.get("task") or 0
        return [r for r in self._all if r.name != name and _same(r.name, name) and _task(r.scheduler_id) == task]

    @staticmethod
    def numbered(rows: Sequence[Listed], numbers: Sequence[str]) -> Listed | None:
        """Of some rows that of the job with one of these ids."""
        return _liveliest([row for row in rows if row.scheduler_id.partition(".")[0] in numbers])


def _liveliest(rows: Sequence[Listed]) -> Listed | None:
    return min(rows, key=lambda row: row.state not in (*ALIVE, UNHEARD), default=None)


def _same(listed: str, name: str) -> bool:
    return listed == name or (len(listed) == _CUT and name.startswith(listed))


def _task(scheduler_id: str) -> int:
    number = scheduler_id.replace("_", ".").partition(".")[2]
    return int(number) if number.isdecimal() else 0
