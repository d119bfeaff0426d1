"""Grid Engine: command lines and what they answer (8.1). Pure."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from ingest.scheduler import JobSpec
from ingest.scheduler.dialect import ENDED, LEAVING, RUNNING, STUCK, UNHEARD, WAITING, Listed, Machine, Placement

log = logging.getLogger("ingest.scheduler")
_SPARE_S = 300  # beyond the limit of the script, which ends the job in words
_RANGE = re.compile(r"(\d+)-(\d+):(\d+)\Z")
_ANSWER = re.compile(r"^(?:.*\bjob(?:-array)? (?=.*\())?(\d+)(?:\.\d+-\d+:\d+)?(?: \(.*)?\s*$", re.M)
_CHOOSE = re.compile(r"(-q|-masterq) |-l (\S*,)?(q|qname|h|hostname)=")  # in the options of a site
_AWAY = ("commlib error", "unable to send message to qmaster", "unable to contact qmaster")
_TASKS = 100_000
_LETTERS = set("hqwtrRsSTNPEdz")


class GridEngine:
    """See Dialect."""

    program = "qsub"

    def submit(self, spec: JobSpec, place: Placement, script: str, tasks: int = 0) -> list[str]:
        """See Dialect. A job is never put back by the queue: that is for the platform to decide, in a new folder."""
        options = ["-terse", "-N", spec.name, "-S", "/bin/bash", "-o", "/dev/null", "-j", "y", "-r", "n"]
        options += ["-wd", "/"]  # else the home of the account, without which, as on a node, it would end in Eqw
        options += ["-l", f"h_rt={spec.time_limit_s + _SPARE_S}"]
        options += place.memory.replace("{}", str(max(1, spec.memory_mb // spec.cpus))).split()  # per slot
        options += (place.gpu or "-l gpu={}").replace("{}", str(spec.gpus)).split() if spec.gpus else []
        options += _where(spec, place)
        options += ["-t", f"1-{tasks}"] if tasks else []
        return [*options, *place.options, script]

    def verify(self, spec: JobSpec, place: Placement, script: str) -> list[str] | None:
        """See Dialect. Not with memory: of a load value, as mem_free, it says that no machine fits."""
        return ["-w", "v", *_where(spec, place), *place.options, script] if spec.avoid and not place.host else None

    def submitted(self, stdout: str) -> str:
        """See Dialect. A line `3`, `6.1-5:1`, or a sentence with `job 7 (` or `job-array 8.1-3:1 (` in it."""
        found = _ANSWER.findall(stdout)
        if not found:
            raise ValueError(f"no job id in its answer '{stdout.strip()[:100]}'")
        return str(found[-1])

    def nowhere(self, words: str) -> bool:
        """See Dialect."""
        return "no suitable queues" in words

    def no_array(self, words: str) -> bool:
        """See Dialect. max_aj_tasks."""
        return "submit a job with more than" in words and "tasks" in words

    def away(self, words: str) -> bool:
        """See Dialect."""
        return any(said in words for said in _AWAY)

    def task(self, scheduler_id: str, number: int) -> str:
        """See Dialect."""
        return f"{scheduler_id}.{number}"

    def status(self, user: str) -> list[str]:
        """See Dialect. With the queues (-f), for they say which machines do not answer: jobs there stay as they are."""
        return ["qstat", "-f", "-xml", "-u", user]

    def listed(self, stdout: str) -> list[Listed]:
        """See Dialect. The list as XML, or the plain one that a site's own command gives."""
        if not stdout.strip():
            return []  # the plain list of no job
        if stdout.lstrip().startswith("<"):
            return [one for row in _xml(stdout) for one in _tasks(*row)]
        return [one for row in _plain(stdout) for one in _tasks(*row)]

    def machines(self, user: str, place: Placement) -> list[str] | None:
        """See Dialect. Not `-g c`, which adds up what no single machine has."""
        if _CHOOSE.search(" ".join(place.options)):
            return None
        return ["qstat", "-f", "-xml", "-u", user, *(["-q", place.queue] if place.queue else [])]

    def idle(self, stdout: str, place: Placement) -> list[Machine]:
        """See Dialect. A queue with any state, as disabled or in alarm, takes none; queues share their machine."""
        found: dict[str, int] = {}
        for queue in _root(stdout).iter("Queue-List"):
            used, kept, of = (int(_text(queue, f"slots_{what}") or 0) for what in ("used", "resv", "total"))
            machine = _text(queue, "name").rpartition("@")[2]
            idle = 0 if _text(queue, "state") else max(0, of - used - kept)
            found[machine] = max(idle, found.get(machine, 0))
        return [Machine(cpus) for cpus in found.values()]

    def account(self, scheduler_id: str) -> list[str] | None:
        """See Dialect."""
        job, _, task = scheduler_id.partition(".")
        return ["qacct", "-j", job, *(["-t", task] if task else [])]

    def accounted(self, stdout: str, name: str) -> str | None:
        """See Dialect. A job that was put back has several records; the last one counts."""
        last: dict[str, str] = {}
        for record in re.split(r"^=+$", stdout, flags=re.M):
            fields = dict(line.split(None, 1) for line in record.splitlines() if len(line.split(None, 1)) == 2)
            if fields.get("jobname", "").strip() == name:
                last = fields
        if not last:
            return None
        return " ".join(f"exit code {last.get('exit_status', '?')}, failed: {last.get('failed', '?')}".split())

    def explain(self, scheduler_id: str) -> list[str] | None:
        """See Dialect."""
        return ["qstat", "-j", scheduler_id.partition(".")[0]]

    def explained(self, stdout: str) -> str | None:
        """See Dialect."""
        found = re.search(r"^error reason\s+\d*:?\s*(.+)$", stdout, re.M)
        return found[1].strip() if found else None

    def number(self, name: str) -> list[str] | None:
        """See Dialect."""
        return ["qstat", "-j", name]

    def numbers(self, stdout: str, name: str) -> list[str]:
        """See Dialect. A block for each job, some fifty lines `key:   value`."""
        found = []
        for block in re.split(r"^=+$", stdout, flags=re.M):
            fields = {key: value.strip() for key, _, value in (line.partition(":") for line in block.splitlines())}
            if fields.get("job_name") == name and fields.get("job_number", "").isdecimal():
                found.append(fields["job_number"])
        return found

    def cancel(self, ids: Sequence[str]) -> list[str]:
        """See Dialect."""
        return ["qdel", *ids]

    def nothing_to_cancel(self, words: str) -> bool:
        """See Dialect."""
        return "does not exist" in words or "already in deletion" in words or "has registered" in words


def _where(spec: JobSpec, place: Placement) -> list[str]:
    options = ["-pe", place.environment, str(spec.cpus)] if spec.cpus > 1 else []
    options += ["-q", place.queue] if place.queue else []
    if place.host:
        return [*options, "-l", f"hostname={place.host}"]
    return [*options, "-l", "hostname=" + "&".join(f"!{node}" for node in spec.avoid)] if spec.avoid else options


Row = tuple[str, str, str, str]  # id, name, state, tasks


def _xml(stdout: str) -> Iterator[Row]:
    root = _root(stdout)
    queues = {job: queue for queue in root.iter("Queue-List") for job in queue.iter("job_list")}
    for job in root.iter("job_list"):
        number, name, state, tasks = [_text(job, tag) for tag in ("JB_job_number", "JB_name", "state", "tasks")]
        unheard = job in queues and "u" in _text(queues[job], "state")
        yield number, name, f"{state}, {_text(queues[job], 'name')} does not answer" if unheard else state, tasks


def _root(stdout: str) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(stdout)
    except ElementTree.ParseError as error:
        raise ValueError(f"its list of jobs cannot be read: {error}") from error


def _text(element: ElementTree.Element, tag: str) -> str:
    return (element.findtext(tag) or "").strip()


def _plain(stdout: str) -> Iterator[Row]:
    lines = [line for line in stdout.splitlines() if line.strip()]
    if not lines[0].lstrip().startswith("job-ID"):
        raise ValueError(f"'{lines[0][:100]}' is no line of qstat")
    for line in lines[1:]:
        fields = line.split()
        if len(fields) >= 8 and fields[0].isdecimal():
            queue_slots_tasks = fields[7:]  # no queue while it waits, no tasks unless it is an array
            tasks = queue_slots_tasks[1 if queue_slots_tasks[0].isdecimal() else 2 :]
            yield fields[0], fields[2], fields[4], "".join(tasks)


def _tasks(job: str, name: str, state: str, tasks: str) -> Iterator[Listed]:
    known = _state(state)
    for number in _numbers(tasks):
        yield Listed(f"{job}.{number}" if number else job, name, known, state)


def _numbers(tasks: str) -> list[int]:
    """`` → [0]; `3` → [3]; `2-4:1,9` → [2, 3, 4, 9]."""
    found: list[int] = []
    for part in tasks.split(",") if tasks else []:
        span = _RANGE.match(part.strip())
        if span:
            first, last, step = (int(n) for n in span.groups())
            found += range(first, min(last, first + _TASKS) + 1, max(1, step))
        elif part.strip().isdecimal():
            found.append(int(part))
    return found or [0]


def _state(words: str) -> str:
    letters, _, unheard = words.partition(",")
    if not letters or set(letters) - _LETTERS:
        return _unknown(letters)
    if unheard:
        return UNHEARD
    for letter, state in (("E", STUCK), ("d", LEAVING), ("z", ENDED), ("q", WAITING)):
        if letter in letters:
            return state
    return RUNNING


@functools.cache
def _unknown(letters: str) -> str:
    """Said once: nobody knows what it means, and what runs must not be given up."""
    log.warning("qstat says '%s', which is no state that is known here: such jobs are taken as running", letters)
    return RUNNING
