"""The resident Ingest Service: the same tick, woken by new uploads and by the end of jobs (`core.py --watch`)."""

from __future__ import annotations

import logging
import os
import select
import signal
import time
from types import FrameType

import psycopg2
from psycopg2.extensions import connection

from ingest import registry
from ingest.context import Context
from ingest.prepare import prepare
from ingest.tick import live_jobs, tick
from tlp.config import Config
from tlp.db import uploads
from tlp.db.connection import connect, listen, take_ingest_lock

log = logging.getLogger("ingest")
REGISTER_EVERY = 600  # seconds between two looks at the system folders
LONGEST_RETRY = 30


class Watch:
    """Ticks until told to stop; a lost database is waited for."""

    def __init__(self, config: Config, database: str | None) -> None:
        self._config, self._database = config, database
        self._stopping = False
        self._wake_read, self._wake_write = os.pipe()

    def run(self) -> int:
        """Returns the exit code: 0 when stopped by a signal, 0 as well when another service holds the lock."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        delay = 1
        while not self._stopping:
            try:
                if not self._serve():
                    return 0
                delay = 1
            except psycopg2.OperationalError as error:
                log.warning("the database is not there, next try in %d s: %s", delay, str(error).strip())
                self._sleep([], delay)
                delay = min(LONGEST_RETRY, delay * 2)
        log.info("the Ingest Service stops; running jobs go on and are found again")
        return 0

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        os.write(self._wake_write, b"x")

    def _serve(self) -> bool:
        """Work with one set of connections until told to stop; False when another service holds the lock."""
        db = connect(self._config.storage, self._database, "tlp ingest")
        lock = connect(self._config.storage, self._database, "tlp ingest lock")
        try:
            if not take_ingest_lock(lock):
                log.info("another Ingest Service works on this database; leaving")
                return False
            ctx = prepare(self._config, db)
            listen(db)
            log.info("the Ingest Service watches, with %d processors for jobs", ctx.slots)
            registered = 0.0
            while not self._stopping:
                if time.monotonic() - registered > REGISTER_EVERY or not registered:
                    with db.cursor() as cur:
                        registry.register(ctx, cur)
                    db.commit()
                    registered = time.monotonic()
                tick(ctx, db)
                self._wait(ctx, db)
            return True
        finally:
            db.close()
            lock.close()

    def _wait(self, ctx: Context, db: connection) -> None:
        """Sleep until an upload arrives, a job ends, or the next upload is due."""
        with db.cursor() as cur:
            running = live_jobs(ctx, cur)
            due = uploads.next_due_in(cur)
        db.commit()
        db.poll()
        if db.notifies:
            db.notifies.clear()
            return
        longest = float(ctx.config.core.poll_interval if running else 60)
        ends = ctx.scheduler.watch(running)
        try:
            self._sleep([db.fileno(), *ends], longest if due is None else min(longest, due))
        finally:
            for fd in ends:
                os.close(fd)
        db.poll()
        db.notifies.clear()

    def _sleep(self, fds: list[int], seconds: float) -> None:
        ready, _, _ = select.select([self._wake_read, *fds], [], [], seconds)
        if self._wake_read in ready:
            os.read(self._wake_read, 100)
