"""What every step may use, made once when the service starts."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.scheduler import Scheduler
from ingest.work_texts import WorkTexts
from tlp.config import Config
from tlp.storage import Storage

_NO_LIMIT = 1 << 10
PROGRAMS = Path(__file__).resolve().parents[1]  # ingest-service/


@dataclass(frozen=True)
class Context:
    """Configuration, mount points, the scheduler, and the environment that jobs get.

    `unnoted`: jobs that have ended or may have, which could not be noted yet, and in how many seconds to look again.
    Only a hint for who waits: the next look finds them by itself.
    `silence`: the last words about a scheduler that does not answer, so that a night of it is one line of the log.
    """

    config: Config
    storage: Storage
    scheduler: Scheduler
    unnoted: dict[int, float] = field(default_factory=dict)
    silence: list[str] = field(default_factory=list)

    @property
    def slots(self) -> int:
        """Processors for jobs on this machine."""
        return self.config.scheduler.slots or len(os.sched_getaffinity(0))

    @property
    def engine_cpus(self) -> int:
        """The most processors that an engine may get; the nodes of a cluster may have more than this machine."""
        return self.slots if self.config.scheduler.kind == "local" else _NO_LIMIT

    @property
    def models(self) -> Path:
        """The folder of the engines' models."""
        return Path(self.config.systems.models or Path(sys.prefix) / "share" / "tlp" / "models")

    def folder(self, upload: dict[str, Any]) -> Path:
        """The folder of an upload: package, files, work, jobs."""
        return self.storage.path("uploads", upload["id"])

    def work(self, upload: dict[str, Any], name: str) -> Path:
        """A file in the folder where the jobs of an upload put what they make."""
        return self.folder(upload) / "work" / name

    def texts(self, upload: dict[str, Any], prefix: str = "") -> WorkTexts:
        """The texts of an object that an upload works on; `prefix` tells several objects apart."""
        return WorkTexts(self.folder(upload) / "work", upload["kind"], prefix)

    def job_folder(self, job: dict[str, Any]) -> Path:
        """The folder of a job row (upload_id, step, name, attempt)."""
        return job_folder(self.storage, job)

    def environment(self, cpus: int) -> dict[str, str]:
        """Environment of a job: our Python first on the path, the models, the processors it may use."""
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
            "PYTHONPATH": str(PROGRAMS),
            "LANG": "C.UTF-8",
            "TLP_MODELS": str(self.models),
            "TLP_CPUS": str(cpus),
            "OMP_NUM_THREADS": str(cpus),
        }


def job_folder(storage: Storage, job: dict[str, Any]) -> Path:
    """The folder of a job row (upload_id, step, name, attempt)."""
    return storage.path("uploads", f"{job['upload_id']}/jobs/{job['step']}.{job['name']}.{job['attempt']}")
