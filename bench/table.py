"""The rows that measurements give, as a table for people and as JSON. Knows no measurement."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HEAD = ("what", "measured", "beside", "ratio", "goal", "met")


@dataclass(frozen=True)
class Row:
    """One figure. `beside` is what it is compared with, in the same unit; `met` is None where there is no goal."""

    what: str
    measured: float
    unit: str
    beside: float | None = None
    beside_what: str = ""
    goal: str = ""
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        return self.measured / self.beside if self.beside else None


def text(rows: Sequence[Row]) -> str:
    """The table with the line of the machine above it."""
    cells = [HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join([machine(), "", lines[0], "-" * len(lines[0]), *lines[1:]])


def json_text(rows: Sequence[Row]) -> str:
    """The same for programs."""
    values = [{**dataclasses.asdict(row), "ratio": row.ratio} for row in rows]
    return json.dumps({"machine": machine(), "rows": values}, indent=1, ensure_ascii=False) + "\n"


def machine() -> str:
    """When and on what: never the machine's name."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{time.strftime('%Y-%m-%d %H:%M')}  {len(os.sched_getaffinity(0))} processors ({_processor()}), "
        f"{memory:.0f} GiB, Python {platform.python_version()}, load before {_load()}"
    )


_LOAD_BEFORE = os.getloadavg()[0]  # when the measuring began: other work on the machine spoils figures


def _load() -> str:
    return f"{_LOAD_BEFORE:.1f}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _cells(row: Row) -> tuple[str, ...]:
    beside = f"{_number(row.beside)} {row.unit}, {row.beside_what}" if row.beside is not None else row.beside_what
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    met = "" if row.met is None else "yes" if row.met else "NO"
    return (row.what, f"{_number(row.measured)} {row.unit}", beside, ratio, row.goal, met)


def _number(value: float) -> str:
    """Three digits that count."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
