"""Where the models of the engines are, and whether they are the pinned ones. Fetching them is the installer's task.

`models.ini` beside this module pins every file by SHA-256 and names source and licence.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from configobj import ConfigObj

from tlp.errors import ModelError

PINS = Path(__file__).with_name("models.ini")


@dataclass(frozen=True)
class Pin:
    """A model as `models.ini` pins it."""

    name: str
    files: dict[str, str]  # file name → SHA-256
    licence: str
    source: str
    registry: dict[str, str]  # how to get it from a package registry; keys are the installer's


def pins() -> dict[str, Pin]:
    """Every pinned model by name."""
    ini = ConfigObj(str(PINS), file_error=True, interpolation=False, list_values=False)
    return {
        name: Pin(name, dict(s["files"]), s["licence"], s["source"], dict(s.get("registry", {})))
        for name, s in ini.items()
    }


def locate(name: str, models_dir: Path) -> Path:
    """The folder of the model, all its files verified. Raises ModelError that says what is wrong and what to do.

    A file is hashed again only when its size or time has changed since it was last verified.
    """
    pin = pins().get(name)
    if pin is None:
        raise ModelError(f"model '{name}' is not listed in {PINS.name}")
    folder = models_dir / name
    for filename, digest in pin.files.items():
        path = folder / filename
        if not path.is_file():
            raise ModelError(f"model '{name}': {path} does not exist; run ./install.sh models")
        if not _verified(path, digest):
            raise ModelError(f"model '{name}': {path} is not the pinned file (SHA-256 differs); delete it and run ./install.sh models")
    return folder


def _verified(path: Path, digest: str) -> bool:
    stat = path.stat()
    stamp = path.with_name(f".{path.name}.verified")
    expected = f"{digest} {stat.st_size} {stat.st_mtime_ns}"
    if stamp.is_file() and stamp.read_text() == expected:
        return True
    if sha256(path) != digest:
        return False
    try:
        stamp.write_text(expected)
    except OSError:  # a read-only folder: hash again next time
        pass
    return True


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
