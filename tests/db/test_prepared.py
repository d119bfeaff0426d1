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
