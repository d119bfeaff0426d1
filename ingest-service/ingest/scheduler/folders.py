"""Where the folders of jobs are for the nodes of a cluster: here with a shared file system, else see `staging`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ingest.scheduler import JobSpec, LiveJob, notes, script


class Folders(Protocol):
    """Any method may raise SchedulerError, or an OSError of the job's folder here.

    The folder of a job is there here, whatever the nodes see.
    """

    def prepare(self, spec: JobSpec) -> None:
        """Make all that the job needs where it will run. Doing it twice changes nothing."""
        ...

    def script(self, spec: JobSpec) -> str:
        """The path of its script for the nodes."""
        ...

    def array(self, specs: Sequence[JobSpec]) -> str:
        """Write the script of an array of prepared jobs; its path for the nodes."""
        ...

    def fetch(self, jobs: Sequence[LiveJob]) -> set[int]:
        """Bring here what jobs have left, the exit code last.

        Returns the ids of those that have ended and whose files could not be brought yet: they must not be given up.
        """
        ...

    def forbid(self, folders: Sequence[Path]) -> None:
        """No script that has not begun there may begin any more."""
        ...

    def forget(self, folders: Sequence[Path]) -> None:
        """These jobs have been taken out of the queue: nothing of them is wanted any more."""
        ...


class Shared:
    """See Folders: the nodes see the same paths."""

    def prepare(self, spec: JobSpec) -> None:
        """See Folders."""
        if not (spec.folder / "job.sh").is_file():
            notes.write(spec.folder / "job.sh", script.text(spec))

    def script(self, spec: JobSpec) -> str:
        """See Folders."""
        return str(spec.folder / "job.sh")

    def array(self, specs: Sequence[JobSpec]) -> str:
        """See Folders."""
        path = specs[0].folder / "array.sh"
        notes.write(path, script.array([spec.folder for spec in specs]))
        return str(path)

    def fetch(self, jobs: Sequence[LiveJob]) -> set[int]:
        """See Folders: all is here."""
        return set()

    def forbid(self, folders: Sequence[Path]) -> None:
        """See Folders: `started` is seen by all."""

    def forget(self, folders: Sequence[Path]) -> None:
        """See Folders: what is here goes with its upload."""
