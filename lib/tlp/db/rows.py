"""The types that every function of this package shares: a cursor, and the rows that it gives."""

from __future__ import annotations

from typing import Any

from psycopg2.extensions import cursor

Row = dict[str, Any]


class Cursor(cursor):  # type: ignore[misc]
    """Gives each row as a plain dict by column name. psycopg2's own cursors of dicts take several times as long."""

    _described: object = None
    _names: tuple[str, ...] = ()

    def fetchone(self) -> Any:  # a Row, or None after the last; callers know which they asked for
        row = super().fetchone()
        return None if row is None else self._row(row)

    def fetchmany(self, size: int | None = None) -> list[Row]:
        return [self._row(row) for row in super().fetchmany(size or self.arraysize)]

    def fetchall(self) -> list[Row]:
        return [self._row(row) for row in super().fetchall()]

    def __next__(self) -> Row:
        return self._row(super().__next__())

    def _row(self, row: tuple[Any, ...]) -> Row:
        if self.description is not self._described:  # another statement
            self._described = self.description
            self._names = tuple(column.name for column in self.description or ())
        return dict(zip(self._names, row, strict=True))


def one(cur: Cursor) -> Row | None:
    """The next row of a result, or None."""
    row: Row | None = cur.fetchone()
    return row
