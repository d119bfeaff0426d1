"""Statements so frequent that the server should plan them once in a while, not once a call. Knows no table."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from psycopg2.errors import DuplicatePreparedStatement, InvalidSqlStatementName
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, connection

from tlp.db.rows import Cursor

_VALUE = re.compile(r"%\((\w+)\)s")
# A plan does not follow the size of its tables by itself, which may grow a thousandfold before somebody analyses them.
PLANNED_S = 10.0

_known: WeakKeyDictionary[connection, dict[str, float]] = WeakKeyDictionary()  # by name: when it was prepared on each


class Prepared:
    """A statement with values as `%(name)s`; those whose type its use does not tell need a cast."""

    def __init__(self, name: str, query: str) -> None:
        values = list(dict.fromkeys(_VALUE.findall(query)))
        self._name = name
        self._prepare = f"PREPARE {name} AS " + _VALUE.sub(lambda match: f"${values.index(match[1]) + 1}", query)
        given = f" ({', '.join(f'%({value})s' for value in values)})" if values else ""
        self._execute = f"EXECUTE {name}{given}"

    def execute(self, cur: Cursor, values: Mapping[str, Any] | None = None) -> None:
        """Run it; the cursor then has its rows. What was prepared outlives the transaction, also one undone.

        Where the server knows less or more than we do, it is prepared anew; inside a transaction, which that error has
        ended, it is raised and the next call goes well.
        """
        known = _known.setdefault(cur.connection, {})
        may_repeat = cur.connection.info.transaction_status == TRANSACTION_STATUS_IDLE
        try:
            self._run(cur, values, known)
        except (InvalidSqlStatementName, DuplicatePreparedStatement) as error:
            known.pop(self._name, None)
            if isinstance(error, DuplicatePreparedStatement):
                known[self._name] = -math.inf
            if not may_repeat:
                raise
            cur.connection.rollback()
            self._run(cur, values, known)

    def _run(self, cur: Cursor, values: Mapping[str, Any] | None, known: dict[str, float]) -> None:
        """`known` follows the server statement by statement: any of the three may fail."""
        now = time.monotonic()
        if self._name in known and now - known[self._name] >= PLANNED_S:
            cur.execute(f"DEALLOCATE {self._name}")
            del known[self._name]
        if self._name not in known:
            cur.execute(self._prepare)
            known[self._name] = now
        cur.execute(self._execute, values)
