"""Statements so frequent that the server should plan them once a connection, not once a call. Knows no table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from psycopg2.extensions import connection

from tlp.db.rows import Cursor

_VALUE = re.compile(r"%\((\w+)\)s")

_known: WeakKeyDictionary[connection, set[str]] = WeakKeyDictionary()  # the names prepared on each


class Prepared:
    """A statement with values as `%(name)s`; those whose type its use does not tell need a cast."""

    def __init__(self, name: str, query: str) -> None:
        values = list(dict.fromkeys(_VALUE.findall(query)))
        self._name = name
        self._prepare = f"PREPARE {name} AS " + _VALUE.sub(lambda match: f"${values.index(match[1]) + 1}", query)
        self._execute = f"EXECUTE {name} ({', '.join(f'%({value})s' for value in values)})"

    def execute(self, cur: Cursor, values: Mapping[str, Any]) -> None:
        """Run it; the cursor then has its rows. What was prepared outlives the transaction, also one undone."""
        known = _known.setdefault(cur.connection, set())
        if self._name not in known:
            cur.execute(self._prepare)
            known.add(self._name)
        cur.execute(self._execute, values)
