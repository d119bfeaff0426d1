"""One connection a thread, one transaction a request. A restart of the database is noticed before any work begins."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import psycopg2
from psycopg2.extensions import connection

from tlp.config import Storage
from tlp.db.connection import connect, is_dead, ping
from tlp.db.rows import Cursor, Row

_PATIENCE = 5.0  # seconds that a request waits for a database that is coming back
_FETCHED_AT_ONCE = 2000

T = TypeVar("T")

log = logging.getLogger(__name__)


class Database:
    """The connections of this process. Nothing is opened before it is needed, so a fork can have its own."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._local = threading.local()

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """A cursor whose work is committed at the end of the block, and undone when the block raises."""
        with self._finished(), self._connection(autocommit=False).cursor() as cur:
            yield cur

    @contextmanager
    def begun(self, first: Callable[[Cursor], T]) -> Iterator[tuple[Cursor, T]]:
        """A transaction and what its first query gave; that one is asked again when the connection dies under it."""
        with self._finished():
            cur, result = self._begin(first, autocommit=False)
            with cur:
                yield cur, result

    def repeatable(self, work: Callable[[Cursor], T]) -> T:
        """What `work` gives; all of it is done again when the connection dies under it.

        Each of its queries is a transaction: at READ COMMITTED reads see the same, and two trips are saved.
        """
        with self._finished():
            cur, result = self._begin(work, autocommit=True)
            cur.close()
            return result

    def _begin(self, work: Callable[[Cursor], T], autocommit: bool) -> tuple[Cursor, T]:
        cur = self._connection(autocommit).cursor()
        try:
            return cur, work(cur)
        except psycopg2.Error:
            if not cur.connection.closed:
                raise
        cur = self._connection(autocommit).cursor()
        return cur, work(cur)

    @contextmanager
    def _finished(self) -> Iterator[None]:
        try:
            yield
            # the block may have committed, and its thread got another connection since
            self._local.connection.commit()
        except BaseException:
            with suppress(psycopg2.Error, AttributeError):
                self._local.connection.rollback()
            raise

    def stream(self, query: Callable[[Cursor], Iterator[Row]]) -> Iterator[Row]:
        """The rows of a query of any length in constant memory, in a transaction of its own.

        The result stays at the server and comes in portions.
        """
        with self.begun(ping) as (first, _), first.connection.cursor("stream") as cur:
            cur.itersize = _FETCHED_AT_ONCE
            yield from query(cur)

    def _connection(self, autocommit: bool) -> connection:
        existing: connection | None = getattr(self._local, "connection", None)
        if existing is None or is_dead(existing):
            if existing is not None:
                log.warning("the database connection of this thread has ended: opening another")
                existing.close()
            existing = self._local.connection = self._open()
        if existing.autocommit != autocommit:
            existing.autocommit = autocommit
        return existing

    def _open(self) -> connection:
        give_up = time.monotonic() + _PATIENCE
        while True:
            try:
                return connect(self._storage, application="tlp web service")
            except psycopg2.OperationalError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.1)
