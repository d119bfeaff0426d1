"""An argument of the command line as a value, so that sub-commands can be tables. Nothing else."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import Any, Iterable


@dataclass(frozen=True)
class Option:
    """What `add_argument` takes. `dest` is where argparse will put the value."""

    flags: tuple[str, ...]
    settings: dict[str, Any] = field(hash=False)

    @property
    def dest(self) -> str:
        long = next((flag for flag in self.flags if flag.startswith("--")), self.flags[0])
        return str(self.settings.get("dest") or long.lstrip("-").replace("-", "_"))


def option(*flags: str, **settings: Any) -> Option:
    return Option(flags, settings)


def switch(*flags: str, value: Any, **settings: Any) -> Option:
    """An option without an argument that stands for `value`."""
    return Option(flags, {"action": "store_const", "const": value, **settings})


def add_options(parser: argparse.ArgumentParser, options: Iterable[Option]) -> None:
    for each in options:
        parser.add_argument(*each.flags, **each.settings)
