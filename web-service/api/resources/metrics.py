"""/metrics: how much waits, runs and has ended, for Prometheus. For administrators only; computed from the database.

Nothing is counted in this process: there are several, and each would tell another number. Requests by interface and
status are in the access log.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from itertools import product
from typing import Any

import falcon

from api import access, forms
from api.exposition import CONTENT_TYPE, Metric, text
from api.services import Services
from tlp.db import metrics as table
from tlp.db import mounts, users
from tlp.db.rows import Cursor, Row
from tlp.errors import AuthenticationError
from tlp.storage import Storage

_LONGEST_S = 2.0  # a database that takes longer for an answer gives none
_WHO = "metrics are for administrators: HTTP Basic with user and secret key, or the parameters user and auth_token"
# Who may be counted, so that the first failure is a step up from 0 and not the birth of a series.
_UPLOADS = tuple(product(("speech", "text"), ("new", "update", "delete", "cancel"), ("done", "failed", "cancelled")))
_PROGRAMS = ("package", "media", "document")  # kinds of jobs without a system
_JOB_ENDS = ("done", "failed", "lost", "cancelled")
_NEWS = tuple(product(("mail", "callback"), ("sent", "given_up")))


class Metrics:
    """The page that Prometheus fetches."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        try:
            sent = _credentials(req) or forms.from_query(req, self._services.config.limits).sent
            if not sent.get("user"):
                raise AuthenticationError(_WHO)
            with self._services.database.begun(lambda cur: self._administrator(cur, sent)) as (cur, user):
                req.context.user = user["username"]
                table.be_quick(cur, _LONGEST_S)
                found = [*_counted(cur), *_waiting(cur), *_alive(cur), *_rooms(mounts.storage(cur))]
        except AuthenticationError:
            resp.set_header("WWW-Authenticate", 'Basic realm="metrics", charset="UTF-8"')
            raise
        resp.content_type = CONTENT_TYPE
        resp.cache_control = ["no-store"]
        resp.text = text(found)

    on_head = on_get

    def _administrator(self, cur: Cursor, sent: dict[str, Any]) -> Row:
        user = access.authenticate(
            partial(users.by_name, cur), {"auth_token": "-", **sent}, None, self._services.config.authentication
        )
        if not user["is_admin"]:
            raise AuthenticationError(_WHO)
        return user


def _credentials(req: falcon.Request) -> dict[str, str]:
    """User and secret key of HTTP Basic; nothing where the request has none."""
    scheme, _, encoded = (req.get_header("Authorization") or "").partition(" ")
    if not scheme:
        return {}
    try:
        name, colon, token = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        colon = ""
    if scheme.lower() != "basic" or not colon:
        raise AuthenticationError(_WHO)
    return {"user": name, "auth_token": token or "-"}


def _counted(cur: Cursor) -> list[Metric]:
    """What has ended, since the database knows of it."""
    rows = table.counted(cur)
    by_metric: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_metric[row["metric"]].append(row)
    jobs = [(kind, "", end) for kind, end in product(_PROGRAMS, _JOB_ENDS)]
    jobs += [(row["kind"], row["folder"], end) for row in table.systems(cur) for end in _JOB_ENDS]
    done = [row for row in by_metric["upload"] if row["labels"][-1] == "done"]
    ran = [row for row in by_metric["job"] if row["labels"][-1] == "done"]
    return [
        _totals("tlp_uploads_ended_total", "Uploads that have ended.", ("kind", "operation", "result"),
                by_metric["upload"], _UPLOADS),
        _times("tlp_upload_seconds", "From the request to the good end of an upload.", ("kind", "operation"), done),
        _times("tlp_state_seconds", "How long uploads were in a state, waiting included.",
               ("kind", "operation", "state"), by_metric["state"]),
        _totals("tlp_jobs_ended_total", "Jobs that have ended; system: the folder of the engine, empty for others.",
                ("kind", "system", "result"), by_metric["job"], jobs),
        _times("tlp_job_seconds", "From the submission of a job to its good end.", ("kind", "system"), ran),
        _totals("tlp_notifications_ended_total", "Mail and callbacks that have been sent or given up.",
                ("channel", "result"), by_metric["notification"], _NEWS),
    ]  # fmt: skip


def _totals(
    name: str, about: str, labels: tuple[str, ...], rows: list[Row], known: Iterable[tuple[str, ...]]
) -> Metric:
    totals = dict.fromkeys(known, 0)
    for row in rows:
        totals[tuple(row["labels"])] = totals.get(tuple(row["labels"]), 0) + row["count"]
    metric = Metric(name, "counter", about)
    for values, count in totals.items():
        metric.add(count, **dict(zip(labels, values, strict=True)))
    return metric


def _times(name: str, about: str, labels: tuple[str, ...], rows: list[Row]) -> Metric:
    """A histogram; what the rows have more labels than it is the same in all of them."""
    metric = Metric(name, "histogram", about)
    by_labels: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        by_labels[tuple(row["labels"][: len(labels)])].append(row)
    for values, of_these in by_labels.items():
        counts = {row["bucket"]: row["count"] for row in of_these}
        total = sum(row["seconds"] for row in of_these)
        metric.add_histogram(table.BOUNDS, counts, total, dict(zip(labels, values, strict=True)))
    return metric


def _waiting(cur: Cursor) -> list[Metric]:
    """What is there now: uploads, jobs, sessions, news."""
    open_sessions, sessions = _gauge("tlp_sessions_open", "Edit sessions that are open."), table.sessions(cur)
    for author in ("human", "computer"):
        open_sessions.add(sessions[author], author=author)
    return [
        *_gauges(table.uploads(cur), ("kind", "operation", "state"), {
            "uploads": ("tlp_uploads", "Uploads that have not ended."),
            "failing": ("tlp_uploads_failing", "Uploads that an error of the server puts off."),
            "longest": ("tlp_upload_longest_seconds", "How long the first upload of a state has been in it."),
        }),
        _gauge("tlp_upload_late_seconds", "How long the next upload has been due; about 0 while a service runs.",
               table.late(cur)),
        *_gauges(table.jobs(cur), ("kind", "state"), {
            "jobs": ("tlp_jobs", "Jobs that wait (planned) or are with the scheduler (submitted)."),
            "refused": ("tlp_jobs_refused", "Jobs that the scheduler does not take."),
            "longest": ("tlp_job_longest_seconds", "How long the first job has waited, or been with the scheduler."),
        }),
        open_sessions,
        _gauge("tlp_sessions_for_revision", "Ended edit sessions that wait to be revised.", sessions["for_revision"]),
        _gauge("tlp_session_silence_seconds", "The longest silence in an open session of a person.",
               sessions["silence"]),
        *_gauges(table.notifications(cur), ("channel",), {
            "waiting": ("tlp_notifications_waiting", "Mail and callbacks that are to be sent."),
            "failing": ("tlp_notifications_failing", "Those of them that could not be sent before."),
            "longest": ("tlp_notification_longest_seconds", "How long the first of them has waited."),
        }),
    ]  # fmt: skip


def _alive(cur: Cursor) -> list[Metric]:
    """Signs of life: of the Ingest Service, and of the systems."""
    ticks = _gauge("tlp_ingest_last_tick_timestamp_seconds", "When a machine has finished a tick last (UNIX time).")
    for row in table.hosts(cur):
        ticks.add(round(row["ticked_at"].timestamp(), 3), host=row["host"])
    offers = [{**row, "system": row["folder"]} for row in table.systems(cur)]
    return [
        ticks,
        *_gauges(offers, ("kind", "system"), {
            "offered": ("tlp_system_offers", "Languages, pairs or voices that a system folder offers."),
            "missing": ("tlp_system_missing", "Those that it cannot offer now; `systems list` says why."),
        }),
    ]  # fmt: skip


def _rooms(storage: Storage) -> list[Metric]:
    """The room on the file systems of the mount points, as this machine sees them."""
    free = _gauge("tlp_disk_free_bytes", "Free room where a mount point is.")
    size = _gauge("tlp_disk_size_bytes", "Room in all where a mount point is.")
    files = _gauge("tlp_disk_free_files", "How many more files it takes (inodes); not where there is no limit.")
    there = _gauge("tlp_mount_there", "1: the folder of the mount point is there.")
    for name, path in sorted(storage.mounts.items()):
        there.add(int(path.is_dir()), mount=name)
        if path.is_dir():
            disk = os.statvfs(path)
            free.add(disk.f_bavail * disk.f_frsize, mount=name)
            size.add(disk.f_blocks * disk.f_frsize, mount=name)
            if disk.f_files:
                files.add(disk.f_favail, mount=name)
    return [there, free, size, files]


def _gauge(name: str, about: str, value: float | None = None) -> Metric:
    metric = Metric(name, "gauge", about)
    if value is not None:
        metric.add(value)
    return metric


def _gauges(rows: list[Row], labels: tuple[str, ...], columns: dict[str, tuple[str, str]]) -> list[Metric]:
    """A gauge a column: its name and what it says."""
    made = []
    for column, (name, about) in columns.items():
        metric = _gauge(name, about)
        for row in rows:
            metric.add(row[column], **{label: row[label] for label in labels})
        made.append(metric)
    return made
