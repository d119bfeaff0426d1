"""When the processes of uploads began and ended, read from the traces in their folders. Starts and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Span:
    """A process of an upload; times in seconds since the epoch, exact to the clock of the file system (4 ms)."""

    step: str
    name: str
    begin: float  # its script has taken the job: the folder `started`
    end: float  # its script's last act: the file `exit_code`

    @property
    def seconds(self) -> float:
        return self.end - self.begin


def spans(upload: Path) -> list[Span]:
    """The processes of the upload in that folder, in the order in which they began."""
    found = []
    for folder in upload.glob("jobs/*"):
        step, _, run = folder.name.partition(".")
        name = run.rpartition(".")[0]  # a job's name may hold dots, behind it is the number of the attempt
        begin, end = ((folder / trace).stat().st_mtime_ns / 1e9 for trace in ("started", "exit_code"))
        found.append(Span(step, name, begin, end))
    return sorted(found, key=lambda span: span.begin)


def idle(found: Sequence[Span], begin: float, end: float) -> float:
    """Seconds between `begin` and `end` in which none of the processes ran. `found` as `spans` gives it."""
    total, last = 0.0, begin
    for span in found:
        total += max(0.0, span.begin - last)
        last = max(last, span.end)
    return total + max(0.0, end - last)


def handovers(found: Sequence[Span], end: float) -> list[tuple[str, float]]:
    """(what follows, seconds) for each end of a step: to the first process of the next one, and to the upload's end."""
    steps: dict[str, list[Span]] = {}
    for span in found:
        steps.setdefault(span.step, []).append(span)
    ends = [max(span.end for span in step) for step in steps.values()]
    begins = [min(span.begin for span in step) for step in steps.values()][1:]
    return list(
        zip([*list(steps)[1:], "done"], (b - e for e, b in zip(ends, [*begins, end], strict=True)), strict=True)
    )
