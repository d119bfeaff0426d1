"""The design of the workflows: for each operation the table of its states (manual, 7.1 and Appendix E).

`docs/states.md` is generated from here: python -m ingest.machines
"""

from __future__ import annotations

from ingest import placing, store, store_text, store_update
from ingest.state import HOUR, End, Machine, State, Upload
from ingest.steps import cancel, delete, document, document_texts, engines, media, package, retrieval, turn, update

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

RECEIVED = "Video ingested, not processed yet."
PACKAGE = "Processing the media package."
TRANSCRIBING = "Transcription in progress. It may take several hours for it to finish."
TRANSLATING = "Translation(s) in progress."
SPEAKING = "Text-To-Speech audio track(s) generation in progress."
PREPARING = "Preparing data for the TLP Player."

RETRIEVING = State(
    retrieval.STATE, 1, 101, "Reading slides, documents and other texts about the lecture.", "transcribing",
    jobs=retrieval.retrieval_jobs, finish=retrieval.tell, optional=True,
)  # fmt: skip

SPEECH_NEW = Machine(
    "speech",
    "new",
    (
        State("received", 0, 101, RECEIVED, "packaging", finish=turn.wait_for_turn, limit=None),
        State(
            "packaging", 1, 101, PACKAGE, "planning",
            jobs=package.package_jobs, limit=24 * HOUR,
        ),
        State("planning", 1, 101, PACKAGE, "retrieving", finish=package.decide),
        RETRIEVING,
        State(
            "transcribing", 2, 102, TRANSCRIBING,
            "translating", jobs=engines.transcription_jobs, finish=engines.check_transcription, limit=7 * 24 * HOUR,
            early="converting",
        ),
        State(
            "translating", 3, 103, TRANSLATING, "synthesising",
            jobs=engines.translation_jobs, finish=engines.check_translations, limit=48 * HOUR,
            early="converting",
        ),
        State(
            "synthesising", 4, 104, SPEAKING, "converting",
            jobs=engines.track_jobs, finish=engines.check_tracks, limit=7 * 24 * HOUR,
            early="converting",
        ),
        State(
            "converting", 5, 105, PREPARING, "storing",
            jobs=media.conversion_jobs, finish=media.check, limit=48 * HOUR,
        ),
        State(
            "storing", 5, 106, PREPARING, "done", jobs=placing.copy_jobs, finish=store.new_media, limit=24 * HOUR
        ),
    ),
    End("done", 6, "New media successfully processed."),
    SPEECH_ERRORS,
)  # fmt: skip

SPEECH_UPDATE = Machine(
    "speech",
    "update",
    (
        State("received", 0, 101, RECEIVED, "guarding", finish=turn.wait_for_turn, limit=None),
        State("guarding", 0, 101, RECEIVED, "packaging", finish=turn.guard, limit=None),
        State("packaging", 1, 101, PACKAGE, "planning", jobs=update.package_jobs, limit=24 * HOUR),
        State("planning", 1, 101, PACKAGE, "listening", finish=update.decide),
        State(
            "listening", 1, 101, PACKAGE, "retrieving",
            jobs=update.sound_jobs, finish=update.take_sound, limit=24 * HOUR,
        ),
        RETRIEVING,
        State(
            "transcribing", 2, 102, TRANSCRIBING, "translating",
            jobs=engines.transcription_jobs, finish=engines.check_transcription, limit=7 * 24 * HOUR,
            early="converting",
        ),
        State(
            "translating", 3, 103, TRANSLATING, "synthesising",
            jobs=engines.translation_jobs, finish=update.finish_translations, limit=48 * HOUR,
            early="converting",
        ),
        State(
            "synthesising", 4, 104, SPEAKING, "converting",
            jobs=engines.track_jobs, finish=engines.check_tracks, limit=7 * 24 * HOUR,
            early="converting",
        ),
        State(
            "converting", 5, 105, PREPARING, "storing",
            jobs=update.conversion_jobs, finish=update.check_conversions, limit=48 * HOUR,
        ),
        State(
            "storing", 5, 106, PREPARING, "tidying",
            jobs=placing.copy_jobs, finish=store_update.update_media, limit=24 * HOUR,
        ),
        State("tidying", 5, 106, PREPARING, "done", finish=store_update.tidy),
    ),
    End("done", 20, "Media successfully updated."),
    SPEECH_ERRORS,
)  # fmt: skip

TEXT_ERRORS = {
    100: UNKNOWN,
    101: "An error occurred while processing the Document Package.",
    102: "An error occurred while translating the document.",
    103: "An error occurred while updating internal database.",
}
TEXT_RECEIVED = "Ingested, not processed yet."


TEXT_PACKAGE = "Processing Document Package file."
STORING = "Storing the documents."

TEXT_NEW = Machine(
    "text",
    "new",
    (
        State("received", 0, 101, TEXT_RECEIVED, "extracting", finish=turn.wait_for_turn, limit=None),
        State("extracting", 1, 101, TEXT_PACKAGE, "planning", jobs=document.extraction_jobs, limit=24 * HOUR),
        State("planning", 1, 101, TEXT_PACKAGE, "translating", finish=document.decide_new),
        State(
            "translating", 2, 102, TRANSLATING, "rebuilding",
            jobs=document_texts.translation_jobs, finish=document_texts.finish_translations, limit=48 * HOUR,
        ),
        State(
            "rebuilding", 2, 102, TRANSLATING, "storing",
            jobs=document_texts.rebuilding_jobs, finish=document_texts.check_rebuilt, limit=24 * HOUR,
        ),
        State("storing", 2, 103, STORING, "done", finish=store_text.new_documents),
    ),
    End("done", 3, "Document(s) successfully processed."),
    TEXT_ERRORS,
)  # fmt: skip

TEXT_UPDATE = Machine(
    "text",
    "update",
    (
        State("received", 0, 101, TEXT_RECEIVED, "guarding", finish=turn.wait_for_turn, limit=None),
        State("guarding", 0, 101, TEXT_RECEIVED, "extracting", finish=turn.guard, limit=None),
        State("extracting", 1, 101, TEXT_PACKAGE, "planning", jobs=document.extraction_jobs, limit=24 * HOUR),
        State("planning", 1, 101, TEXT_PACKAGE, "translating", finish=document.decide_update),
        State(
            "translating", 2, 102, TRANSLATING, "rebuilding",
            jobs=document_texts.translation_jobs, finish=document_texts.finish_translations, limit=48 * HOUR,
        ),
        State(
            "rebuilding", 2, 102, TRANSLATING, "storing",
            jobs=document_texts.rebuilding_jobs, finish=document_texts.check_rebuilt, limit=24 * HOUR,
        ),
        State("storing", 2, 103, STORING, "tidying", finish=store_text.update_documents),
        State("tidying", 2, 103, STORING, "done", finish=store_text.tidy),
    ),
    End("done", 20, "Document(s) successfully updated."),
    TEXT_ERRORS,
)  # fmt: skip


def _delete(kind: str, received: str, end: End, errors: dict[int, str]) -> Machine:
    database = max(errors)  # the code for failures of the database is the last one in both families
    states = (
        State("received", 0, database, received, "hiding", finish=turn.wait_for_turn, limit=None),
        State("hiding", 0, database, received, "removing", finish=delete.hide),
        State("removing", 0, database, "Its files are being removed.", end.name, finish=delete.remove, limit=None),
    )
    return Machine(kind, "delete", states, end, errors)


def _cancel(kind: str, received: str) -> Machine:
    errors = {100: "The upload could not be cancelled."}
    end = End("done", 40, "Cancel upload operation successfully processed.")
    return Machine(kind, "cancel", (State("received", 0, 100, received, end.name, finish=cancel.stop),), end, errors)


MACHINES = {
    (m.kind, m.operation): m
    for m in (
        SPEECH_NEW,
        SPEECH_UPDATE,
        _delete("speech", RECEIVED, End("done", 30, "Media successfully deleted."), SPEECH_ERRORS),
        _cancel("speech", RECEIVED),
        TEXT_NEW,
        TEXT_UPDATE,
        _delete("text", TEXT_RECEIVED, End("done", 30, "Document(s) successfully deleted."), TEXT_ERRORS),
        _cancel("text", TEXT_RECEIVED),
    )
}
FAILED = End("failed", 100, UNKNOWN)


# What an upload of our own says that follows the edits of people: no video has come.
FOLLOWING = {
    "received": "People have changed the text; what depends on it will be made again.",
    "guarding": "People have changed the text; what depends on it will be made again.",
    "packaging": "Looking at what follows from the changes.",
    "planning": "Looking at what follows from the changes.",
}


def words_of(upload: Upload, state: State) -> str:
    """`info` of an upload in a state."""
    return FOLLOWING.get(state.name, state.words) if "edited" in upload["manifest"] else state.words


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
        "processor does not count. A job that its machine has lost is run again.",
        "",
        "Uploads of the same object go one after the other, in the order in which they came; a cancel never waits.",
        "What an upload waits for is added to `info`. A cancelled upload ends with status 90. States without a time",
        "limit only wait, or have no way back: `tidying` and `removing` cannot be cancelled any more.",
        "",
        "`early: converting`: the jobs of that later state need nothing of those before, so they are planned together",
        "with the jobs of this one. They run beside them on processors that no job wants which an upload waits for;",
        "their end is looked at in their own state.",
    ]
    for machine in MACHINES.values():
        lines += ["", f"## {machine.kind}: {machine.operation}", ""]
        lines += ["| state | status | on failure | jobs | next | time limit | info |", "|---|---|---|---|---|---|---|"]
        for s in machine.states:
            jobs = s.jobs.__name__.replace("_", " ") if s.jobs else "–"
            jobs += f"; early: {s.early}" if s.early else ""
            jobs += "; may fail" if s.optional else ""
            limit = f"{s.limit // HOUR} h" if s.limit else "–"
            lines.append(f"| {s.name} | {s.code} | {s.error} | {jobs} | {s.then} | {limit} | {s.words} |")
        lines.append(f"| {machine.end.name} | {machine.end.code} | | | | | {machine.end.words} |")
        lines += ["", *(f"- {code}: {sentence}" for code, sentence in machine.errors.items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
