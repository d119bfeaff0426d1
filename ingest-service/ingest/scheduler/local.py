"""The scheduler of one machine: jobs are processes of their own that outlive whoever started them.

The truth is in the jobs' folders and in /proc; nothing is kept in memory, so any number of ticks may look at once.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from ingest.scheduler import Ended, JobSpec, LiveJob, notes, script
from ingest.scheduler.process import Process, recorded
from ingest.scheduler.trace import ELSEWHERE, LEFT_NOTHING, LOST_TRACE, RESTARTED, ended, exit_code, lost
from tlp.errors import SchedulerError

ID = "local"  # how the ids of its jobs begin
# All that a job has of the environment of the service; the rest is said in JobSpec.environment.
_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
_APPEARS_S = 1.0  # from the start of a script to its pid file; a few milliseconds on an idle machine


class Local:
    """Jobs on this machine, `slots` processors at a time (0: as many as this process may use)."""

    def __init__(self, slots: int = 0, grace_s: float = 60) -> None:
        self._slots = slots if slots > 0 else len(os.sched_getaffinity(0))
        self._grace_s = grace_s

    def poll(self, jobs: Sequence[LiveJob]) -> dict[int, Ended]:
        """See Scheduler. Three small files a job, no process is started."""
        found = {job.id: self._end(job) for job in jobs}
        return {job_id: end for job_id, end in found.items() if end is not None}

    def _end(self, job: LiveJob) -> Ended | None:
        process = recorded(job.folder)
        alive = process is not None and process.alive
        code = exit_code(job.folder)  # looked at after the process: a script that has ended has renamed it
        if code is not None:
            return ended(job.folder, code)
        if alive:
            return None
        if job.scheduler_id and not job.scheduler_id.startswith(ID):
            return self._elsewhere(job)
        if process is not None:
            process.kill_session()
            if not process.of_this_boot:
                return lost(job.folder, RESTARTED)
            return lost(job.folder, LOST_TRACE)
        return lost(job.folder, LEFT_NOTHING) if job.age > self._grace_s else None

    def _elsewhere(self, job: LiveJob) -> Ended | None:
        """Of a job that was given to a queue before there was none any more: nobody can be asked how far it is."""
        if not notes.unseen_for(job.folder, self._grace_s):
            return None
        with contextlib.suppress(OSError):
            _taken(job.folder)  # what still waits there will not begin
        return lost(job.folder, ELSEWHERE)

    def queue(self, kind: str) -> str:
        """See Scheduler: one for all."""
        return ID

    def room(self, running: Sequence[LiveJob], spec: JobSpec) -> bool:
        """See Scheduler. A job that wants more processors than there are runs alone."""
        wanted = min(spec.cpus, self._slots)
        return sum(job.cpus for job in running) + wanted <= self._slots

    def idle(self, running: Sequence[LiveJob], spec: JobSpec) -> int | None:
        """See Scheduler: its room is its processors."""
        return None

    def submit(self, spec: JobSpec) -> str:
        """See Scheduler. Comes back when the script has begun, so that `watch` and `cancel` know its process."""
        try:
            spec.folder.mkdir(parents=True, exist_ok=True)
            if not (spec.folder / "started").is_dir():
                _write(spec.folder / "job.sh", script.text(spec))
                _start_detached(spec.folder / "job.sh")
        except (OSError, subprocess.SubprocessError) as error:
            raise SchedulerError(f"cannot start the job {spec.name} in {spec.folder}: {error}") from error
        process = _appeared(spec.folder)
        return f"{ID}:{process.pid}" if process else ID

    def submit_array(self, specs: Sequence[JobSpec]) -> list[str]:
        """See Scheduler."""
        return [self.submit(spec) for spec in specs]

    def cancel(self, jobs: Sequence[LiveJob]) -> None:
        """See Scheduler. A job whose script has not begun yet never will."""
        for job in jobs:
            if not job.folder.is_dir() or exit_code(job.folder) is not None or _taken(job.folder):
                continue
            process = _appeared(job.folder)
            if process is not None:
                process.kill_session()

    def watch(self, jobs: Sequence[LiveJob]) -> list[int]:
        """See Scheduler: pidfds. The exit code is there before the process ends, so `poll` then knows it."""
        processes = (recorded(job.folder) for job in jobs)
        return [process.watch() for process in processes if process is not None]


def _write(path: Path, text: str) -> None:
    aside = path.with_name(f"{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    aside.write_text(text, encoding="utf-8", errors="surrogateescape")
    aside.replace(path)


def _start_detached(path: Path) -> None:
    """Run the script in a session of its own and as nobody's child: no signal, terminal or exit of ours ends it."""
    command = ["setsid", "--fork", script.SHELL, str(path)]
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    quiet = subprocess.DEVNULL
    subprocess.run(command, stdin=quiet, stdout=quiet, stderr=quiet, env=environment, check=True, timeout=30)


def _appeared(folder: Path) -> Process | None:
    """The process of a script that begins about now; None when it left no pid file in time."""
    deadline = time.monotonic() + _APPEARS_S
    while (process := recorded(folder)) is None and time.monotonic() < deadline:
        time.sleep(0.001)
    return process


def _taken(folder: Path) -> bool:
    """Take the job's place, as its script would; False when the script was first."""
    try:
        (folder / "started").mkdir()
    except FileExistsError:
        return False
    return True
