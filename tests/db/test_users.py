"""Quotas of API clients in the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from psycopg2.extras import RealDictCursor

from tlp.db import accounts, users


@pytest.fixture
def cur(db: dict[str, Any]) -> Iterator[Any]:
    connection = psycopg2.connect(**db, cursor_factory=RealDictCursor)
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


@pytest.mark.parametrize(
    ("before", "after"),
    [((None, None), (None, None)), ((3, 90_000), (2, 30_000)), ((1, 20_000), (0, 0)), ((0, None), (0, None))],
)
def test_a_media_takes_its_length_from_a_quota_and_nothing_from_no_limit(cur: Any, before: Any, after: Any) -> None:
    user = users.create(cur, "someone", "a-secret-key-for-tests")
    cur.execute("UPDATE users SET quota_media = %s, quota_media_ms = %s", before)
    users.take_media_quota(cur, user["id"], 60_000)
    left = accounts.find(cur, user["username"])
    assert left is not None
    assert (left["quota_media"], left["quota_media_ms"]) == after
