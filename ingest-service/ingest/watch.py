"""The resident Ingest Service: the same tick, woken by new uploads and by the end of jobs (`core.py --watch`)."""

from __future__ import annotations

import contextlib
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
from ingest.dispatch import live_jobs
from ingest.ends import LOOK_S, Ends, next_look, path
from ingest.prepare import prepare
from ingest.tick import tick
from tlp.config import Config
from tlp.db import jobs, uploads
from tlp.db.connection import connect, is_dead, listen, take_ingest_lock
from tlp.errors import TlpError

log = logging.getLogger("ingest")
LONGEST_RETRY_S = 30.0
LONGEST_SLEEP_S = 60.0  # also without anything to wait for: cron would look as often
SHORTEST_TICK_S = 0.02  # from one tick to the next, so that nothing can keep a processor busy
LOCK_RETRY_S = 2.0
HELD_S = 1.0  # until an upload is looked at again that was due and that another service had


class Watch:
    """Ticks until told to stop; a lost database is waited for."""

    def __init__(self, config: Config, database: str | None) -> None:
        self._config, self._database = config, database
        self._stopping = False
        self._served = False
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)

    def run(self) -> int:
        """Returns the exit code: 0 when stopped by a signal, 0 as well when another service held the lock first.

        Raises TlpError for a configuration that cannot be used.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        delay = 1.0
        while not self._stopping:
            began = time.monotonic()
            try:
                if not self._serve():
                    return 0
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                self._log_lost(delay, error)
            except TlpError:
                raise
            except Exception:
                log.exception("an unexpected error, next try in %g s", delay)
            if time.monotonic() - began > LONGEST_RETRY_S:
                delay = 1.0
            if not self._stopping:
                self._sleep([], delay)
                delay = min(LONGEST_RETRY_S, delay * 2)
        log.info("the Ingest Service stops; running jobs go on and are found again")
        return 0

    def _log_lost(self, delay: float, error: Exception) -> None:
        words = (str(error).strip().splitlines() or [type(error).__name__])[0]
        log.warning("the database does not answer, next try in %g s: %s", delay, words)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"x")

    def _serve(self) -> bool:
        """Work with one set of connections until told to stop; False when another service held the lock first."""
        with self._connection("tlp ingest") as db, self._connection("tlp ingest lock") as lock:
            if not self._locked(lock):
                return False
            ctx = prepare(self._config, db)
            listen(db)
            with db.cursor() as cur:
                registry.register(ctx, cur)  # what came or went while no service ran
            db.commit()
            log.info("the Ingest Service watches, %s", _places(ctx))
            self._served = True
            ended = Ends(path(ctx))
            while not self._stopping:
                if is_dead(lock):
                    raise psycopg2.OperationalError("the connection that holds the lock is lost")
                self._tick(ctx, db, lock, ended)
        return True

    def _connection(self, application: str) -> contextlib.closing[connection]:
        return contextlib.closing(connect(self._config.storage, self._database, application))

    def _locked(self, lock: connection) -> bool:
        """Become one of the services. One that was waits for whoever took its place while the database was away."""
        while not self._stopping and not take_ingest_lock(lock, self._config.core.services):
            if not self._served:
                log.info("another Ingest Service works on this database; leaving")
                return False
            self._sleep([], LOCK_RETRY_S)
        return True

    def _tick(self, ctx: Context, db: connection, lock: connection, ended: Ends) -> None:
        began = time.monotonic()
        ended.changed()  # what is written from now on may be of a job that this tick finds running
        with db.cursor() as cur:
            registry.refresh(ctx, cur)
        db.commit()
        if not tick(ctx, db) and not self._stopping:
            self._wait(ctx, db, lock, ended)
        self._sleep([], max(0.0, began + SHORTEST_TICK_S - time.monotonic()))

    def _wait(self, ctx: Context, db: connection, lock: connection, ended: Ends) -> None:
        """Sleep until an upload arrives, a job ends, or the next upload is due."""
        with db.cursor() as cur:
            running = live_jobs(ctx, cur)
            expecting = bool(running) or jobs.any_planned(cur)
            due = uploads.next_due_in(cur)
            if due == 0.0 and uploads.claim_due(cur) is None:
                due = HELD_S  # another service has it; where that one dies, it is ours then
        db.commit()
        longest = min(LONGEST_SLEEP_S, ctx.config.core.poll_interval) if expecting else LONGEST_SLEEP_S
        db.poll()
        if not db.notifies:
            watched = [job for job in running if job.id not in ctx.unnoted]  # the others would wake it at once
            fds = ctx.scheduler.watch(watched)
            unwatched = len(fds) < len(watched)
            longest = next_look(watched, longest) if unwatched else longest
            longest = min([longest, *ctx.unnoted.values()])
            until = time.monotonic() + (longest if due is None else min(longest, due))
            try:
                self._listen([db.fileno(), lock.fileno(), *fds], until, ended if unwatched else None)
            finally:
                for fd in fds:
                    os.close(fd)
            db.poll()
        db.notifies.clear()

    def _listen(self, fds: list[int], until: float, ended: Ends | None) -> None:
        """Sleep until there is something to be heard, or the time comes; looks at the file of ends now and then."""
        while (left := until - time.monotonic()) > 0 and not (ended and ended.changed()):
            if self._sleep(fds, min(left, LOOK_S) if ended else left):
                return

    def _sleep(self, fds: list[int], seconds: float) -> bool:
        """Whether something woke it."""
        poll = select.poll()  # not select(): a cluster may have more jobs than it takes
        for fd in [self._wake_read, *fds]:
            poll.register(fd, select.POLLIN)
        return bool(poll.poll(max(0.0, seconds) * 1000))


def _places(ctx: Context) -> str:
    """Where jobs run: whoever has just configured a cluster looks for that first."""
    settings, here = ctx.config.scheduler, f"with {ctx.slots} processors for jobs"
    there = f", {settings.ssh_user}@{settings.ssh_host}" if settings.ssh_host else ""
    if settings.kind == "local":
        return here
    what = "all jobs" if settings.localhost else f"{here} here; engines"
    return f"{what} run on the cluster ({settings.kind}{there})"
