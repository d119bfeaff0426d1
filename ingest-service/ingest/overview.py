"""Tells what the platform is doing: what runs where and how far it is, what waits and why, what has failed.

Only reads, and takes no lock: it may be asked at any time, also while a service runs. The words are made in
`overview_text`; `--json` gives what is here, whose keys docs/operations.md explains.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psycopg2

from ingest import overview_text
from ingest.context import job_folder
from ingest.machines import MACHINES
from ingest.scheduler.notes import waits_for
from tlp.config import Config
from tlp.db import metrics, mounts, overview, progress
from tlp.db.connection import connect
from tlp.db.rows import Cursor, Row
from tlp.errors import StorageError, TlpError
from tlp.storage import Storage

SILENT_S = 180  # cron ticks each minute, and so does a resident service at the latest
HOURS = 24  # for which failures are told
MOST = 1000  # rows of a list; its number is told in full
AWAY = "the database does not answer; the Ingest Service waits for it and goes on by itself when it is back"


def show(config: Config, database: str | None, upload: str | None, as_json: bool) -> int:
    """Print the overview, or what is known of an upload, and return the exit code. Raises TlpError in words."""
    try:
        with closing(connect(config.storage, database, "tlp status")) as db, db.cursor() as cur:
            db.set_session(readonly=True, isolation_level="REPEATABLE READ")
            storage = mounts.storage(cur)
            found = of_upload(cur, storage, upload) if upload else of_all(cur, storage)
    except psycopg2.OperationalError as error:
        words = f"{AWAY}. It says: {' '.join(str(error).split())}"
        if as_json:
            print(json.dumps({"error": words}))
        raise TlpError(words) from error
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2, default=_stamp))
    else:
        width = overview_text.fitting(shutil.get_terminal_size((overview_text.WIDTH, 0)).columns)
        print((overview_text.upload if upload else overview_text.everything)(found, width))
    return 0


def of_all(cur: Cursor, storage: Storage, most: int = MOST) -> dict[str, Any]:
    """The whole platform; lists of `most` rows."""
    hosts = [{**host, "running": host["age"] < SILENT_S} for host in metrics.hosts(cur)]
    sessions, queues = metrics.sessions(cur), metrics.jobs(cur)
    return {
        "asked_at": datetime.now(timezone.utc),
        "service": {"running": any(host["running"] for host in hosts), "hosts": hosts},
        "running": [_placed(storage, row) for row in overview.running(cur, most)],
        "running_count": sum(row["jobs"] for row in queues if row["state"] == "submitted"),
        "waiting": [{**row, "why": why(row)} for row in overview.waiting(cur, most)],
        "waiting_count": overview.how_many_wait(cur),
        "failed": [{**row, "reason": reason(row)} for row in overview.failed(cur, HOURS, most)],
        "failed_count": overview.failures(cur, HOURS),
        "uploads": metrics.uploads(cur),
        "late": metrics.late(cur),
        "queues": queues,
        "sessions": {**sessions, "silence": round(sessions["silence"], 1)},
        "notifications": metrics.notifications(cur),
    }


def of_upload(cur: Cursor, storage: Storage, beginning: str) -> dict[str, Any]:
    """One upload, by its id or the beginning of it."""
    ids = overview.named(cur, beginning)
    if len(ids) > 1:
        raise TlpError(f"status: several uploads begin with '{beginning}': {', '.join(ids)}")
    found = overview.upload(cur, ids[0]) if ids else None
    if found is None:
        raise TlpError(f"status: there is no upload '{beginning}'")
    jobs = [_placed(storage, row) for row in overview.jobs_of(cur, ids[0])]
    waits = None if found["ended"] else progress.waits(cur, ids[0])
    found["why"] = waits and why({"refused": waits["reason"], "before": waits["before"]})
    return {**found, "jobs": jobs, "notifications": overview.notifications_of(cur, ids[0])}


def why(row: Row) -> str:
    """What an upload waits for: the words of /status, and what its jobs wait for."""
    if row["refused"]:
        return f"refused by the scheduler, which is asked again: {row['refused']}"
    if row["before"] is not None:
        before = row["before"]
        first = f"about {before} {'job comes' if before == 1 else 'jobs come'} first" if before else ""
        return f"a free processor: {first or 'it is among the next'}"
    info = str(row["info"])
    waits = info.partition("Waiting: ")[2] or info.partition("Waiting for ")[2]
    return waits or ("the Ingest Service: its next step is due" if row["look_in"] == 0 else info)


def reason(row: Row) -> str:
    """Why an upload has failed: its `info` without the sentence of the status code, which every such failure has."""
    machine = MACHINES.get((row["kind"], row["operation"]))
    sentence = machine.errors.get(row["status_code"], "") if machine else ""
    return str(row["info"]).removeprefix(sentence).strip() or sentence


def _placed(storage: Storage, row: Row) -> Row:
    """A job with its machine, `node`, or, while it waits in the queue of a cluster, with what that says: `queue`.

    Both are None where its folder is not to be seen.
    """
    node = waits = None
    with contextlib.suppress(StorageError):
        folder = job_folder(storage, row)
        node = _node(folder)
        waits = None if node or row.get("state", "submitted") != "submitted" else waits_for(folder)[:300] or None
    made = {**row, "node": node, "queue": waits}
    del made["upload_id"]
    return made


def _node(folder: Path) -> str | None:
    try:
        return (folder / "node").read_text(encoding="utf-8", errors="replace").strip()[:100] or None
    except OSError:
        return None


def _stamp(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat(timespec="seconds")
    raise TypeError(f"{type(value).__name__} is no JSON")
