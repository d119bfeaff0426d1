"""What is told of an upload, and to whom: rows of `notifications`, written in the transaction of the move they tell of.

Sends nothing (see `notify_send`), and never fails a move. Manual, Appendix A, [mailing]; Appendix E, `email`.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any
from urllib.parse import urlsplit

from ingest.modules.base import mailer
from tlp.config import Config, Mailing
from tlp.db import notifications
from tlp.db.connection import savepoint
from tlp.db.rows import Cursor
from tlp.errors import ParameterError
from tlp.manifest_fields import Field

log = logging.getLogger("ingest.notifications")
Row = dict[str, Any]
# Cancelling is done by who would read of it; deleting takes seconds.
MAILED = {"new": ("started", "error", "finished"), "update": ("started", "error", "finished"),
          "delete": ("error", "finished")}  # fmt: skip
CALLED = ("error", "finished", "cancelled")


def tell(config: Config, cur: Cursor, row: Row, event: str) -> None:
    """Queue what is to be told of `event` (started, error, finished, cancelled) of an upload's row."""
    by_mail = config.mailing.enabled and event in MAILED.get(row["operation"], ())
    # a cancelled upload's row is without its manifest
    by_call = event in CALLED and bool(row.get("manifest", {"callback": True}).get("callback"))
    if not (by_mail or by_call):
        return
    try:
        with savepoint(cur):
            upload = notifications.facts(cur, row["id"])
            if event in CALLED and upload["manifest"].get("callback"):
                _add_callback(cur, upload, event)
            if by_mail:
                _add_mail(config.mailing, cur, upload, event)
    except Exception:
        if cur.connection.closed:
            raise
        log.exception("%s: nobody is told of it (%s): the news could not be written", row["id"], event)


def _add_callback(cur: Cursor, upload: Row, event: str) -> None:
    callback, delivery = upload["manifest"]["callback"], notifications.new_id()
    body = {
        "delivery": delivery,
        "event": event,
        "timestamp": int(time.time()),
        "upload_id": upload["id"],
        "object_id": upload["object_ids"][0],
        "object_ids": upload["object_ids"],
        "kind": upload["kind"],
        "operation": upload["operation"],
        "test_mode": upload["test_mode"],
        "status_code": upload["status_code"],
        "info": upload["info"],
        "error_code": upload["error_code"],
        "params": callback.get("params"),
    }
    host = urlsplit(callback["url"]).hostname or ""
    row = {"id": delivery, "upload_id": upload["id"], "channel": "callback", "event": event}
    notifications.add(cur, {**row, "target": callback["url"], "receiver": host, "body": json.dumps(body)})


def _add_mail(mailing: Mailing, cur: Cursor, upload: Row, event: str) -> None:
    found = _addresses(mailing, upload, event)
    if not found:
        return
    made = notifications.made(cur, upload["id"]) if event == "finished" else []
    body = mailer.facts(upload, event, made)
    for address, is_admin in found:
        row = {"id": notifications.new_id(), "upload_id": upload["id"], "channel": "mail", "event": event}
        text = json.dumps({**body, "user": upload["username"] if is_admin else ""})
        notifications.add(cur, {**row, "target": address, "receiver": "", "body": text})


def _addresses(mailing: Mailing, upload: Row, event: str) -> list[tuple[str, bool]]:
    """Who gets a mail, each address once, and whether as an administrator."""
    if upload["session_id"] and event != "error":
        return []  # what people's edits have caused was sent by nobody: its routine is no news, its failure is
    wanted: list[tuple[str, bool]] = []
    if getattr(mailing, f"send_admin_{event}_mail"):
        wanted += [(each, True) for each in getattr(mailing, f"admin_address_{event}").split(",")]
    if getattr(mailing, f"send_client_{event}_mail"):
        wanted += [(each, False) for each in [upload["user_email"] or "", *(upload["manifest"].get("email") or [])]]
    found: dict[str, tuple[str, bool]] = {}
    for address, is_admin in wanted:
        try:
            checked = Field(address, "address").email() if address.strip() else ""
        except ParameterError:
            log.warning("%s: '%s' is no mail address and gets no mail", upload["id"], address)
            continue
        if checked:
            found.setdefault(checked.casefold(), (checked, is_admin))
    return list(found.values())
