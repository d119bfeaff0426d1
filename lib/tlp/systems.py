"""The contract between the platform and an ASR, MT or TTS engine: `system.ini` (and `system.local.ini`, the changes of
this installation) and the command line of `run`.

Both sides use this module; it starts no process and touches no database. See docs/systems.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from configobj import ConfigObj

from tlp import config_file, models, mt_models
from tlp.errors import ConfigError, Killed, ModelError, SystemUnavailable, TlpError

KINDS = ("asr", "mt", "tts")
LACKS = 69  # exit code: this machine lacks something; on another one the same may succeed
LAST_ATTEMPT = "TLP_LAST_ATTEMPT"  # in the environment of a part that will not be tried again


@dataclass(frozen=True)
class Offer:
    """One thing a system folder offers: a language, a pair, or a voice. One row of `systems`."""

    source_lang: str
    target_lang: str | None = None  # mt only
    voice: str | None = None  # tts only
    voice_gender: str | None = None  # "f" or "m"
    uses: tuple[str, ...] = field(default=(), compare=False)  # mt: what `[pairs]` says this pair needs


@dataclass(frozen=True)
class SystemFolder:
    """A system folder as its `system.ini` describes it."""

    path: Path
    kind: str
    name: str
    description: str
    priority: int
    offers: tuple[Offer, ...]
    cpus: int
    memory_mb: int
    gpus: int = 0  # on a cluster; this machine does not count them
    hours: int = 24  # after which a job is ended
    requires: dict[str, list[str]] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    parts: bool = False  # tts: whether several runs may say a track together; the others always may
    pairs_from: str | None = None  # mt: the folder, below the one of models, whose models are the pairs

    @property
    def run(self) -> Path:
        return self.path / "run"

    def missing(self, models_dir: Path, offer: Offer | None = None) -> list[str]:
        """What this machine lacks to run the system, in words; an empty list means it can run.

        With an offer, also what that offer alone needs: its files or its model.
        """
        lacks = self._missing_programs_and_models(models_dir)
        if self.pairs_from and offer is None and not self.offers:
            lacks.append(f"there is no translation model under {models_dir / self.pairs_from}; see docs/systems.md")
        return lacks if offer is None else lacks + self._missing_for(models_dir, offer)

    def _missing_for(self, models_dir: Path, offer: Offer) -> list[str]:
        if self.pairs_from and offer.target_lang:
            try:
                mt_models.choose(models_dir / self.pairs_from, offer.source_lang, offer.target_lang)
            except ModelError as error:
                return [str(error)]
        files = [form.replace("{}", used) for form in self.requires.get("pair_files", []) for used in offer.uses]
        return [f"file {f} does not exist" for f in files if not Path(f).exists()]

    def _missing_programs_and_models(self, models_dir: Path) -> list[str]:
        lacks = [f"program '{p}' is not on PATH" for p in self.requires.get("programs", []) if not shutil.which(p)]
        lacks += [
            f"Python module '{m}' is not installed" for m in self.requires.get("modules", []) if not _importable(m)
        ]
        lacks += [f"file {f} does not exist" for f in self.requires.get("files", []) if not Path(f).exists()]
        for name in self.requires.get("models", []):
            try:
                models.locate(name, models_dir)
            except ModelError as error:
                lacks.append(str(error))
        if not os.access(self.run, os.X_OK):
            lacks.append(f"{self.run} is not an executable file")
        return lacks


def load(folder: Path, models_folder: Path | None = None) -> SystemFolder:
    """Read `folder/system.ini` and what `system.local.ini` changes of it. Raises ConfigError that names file and key.

    `models_folder` (default: `models_dir()`) is looked at only where the pairs depend on the models found.
    """
    path, local = folder / "system.ini", folder / "system.local.ini"
    where = str(path)
    try:
        ini = config_file.read(path)
        if local.exists():
            ini.merge(config_file.read(local))
            where += f" with {local.name}"
        system, resources = _section(ini, "system"), _section(ini, "resources")
        kind = system["kind"]
        if kind not in KINDS:
            raise ConfigError(f"{where}: kind = {kind}: must be one of {', '.join(KINDS)}")
        return SystemFolder(
            path=folder,
            kind=kind,
            name=config_file.text(system["name"]),
            description=config_file.text(system.get("description", "")),
            priority=_number(system, "priority", 10),
            offers=_pairs(system, _section(ini, "pairs"), models_folder or models_dir())
            if kind == "mt"
            else _languages(kind, system, _section(ini, "voices")),
            cpus=_number(resources, "cpus", 1),
            memory_mb=_number(resources, "memory_mb", 500),
            gpus=_number(resources, "gpus", 0),
            hours=max(1, _number(resources, "hours", 24)),
            requires={key: _list(value) for key, value in _section(ini, "requires").items()},
            options={key: config_file.text(value) for key, value in _section(ini, "options").items()},
            parts=_yes(system.get("parts", "no")),
            pairs_from=system.get("pairs_from"),
        )
    except KeyError as error:
        raise ConfigError(f"{where}: {error} is missing") from error
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error


def _section(ini: ConfigObj, name: str) -> dict[str, Any]:
    found: dict[str, Any] = ini.get(name, {})
    if not isinstance(found, dict):
        raise ValueError(f"{name} must be a section, [{name}]")
    return found


def _number(section: dict[str, Any], key: str, default: int) -> int:
    """As large as the database takes."""
    text = config_file.text(section.get(key, default))
    if not re.fullmatch(r"-?[0-9]{1,9}", text, re.ASCII):
        raise ValueError(f"{key} = {text}: must be a whole number")
    return int(text)


def _pairs(system: dict[str, object], routes: dict[str, object], models_folder: Path) -> tuple[Offer, ...]:
    if "pairs_from" in system:
        return tuple(Offer(*pair) for pair in mt_models.pairs(models_folder / str(system["pairs_from"])))
    uses = {pair: _list(used) for pair, used in routes.items()} or {pair: [] for pair in _list(system["pairs"])}
    split = [(pair.split("-", 1), used) for pair, used in uses.items()]
    return tuple(Offer(source, target, uses=tuple(used)) for (source, target), used in split)


def _languages(kind: str, system: dict[str, object], voices: dict[str, object]) -> tuple[Offer, ...]:
    if kind == "asr":
        return tuple(Offer(lang) for lang in _list(system["languages"]))
    for key in voices:
        if key.partition(".")[2] not in ("f", "m"):
            raise ValueError(f"[voices] {key}: must be a language with its gender, as es.f or es.m")
    offers = []
    for lang in _list(system["languages"]):
        named = [
            (key.partition(".")[2], config_file.text(v)) for key, v in voices.items() if key.partition(".")[0] == lang
        ]
        offers += [Offer(lang, None, voice, gender) for gender, voice in named] or [Offer(lang, None, lang, None)]
    return tuple(offers)


def _list(value: object) -> list[str]:
    items: list[object] = value if isinstance(value, list) else [value]
    return [str(item) for item in items if item]


def _yes(value: str) -> bool:
    if value not in ("yes", "no"):
        raise ValueError(f"parts = {value}: must be yes or no")
    return value == "yes"


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):  # what it is part of is not there, or it is no name of a module
        return False


# The side of `run`


def arguments(kind: str) -> argparse.Namespace:
    """Parse the fixed command line of a kind; `input` and `output` are Paths, `options` the folder's own."""
    parser = argparse.ArgumentParser(description=f"{kind} system; see docs/systems.md")
    if kind == "mt":
        parser.add_argument("--source", required=True)
        parser.add_argument("--target", required=True)
    else:
        parser.add_argument("--lang", required=True)
    if kind == "asr":
        parser.add_argument("--terms", type=Path, help="text with words likely to be said")
    if kind == "tts":
        parser.add_argument("--voice")
        part = parser.add_mutually_exclusive_group()
        part.add_argument("--segments", type=_span, metavar="FIRST-LAST", help="say these, make no track")
        part.add_argument("--said", type=Path, action="append", metavar="FILE", help="what --segments wrote; each part")
    parser.add_argument("--input", required=True, type=Path)
    parser.add_argument("--output", required=True, type=Path)
    return parser.parse_args()


def _span(words: str) -> tuple[int, int]:
    first, _, last = words.partition("-")
    return int(first), int(last)


def granted_cpus() -> int:
    """Processors this run may use (TLP_CPUS, else all)."""
    return max(1, int(os.environ.get("TLP_CPUS") or os.cpu_count() or 1))


def models_dir() -> Path:
    """The folder of models: TLP_MODELS, else beside the Python environment."""
    return Path(os.environ.get("TLP_MODELS") or Path(sys.prefix) / "share" / "tlp" / "models")


class Progress:
    """Tells the platform how far a run is, through the file TLP_PROGRESS; does nothing without it."""

    def __init__(self) -> None:
        path = os.environ.get("TLP_PROGRESS")
        self._path = Path(path) if path else None

    def report(self, done: float, total: float, words: str = "") -> None:
        """Write `PERCENT WORDS`, percent = 100 * done / total."""
        if self._path is None or total <= 0:
            return
        aside = self._path.with_suffix(".new")
        aside.write_text(f"{min(100, int(100 * done / total))} {words}\n", encoding="utf-8")
        aside.replace(self._path)


def write_aside(output: Path, data: bytes) -> None:
    """Write `data` to `output` so that nobody ever sees half of it."""
    aside = output.with_name(output.name + ".part")
    aside.write_bytes(data)
    aside.replace(output)


def program(main: Callable[[], None]) -> NoReturn:
    """Run `main` and end the process: 0, or 1 with the reason as the last line of stderr; as killed when it says so.

    LACKS where a file, a module or a model is not there.
    """
    try:
        main()
    except Killed as error:
        print(error, file=sys.stderr)
        sys.exit(128 + signal.SIGKILL)
    except TlpError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        sys.exit(LACKS if isinstance(error, SystemUnavailable) else 1)
    except Exception as error:  # a defect or a broken engine: the trace for the log, then the line for people
        traceback.print_exc()
        print(f"{type(error).__name__}: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(LACKS if isinstance(error, (ImportError, FileNotFoundError)) else 1)
    sys.exit(0)
