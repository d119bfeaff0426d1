"""The design of the workflows: for each operation the table of its states (manual, 7.1 and Appendix E).

`docs/states.md` is generated from here: python -m ingest.machines
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ingest import store
from ingest.context import Context
from ingest.steps import engines, media, package
from tlp.db.rows import Cursor

Upload = dict[str, Any]
HOUR = 3600


@dataclass(frozen=True)
class State:
    """One row of an operation's table.

    `jobs` gives what must run in this state (nothing: the state is passed through); `finish` is called when all of it
    has ended well, or at once where there are no jobs. Both take seconds at most and may be called twice.
    """

    name: str
    code: int  # status_code of the API
    error: int  # status_code when it fails here
    words: str  # `info` of /status
    then: str
    jobs: Callable[[Context, Cursor, Upload], list[dict[str, Any]]] | None = None
    finish: Callable[[Context, Cursor, Upload], None] | None = None
    limit: int = HOUR  # seconds it may last


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


UNKNOWN = "An unknown error occurred."
SPEECH_ERRORS = {
    100: UNKNOWN,
    101: "An error occurred while processing the Media Package.",
    102: "An error occurred while transcribing the media.",
    103: "An error occurred while translating the media.",
    104: "An error occurred while generating Text-To-Speech audio tracks.",
    105: "An error occurred while preparing data for the TLP Player.",
    106: "An error occurred while updating internal database.",
}

SPEECH_NEW = Machine(
    "speech",
    "new",
    (
        State("received", 0, 101, "Video ingested, not processed yet.", "packaging"),
        State(
            "packaging", 1, 101, "Processing the media package.", "planning",
            jobs=package.package_jobs, limit=24 * HOUR,
        ),
        State("planning", 1, 101, "Processing the media package.", "transcribing", finish=package.decide),
        State(
            "transcribing", 2, 102, "Transcription in progress. It may take several hours for it to finish.",
            "translating", jobs=engines.transcription_jobs, finish=engines.check_transcription, limit=7 * 24 * HOUR,
        ),
        State(
            "translating", 3, 103, "Translation(s) in progress.", "synthesising",
            jobs=engines.translation_jobs, finish=engines.check_translations, limit=48 * HOUR,
        ),
        State(
            "synthesising", 4, 104, "Text-To-Speech audio track(s) generation in progress.", "converting",
            jobs=engines.track_jobs, finish=engines.check_tracks, limit=7 * 24 * HOUR,
        ),
        State(
            "converting", 5, 105, "Preparing data for the TLP Player.", "storing",
            jobs=media.conversion_jobs, finish=media.check, limit=48 * HOUR,
        ),
        State("storing", 5, 106, "Preparing data for the TLP Player.", "done", finish=store.new_media),
    ),
    End("done", 6, "New media successfully processed."),
    SPEECH_ERRORS,
)  # fmt: skip

MACHINES = {(m.kind, m.operation): m for m in (SPEECH_NEW,)}
FAILED = End("failed", 100, UNKNOWN)


def machine_of(upload: Upload) -> Machine | None:
    """The table for an upload; None for an operation that this version does not know."""
    return MACHINES.get((upload["kind"], upload["operation"]))


def table() -> str:
    """The tables of all operations as Markdown."""
    lines = [
        "# States of uploads",
        "",
        "Generated from `ingest-service/ingest/machines.py` by `python -m ingest.machines`; do not edit.",
        "",
        "A state without work for an upload is passed through in the same tick. Failure in a state ends the upload as",
        "`failed` with the error code of the state; `info` is the sentence of the code, then the reason. An error of",
        "the server's own is tried again first, with growing delays. The time limit is for work; waiting for a free",
        "processor does not count. A job that its machine has lost is run once more.",
    ]
    for machine in MACHINES.values():
        lines += ["", f"## {machine.kind}: {machine.operation}", ""]
        lines += ["| state | status | on failure | jobs | next | time limit | info |", "|---|---|---|---|---|---|---|"]
        for s in machine.states:
            jobs = s.jobs.__name__.replace("_", " ") if s.jobs else "–"
            lines.append(f"| {s.name} | {s.code} | {s.error} | {jobs} | {s.then} | {s.limit // HOUR} h | {s.words} |")
        lines.append(f"| {machine.end.name} | {machine.end.code} | | | | | {machine.end.words} |")
        lines += ["", *(f"- {code}: {sentence}" for code, sentence in machine.errors.items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
