"""One corrected segment of a lecture: from the end of the session to its translation and its line of the voice stored.

The lecture lasts an hour and has an automatic transcription, made here; its translation (Apertium) and the voices are
made by an upload. Then a person corrects a segment through the API, again and again at other places. Beside the wall
time stands the processor time of all that runs for it: the machine may be busy.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import instance, jobs, memory, recording
from bench.table import Row
from installer import postgres, settings
from installer.report import InstallError
from tlp.captions import CURRENT, UNFILTERED, Captions, Made, Segment
from tlp.formats import FORMATS

GOAL_S = 5.0
MINUTES, QUICK_MINUTES = 60, 3
STEP_MS = 4000  # from a segment to the next one
EDITS, QUICK_EDITS = 5, 1
AUTHOR = {"author_id": "ada", "author_conf": 100}
_SUBREAPER = 36  # of prctl: whose parent has ended becomes our child, and its processor time is counted with ours
_SUBJECTS = ("network", "house", "river", "city", "teacher", "student", "book", "window", "garden", "letter", "machine")
_VERBS = ("sees", "finds", "needs", "knows", "takes", "writes", "reads", "opens", "closes", "follows")
_ADJECTIVES = ("old", "new", "small", "large", "good", "long", "short", "young", "white")


@dataclass(frozen=True)
class Measured:
    """One correction, in seconds: until all is stored; processors; its jobs one by one."""

    whole: float
    processors: float
    jobs: dict[str, float]


def measure(quick: bool) -> list[Row]:
    """An hour with eSpeak; a shorter lecture with Kokoro where it is there."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="tlp-bench-regeneration-") as name, instance.running() as tlp:
        rows = _lecture(tlp, Path(name), "espeak", QUICK_MINUTES if quick else MINUTES, QUICK_EDITS if quick else EDITS)
        try:
            tlp.system("tts", "kokoro", "es")
        except InstallError as error:
            print(f"  {error}", file=sys.stderr)
            return rows
        return rows if quick else rows + _lecture(tlp, Path(name), "kokoro", QUICK_MINUTES, EDITS)


def _lecture(tlp: instance.Instance, folder: Path, voice: str, minutes: int, edits: int) -> list[Row]:
    media = recording.video(recording.silence(folder / f"{voice}.wav", 60 * minutes), folder / f"{voice}.mp4")
    count = 60_000 * minutes // STEP_MS - 1
    subtitles = folder / f"{voice}.dfxp"
    subtitles.write_bytes(_captions(count, 60_000 * minutes))
    sid = tlp.system("tts", voice, "es")
    upload = tlp.upload(f"lecture-{voice}", media, "-b", f"en:{subtitles}:0", "-p", "es", "-P", f"es:{sid}")
    tlp.finish(upload)
    _correct(tlp, f"lecture-{voice}", 2)  # warms the disk's cache up
    found = [_correct(tlp, f"lecture-{voice}", (n + 1) * count // (edits + 1)) for n in range(edits)]
    return _rows(f"one corrected segment of {minutes} min, {voice}", found)


def _captions(count: int, end: int) -> bytes:
    segments = [Segment(n, n * STEP_MS, n * STEP_MS + STEP_MS - 300, [_sentence(n)]) for n in range(1, count + 1)]
    return FORMATS["dfxp"].write(Captions("en", segments, made=Made("automatic"), end=end), CURRENT, UNFILTERED)


def _sentence(n: int) -> str:
    one, other = f"{_ADJECTIVES[n % 9]} {_SUBJECTS[n % 11]}", f"{_ADJECTIVES[n % 7]} {_SUBJECTS[n % 5]}"
    return f"The {one} {_VERBS[n % 10]} the {other}."


def _correct(tlp: instance.Instance, id: str, segment: int) -> Measured:
    """Correct a segment as an editor does; what comes after /end_session is measured."""
    session = _called(tlp, "start_session", id=id, **AUTHOR)["session_id"]
    begin = segment * STEP_MS / 1000
    item = {"sI": segment, "b": begin, "e": begin + 3.7, "t": f"The book number {segment} is white."}
    edits = {"en": {"txt": [item], "del": []}}
    _called(tlp, "mod", id=id, session_id=session, mods=edits, **AUTHOR)
    before, start = _spent(tlp), time.time()
    _called(tlp, "end_session", id=id, session_id=session, **AUTHOR)
    upload = tlp.rows("SELECT id FROM uploads WHERE session_id = %(session)s", session=session)[0]["id"]
    end = tlp.finish(upload)["finished_at"].timestamp()
    processors = _spent(tlp) - before
    _check(tlp, id, segment)
    spans = jobs.spans(tlp.folder(upload))
    measured = Measured(end - start, processors, {span.step: span.seconds for span in spans})
    parts = ", ".join(f"{step} {seconds:.2f} s" for step, seconds in measured.jobs.items())
    print(f"  {id} {segment}: {measured.whole:.2f} s, processors {processors:.2f} s; {parts}", file=sys.stderr)
    return measured


def _called(tlp: instance.Instance, interface: str, **parameters: Any) -> Any:
    """The answer of an interface of /speech, as an editor's page gets it. Raises InstallError when it refuses."""
    client = settings.read(tlp.home.client, quoted=False)
    who = {"user": client["api_client_auth"]["username"], "auth_token": client["api_client_auth"]["secret_key"]}
    url = f"{client['general']['web_service_url']}/speech/{interface}"
    body = json.dumps({**who, **parameters}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as sent:
        answer = json.load(sent)
    if answer["rcode"]:
        raise InstallError(f"{interface}: {answer['rcode_description']}")
    return answer


def _check(tlp: instance.Instance, id: str, segment: int) -> None:
    """The line is translated, and the voice says it at its time: its other lines are where they were."""
    rows = tlp.rows(
        "SELECT a.places, v.body FROM audiotracks AS a JOIN objects AS o ON o.id = a.object_id "
        "JOIN contents AS c ON c.object_id = o.id AND c.language = 'es' "
        "JOIN content_versions AS v ON v.content_id = c.id AND v.version = c.version AND v.version = a.content_version "
        "WHERE o.external_id = %(id)s AND a.replaced_at IS NULL", id=id,
    )  # fmt: skip
    if not rows or not re.search(rf"\b{segment}\b", _plain(rows[0]["body"])):
        raise InstallError(f"the correction of segment {segment} has not come to the voice")
    if not any(line == segment and abs(begin - segment * STEP_MS) < 500 for line, begin, _ in rows[0]["places"]):
        raise InstallError(f"the voice does not say segment {segment} at its time")


def _plain(body: str) -> str:
    return "\n".join(segment.text for segment in FORMATS["dfxp"].read(body.encode()).current)


def _spent(tlp: instance.Instance) -> float:
    """Processor seconds of the services, their database and all that has been run and has ended, so far."""
    while _adopted_has_ended():
        pass
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = memory.groups(tlp)
    alive = {*found[memory.WEB], *found[memory.CORE], *postgres.server_processes(tlp.cluster)}
    return used.ru_utime + used.ru_stime + sum(map(_ticks, alive)) / os.sysconf("SC_CLK_TCK")


def _adopted_has_ended() -> bool:
    """Take one process that was left to us and has ended; its time then counts among those of our children."""
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(field) for field in fields[11:15])  # its own, and its ended children's


def _rows(what: str, found: list[Measured]) -> list[Row]:
    whole = median(m.whole for m in found)
    rows = [
        Row(what, whole, "s", goal=f"< {GOAL_S:g} s", met=whole < GOAL_S),
        Row("  processor time of all that runs for it", median(m.processors for m in found), "s"),
    ]
    steps = found[0].jobs
    return rows + [Row(f"  of it: {step}, its job", median(m.jobs[step] for m in found), "s") for step in steps]
