"""Divides the job of a system among several where there is room for them: parts, and a job that joins what they make.

It decides how many parts there are and where they begin; jobs on the nodes cut and join (`ingest.jobs.part`, `join`).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ingest import outputs
from ingest.context import Context
from ingest.ending import live_job
from ingest.modules.tl.asr import pauses
from ingest.modules.tl.parts import text
from ingest.scheduler import JobSpec, LiveJob
from ingest.work_texts import WorkTexts
from tlp import systems
from tlp.db import jobs
from tlp.db.rows import Cursor
from tlp.errors import Killed, MediaError
from tlp.voice.text import speakable

log = logging.getLogger("ingest")
Planned = dict[str, Any]
SOUND, TEXT = "sound", "text"
SAID = ".said"  # what a part of a voice makes
_FIRST = 4  # where the command of a part says where it begins
JOIN_MB, JOIN_S = 1000, 3600  # what joining may take


def recording(ctx: Context, cur: Cursor, whole: Planned, audio: Path) -> list[Planned]:
    """The parts of the job of a recogniser, cut at pauses; none where one job is best."""
    if ctx.config.core.max_parts < 2:
        return []  # without a look at it
    least = 1000 * ctx.config.core.part_seconds
    try:
        count = _count(ctx, cur, whole, pauses.duration(audio) // max(1, least), 1)
        spans = pauses.spans(audio, count) if count > 1 else []
    except (Killed, MediaError) as error:
        log.warning("%s is not divided: %s", whole["name"], error)  # the system says what is wrong with it
        return []
    words = [f"from {_clock(begin)} to {_clock(end)}" for begin, end in spans]
    return _parts(whole, SOUND, spans, words)


def translation(ctx: Context, cur: Cursor, whole: Planned, work: WorkTexts, node: str, sharing: int) -> list[Planned]:
    """The parts of the job that translates the text of a node, at whole segments or blocks; none where one is best.

    `sharing`: how many such jobs share the room that there is.
    """
    least = max(1, ctx.config.core.part_sentences)
    if _count(ctx, cur, whole, work.path(node).stat().st_size // least, sharing) < 2:
        return []  # without reading it
    weights = text.weights(work.read(node))
    count = _count(ctx, cur, whole, sum(weights) // least, sharing)
    spans = text.spans(weights, count) if count > 1 else []
    noun = "segments" if work.kind == "speech" else "sentences"
    words = []
    for first, last in spans:
        before = sum(weights[:first])
        words.append(f"{noun} {before + 1} to {before + sum(weights[first:last])}")
    return _parts(whole, TEXT, spans, words)


def voice(ctx: Context, cur: Cursor, whole: Planned, work: WorkTexts, node: str, sharing: int) -> list[Planned]:
    """The parts of the job that says a text, whole segments each; none where one is best or its system cannot.

    Neither the text nor the track is cut: each part says its segments as if it were to say all. See `translation`.
    """
    least = max(1, ctx.config.core.part_sentences)
    if _count(ctx, cur, whole, work.path(node).stat().st_size // least, sharing) < 2:
        return []
    if not systems.load(Path(whole["command"][0]).parent).parts:
        return []
    weights = [len(speakable(segment)) for segment in work.read(node).current]
    count = _count(ctx, cur, whole, sum(weight > 0 for weight in weights) // least, sharing)
    parts = []
    spans = text.spans(weights, count) if count > 1 else []
    for number, (first, last) in enumerate(spans, 1):
        part = _part(whole, number, len(spans), f"segments {first + 1} to {last}", SAID)
        parts.append({**part, "command": [*part["command"], "--segments", f"{first}-{last}"]})
    return parts


def following(whole: Planned, source: Sequence[Planned], folder: Path) -> list[Planned]:
    """The parts of the translation of a translation, each of which waits for its own `source` only; none without."""
    parts = []
    for number, before in enumerate(source, 1):
        made = folder / Path(_value(before["command"], "--output")).name
        part = _part(whole, number, len(source), before["part"].partition(", ")[2])
        parts.append({**part, "command": _with(part["command"], "--input", str(made)), "depends_on": [before["name"]]})
    return parts


def joining(whole: Planned, parts: Sequence[Planned], folder: Path) -> Planned:
    """The job that makes the output of `whole` from those of its parts, which are in `folder` then; `whole` without."""
    if not parts:
        return whole
    few = {"kind": "media", "cpus": 1, "gpus": 0, "memory_mb": JOIN_MB, "time_limit_s": JOIN_S}
    few["depends_on"] = [part["name"] for part in parts]
    if whole["kind"] == "tts":
        said = [word for part in parts for word in ("--said", str(folder / f"{part['name']}{SAID}"))]
        return {**whole, **few, "command": [*whole["command"], *said]}
    kind, output = (SOUND if whole["kind"] == "asr" else TEXT), _value(whole["command"], "--output")
    command = [sys.executable, "-m", "ingest.jobs.join", kind, "--input", _value(whole["command"], "--input")]
    command += ["--output", output]
    for part in parts:
        begin = part["command"][_FIRST] if kind == SOUND else "0"
        command += ["--part", begin, str(folder / f"{part['name']}{Path(output).suffix}")]
    return {**whole, **few, "command": command}


def _parts(whole: Planned, kind: str, spans: Sequence[tuple[int, int]], words: Sequence[str]) -> list[Planned]:
    if len(spans) < 2:
        return []
    parts = []
    for number, ((first, last), of) in enumerate(zip(spans, words, strict=True), 1):
        part = _part(whole, number, len(spans), of)
        cut = [sys.executable, "-m", "ingest.jobs.part", kind, str(first), str(last)]
        parts.append({**part, "command": [*cut, *part["command"]]})
    return parts


def _part(whole: Planned, number: int, count: int, words: str, makes: str = "") -> Planned:
    """`makes`: the extension of what a part makes; that of the whole's output when empty."""
    name = f"{whole['name']}.part{number:02}"
    extension = makes or Path(_value(whole["command"], "--output")).suffix
    command = _with(whole["command"], "--output", outputs.path(name + extension))
    part = f"part {number} of {count}, {words}"
    return {**whole, "name": name, "command": command, "part_of": whole["name"], "part": part}


def _count(ctx: Context, cur: Cursor, whole: Planned, most: int, sharing: int) -> int:
    most = min(most, ctx.config.core.max_parts)
    return min(most, _free(ctx, cur, whole, most * sharing) // sharing) if most > 1 else 1


def _free(ctx: Context, cur: Cursor, whole: Planned, most: int) -> int:
    """For how many such jobs there is room now, beside those that run and those that wait for room; `most` at most."""
    running = [live_job(ctx, row) for row in jobs.submitted(cur)]
    running += [LiveJob(0, Path(), "", cpus, 0.0) for cpus in jobs.waiting(cur, most)]
    needs = whole["cpus"], whole["memory_mb"], whole["time_limit_s"], whole["kind"], whole["gpus"]
    spec = JobSpec(Path(), "", [], {}, *needs)
    full = list(running)
    for count in range(most):
        if not ctx.scheduler.room(full, spec):
            most = count
            break
        full.append(LiveJob(0, Path(), "", whole["cpus"], 0.0))
    idle = ctx.scheduler.idle(running, spec) if most > 1 else None
    return most if idle is None else min(most, idle)


def _value(command: Sequence[str], option: str) -> str:
    return command[command.index(option) + 1]


def _with(command: Sequence[str], option: str, value: str) -> list[str]:
    at = command.index(option) + 1
    return [*command[:at], value, *command[at + 1 :]]


def _clock(ms: int) -> str:
    """1:02:03 of 3723000."""
    return f"{ms // 3_600_000}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}"
