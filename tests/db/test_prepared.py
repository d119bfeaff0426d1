"""Statements that are prepared: planned once in a while, and still known after a transaction was undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from tlp.db import prepared
from tlp.db.prepared import Prepared
from tlp.db.rows import Cursor

ADD = Prepared("add_for_a_test", "SELECT %(a)s::integer + %(b)s::integer + %(a)s::integer AS sum")


@pytest.fixture
def cursor(db: dict[str, Any]) -> Iterator[Any]:
    with closing(psycopg2.connect(**db, cursor_factory=Cursor)) as connection, connection.cursor() as cur:
        yield cur


def planned_at(cur: Any) -> Any:
    cur.execute("SELECT prepare_time FROM pg_prepared_statements WHERE name = 'add_for_a_test'")
    [row] = cur.fetchall()
    return row["prepare_time"]


def test_a_statement_is_planned_once_and_outlives_a_transaction_that_is_undone(cursor: Any) -> None:
    times = set()
    for number in range(3):
        ADD.execute(cursor, {"a": number, "b": 1})
        assert cursor.fetchone()["sum"] == 2 * number + 1
        times.add(planned_at(cursor))
        cursor.connection.rollback()
    assert len(times) == 1


def test_after_some_seconds_it_is_planned_anew(cursor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "PLANNED_S", 0.0)
    times = set()
    for _ in range(2):
        ADD.execute(cursor, {"a": 1, "b": 2})
        assert cursor.fetchone()["sum"] == 4
        times.add(planned_at(cursor))
        cursor.connection.commit()
    assert len(times) == 2


READ = Prepared("read_for_a_test", "SELECT a FROM table_of_a_test")


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_statement_that_could_not_be_planned_anew_is_planned_by_the_next_call(
    cursor: Any, monkeypatch: pytest.MonkeyPatch, autocommit: bool
) -> None:
    """Its table is away for a moment, as while a migration holds it."""
    cursor.connection.autocommit = autocommit
    cursor.execute("CREATE TEMPORARY TABLE table_of_a_test AS SELECT 1 AS a")
    READ.execute(cursor)
    cursor.execute("ALTER TABLE table_of_a_test RENAME TO away")
    cursor.connection.commit()
    with monkeypatch.context() as patch:
        patch.setattr(prepared, "PLANNED_S", 0.0)
        with pytest.raises(psycopg2.errors.UndefinedTable):
            READ.execute(cursor)
        cursor.connection.rollback()
    cursor.execute("ALTER TABLE away RENAME TO table_of_a_test")
    for _ in range(2):
        READ.execute(cursor)
        assert cursor.fetchone() == {"a": 1}


def test_a_lock_that_is_waited_for_too_long_costs_one_call_only(
    cursor: Any, db: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor.execute("CREATE TABLE IF NOT EXISTS table_of_a_test AS SELECT 1 AS a; SET lock_timeout = '100ms'")
    READ.execute(cursor)
    cursor.connection.commit()
    with closing(psycopg2.connect(**db)) as other, other.cursor() as migration:
        migration.execute("LOCK TABLE table_of_a_test IN ACCESS EXCLUSIVE MODE")
        monkeypatch.setattr(prepared, "PLANNED_S", 0.0)
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            READ.execute(cursor)
        cursor.connection.rollback()
    for _ in range(2):
        READ.execute(cursor)
        assert cursor.fetchone() == {"a": 1}
    cursor.execute("DROP TABLE table_of_a_test")
    cursor.connection.commit()


@pytest.mark.parametrize("server", ["DEALLOCATE ALL", "PREPARE add_for_a_test AS SELECT 0 AS sum"])
def test_a_server_that_knows_less_or_more_is_put_right_outside_of_a_transaction(cursor: Any, server: str) -> None:
    if server.startswith("DEALLOCATE"):
        ADD.execute(cursor, {"a": 1, "b": 2})
    cursor.execute(server)
    cursor.connection.commit()
    ADD.execute(cursor, {"a": 1, "b": 2})
    assert cursor.fetchone()["sum"] == 4


def test_inside_a_transaction_that_error_is_raised_and_the_next_call_goes_well(cursor: Any) -> None:
    ADD.execute(cursor, {"a": 1, "b": 2})
    cursor.execute("DEALLOCATE ALL")
    with pytest.raises(psycopg2.errors.InvalidSqlStatementName):
        ADD.execute(cursor, {"a": 1, "b": 2})
    cursor.connection.rollback()
    cursor.execute("SELECT 1")
    ADD.execute(cursor, {"a": 1, "b": 2})
    assert cursor.fetchone()["sum"] == 4
