"""The folder of an instance: what lies where, with which rights, and one installer at a time in it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from installer import postgres_binaries
from installer.report import InstallError, Report

PRIVATE, PASSABLE = 0o700, 0o711


@dataclass(frozen=True)
class Home:
    """Paths of an instance below `path`."""

    path: Path

    @property
    def pg(self) -> Path:
        return self.path / "pg"

    @property
    def log(self) -> Path:
        return self.path / "log"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def sample(self) -> Path:
        return self.path / "sample"

    @property
    def config(self) -> Path:
        return self.path / "config.ini"

    @property
    def client(self) -> Path:
        return self.path / "client.ini"

    @property
    def mounts(self) -> dict[str, Path]:
        """The mount points that hold files of the instance (manual, Appendix A); `systems` is in the project."""
        repo = self.path / "repo"
        return {"media": repo / "media", "transcriptions": repo / "trans", "uploads": repo / "uploads"}

    def exists(self) -> bool:
        return self.config.exists()


def make(home: Home, report: Report) -> None:
    """Make the folders. Only their owner can read them; as root, the database's user may pass through to its own."""
    _refuse_foreign(home)
    folders = [home.path, home.log, home.run, home.sample, *home.mounts.values()]
    new = [folder for folder in folders if not folder.is_dir()]
    try:
        home.path.mkdir(parents=True, exist_ok=True)
        home.run.mkdir(exist_ok=True)  # first: by it the folder is known as ours
        for folder in new:
            folder.mkdir(parents=True, exist_ok=True)
        home.path.chmod(PASSABLE if postgres_binaries.account() else PRIVATE)
        for folder in {*folders[1:], home.path / "repo"}:
            folder.chmod(PRIVATE)
    except OSError as error:
        raise InstallError(f"cannot make {home.path}: {error}", "Choose another folder with --home DIR.") from error
    if new:
        report.done(f"folder {home.path}")
    else:
        report.ok(f"folder {home.path}")


def _refuse_foreign(home: Home) -> None:
    """A folder with other things in it is not taken over: its rights would change under them."""
    if home.path.exists() and not home.run.is_dir():
        if not home.path.is_dir():
            raise InstallError(f"{home.path} is not a folder", "Choose another one with --home DIR.")
        if any(home.path.iterdir()):
            raise InstallError(
                f"{home.path} is not empty and not an instance of the platform",
                "Choose a folder that is new or empty with --home DIR.",
            )


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Keep a second installer out of this folder while the first works."""
    with (home.run / "installer.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InstallError(f"another ./install.sh works in {home.path}", "Wait until it has ended.") from error
        yield
