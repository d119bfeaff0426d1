"""The end of `install.sh demo`: uploads a lecture as a client would, shows the states as they pass, and the result.

It knows the platform only through client-tools' ws-client.py, as everybody else does.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installer import ROOT, sample, services, settings
from installer.home import Home
from installer.report import InstallError, Report

CLIENT = ROOT / "client-tools" / "python" / "ws-client.py"
WANTED, VOICE = ("en", "es", "ca"), "es"
FAILED_FROM, DONE, CANCELLED = 100, 6, 90  # status codes of /speech/status
CUES = 2  # shown of each language
POLL = 0.5  # seconds


@dataclass(frozen=True)
class Lecture:
    """What is uploaded: the sample, or the person's own recording."""

    id: str
    title: str
    language: str
    file: Path


def choose(place: Home, media: Path | None, language: str | None) -> Lecture:
    """The sample lecture, or `media` under an id made of its name and content, so that it is uploaded once."""
    if media is None or language is None:
        return Lecture("sample-lecture", sample.TITLE, sample.LANGUAGE, place.sample / "lecture.mp4")
    digest = _md5(media)
    name = re.sub(r"[^a-z0-9]+", "-", media.stem.lower()).strip("-") or "recording"
    return Lecture(f"{name}-{digest[:6]}", media.stem, language, media)


def _md5(media: Path) -> str:
    digest = hashlib.md5()
    with media.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def show(place: Home, lecture: Lecture, report: Report) -> None:
    """Upload the lecture unless it is there, follow it to its end, print what came of it."""
    langs = _call(place, "langs", lecture.id)
    if langs["rcode"] == 0:
        report.ok(f"lecture '{lecture.id}'")
    else:
        upload = _unfinished(place, lecture) or _upload(place, lecture, report)
        _follow(place, upload, report)
        langs = _call(place, "langs", lecture.id)
    _summary(place, lecture, langs)


def _client(place: Home, *arguments: str) -> bytes:
    command = [sys.executable, str(CLIENT), "-c", str(place.client), "speech", *arguments]
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode and not done.stdout:
        words = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason was given"]
        raise InstallError(
            f"'speech {' '.join(arguments[:2])}': {words[-1].removeprefix('[EE] ')}", f"Log: {place.log}/web.log"
        )
    return done.stdout


def _call(place: Home, *arguments: str) -> Any:
    return json.loads(_client(place, *arguments))


def _unfinished(place: Home, lecture: Lecture) -> str | None:
    """An upload of this lecture that is still on its way, from an earlier run."""
    for upload in _call(place, "uploadslist", "-o", lecture.id):
        if upload["status_code"] < DONE:
            return str(upload["id"])
    return None


def _upload(place: Home, lecture: Lecture, report: Report) -> str:
    languages = [option for lang in WANTED for option in ("-p", lang)]
    answer = _call(
        place, "ingest", "new", lecture.id, "-l", lecture.language, "-t", lecture.title, "-M", str(lecture.file),
        *languages, "-P", VOICE,
    )  # fmt: skip
    report.done(f"lecture '{lecture.id}' uploaded: {answer['id']}")
    return str(answer["id"])


def _follow(place: Home, upload: str, report: Report) -> None:
    """Show the states as they pass, until the end.

    Raises InstallError with the words of a failed upload, or where nobody works on it any more.
    """
    begin, service = time.monotonic(), services.ingest(place)
    shown = None
    while True:
        status = _call(place, "status", upload)
        shown = _progress(time.monotonic() - begin, status, shown)
        if status["status_code"] >= DONE:
            break
        if not service.running():
            raise service.died()
        time.sleep(POLL)
    if sys.stdout.isatty():
        print()
    if status["status_code"] != DONE:
        raise InstallError(
            f"the upload ended with {status['status_code']}: {status['info']}", f"See {place.log}/ingest.log"
        )
    report.done(f"{status['info']} ({time.monotonic() - begin:.0f} s)")


def _progress(seconds: float, status: dict[str, Any], shown: int | None) -> int:
    """One line that changes in a terminal; elsewhere a line for each new state. Returns the state that is shown now."""
    state = int(status["status_code"])
    line = f"{int(seconds) // 60:>3}:{int(seconds) % 60:02d}  {state}  {status['info']}"
    if sys.stdout.isatty():
        print(f"\r\x1b[K{line}"[:100], end="", flush=True)
    elif state != shown:
        print(line, flush=True)
    return state


def _summary(place: Home, lecture: Lecture, langs: dict[str, Any]) -> None:
    print(f"\n{lecture.title}")
    for lang in langs.get("langs", []):
        cues = _client(place, "get", lecture.id, lang["lang_code"], "-f", "srt").decode().strip().split("\n\n")
        voices = len(lang["audiotracks"])
        spoken = f", {voices} voice{'s' * (voices > 1)}" if voices else ""
        print(f"\n  {lang['lang_name']} ({lang['lang_code']}): {len(cues)} cues{spoken}")
        for cue in cues[:CUES]:
            _, times, *text = cue.splitlines()
            print(f"    {times[:12]}  {' '.join(text)}")
    base = f"http://127.0.0.1:{settings.recorded_port(place)}"
    client = settings.read(place.client, quoted=False)["api_client_auth"]
    print(
        f"\nWatch      {base}/\n"
        f"API        {base}/api/v3\n"
        f"Key        user {client['username']}, secret key {client['secret_key']}   (both in {place.client})\n"
        f"Client     client-tools/python/ws-client.py -c {place.client} speech langs {lecture.id}\n"
        f"Subtitles  client-tools/python/ws-client.py -c {place.client} speech get {lecture.id} es -f srt\n"
        f"State      ./install.sh status --home {place.path}\n"
        f"Stop       ./install.sh stop --home {place.path}"
    )
