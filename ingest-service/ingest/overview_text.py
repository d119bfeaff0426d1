"""The words and tables of `core.py status`, as wide as a terminal. Pure: what it shows was asked elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tlp.terminal import cut, padded, wide, wrapped

WIDTH = 100  # where no terminal says another one
SHOWN = 20  # rows of a table; --json has more
LINES = 4  # of the last cell of a row: a reason must be readable to its end
LATE_S = 15  # a service takes what is due within a moment
LAST = 34  # columns for it at least, where it needs them
_ID = 11  # characters of an upload's id: `core.py status` takes as many

Row = dict[str, Any]


def fitting(columns: int) -> int:
    """The width for a terminal of so many columns."""
    return min(max(columns, 60), 200)


def everything(found: Row, width: int = WIDTH) -> str:
    """The whole platform, for people."""
    blocks = [
        [*_service(found["service"], width), *_summary(found, width)],
        _running(found, width),
        _table(
            f"Waiting ({found['waiting_count']} uploads)",
            ("UPLOAD", "OBJECT", "STATE", "FOR", "WAITS FOR"),
            [
                (row["upload"], row["external_id"], row["state"], duration(row["seconds"]), row["why"])
                for row in found["waiting"]
            ],
            (_ID, 16, 12, 8), width, found["waiting_count"],
        ),
        _table(
            f"Failed in the last day ({found['failed_count']} uploads)",
            ("UPLOAD", "OBJECT", "IN STATE", "AGO", "REASON"),
            [
                (row["upload"], row["external_id"], row["failed_in"] or "", duration(row["seconds"]), row["reason"])
                for row in found["failed"]
            ],
            (_ID, 16, 12, 8), width, found["failed_count"],
        ),
    ]  # fmt: skip
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _service(service: Row, width: int) -> Iterator[str]:
    if not service["hosts"]:
        yield "The Ingest Service has not run here for a day."
    for place, host in enumerate(service["hosts"]):
        ago = duration(host["age"])
        if host["running"]:
            yield from wrapped(f"The Ingest Service runs: last tick {ago} ago on {host['host']}.", width)
        elif place == 0:
            yield from wrapped(f"The Ingest Service DOES NOT RUN: last tick {ago} ago on {host['host']}.", width)
        else:
            yield from wrapped(f"It has not ticked on {host['host']} for {ago}.", width)


def _summary(found: Row, width: int) -> Iterator[str]:
    late = f", the next one LATE by {duration(found['late'])}" if found["late"] > LATE_S else ""
    states: dict[str, int] = {}
    for row in found["uploads"]:
        states[row["state"]] = states.get(row["state"], 0) + row["uploads"]
    total, failing = sum(states.values()), sum(row["failing"] for row in found["uploads"])
    where = ": " + ", ".join(f"{count} {state}" for state, count in states.items()) if states else ""
    put_off = f"; {failing} put off by an error of the server" if failing else ""
    yield from wrapped(f"Uploads: {total or 'none'} under way{late}{where}{put_off}.", width)
    queues = [
        f"{row['kind']} {row['jobs']} {'wait' if row['state'] == 'planned' else 'with the scheduler'}"
        + (f" ({row['refused']} REFUSED)" if row["refused"] else "")
        for row in found["queues"]
    ]
    yield from wrapped(f"Jobs: {', '.join(queues) or 'none'}.", width)
    sessions = found["sessions"]
    yield f"Edit sessions: {sessions['human']} open, {sessions['for_revision']} to be revised."
    news = ", ".join(
        f"{row['channel']} {row['waiting']} to send" + (f" ({row['failing']} failed before)" if row["failing"] else "")
        for row in found["notifications"]
    )
    yield from wrapped(f"Notifications: {news}.", width)


def _running(found: Row, width: int) -> list[str]:
    """Jobs that run; in a narrow terminal without their systems, so that the rest can be read."""
    heads = ["UPLOAD", "OBJECT", "JOB", "SYSTEM", "WHERE", "FOR", "DONE"]
    most = [_ID, 16, 18, 12, 22, 8]
    rows = [
        [row["upload"], row["external_id"], f"{row['step']}.{row['name']}", row["system"] or "",
         _where(row) or "not known", duration(row["seconds"]), _done(row)]
        for row in found["running"]
    ]  # fmt: skip
    if width < 90:
        del most[3]
        for cells in (heads, *rows):
            del cells[3]
    return _table(f"Running ({found['running_count']} jobs)", heads, rows, most, width, found["running_count"])


def _done(row: Row) -> str:
    if row["queue"]:
        return _waits(row)
    if not row["awaited"]:
        return "ahead"
    left = f", {duration(row['left'])} left" if row["left"] else ""
    return "" if row["percent"] is None else f"{row['percent']} %{left}"


def _waits(row: Row) -> str:
    return f"waits in the queue: {row['queue']}" if row["queue"] else ""


def _where(row: Row) -> str:
    """A job's machine, by its name without a domain, and what the scheduler calls it."""
    node = row["node"] or ""
    short = node if node.replace(".", "").isdigit() else node.partition(".")[0]
    return " ".join(filter(None, (short, row["scheduler_id"])))


def upload(found: Row, width: int = WIDTH) -> str:
    """One upload, for people."""
    over = found["ended"] is not None
    lines = [
        f"{found['upload']}",
        cut(f"{found['operation']} of {found['kind']} '{found['external_id']}' by {found['username']}", width),
        f"sent {when(found['uploaded_on'])}"
        + (f", ended {when(found['ended'])}" if over else f", checked {when(found['last_update'])}"),
        f"{found['state']} (status {found['status_code']})"
        + (f" in {found['failed_in']}" if found["failed_in"] else "")
        + ("" if over else f" for {duration(found['seconds'])}")
        + ("" if found["percent"] is None else f", {found['percent']} % done")
        + (f", about {duration(found['left'])} left" if found["left"] else ""),
        *wrapped(found["info"], width),
        *wrapped(f"waits for: {found['why']}" if found["why"] else "", width),
    ]
    if found["look_in"] is not None and not over:
        lines.append(f"looked at {'now' if found['look_in'] < 1 else 'in ' + duration(found['look_in'])}")
    jobs = [
        (f"{row['step']}.{row['name']}", row["system"] or row["kind"], row["state"],
         _where(row), str(row["attempt"]),
         "" if row["seconds"] is None else duration(row["seconds"]), row["reason"] or _waits(row))
        for row in found["jobs"]
    ]  # fmt: skip
    news = [
        (row["channel"], row["event"], _fate(row), str(row["attempts"]), row["last_error"] or "")
        for row in found["notifications"]
    ]
    blocks = [
        lines,
        _table(
            "Jobs", ("JOB", "SYSTEM", "STATE", "WHERE", "TRY", "TOOK", "REASON"), jobs, (24, 12, 9, 22, 3, 8), width
        ),
        _table("News", ("BY", "OF", "IS", "TRIES", "LAST ERROR"), news, (8, 9, 24, 5), width),
    ]  # fmt: skip
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _fate(row: Row) -> str:
    if row["sent_at"]:
        return f"sent {when(row['sent_at'])}"
    return f"given up {when(row['gave_up_at'])}" if row["gave_up_at"] else "waiting"


def _table(
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    most: Sequence[int],
    width: int,
    total: int | None = None,
) -> list[str]:
    """A table whose columns are as wide as what is in them, `most` at most; the last one has the rest of the lines.

    `total`: how many rows there are where `rows` are but some of them. One upload is told with all its jobs.
    """
    if not rows:
        return []
    shown = [heads, *(rows if total is None else rows[:SHOWN])]
    widths = [min(most, max(wide(row[place]) for row in shown)) for place, most in enumerate(most)]
    needed = min(LAST, max(wide(row[-1]) for row in shown))
    while (rest := width - 2 - sum(widths) - 2 * len(widths)) < needed and max(widths[1:]) > 6:
        widths[1 + widths[1:].index(max(widths[1:]))] -= 1
    lines = [title]
    for row in shown:
        first, *more = [*wrapped(row[-1], rest, LINES)] or [""]
        start = "  ".join([*(padded(cell, width) for cell, width in zip(row, widths, strict=False)), ""])
        lines.append(f"  {start}{first}".rstrip())
        lines += [" " * (width - rest) + line for line in more]
    if total is not None and total >= len(shown):
        lines.append(f"  … and {total - len(shown) + 1} more (--json)")
    return lines


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3.5 h`, `4 days`."""
    if seconds < 90:
        return f"{max(0, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{round(seconds / 86400)} days"


def when(time: Any) -> str:
    """A time in the time zone of this machine."""
    return str(time.astimezone().strftime("%d %b %Y %H:%M:%S"))
