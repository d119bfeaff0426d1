"""Makes the scheduler that the section [scheduler] of the configuration asks for, and sends each job to its own."""

from __future__ import annotations

import logging
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from ingest.scheduler import Ended, JobSpec, LiveJob, Scheduler
from ingest.scheduler.cluster import Cluster
from ingest.scheduler.dialect import Dialect, Placement
from ingest.scheduler.gridengine import GridEngine
from ingest.scheduler.local import ID as LOCAL_ID
from ingest.scheduler.local import Local
from ingest.scheduler.slurm import Slurm
from ingest.scheduler.ssh import Ssh, Target
from ingest.scheduler.staging import Staged
from ingest.scheduler.transport import Here, Transport
from tlp.config import Config
from tlp.config import Scheduler as Settings
from tlp.errors import ConfigError, SchedulerError

log = logging.getLogger("ingest.scheduler")
DIALECTS: dict[str, type[Dialect]] = {"slurm": Slurm, "gridengine": GridEngine}
ENGINES = ("asr", "mt", "tts")  # the kinds of jobs that run on any node
ON_THIS_MACHINE = ("package", "media", "document")  # they read or write what clients sent, or are short
_ANY = 10**9
_NUMBERS = {"slots": (0, _ANY), "max_jobs": (1, _ANY), "max_jobs_per_user": (0, _ANY), "ssh_port": (1, 65535)}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,60}\Z")


def create(config: Config, mounts: Mapping[str, Path]) -> Scheduler:
    """The scheduler of the configuration. Raises ConfigError that names the key."""
    settings = config.scheduler
    if not _NAME.match(settings.job_name_prefix):
        raise ConfigError(
            f"[scheduler] job_name_prefix = {settings.job_name_prefix}: letters, digits, - and _, a letter first"
        )
    _check_numbers(settings)
    local = Local(slots=settings.slots, grace_s=config.core.lost_grace)
    if settings.ignored:
        log.warning("%s", settings.ignored)
    if settings.kind == "local":
        return local
    if settings.kind not in DIALECTS:
        kinds = ", ".join(["local", *DIALECTS])
        raise ConfigError(f"[scheduler] kind = {settings.kind}: there is no such scheduler; one of {kinds}")
    _check_commands(settings)
    transport = _transport(settings)
    cluster = Cluster(
        DIALECTS[settings.kind](),
        transport,
        _places(settings),
        most=settings.max_jobs,
        grace_s=config.core.lost_grace,
        submit=settings.submit_scr,
        status=settings.status_cmd,
        folders=_staged(settings, transport, mounts) if settings.stage_folder else None,
    )
    return Routed(local, cluster, () if settings.localhost else ON_THIS_MACHINE)


def _check_numbers(settings: Settings) -> None:
    for key, (least, most) in _NUMBERS.items():
        if not least <= getattr(settings, key) <= most:
            bounds = f"from {least} to {most}" if most < _ANY else f"{least} or more"
            raise ConfigError(f"[scheduler] {key} = {getattr(settings, key)}: must be {bounds}")


def _check_commands(settings: Settings) -> None:
    for key in ("submit_scr", "submit_opts", "status_cmd", "notify_command"):
        try:
            shlex.split(getattr(settings, key))
        except ValueError as error:
            raise ConfigError(f"[scheduler] {key} = {getattr(settings, key)}: {error}") from error


def _transport(settings: Settings) -> Transport:
    if not settings.ssh_host:
        return Here()
    for key in ("ssh_user", "ssh_key", "ssh_known_hosts"):
        if not getattr(settings, key):
            raise ConfigError(f"[scheduler] {key} is empty: ssh_host = {settings.ssh_host} needs it")
    for key in ("ssh_key", "ssh_known_hosts"):
        try:
            Path(getattr(settings, key)).open().close()
        except OSError as error:
            raise ConfigError(f"[scheduler] {key} = {getattr(settings, key)}: {error.strerror}") from error
    files = Path(settings.ssh_key), Path(settings.ssh_known_hosts)
    return Ssh(Target(settings.ssh_host, settings.ssh_port, settings.ssh_user, *files))


def _staged(settings: Settings, transport: Transport, mounts: Mapping[str, Path]) -> Staged:
    if not isinstance(transport, Ssh):
        raise ConfigError("[scheduler] stage_folder is on another machine: ssh_host must say on which")
    if settings.localhost:
        raise ConfigError("[scheduler] localhost must be empty with stage_folder: media stay on this machine")
    if not settings.stage_folder.startswith("/"):
        raise ConfigError(f"[scheduler] stage_folder = {settings.stage_folder}: must be an absolute path")
    return Staged(transport, settings.stage_folder, mounts["uploads"], mounts["media"])


def _places(settings: Settings) -> dict[str, Placement]:
    def place(kind: str, host: str) -> Placement:
        return Placement(
            queue=getattr(settings, f"queue_{kind}") or settings.queue,
            host=host,
            options=tuple(shlex.split(settings.submit_opts)),
            environment=settings.parallel_environment,
            memory=settings.memory_option,
            gpu=settings.gpu_option,
        )

    engines = {kind: place(kind, "") for kind in ENGINES}
    return engines | {kind: place("media", settings.localhost) for kind in ON_THIS_MACHINE}


class Routed:
    """See Scheduler: jobs of the kinds `here` run on this machine, the others on the cluster.

    What this machine has begun before it got a cluster ends here, whatever its kind.
    """

    def __init__(self, local: Scheduler, cluster: Scheduler, here: Sequence[str]) -> None:
        self._local = local
        self._cluster = cluster
        self._here = here

    def poll(self, jobs: Sequence[LiveJob]) -> dict[int, Ended]:
        """See Scheduler."""
        here, there = _split(jobs)
        found = self._local.poll(here)
        try:
            return found | self._cluster.poll(there) if there else found
        except SchedulerError as error:
            if not found:
                raise
            log.warning("the cluster does not answer, its jobs are looked at again next time: %s", error)
            return found

    def queue(self, kind: str) -> str:
        """See Scheduler: this machine and the cluster fill up each by itself."""
        return LOCAL_ID if kind in self._here else self._cluster.queue(kind)

    def room(self, running: Sequence[LiveJob], spec: JobSpec) -> bool:
        """See Scheduler."""
        here, there = _split(running)
        return self._local.room(here, spec) if spec.kind in self._here else self._cluster.room(there, spec)

    def idle(self, running: Sequence[LiveJob], spec: JobSpec) -> int | None:
        """See Scheduler."""
        here, there = _split(running)
        return self._local.idle(here, spec) if spec.kind in self._here else self._cluster.idle(there, spec)

    def submit(self, spec: JobSpec) -> str:
        """See Scheduler."""
        return self._of(spec).submit(spec)

    def submit_array(self, specs: Sequence[JobSpec]) -> list[str]:
        """See Scheduler."""
        return self._of(specs[0]).submit_array(specs)

    def _of(self, spec: JobSpec) -> Scheduler:
        return self._local if spec.kind in self._here else self._cluster

    def cancel(self, jobs: Sequence[LiveJob]) -> None:
        """See Scheduler. Where a crash kept the id from being recorded, either may have the job."""
        here, there = _split(jobs)
        self._local.cancel([*here, *(job for job in there if not job.scheduler_id)])
        if there:
            self._cluster.cancel(there)

    def watch(self, jobs: Sequence[LiveJob]) -> list[int]:
        """See Scheduler."""
        return self._local.watch(_split(jobs)[0])


def _split(jobs: Sequence[LiveJob]) -> tuple[list[LiveJob], list[LiveJob]]:
    here = [job for job in jobs if job.scheduler_id.startswith(LOCAL_ID)]
    return here, [job for job in jobs if not job.scheduler_id.startswith(LOCAL_ID)]
