"""The types that every function of this package shares."""

from __future__ import annotations

from typing import Any, TypeAlias

from psycopg2.extras import RealDictCursor

Cursor: TypeAlias = RealDictCursor
Row = dict[str, Any]


def one(cur: Cursor) -> Row | None:
    """The next row of a result, or None."""
    row: Row | None = cur.fetchone()
    return row
