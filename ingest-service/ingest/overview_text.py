"""The words and tables of `core.py status`, at most WIDTH characters wide. Pure: what it shows was asked elsewhere."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

WIDTH = 100
SHOWN = 20  # rows of a table; --json has more
_ID = 11  # characters of an upload's id: `core.py status` takes as many

Row = dict[str, Any]


def everything(found: Row) -> str:
    """The whole platform, for people."""
    blocks = [
        [*_service(found["service"]), *_summary(found)],
        _table(
            f"Running ({len(found['running'])} jobs)",
            ("UPLOAD", "OBJECT", "JOB", "SYSTEM", "WHERE", "FOR", "DONE"),
            [_running(row) for row in found["running"]],
            (_ID, 16, 18, 12, 22, 8),
        ),
        _table(
            f"Waiting ({len(found['waiting'])} uploads)",
            ("UPLOAD", "OBJECT", "STATE", "FOR", "WAITS FOR"),
            [
                (row["upload"], row["external_id"], row["state"], duration(row["seconds"]), row["why"])
                for row in found["waiting"]
            ],
            (_ID, 16, 12, 8),
        ),
        _table(
            f"Failed in the last day ({found['failed_count']} uploads)",
            ("UPLOAD", "OBJECT", "IN STATE", "AGO", "REASON"),
            [
                (row["upload"], row["external_id"], row["failed_in"] or "", duration(row["seconds"]), row["info"])
                for row in found["failed"]
            ],
            (_ID, 16, 12, 8),
        ),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _service(service: Row) -> Iterator[str]:
    if not service["hosts"]:
        yield "The Ingest Service has not run here for a day."
    for host in service["hosts"]:
        word = "runs" if service["running"] else "DOES NOT RUN"
        yield cut(f"The Ingest Service {word}: last tick {duration(host['age'])} ago on {host['host']}.", WIDTH)
        if not service["running"]:
            break


def _summary(found: Row) -> Iterator[str]:
    late = f", the next one LATE by {duration(found['late'])}" if found["late"] > 60 else ""
    yield f"Uploads: {sum(row['uploads'] for row in found['uploads'])} under way{late}."
    queues = [
        f"{row['kind']} {row['jobs']} {'wait' if row['state'] == 'planned' else 'with the scheduler'}"
        for row in found["queues"]
    ]
    yield from _wrapped(f"Jobs: {', '.join(queues) or 'none'}.")
    sessions = found["sessions"]
    yield f"Edit sessions: {sessions['human']} open, {sessions['for_revision']} to be revised."
    news = ", ".join(
        f"{row['channel']} {row['waiting']} to send" + (f" ({row['failing']} failed before)" if row["failing"] else "")
        for row in found["notifications"]
    )
    yield f"Notifications: {news}."


def _running(row: Row) -> tuple[str, ...]:
    where = " ".join(filter(None, (row["node"], row["scheduler_id"]))) or "not known"
    done = "" if row["percent"] is None else f"{row['percent']} %"
    if row["left"]:
        done += f", {duration(row['left'])} left"
    if not row["awaited"]:
        done = "ahead"
    return (
        row["upload"], row["external_id"], f"{row['step']}.{row['name']}", row["system"] or "", where,
        duration(row["seconds"]), done,
    )  # fmt: skip


def upload(found: Row) -> str:
    """One upload, for people."""
    over = found["ended"] is not None
    lines = [
        f"{found['upload']}",
        cut(f"{found['operation']} of {found['kind']} '{found['external_id']}' by {found['username']}", WIDTH),
        f"sent {when(found['uploaded_on'])}"
        + (f", ended {when(found['ended'])}" if over else f", checked {when(found['last_update'])}"),
        f"{found['state']} (status {found['status_code']})"
        + (f" in {found['failed_in']}" if found["failed_in"] else "")
        + ("" if over else f" for {duration(found['seconds'])}")
        + ("" if found["percent"] is None else f", {found['percent']} % done")
        + (f", about {duration(found['left'])} left" if found["left"] else ""),
        *_wrapped(found["info"]),
    ]
    if found["look_in"] is not None and not over:
        lines.append(f"looked at {'now' if found['look_in'] < 1 else 'in ' + duration(found['look_in'])}")
    jobs = [
        (f"{row['step']}.{row['name']}", row["system"] or row["kind"], row["state"],
         " ".join(filter(None, (row["node"], row["scheduler_id"]))), str(row["attempt"]),
         "" if row["seconds"] is None else duration(row["seconds"]), row["reason"] or "")
        for row in found["jobs"]
    ]  # fmt: skip
    news = [
        (row["channel"], row["event"], _fate(row), str(row["attempts"]), row["last_error"] or "")
        for row in found["notifications"]
    ]
    blocks = [
        lines,
        _table("Jobs", ("JOB", "SYSTEM", "STATE", "WHERE", "TRY", "TOOK", "REASON"), jobs, (24, 12, 9, 22, 3, 8)),
        _table("News", ("BY", "OF", "IS", "TRIES", "LAST ERROR"), news, (8, 9, 24, 5)),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _fate(row: Row) -> str:
    if row["sent_at"]:
        return f"sent {when(row['sent_at'])}"
    return f"given up {when(row['gave_up_at'])}" if row["gave_up_at"] else "waiting"


def _table(title: str, heads: Sequence[str], rows: Sequence[tuple[str, ...]], most: Sequence[int]) -> list[str]:
    """A table whose columns are as wide as what is in them, `most` at most; the last one has the rest of the line."""
    if not rows:
        return []
    shown = [heads, *rows[:SHOWN]]
    widths = [min(most, max(wide(row[place]) for row in shown)) for place, most in enumerate(most)]
    lines = [title]
    for row in shown:
        line = "  ".join([*(padded(cell, width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        lines.append(cut(f"  {line}", WIDTH).rstrip())
    if len(rows) > SHOWN:
        lines.append(f"  … and {len(rows) - SHOWN} more (--json)")
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


def wide(text: str) -> int:
    """How many columns of a terminal a text takes: those of East Asia are two wide."""
    return sum(_columns(c) for c in printable(text))


def cut(text: str, width: int) -> str:
    """A text in one line of at most so many columns, `…` at its end where something is left out."""
    text = printable(text)
    if wide(text) <= width:
        return text
    kept, used = [], 0
    for c in text:
        if (used := used + _columns(c)) > width - 1:
            break
        kept.append(c)
    return "".join(kept).rstrip() + "…"


def padded(text: str, width: int) -> str:
    """A text of exactly so many columns. An id is shown by its beginning, without a mark, so that it can be copied."""
    short = text[:width] if text.startswith("up-") else cut(text, width)
    return short + " " * (width - wide(short))


def printable(text: str) -> str:
    """What a client sent must not move the cursor."""
    return "".join(c if c.isprintable() else " " for c in text)


def _columns(c: str) -> int:
    if unicodedata.combining(c):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def _wrapped(text: str) -> Iterator[str]:
    """The lines of a text of any length."""
    line = ""
    for word in printable(text).split():
        if line and wide(line) + 1 + wide(word) > WIDTH:
            yield line
            line = ""
        line = f"{line} {word}".strip()
    if line:
        yield cut(line, WIDTH)
