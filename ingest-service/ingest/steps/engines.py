"""Transcription, translation, synthesis: the jobs of the systems that the plan chose, and a look at their results."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ingest import outputs, splitting
from ingest.context import Context
from ingest.plan import Plan, Subtitles, Track
from ingest.steps import retrieval, transcribing
from ingest.steps.package import job, plan_of
from ingest.waiting import Wait
from ingest.work_texts import WorkTexts
from tlp import systems as contract
from tlp.administration import DISABLED
from tlp.db import audiotracks, systems
from tlp.db.rows import Cursor
from tlp.errors import FormatError, SystemUnavailable, TlpError
from tlp.systems import write_aside
from tlp.texts import Text

Upload = dict[str, Any]
NOUNS = {"speech": "subtitles", "text": "translation"}


def transcription_jobs(ctx: Context, cur: Cursor, upload: Upload) -> list[dict[str, Any]]:
    """One ASR job, or its parts and what joins them, unless the plan has none."""
    planned: list[dict[str, Any]] = []
    for s in plan_of(upload).made_by("asr"):
        audio = ctx.work(upload, "audio.wav")
        options = ["--lang", s.language, *retrieval.options(ctx, upload)]
        run = _run(ctx, cur, s.node, s.system, options, audio, f"{s.node}.dfxp")
        parts = splitting.recording(ctx, cur, run, audio)
        whole = splitting.joining(run, parts, audio.parent)  # what is done to captions is done to all of them together
        planned += [*parts, transcribing.with_postprocessing(ctx, upload, s.node, s.language, whole)]
    return planned


def translation_jobs(ctx: Context, cur: Cursor, upload: Upload) -> list[dict[str, Any]]:
    """One MT job a translation; a translation of a translation waits for its source."""
    return mt_jobs(ctx, cur, plan_of(upload), ctx.texts(upload))


def mt_jobs(ctx: Context, cur: Cursor, plan: Plan, work: WorkTexts) -> list[dict[str, Any]]:
    """The translations of a plan, each from a text in the work folder, or in parts and with what joins them."""
    made = plan.made_by("mt")
    names = {s.node for s in made}
    at_once = sum(s.source not in names for s in made)
    planned: list[dict[str, Any]] = []
    divided: dict[str, list[dict[str, Any]]] = {}
    for s in made:
        source = plan.subtitles[s.source or ""]
        options = ["--source", source.language, "--target", s.language]
        run = _run(ctx, cur, work.prefix + s.node, s.system, options, work.path(source.node), work.path(s.node).name)
        if source.node in names:
            run["depends_on"] = [work.prefix + source.node]
            parts = splitting.following(run, divided.get(source.node, []), work.folder)
        else:
            parts = splitting.translation(ctx, cur, run, work, source.node, at_once)
        divided[s.node] = parts
        planned += [*parts, splitting.joining(run, parts, work.folder)]
    return planned


def track_jobs(ctx: Context, cur: Cursor, upload: Upload) -> list[dict[str, Any]]:
    """One TTS job an audio track; or its parts and what joins them, where all of it is to be said."""
    work, tracks = ctx.texts(upload), plan_of(upload).tracks
    following = {track.name: _following(ctx, cur, upload, track) for track in tracks}
    at_once = sum(not arguments for arguments in following.values())
    planned: list[dict[str, Any]] = []
    for track in tracks:
        options = ["--lang", track.language] + (["--voice", track.voice] if track.voice else [])
        files = (work.path(track.source), f"{track.name}.mp3")
        run = _run(ctx, cur, track.name, track.system, options, *files, following[track.name])
        anew = not following[track.name]
        parts = splitting.voice(ctx, cur, run, work, track.source, at_once) if anew else []
        planned += [*parts, splitting.joining(run, parts, work.folder)]
    return planned


def _following(ctx: Context, cur: Cursor, upload: Upload, track: Track) -> list[str]:
    """Arguments of `ingest.jobs.revoice` for a track that follows its edited subtitles; none where it cannot."""
    former = audiotracks.former(cur, track.former) if track.former else None
    path = ctx.storage.path("media", former["path"]) if former else None
    if former is None or path is None or not path.is_file():
        return []
    before, places = (ctx.work(upload, f"{track.name}.former.{kind}") for kind in ("dfxp", "json"))
    write_aside(before, former["body"].encode())
    write_aside(places, json.dumps(former["places"]).encode())
    return ["--before", str(before), "--track", str(path), "--places", str(places)]


def _run(
    ctx: Context,
    cur: Cursor,
    name: str,
    system_id: int | None,
    options: list[str],
    source: Path,
    output: str,
    following: list[str] | None = None,
) -> dict[str, Any]:
    """The job that runs a system on a file, on as many processors as it can use and there are.

    `output`: the name of what it makes, in the work folder once it is done.
    """
    row = systems.by_id(cur, system_id or 0)
    if row is None:
        raise SystemUnavailable(f"system {system_id} is not registered any more")
    if not row["available"] and row["reason"] != DISABLED:  # what the plan has chosen before that is not taken back
        raise Wait(f"Waiting: system {system_id} ({row['name']}) cannot run now: {row['reason']}.")
    folder = contract.load(ctx.storage.path("systems", row["folder"]), ctx.models)
    command, files = [str(folder.run), *options], ["--input", str(source), "--output", outputs.path(output)]
    if following:
        command = [sys.executable, "-m", "ingest.jobs.revoice", *files, *following, "--", *command]
    else:
        command += files
    return job(
        name, row["kind"], command, system_id=row["id"], cpus=max(1, min(folder.cpus, ctx.engine_cpus)),
        gpus=folder.gpus, memory_mb=folder.memory_mb, time_limit_s=folder.hours * 3600,
    )  # fmt: skip


def check_transcription(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """The transcription is there and can be read; what of it was removed or marked is told."""
    for s in plan_of(upload).made_by("asr"):
        made_text(ctx.texts(upload), s)
        transcribing.tell(ctx, cur, upload, s.node, s.language)


def check_translations(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Every translation is there, can be read, and has the segments of its source."""
    plan, work = plan_of(upload), ctx.texts(upload)
    for s in plan.made_by("mt"):
        source = [x.id for x in made_text(work, plan.subtitles[s.source or ""]).current]
        target = [x.id for x in made_text(work, s).current]
        if source != target:
            raise FormatError(
                f"the translation into '{s.language}' by system {s.system} has {len(target)} segments where its "
                f"source has {len(source)}, or other segment ids"
            )


def check_tracks(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Every audio track is there."""
    for track in plan_of(upload).tracks:
        path = ctx.work(upload, f"{track.name}.mp3")
        if not path.is_file() or path.stat().st_size == 0:
            raise TlpError(f"system {track.system} made no audio track in '{track.language}'")


def made_text(work: WorkTexts, s: Subtitles) -> Text:
    """The text of a node. Raises TlpError when its system has made none, FormatError when it cannot be read."""
    made = f"{NOUNS[work.kind]} in '{s.language}'"
    try:
        return work.read(s.node)
    except OSError as error:
        raise TlpError(f"system {s.system} made no {made}") from error
    except FormatError as error:
        raise FormatError(f"system {s.system} made a {made} that cannot be read: {error}") from error
