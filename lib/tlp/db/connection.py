"""Connections to PostgreSQL, and what is said to a connection rather than to a table."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import psycopg2.errors
from psycopg2.extensions import connection

from tlp.config import Storage
from tlp.db.rows import Cursor, one

TURN_S = 1.0  # so long a tick waits for another one that gives jobs to the scheduler
LOCK_S = 60.0  # so long anything waits for a lock, as of a person's open transaction: nobody waits for ever
SILENT_S = 60.0  # so long the other side may leave what it was sent unanswered
# An idle connection is tried by both sides: what a machine that vanished holds at the server is let go as soon.
_KEEPALIVES = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


def connect(storage: Storage, database: str | None = None, application: str = "tlp") -> connection:
    """Open a connection whose cursors give rows as dicts. Raises psycopg2.OperationalError.

    What waits for a lock for more than LOCK_S raises psycopg2.errors.LockNotAvailable.
    """
    arguments: dict[str, Any] = {
        "dbname": database or storage.db_name,
        "user": storage.db_user,
        "host": storage.db_host or None,
        "port": storage.db_port,
        "password": storage.db_passwd or None,
        "application_name": application,
        "connect_timeout": 10,
        "cursor_factory": Cursor,
        "options": " ".join(f"-c {name}={value}" for name, value in _at_the_server().items()),
        # a server that vanishes without a word is noticed in about a minute, also with a question on its way to it
        "tcp_user_timeout": int(1000 * SILENT_S),
        **_KEEPALIVES,
    }
    return psycopg2.connect(**arguments)


def _at_the_server() -> dict[str, object]:
    # what is asked here takes milliseconds, which to compile takes a quarter of a second
    settings: dict[str, object] = {"jit": "off", "lock_timeout": f"{int(1000 * LOCK_S)}ms"}
    settings["tcp_user_timeout"] = f"{int(1000 * SILENT_S)}ms"
    return settings | {f"tcp_{name}": value for name, value in _KEEPALIVES.items()}


def is_dead(connection: connection) -> bool:
    """Whether an idle connection has ended at the other side, as after a restart. Asks the socket, not the server."""
    if connection.closed:
        return True
    try:
        if select.select([connection], [], [], 0)[0]:  # an idle server says nothing, unless it takes its leave
            connection.poll()
    except (psycopg2.Error, OSError, ValueError):
        return True
    return bool(connection.closed)


def ping(cur: Cursor) -> None:
    """Ask the server for a sign of life. Raises psycopg2.Error."""
    cur.execute("SELECT 1")


@contextmanager
def savepoint(cur: Cursor) -> Iterator[None]:
    """Undo what the block did to the database when it raises, and keep the transaction and its locks.

    Dear for a row that the transaction has locked before the block and changes in it: PostgreSQL notes both then, and
    an index leads to the old row until the next VACUUM.
    """
    cur.execute("SAVEPOINT step")
    try:
        yield
    except BaseException:
        if not cur.connection.closed:
            # released as well: a block around this one must find its own savepoint under the name
            cur.execute("ROLLBACK TO SAVEPOINT step; RELEASE SAVEPOINT step")
        raise
    cur.execute("RELEASE SAVEPOINT step")


def take_ingest_lock(connection: connection, services: int = 1) -> bool:
    """Become one of the Ingest Services of this database, for as long as the connection lives.

    False: as many as there may be are there already.
    """
    with connection.cursor() as cur:
        taken = any(_try_lock(cur, "tlp ingest service", number) for number in range(max(1, services)))
    connection.commit()
    return taken


def _try_lock(cur: Cursor, name: str, number: int = 0) -> bool:
    cur.execute("SELECT pg_try_advisory_lock(hashtext(%s)::bigint + %s) AS taken", (name, number))
    return bool(one(cur)["taken"])  # type: ignore[index]


@contextmanager
def only_observer(cur: Cursor) -> Iterator[bool]:
    """Become the one that looks how jobs have ended, over the commits of the block. False: another one is at it."""
    alone = _try_lock(cur, "tlp job ends")
    cur.connection.commit()
    try:
        yield alone
    finally:
        if alone:
            _let_go(cur, "tlp job ends")


@contextmanager
def only_submitter(cur: Cursor) -> Iterator[bool]:
    """Wait for the turn to give jobs to the scheduler: two ticks at once must not both take the last free place.

    Kept over the commits of the block; what the block has not committed is undone. False: another one still has it,
    as while a scheduler that is away keeps it waiting; then there is other work to do meanwhile.
    """
    alone = _waited_for(cur, "tlp job submission")
    try:
        yield alone
    finally:
        if alone:
            _let_go(cur, "tlp job submission")


def _waited_for(cur: Cursor, name: str) -> bool:
    try:
        cur.execute("SELECT set_config('lock_timeout', %s, true)", (f"{int(1000 * TURN_S)}ms",))
        cur.execute("SELECT pg_advisory_lock(hashtext(%s))", (name,))
    except psycopg2.errors.LockNotAvailable:
        cur.connection.rollback()
        return False
    cur.connection.commit()
    return True


def _let_go(cur: Cursor, name: str) -> None:
    """What has not been committed is undone."""
    if not cur.connection.closed:
        cur.connection.rollback()
        cur.execute("SELECT pg_advisory_unlock(hashtext(%s))", (name,))
        cur.connection.commit()


def listen(connection: connection) -> None:
    """Have the connection told of new uploads (channel tlp_ingest of the schema's trigger)."""
    with connection.cursor() as cur:
        cur.execute("LISTEN tlp_ingest")
    connection.commit()
