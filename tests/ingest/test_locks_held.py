"""Somebody holds a lock in the database, as a person with an open transaction: nothing waits for it without end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest
from tiny_media import Media
from world import CORE, World, wait_until

from ingest.tick import tick
from tlp.db import connection as connections
from tlp.db.connection import connect, ping

# core.py --watch with less patience than an installed one
_WATCH = """
import sys
sys.path.insert(0, sys.argv[1])
from ingest import command
from tlp.db import connection
connection.LOCK_S = 2.0
sys.exit(command.main(["--watch", "-C", sys.argv[2]]))
"""


@pytest.fixture
def world(quick: World) -> World:
    return quick


@contextmanager
def held(world: World, statement: str) -> Iterator[psycopg2.extensions.connection]:
    """Another session that has done this and does not say that it is done."""
    with closing(psycopg2.connect(**world.db)) as person, person.cursor() as cur:
        cur.execute(statement)
        yield person


def waiting_for_locks(world: World) -> int:
    [row] = world.rows("SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                       "AND datname = current_database()")  # fmt: skip
    return int(row["n"])


def test_an_upload_whose_rows_are_held_is_put_off_in_words_and_is_no_failure(
    world: World, recordings: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LOCK_S", 0.3)
    world.usual_systems()
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
    with world.service() as (ctx, db):
        with held(world, "LOCK TABLE jobs IN SHARE ROW EXCLUSIVE MODE"):
            tick(ctx, db)
        row = world.status(upload)
        assert "Waiting: something else works on the same rows" in row["info"]
        assert row["finished_at"] is None and row["attempts"] == 0
        world.rows("UPDATE uploads SET due_at = now()")
    assert world.finish(upload)[0]["state"] == "done"


def test_a_service_that_waits_for_a_table_says_so_and_is_stopped_by_a_signal(world: World) -> None:
    log = world.folder / "log"
    with held(world, "LOCK TABLE systems"), log.open("w") as errors:
        command = [sys.executable, "-c", _WATCH, str(CORE.parent), str(world.config_file)]
        core = subprocess.Popen(command, stderr=errors)
        try:
            wait_until(lambda: waiting_for_locks(world))
            wait_until(lambda: "canceling statement due to lock timeout" in log.read_text())
            wait_until(lambda: waiting_for_locks(world))
            core.send_signal(signal.SIGTERM)
            assert core.wait(20) == 0
        finally:
            core.kill()
            core.wait()


def test_a_service_that_vanished_leaves_its_locks_after_a_minute_and_not_after_hours(world: World) -> None:
    """The server tries a silent connection as soon as the service does; else a second machine could not take over."""
    with closing(connect(world.config.storage)) as db, db.cursor() as cur:
        found = {}
        for name in ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout"):
            cur.execute(f"SHOW {name}")  # what the socket at the server has
            found[name] = str(next(iter(cur.fetchone().values())))
    assert found["tcp_user_timeout"] in ("1min", "60s", "60000")
    assert [int(found[f"tcp_keepalives_{name}"]) for name in ("idle", "interval", "count")] == [30, 10, 3]


def test_a_server_that_takes_no_question_any_more_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process is stopped, and the question is longer than what the machine keeps for it."""
    monkeypatch.setattr(connections, "SILENT_S", 2.0)
    with closing(connect(world.config.storage)) as db, db.cursor() as cur:
        ping(cur)  # the transaction has begun
        server = db.info.backend_pid
        goes_on = threading.Timer(30, os.kill, (server, signal.SIGCONT))
        os.kill(server, signal.SIGSTOP)
        goes_on.start()
        began = time.monotonic()
        try:
            with pytest.raises(psycopg2.OperationalError):
                cur.execute("SELECT length(%s)", ("x" * 32_000_000,))
        finally:
            goes_on.cancel()
            os.kill(server, signal.SIGCONT)
    assert time.monotonic() - began < 25
