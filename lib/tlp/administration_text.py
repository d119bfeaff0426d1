"""The tables of `db/admin.py`, for people; programs ask for JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tlp.administration import UNLIMITED, time_in_words
from tlp.terminal import cut, padded, printable, wide

Row = dict[str, Any]
LONGEST_CELL = 60  # columns of a cell
WORDS = ("reason", "info")  # why something is as it is: the last ones of a table, and never cut


def table(rows: list[Row]) -> str:
    """Rows for people: a line each, with a head; a single one as `name  value` lines."""
    if not rows:
        return "There is none."
    names = list(rows[0])
    if len(rows) == 1 and len(names) > 1:
        width = max(map(len, names))
        return "\n".join(f"{name:{width}}  {_cell(name, rows[0][name])}" for name in names)
    names.sort(key=WORDS.__contains__)
    lines = [names, *([_cut(name, _cell(name, row[name])) for name in names] for row in rows)]
    widths = [max(wide(line[place]) for line in lines) for place in range(len(names))]
    return "\n".join("  ".join(map(padded, line, widths)).rstrip() for line in lines)


def _cut(name: str, cell: str) -> str:
    return cell if name in WORDS else cut(cell, LONGEST_CELL)


def _cell(name: str, value: Any) -> str:
    if name.startswith(("quota_", "reserved_")):
        if value is None:
            return UNLIMITED
        return time_in_words(value) if name.endswith("_ms") else str(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return "–" if value is None else printable(str(value))
