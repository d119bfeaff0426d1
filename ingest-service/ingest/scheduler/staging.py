"""Jobs on nodes that do not see our files: inputs are copied to them over SFTP, and what was made is copied back.

What is there: STAGE/UPLOAD/… as below the mount `uploads`, and STAGE/UPLOAD/media/… for files of the mount `media`.
Systems, models and Python must be installed there, under the same paths. Files are copied aside and renamed, the exit
code comes last, and only then the folder there is removed: a crash at any point is made good by the next look.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ingest.scheduler import JobSpec, LiveJob, copies, notes, script
from ingest.scheduler.locked import lock
from ingest.scheduler.ssh import Ssh
from ingest.scheduler.trace import exit_code
from tlp.errors import SchedulerError

log = logging.getLogger("ingest.scheduler")
_STAGED = "staged"  # in a job's folder: all that it needs is there
_LOCK = ".staging"  # in an upload's folder: held while files are brought there, and while they are removed
_RECENT_S = 6 * 3600  # a job that was staged may not be in the table of jobs yet
_LEFT = ("stdout", "log", "node", "progress")  # what a job leaves beside `out`
# One line an upload, one a job, then one that says that the list is whole.
_LOOK = r"""
cd "$1" 2>/dev/null || { echo end; exit 0; };
line() { [ -f "$1" ] && IFS= read -r read <"$1" && printf %s "$read"; };
for upload in */; do
    [ -d "$upload" ] && printf '%s\n' "${upload%/}";
done;
for job in */jobs/*/; do
    [ -d "$job/started" ] || continue;
    printf '%s\t%s\t%s\t%s\t%s\n' "${job%/}" "$(line "$job/exit_code")" "$(line "$job/pid")" "$(line "$job/node")"
        "$(line "$job/progress")";
done;
echo end
""".replace("\n", " ")  # not every shell of an account takes a line break within quotes

# Whether there is room, before the files are removed that may have taken it.
_ROOM = 'cd "$1" && shift && LC_ALL=C head -c 1048576 /dev/zero >.room; code=$?; rm -f .room "$@"; exit $code'


@dataclass(frozen=True)
class _There:
    """What is there of a job that has begun."""

    code: str
    pid: str
    node: str
    progress: str


class Staged:
    """See Folders. `stage`: an absolute folder there; `uploads`, `media`: the mount points here."""

    def __init__(self, ssh: Ssh, stage: str, uploads: Path, media: Path) -> None:
        self._ssh = ssh
        self._stage = PurePosixPath(stage)
        self._uploads = uploads
        self._media = media

    def _there(self, path: Path) -> PurePosixPath:
        return self._stage / path.relative_to(self._uploads)

    def _upload(self, folder: Path) -> str:
        return folder.relative_to(self._uploads).parts[0]

    def prepare(self, spec: JobSpec) -> None:
        """See Folders."""
        with self._bringing(spec), self._kept(spec.folder):
            if not self._prepared(spec):
                self._bring(spec)
            (spec.folder / _STAGED).touch()

    def _prepared(self, spec: JobSpec) -> bool:
        """Whether all that it needs is there, or was: what has ended needs nothing any more."""
        if not (spec.folder / _STAGED).exists():
            return False
        if exit_code(spec.folder) is not None:
            return True
        with self._ssh.files() as files:
            try:
                files.stat(self.script(spec))
                return True
            except FileNotFoundError:
                return False

    def _bring(self, spec: JobSpec) -> None:
        far, inputs = self._far(spec)
        text, folder = script.text(far), self._there(spec.folder)
        parents = {str(folder), *(str(there.parent) for there in inputs.values())}
        self._run("mkdir", "-p", "--", *sorted(parents))
        try:
            with self._ssh.files() as files:
                for here, there in inputs.items():
                    copies.put(files, here, str(there))
                copies.write(files, f"{folder}/job.sh", text)
        except SchedulerError as error:
            raise self._in_words(error, [*map(str, inputs.values()), f"{folder}/job.sh"]) from error

    def _in_words(self, error: SchedulerError, files: Sequence[str]) -> SchedulerError:
        """SFTP has no words for a full disk, a program there has; what was copied half goes."""
        try:
            answer = self._ssh.run(
                ["sh", "-c", _ROOM, "sh", str(self._stage), *(f"{path}{copies.PART}" for path in files)]
            )
        except SchedulerError:
            return error
        return (
            SchedulerError(f"{self._stage} on the cluster: {answer.words.rpartition(': ')[2]} ({error})")
            if answer.code
            else error
        )

    @contextlib.contextmanager
    def _bringing(self, spec: JobSpec) -> Iterator[None]:
        """Errors of files come out as SchedulerError."""
        try:
            yield
        except OSError as error:
            why = error.strerror or error
            raise SchedulerError(f"cannot bring what {spec.name} needs to {self._stage}: {why}") from error

    @contextlib.contextmanager
    def _kept(self, folder: Path) -> Iterator[None]:
        """While files are brought there for an upload nobody removes its folder there: not another service either.

        The kernel lets the lock of a service that dies go.
        """
        with (self._uploads / self._upload(folder) / _LOCK).open("w") as file:
            lock(file, shared=True)
            yield

    def _far(self, spec: JobSpec) -> tuple[JobSpec, dict[Path, PurePosixPath]]:
        """The job with the paths as they are there, and what is to be copied."""
        places = [self._place(word, spec.folder) for word in spec.command]
        inputs = {Path(word): to for word, to in zip(spec.command, places, strict=True) if to and Path(word).is_file()}
        far = replace(
            spec,
            folder=Path(self._there(spec.folder)),
            command=[str(to or word) for word, to in zip(spec.command, places, strict=True)],
            environment={name: str(self._place(v, spec.folder) or v) for name, v in spec.environment.items()},
            tell=Path(self._stage / "ended") if spec.tell else None,
        )
        return far, inputs

    def _place(self, word: str, folder: Path) -> PurePosixPath | None:
        """Where a file of a command is there; None for what is no path of the upload or of the media."""
        path = Path(word)
        if "\0" in word or not path.is_absolute() or ".." in path.parts:
            return None
        upload = self._upload(folder)
        if path.is_relative_to(self._uploads / upload):
            return self._there(path)
        if path.is_relative_to(self._media):
            return self._stage / upload / "media" / path.relative_to(self._media)
        return None

    def script(self, spec: JobSpec) -> str:
        """See Folders."""
        return str(self._there(spec.folder) / "job.sh")

    def array(self, specs: Sequence[JobSpec]) -> str:
        """See Folders."""
        path = str(self._there(specs[0].folder) / "array.sh")
        with self._bringing(specs[0]), self._ssh.files() as files:
            copies.write(files, path, script.array([Path(self._there(spec.folder)) for spec in specs]))
        return path

    def fetch(self, jobs: Sequence[LiveJob]) -> set[int]:
        """See Folders. One command tells of all jobs."""
        staged = [job for job in jobs if (job.folder / _STAGED).exists() and exit_code(job.folder) is None]
        if not staged:
            return set()
        (there, uploads), late = self._look(), set()
        for job in staged:
            state = there.get(str(job.folder.relative_to(self._uploads)))
            try:
                if state is not None:
                    self._follow(job.folder, state)
            except (SchedulerError, OSError) as error:
                late.add(job.id)
                log.warning("what the job in %s has left cannot be brought here yet: %s", job.folder, error)
        self._tidy({name for name in uploads if (self._uploads / name / _LOCK).exists()}, jobs)  # others are not ours
        return late

    def _look(self) -> tuple[dict[str, _There], list[str]]:
        """The jobs that have begun there, and the uploads of which there is anything."""
        lines = self._run("sh", "-c", _LOOK, "sh", str(self._stage)).splitlines()
        if not lines or lines[-1] != "end":
            raise SchedulerError(f"the list of the jobs in {self._stage} ended too early")
        rows = [line.split("\t", 4) for line in lines[:-1]]
        return {row[0]: _There(*row[1:]) for row in rows if len(row) == 5}, [row[0] for row in rows if len(row) == 1]

    def _follow(self, folder: Path, state: _There) -> None:
        """Have here what is known there of a job, and all of it when it has ended."""
        (folder / "started").mkdir(exist_ok=True)
        for name in ("pid", "node", "progress"):
            if (text := getattr(state, name)) and text != _text(folder / name):
                notes.write(folder / name, f"{text}\n")
        if not state.code:
            return
        there = str(self._there(folder))
        with self._ssh.files() as files:
            for name, found in copies.files_below(files, f"{there}/out", ""):
                copies.get(files, f"{there}/out/{name}", found, folder / "out" / name, folder / "fetching")
            for name in _LEFT:
                try:
                    copies.get(
                        files, f"{there}/{name}", files.stat(f"{there}/{name}"), folder / name, folder / "fetching"
                    )
                except FileNotFoundError:
                    continue
        notes.write(folder / "exit_code", f"{state.code}\n")
        self._remove(there)

    def _tidy(self, uploads: set[str], jobs: Sequence[LiveJob]) -> None:
        """Remove there what is left of uploads none of whose jobs may run; a failure is left to the next look."""
        live = {job.folder for job in jobs if exit_code(job.folder) is None}
        for upload in uploads:
            try:
                with (self._uploads / upload / _LOCK).open("w") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self._tidy_one(upload, live)
            except BlockingIOError:  # something is being brought there
                continue
            except OSError as error:
                log.warning("%s is left on the cluster: %s", self._stage / upload, error)

    def _tidy_one(self, upload: str, live: set[Path]) -> None:
        marks = list((self._uploads / upload).glob(f"jobs/*/{_STAGED}"))
        open_ = [mark for mark in marks if exit_code(mark.parent) is None]
        if any(mark.parent in live or time.time() - mark.stat().st_mtime < _RECENT_S for mark in open_):
            return
        for mark in open_:
            mark.unlink(missing_ok=True)
        self._remove(str(self._stage / upload))

    def _remove(self, path: str) -> None:
        try:
            self._run("rm", "-rf", "--", path)
        except SchedulerError as error:
            log.warning("%s is left on the cluster: %s", path, error)

    def forbid(self, folders: Sequence[Path]) -> None:
        """See Folders."""
        if folders:
            make = 'for job; do mkdir -p "$job/started" || exit 1; done'
            self._run("sh", "-c", make, "sh", *(str(self._there(folder)) for folder in folders))

    def forget(self, folders: Sequence[Path]) -> None:
        """See Folders. The next look removes what is there, where no other job of the upload may run."""
        for folder in folders:
            (folder / _STAGED).unlink(missing_ok=True)

    def _run(self, *argv: str) -> str:
        answer = self._ssh.run(argv)
        if answer.code:
            raise SchedulerError(f"{argv[0]} on the cluster: {answer.words}")
        return answer.stdout


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
