"""Slurm: command lines and what they answer (22.05 and later). Pure."""

from __future__ import annotations

import functools
import logging
import math
import re
from collections.abc import Sequence

from ingest.scheduler import JobSpec
from ingest.scheduler.dialect import BROKEN, DISPLACED, ENDED, RUNNING, STUCK, WAITING, Listed, Machine, Placement

log = logging.getLogger("ingest.scheduler")
_STATES = {
    "PENDING": WAITING, "REQUEUED": WAITING, "REQUEUE_HOLD": STUCK, "SPECIAL_EXIT": STUCK, "RESV_DEL_HOLD": WAITING,
    "REQUEUE_FED": WAITING, "CONFIGURING": RUNNING, "RUNNING": RUNNING, "COMPLETING": RUNNING, "STAGE_OUT": RUNNING,
    "SUSPENDED": RUNNING, "STOPPED": RUNNING, "SIGNALING": RUNNING, "RESIZING": RUNNING,
    "COMPLETED": ENDED,
    "FAILED": BROKEN, "CANCELLED": BROKEN, "TIMEOUT": BROKEN, "OUT_OF_MEMORY": BROKEN, "DEADLINE": BROKEN,
    "NODE_FAIL": BROKEN, "BOOT_FAIL": BROKEN, "RECONFIG_FAIL": BROKEN, "PREEMPTED": DISPLACED, "LAUNCH_FAILED": STUCK,
    "REVOKED": RUNNING,  # here, for another cluster of the federation has it; gone from the list when it is over there
}  # fmt: skip
# Reasons for which a pending job never starts by itself.
_NEVER = (
    "DependencyNeverSatisfied", "launch failed requeued held", "PartitionConfig",
    "BadConstraints", "InvalidAccount", "InvalidQOS", "PartitionTimeLimit", "AccountNotAllowed", "QOSNotAllowed",
    "PerJob", "MaxMemPerLimit",  # AssocMax…PerJobLimit, QOSMax…PerJob: more than the account may have in one job
)  # fmt: skip
_AWAY = ("Unable to contact slurm controller", "timed out", "Zero Bytes were transmitted", "Connection refused")
_CHOOSE = ("-p", "--partition", "-w", "--nodelist", "-M", "--clusters", "-C", "--constraint")  # options of a site
_ANSWER = re.compile(r"^(?:.*\bbatch job )?(\d+)(?:;\S+| on cluster \S+)?\s*$", re.M)
_FIELDS = ("Partition", "NodeList", "CPUsState", "Gres", "GresUsed")  # of sinfo
_GPUS = re.compile(r"(?:^|,)gpu(?::[^:,()]+)??:(\d+)(?=[(,]|\Z)")  # of any type
_SPARE_MINUTES = 5  # beyond the limit of the script, which ends the job in words


class Slurm:
    """See Dialect."""

    program = "sbatch"

    def submit(self, spec: JobSpec, place: Placement, script: str, tasks: int = 0) -> list[str]:
        """See Dialect. A job is never put back by Slurm: that is for the platform to decide, in a new folder."""
        options = ["--parsable", f"--job-name={spec.name}", "--output=/dev/null", "--error=/dev/null", "--no-requeue"]
        options += ["--chdir=/", f"--cpus-per-task={spec.cpus}"]
        options += [f"--mem={spec.memory_mb}"] if spec.memory_mb > 0 else []  # 0 would be all that a machine has
        options += [f"--time={math.ceil(spec.time_limit_s / 60) + _SPARE_MINUTES}"]
        options += [f"--partition={place.queue}"] if place.queue else []
        options += [f"--nodelist={place.host}"] if place.host else []
        options += [f"--exclude={','.join(spec.avoid)}"] if spec.avoid and not place.host else []
        options += (place.gpu or "--gres=gpu:{}").replace("{}", str(spec.gpus)).split() if spec.gpus else []
        options += [f"--array=1-{tasks}"] if tasks else []
        return [*options, *place.options, script]

    def submitted(self, stdout: str) -> str:
        """See Dialect. `ID`, `ID;cluster`, or the sentence, on a line among those of a site's own script."""
        found = _ANSWER.findall(stdout)
        if not found:
            raise ValueError(f"no job id in its answer '{stdout.strip()[:100]}'")
        return str(found[-1])

    def verify(self, spec: JobSpec, place: Placement, script: str) -> list[str] | None:
        """See Dialect: sbatch refuses."""
        return None

    def nowhere(self, words: str) -> bool:
        """See Dialect. A machine that is to be avoided may also have been taken from the cluster."""
        return "node configuration is not available" in words or "Invalid node name" in words

    def no_array(self, words: str) -> bool:
        """See Dialect. MaxArraySize, which may be 0."""
        return "Invalid job array specification" in words

    def away(self, words: str) -> bool:
        """See Dialect."""
        return any(said in words for said in _AWAY)

    def task(self, scheduler_id: str, number: int) -> str:
        """See Dialect."""
        return f"{scheduler_id}_{number}"

    def status(self, user: str) -> list[str]:
        """See Dialect. Jobs that have ended stay in this list for MinJobAge, five minutes by default."""
        return ["squeue", "--noheader", "--array", "--states=all", f"--user={user}", "--format=%i|%j|%T|%r"]

    def listed(self, stdout: str) -> list[Listed]:
        """See Dialect."""
        found = []
        for line in stdout.splitlines():
            if line.strip():
                number, _, rest = line.strip().partition("|")
                name, state, reason = (*rest.rsplit("|", 2), "", "")[:3]
                if not state or not number[:1].isdecimal():
                    raise ValueError(f"'{line[:100]}' is no line of squeue as it was asked for")
                found += [_listed(one, name, state, reason) for one in _unfolded(number)]
        return found

    def machines(self, user: str, place: Placement) -> list[str] | None:
        """See Dialect."""
        if any(option.startswith(_CHOOSE) for option in place.options):
            return None
        queue = [f"--partition={place.queue}"] if place.queue else []
        return ["sinfo", "--noheader", "--Node", *queue, f"--Format={','.join(f'{name}:|' for name in _FIELDS)}"]

    def idle(self, stdout: str, place: Placement) -> list[Machine]:
        """See Dialect. `main*|node1|3/1/0/4|gpu:a100:2|gpu:a100:1(IDX:0)|`; * is the default partition.

        Processors: allocated, idle, other (of a machine that is down or drained), all. A machine may be in several
        partitions.
        """
        found: dict[str, Machine] = {}
        for line in stdout.splitlines():
            fields = line.strip().rsplit("|", len(_FIELDS))
            counts = fields[2].split("/") if len(fields) > len(_FIELDS) else []
            if len(counts) != 4 or not counts[1].isdecimal():
                raise ValueError(f"'{line[:100]}' is no line of sinfo as it was asked for")
            partition, machine, _, gpus, used, _ = fields
            if place.queue or partition.endswith("*"):
                found[machine] = Machine(int(counts[1]), max(0, _gpus(gpus) - _gpus(used)))
        return list(found.values())

    def account(self, scheduler_id: str) -> list[str] | None:
        """See Dialect. Fails where there is no accounting."""
        return ["sacct", "-n", "-P", "-X", "-o", "jobname,state,exitcode", "-j", scheduler_id]

    def accounted(self, stdout: str, name: str) -> str | None:
        """See Dialect."""
        rows = [line.rsplit("|", 2) for line in stdout.splitlines() if line.count("|") >= 2]
        mine = [(state, code) for its, state, code in rows if its == name and state.strip()]
        over = [(state, code) for state, code in mine if _STATES.get(state.split()[0]) != RUNNING]
        return f"{over[-1][0]}, exit code {over[-1][1]}" if over and over[-1][0] != "PENDING" else None

    def explain(self, scheduler_id: str) -> list[str] | None:
        """See Dialect."""
        return None

    def explained(self, stdout: str) -> str | None:
        """See Dialect."""
        return None

    def number(self, name: str) -> list[str] | None:
        """See Dialect."""
        return None

    def numbers(self, stdout: str, name: str) -> list[str]:
        """See Dialect."""
        return []

    def cancel(self, ids: Sequence[str]) -> list[str]:
        """See Dialect."""
        return ["scancel", *ids]

    def nothing_to_cancel(self, words: str) -> bool:
        """See Dialect."""
        return "Invalid job id" in words or "already completing or completed" in words


def _gpus(words: str) -> int:
    """`gpu:a100:4(S:0-1),gpu:2,tmp:100` → 6."""
    return sum(int(count) for count in _GPUS.findall(words))


def _unfolded(number: str) -> list[str]:
    """`53_[1,4-6%2]`, as a command without --array shows what waits of an array → 53_1, 53_4, 53_5, 53_6."""
    job, folded, rest = number.partition("_[")
    if not folded:
        return [number]
    found: list[str] = []
    for part in rest.rstrip("]").partition("%")[0].split(","):
        first, _, last = part.partition("-")
        if not first.isdecimal() or (last and not last.isdecimal()):
            raise ValueError(f"'{number[:100]}' does not name all its tasks: squeue needs --array")
        found += [f"{job}_{n}" for n in range(int(first), int(last or first) + 1)]
    return found


@functools.cache
def _unknown(state: str) -> str:
    """Said once: nobody knows what it means, and what runs must not be given up."""
    log.warning("squeue says '%s', which is no state that is known here: such jobs are taken as running", state)
    return RUNNING


def _listed(number: str, name: str, state: str, reason: str) -> Listed:
    known = _STATES.get(state.split()[0]) or _unknown(state)
    if known == WAITING and any(never in reason for never in _NEVER):
        known = STUCK
    return Listed(number, name, known, state if reason in ("", "None") else f"{state}: {reason}")
