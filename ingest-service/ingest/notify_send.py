"""Sends what `notifications` has queued: in threads of its own, so that no server, dead or slow, holds up a tick.

A message is claimed and committed before it is sent, and marked after: killed in between, it is sent again with the
same id, and never lost. A run of core.py from cron ends when what was begun is over, long after it let its lock go.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg2
from psycopg2.extensions import connection

from ingest import callbacks
from ingest.modules.base import mailer
from ingest.modules.base.public_address import shown
from tlp.config import Config
from tlp.db import notifications
from tlp.db.connection import connect
from tlp.db.rows import Cursor
from tlp.errors import NotSent

log = logging.getLogger("ingest.notifications")
Row = dict[str, Any]
BATCH_S = 20.0  # a thread begins nothing new after that; the next tick goes on
FIRST_DELAY_S = 60  # then doubled
MOST_ATTEMPTS = 12  # over 34 hours
REST_S = 60.0  # for a receiver that does not answer
LONGEST_WORDS = 500

SENDERS: dict[str, Callable[[Config, Row], None]] = {"mail": mailer.send, "callback": callbacks.send}
# Threads of this process at once: the one mail server is asked once at a time, callbacks go to many.
_FREE = {"mail": threading.Semaphore(1), "callback": threading.Semaphore(3)}


def start(config: Config, db: connection) -> None:
    """Start a thread for each channel that has something to send now, where one may be started. Never blocks."""
    with db.cursor() as cur:
        found = notifications.due(cur, [name for name in SENDERS if name != "mail" or config.mailing.enabled])
    db.commit()
    for channel in found:
        if _FREE[channel].acquire(blocking=False):
            name = f"tlp {channel}"
            try:
                threading.Thread(target=_run, name=name, args=(config, db.info.dbname, channel)).start()
            except RuntimeError as error:  # the machine has no room for another one
                _FREE[channel].release()
                log.warning("%s waits: %s", channel, error)


def _run(config: Config, database: str, channel: str) -> None:
    try:
        with closing(connect(config.storage, database, f"tlp {channel}")) as db:
            send_due(config, db, channel)
    except psycopg2.Error as error:
        log.warning("the database does not answer, %s waits: %s", channel, str(error).strip().split("\n")[0])
    finally:
        _FREE[channel].release()


def send_due(config: Config, db: connection, channel: str) -> None:
    """Send what is due, one after the other; begins nothing after BATCH_S."""
    until = time.monotonic() + BATCH_S
    with db.cursor() as cur:
        while time.monotonic() < until and (row := notifications.claim(cur, channel)):
            db.commit()
            try:
                SENDERS[channel](config, row)
            except NotSent as error:
                _after_failure(cur, channel, row, error)
            except Exception:
                log.exception("%s: %s about %s failed", row["upload_id"], channel, row["event"])
                _after_failure(cur, channel, row, NotSent("the server failed to send it; its log says why"))
            else:
                notifications.mark_sent(cur, row["id"])
                log.info("%s: %s about %s sent to %s", row["upload_id"], channel, row["event"], _to(row))
            db.commit()
        db.commit()


def _after_failure(cur: Cursor, channel: str, row: Row, error: NotSent) -> None:
    words = "".join(c if c.isprintable() else " " for c in str(error))[:LONGEST_WORDS]
    over = error.for_good or row["attempts"] >= MOST_ATTEMPTS
    delay = None if over else FIRST_DELAY_S * 2.0 ** (row["attempts"] - 1)
    if over and not error.for_good:
        words = f"Given up after {row['attempts']} attempts: {words}"
    notifications.mark_failed(cur, row["id"], words, delay)
    if error.receiver_down:
        notifications.put_off(cur, channel, row["receiver"], REST_S)
    then = "given up" if delay is None else f"next try in {delay / 60:g} min"
    log.warning("%s: %s about %s to %s: %s; %s", row["upload_id"], channel, row["event"], _to(row), words, then)


def _to(row: Row) -> str:
    return row["target"] if not row["receiver"] else shown(row["target"])
