"""What the tests of the page look at: a Web Service with lectures in it, and a person's visit to it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page

from tlp.captions import Captions, Segment
from tlp.config import Config
from tlp.db import audiotracks, contents, objects, users
from tlp.db.connection import connect
from tlp.formats import FORMATS

USER, SECRET = "demo", "a-secret-key-of-the-demo-user-123"
LENGTH = 40  # seconds of the video
HARM = '<script>window.hacked = 1</script><img src=x onerror="window.hacked=1"> & "so" --> on'
ENGLISH = ["Good morning", HARM, "W" * 120, *(f"Sentence number {n}" for n in range(4, 13))]
SPANISH = ["Buenos días", *(f"Frase número {n}" for n in range(2, 13))]
ARABIC = ["صباح الخير، أهلا بكم!", *(f"الجملة رقم {n}." for n in range(2, 13))]
TEXTS = {"en": ENGLISH, "es": SPANISH, "ar": ARABIC}
STEP = 3.0  # a cue begins at STEP × its number (from 0) and lasts a second less


@dataclass
class Site:
    """The address of a running Web Service, and what is behind it."""

    url: str
    config: Config
    media: Path
    log: Path
    lectures: dict[str, str] = field(default_factory=dict)  # short name to id

    def page(self, lecture: str = "") -> str:
        """The address of the list or of a lecture on show."""
        return f"{self.url}/#{quote(self.lectures[lecture], safe='')}" if lecture else self.url + "/"

    def run(self, work: Callable[[Any], Any]) -> Any:
        """Call `work(cur)` in a transaction of its own."""
        with closing(connect(self.config.storage)) as connection, connection, connection.cursor() as cur:
            return work(cur)


@dataclass
class Visit:
    """A page and everything it complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[tuple[str, int, str]] = field(default_factory=list)  # address, status, the range that was asked for


def three_lectures(cur: Any) -> dict[str, str]:
    ids = {"full": "a/../b?c=1&d #é%2F\"'<b>", "bare": "bare", "lost": "lost"}
    add_lecture(cur, ids["bare"], "Without subtitles", {}, video="video.mp4")
    add_lecture(cur, ids["lost"], "Lost", {"en": ["Text of a video that is gone"]}, video="gone.mp4")
    full = add_lecture(cur, ids["full"], f"Hostile {HARM}", TEXTS, video="video.mp4")
    for gender in ("f", "m"):
        add_voice(cur, full, gender)
    return ids


def add_lecture(cur: Any, external_id: str, title: str, texts: dict[str, list[str]], video: str) -> int:
    """Store a lecture as the Ingest Service does; its files are those of `media_files`. Returns its id."""
    owner = users.by_name(cur, USER)
    assert owner
    values = {
        "user_id": owner["id"], "kind": "speech", "external_id": external_id, "hash": f"hash of {external_id}",
        "language": "en", "title": title, "topic": None, "keywords": None, "date": None, "format": "mp4",
        "duration_ms": LENGTH * 1000,
    }  # fmt: skip
    lecture = objects.create(cur, values)
    objects.add_file(cur, lecture, {"type_code": 0, "format": "mp4", "path": video})
    objects.add_file(cur, lecture, {"type_code": 3, "format": "jpg", "path": "picture.jpg"})
    for language, lines in texts.items():
        body = FORMATS["dfxp"].write(_captions(language, lines), 0, 0).decode()
        contents.add_version(cur, lecture, language, {"body": body, "status": 0, "sup_ratio": 0, "origin": "asr"})
    return lecture


def _captions(language: str, lines: list[str]) -> Captions:
    begins = (round(1000 * STEP * number) for number in range(len(lines)))
    numbered = enumerate(zip(begins, lines, strict=False), 1)
    return Captions(language, [Segment(number, begin, begin + 2000, [line]) for number, (begin, line) in numbered])


def add_voice(cur: Any, lecture: int, gender: str) -> int:
    """Store a Spanish audio track of a lecture."""
    voice = {
        "language": "es", "voice_type": "tts", "voice_gender": gender, "format": "mp3", "path": "voice.mp3",
        "size": None, "sub_type": 0, "description": None, "system_id": None, "content_version": 1, "upload_id": None,
    }  # fmt: skip
    return audiotracks.add(cur, lecture, voice)
