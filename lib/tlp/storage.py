"""Where files are: mount points from the database, paths relative to them. Files are written aside, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tlp.errors import StorageError


@dataclass(frozen=True)
class Storage:
    """The mount points of this machine by name."""

    mounts: dict[str, Path]

    def mount(self, name: str) -> Path:
        """The folder of a mount point. Raises StorageError when it is not registered."""
        try:
            return self.mounts[name]
        except KeyError:
            raise StorageError(f"no mount point '{name}' for this machine in the table mount_points") from None

    def path(self, mount: str, relative: str) -> Path:
        """The file at `relative` below a mount point. Raises StorageError for a path that leads out of it."""
        return _below(self.mount(mount), mount, relative)

    def _path_there(self, mount: str, relative: str) -> Path:
        """The same, to be written: while its disk is away, nothing may be left in the place of a mount point."""
        path = self.path(mount, relative)
        if not self.mount(mount).is_dir():
            raise StorageError(f"the folder of the mount point '{mount}' is not there")
        return path

    def relative(self, mount: str, path: Path) -> str:
        """The inverse of `path`."""
        return str(path.relative_to(self.mount(mount)))

    def place(self, source: Path, mount: str, relative: str) -> Path:
        """Put a file where it stays: linked or copied aside, flushed, then renamed. Doing it twice changes nothing.

        The name aside is always the same, so that what a kill leaves is taken up by the next try; two must not place
        the same file at the same time.
        """
        target = self._path_there(mount, relative)
        aside = target.with_name(f".{target.name}.part")
        try:
            if _placed(source, target):
                return target
            target.parent.mkdir(parents=True, exist_ok=True)
            aside.unlink(missing_ok=True)
            try:
                os.link(source, aside)
            except OSError:  # another file system, or one without hard links
                shutil.copyfile(source, aside)
                times = source.stat()
                os.utime(aside, ns=(times.st_atime_ns, times.st_mtime_ns))
            with aside.open("rb") as file:  # a link too: the database is about to say that the file is there
                os.fsync(file.fileno())
            os.replace(aside, target)
            aside.unlink(missing_ok=True)  # replacing a file by its own hard link leaves the link behind
        except OSError as error:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
            raise StorageError(f"cannot store {relative} under '{mount}': {_cause(error)}") from error
        return target

    def move(self, mount: str, old: str, new: str) -> bool:
        """Rename a file below a mount point. Doing it twice changes nothing; False: it is at neither place."""
        source, target = self.path(mount, old), self._path_there(mount, new)
        try:
            if source.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(source, target)
            return target.exists()
        except OSError as error:
            raise StorageError(f"cannot move {old} to {new} under '{mount}': {_cause(error)}") from error

    def remove(self, mount: str, relative: str) -> bool:
        """Delete a file, or a folder with all that is in it, below a mount point; False: it is not there.

        Links are deleted, never followed. Raises StorageError, also for the mount point itself.
        """
        path, base = self.path(mount, relative), self.mount(mount).resolve()
        if (path.parent.resolve() != base and base not in path.parent.resolve().parents) or path.resolve() == base:
            raise StorageError(f"'{relative}' leads out of the mount point '{mount}'")
        if not path.exists() and not path.is_symlink():
            return False
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as error:
            raise StorageError(f"cannot delete {relative} under '{mount}': {error}") from error
        return True


@lru_cache(maxsize=8192)  # the folders of what runs are asked for in every tick
def _below(base: Path, mount: str, relative: str) -> Path:
    if relative.startswith("/") or ".." in relative.split("/"):
        raise StorageError(f"'{relative}' leads out of the mount point '{mount}'")
    return base / relative


def _placed(source: Path, target: Path) -> bool:
    """Whether a file is at its place: linked there, or a copy of the same size and time."""
    was = source.stat()
    try:
        now = target.lstat()
    except FileNotFoundError:
        return False
    return os.path.samestat(was, now) or (was.st_size, was.st_mtime_ns) == (now.st_size, now.st_mtime_ns)


def _cause(error: OSError) -> str:
    """Without the paths of this machine: jobs tell clients what they are told."""
    return error.strerror or type(error).__name__


def lacks_room(error: BaseException) -> bool:
    """Whether an error, or what it was raised from, is that a disk is full or a quota of it used up."""
    cause = error if isinstance(error, OSError) else error.__cause__
    return isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)


def object_folder(object_hash: str) -> str:
    """Folder of an object's files under `media`: one level of fan-out, then the hash (manual, /metadata example)."""
    return f"{object_hash[0]}/{object_hash}"
