"""The virtual environment `.venv`: made once, filled from the lock files, known by a stamp. Standard library only."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from installer import ROOT, VENV
from installer.report import InstallError, Report

STAMP = VENV / ".locks.json"
PYTHON = VENV / "bin" / "python"


def ensure(groups: tuple[str, ...], report: Report) -> None:
    """Bring `.venv` to what requirements/GROUP.lock say. Raises InstallError when a needed group cannot be had.

    A group whose lock file has not changed since it was installed costs nothing. The group `engines` may fail:
    the services run without it.
    """
    _make(report)
    _build_tools()
    for group in groups:
        if is_current(group):
            report.ok(f"Python packages: {group}")
            continue
        try:
            with report.step(f"Python packages: {group}"):
                install_lock(group)
        except InstallError as error:
            if group != "engines":
                raise
            report.skip(f"{error}; the services run, engines that need these are not offered", error.remedy)
    _shared_package(report)


def installed() -> bool:
    """Whether an earlier run got as far as the shared package, be it of older lock files."""
    return PYTHON.exists() and {"base", "tlp"} <= _stamp().keys()


def is_current(group: str) -> bool:
    """Whether the lock file of the group is the one that was installed last."""
    return _stamp().get(group) == digest(ROOT / "requirements" / f"{group}.lock")


def _make(report: Report) -> None:
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", "import pip"], capture_output=True).returncode == 0:
        return
    with report.step(f"virtual environment with Python {sys.version.split()[0]}"):
        if VENV.exists():  # its Python was upgraded or removed; models under share/ are kept
            shutil.rmtree(VENV / "lib", ignore_errors=True)
            shutil.rmtree(VENV / "bin", ignore_errors=True)
        venv.EnvBuilder(with_pip=True, symlinks=True).create(VENV)
        STAMP.unlink(missing_ok=True)


def _build_tools() -> None:
    """setuptools and wheel first, as locked: what comes as source is built with these and nothing unpinned."""
    lock = ROOT / "requirements" / "base.lock"
    if _stamp().get("build") == digest(lock):
        return
    entries = re.findall(r"^(?:setuptools|wheel|packaging)==.*(?:\n +--hash=.*)+", lock.read_text(), re.M)
    with tempfile.NamedTemporaryFile("w", prefix="tlp-build-", suffix=".txt") as wanted:
        wanted.write("\n".join(entries) + "\n")
        wanted.flush()
        _pip("install", "--require-hashes", "-r", wanted.name)
    _set("build", digest(lock))


def install_lock(group: str, *options: str) -> None:
    """pip install of requirements/GROUP.lock, every file checked against its hash; sets the stamp."""
    lock = ROOT / "requirements" / f"{group}.lock"
    _pip("install", "--require-hashes", "--no-build-isolation", "-r", str(lock), *options)
    _set(group, digest(lock))


def _shared_package(report: Report) -> None:
    wanted = digest(ROOT / "pyproject.toml")
    if _stamp().get("tlp") == wanted:
        return
    _pip("install", "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    _set("tlp", wanted)
    report.done("shared package tlp (from lib/)")


def _pip(*arguments: str) -> None:
    quietly = ("--disable-pip-version-check", "--no-input", "--no-cache-dir")  # nothing is left in the user's home
    command = [str(PYTHON), "-m", "pip", *quietly, *arguments, "--quiet"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if result.returncode:
        lines = [line for line in result.stderr.strip().splitlines() if not line.startswith("WARNING")]
        raise InstallError(
            "pip failed: " + "\n".join(lines[-4:]), f"Look at the network, then again; or by hand:\n{' '.join(command)}"
        )


def digest(path: Path) -> str:
    """What a stamp compares: the SHA-256 of the file and the Python it is for."""
    return hashlib.sha256(f"{sys.version_info[:2]}".encode() + path.read_bytes()).hexdigest()


def _stamp() -> dict[str, str]:
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError):
        return {}


def _set(group: str, value: str) -> None:
    STAMP.write_text(json.dumps({**_stamp(), group: value}, indent=1) + "\n")
