"""Says what was done, in plain short lines, and remembers whether something failed. It decides nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

DONE, FAILED, USAGE, NOT_RUNNING = 0, 1, 2, 3  # exit codes of install.sh


class InstallError(Exception):
    """A step cannot be done. `remedy` says what the person can do about it."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass
class Report:
    """Prints one line a fact: `ok` (was fine), `done`, `skip`, `failed`, each with a reason."""

    changed: int = 0
    skipped: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def ok(self, words: str) -> None:
        """It was as it should be; nothing was changed."""
        _line("ok", words)

    def done(self, words: str) -> None:
        self.changed += 1
        _line("done", words)

    def skip(self, words: str, remedy: str = "") -> None:
        """Something optional is not to be had; the rest goes on."""
        self.skipped.append(words)
        _line("skip", words, remedy)

    def fail(self, words: str, remedy: str = "") -> None:
        self.failed.append(words)
        _line("failed", words, remedy)

    def error(self, error: InstallError) -> None:
        self.fail(str(error), error.remedy)

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Announce something that takes a while; says how long it took when it ends well."""
        begin = time.monotonic()
        _line("...", doing)
        yield
        self.done(f"{doing} ({time.monotonic() - begin:.0f} s)")

    @property
    def exit_code(self) -> int:
        return FAILED if self.failed else DONE


def _line(mark: str, words: str, remedy: str = "") -> None:
    stream = sys.stderr if mark == "failed" else sys.stdout
    first, *rest = words.splitlines() or [""]
    print(f"{mark:<7} {first}", file=stream)
    for line in [*rest, *remedy.splitlines()]:
        print(f"        {line}", file=stream)
    stream.flush()
