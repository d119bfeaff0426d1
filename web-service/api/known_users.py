"""API clients whom the database has named within the last second: a busy one is not looked up for each of its calls.

Only the accounts that exist are kept, so there are no more entries than accounts. A key that was changed or an account
that was switched off is refused a second later at most; a new key is accepted at once, since who is refused by what is
kept here is looked up (api/endpoint.py). What changes something asks the database each time, but for /mod, which saves
into a session that its author has opened already.
"""

from __future__ import annotations

import time

from tlp.db import users
from tlp.db.rows import Cursor, Row

KEEP = 1.0  # seconds


class KnownUsers:
    """One a process, for all threads: each entry is written and read whole."""

    def __init__(self, keep: float = KEEP) -> None:
        self._keep = keep
        self._kept: dict[str, tuple[float, Row]] = {}

    def kept(self, username: str) -> Row | None:
        """What users.by_name gave within the last second; None where nothing is kept, too."""
        kept = self._kept.get(username)
        return kept[1] if kept and time.monotonic() < kept[0] else None

    def ask(self, cur: Cursor, username: str) -> Row | None:
        """As users.by_name, and kept."""
        row = users.by_name(cur, username)
        if row is None:
            self._kept.pop(username, None)
        else:
            self._kept[username] = (time.monotonic() + self._keep, row)
        return row
