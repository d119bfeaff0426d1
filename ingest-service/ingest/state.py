"""What a state of an upload is, and the table of an operation: the words in which `machines` is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ingest.context import Context
from tlp.db.rows import Cursor

Upload = dict[str, Any]
HOUR = 3600


@dataclass(frozen=True)
class State:
    """One row of an operation's table.

    `jobs` gives what must run in this state (nothing: the state is passed through); `finish` is called when all of it
    has ended well, or at once where there are no jobs. Both take seconds at most and may be called twice; both may
    raise `waiting.Wait`.
    """

    name: str
    code: int  # status_code of the API
    error: int  # status_code when it fails here
    words: str  # `info` of /status
    then: str
    jobs: Callable[[Context, Cursor, Upload], list[dict[str, Any]]] | None = None
    finish: Callable[[Context, Cursor, Upload], None] | None = None
    limit: int | None = 24 * HOUR  # seconds it may last, with what it may wait for; None: it only waits
    optional: bool = False  # a job that fails here is no failure of the upload; `finish` notes it
    # A later state whose jobs need nothing of those before: they are planned with the jobs of this one, and run beside
    # them where processors are free.
    early: str = ""


@dataclass(frozen=True)
class End:
    """How an operation may end."""

    name: str
    code: int
    words: str


@dataclass(frozen=True)
class Machine:
    """An operation on one kind of object."""

    kind: str
    operation: str
    states: tuple[State, ...]
    end: End
    errors: dict[int, str]  # the manual's sentences for the status codes of failures

    def state(self, name: str) -> State | None:
        """A state by name; None for the end."""
        return next((s for s in self.states if s.name == name), None)
