"""The page in a real browser: Chromium, the application under gunicorn, real media, text that means harm."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import CHROMIUM, FLAGS
from lecture_site import LENGTH, SECRET, USER, Site, Visit, three_lectures
from playwright.sync_api import Browser, expect, sync_playwright

from installer import postgres
from tlp import config as configuration
from tlp.config import Config
from tlp.db import mounts, users

expect.set_options(timeout=60_000)  # for a machine that is busy with something else
WEB_SERVICE = Path(__file__).parents[2] / "web-service"


@pytest.fixture(scope="session")
def media_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with video.mp4 (noise, so that it is too large to be loaded at once), voice.mp3 and picture.jpg."""
    folder = tmp_path_factory.mktemp("media-files")
    tone = ["-f", "lavfi", "-i", f"sine=frequency=330:duration={LENGTH}"]
    noise = ["-f", "lavfi", "-i", f"testsrc2=size=480x270:rate=10:duration={LENGTH},noise=alls=40:allf=t"]
    x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "30", "-g", "10", "-pix_fmt", "yuv420p"]
    _ffmpeg(*noise, *tone, *x264, "-c:a", "aac", "-movflags", "+faststart", str(folder / "video.mp4"))
    _ffmpeg(*tone, "-b:a", "64k", str(folder / "voice.mp3"))
    _ffmpeg("-f", "lavfi", "-i", "testsrc=size=320x180", "-frames:v", "1", str(folder / "picture.jpg"))
    return folder


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-y", "-loglevel", "error", *arguments], check=True, timeout=120)


@pytest.fixture(scope="module")
def site(module_db: dict[str, Any], media_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The Web Service with demo_user set and three lectures: `full`, `bare` (no subtitles), `lost` (no media file)."""
    home = tmp_path_factory.mktemp("site")
    made = Site(f"http://127.0.0.1:{postgres.free_port()}", _config(home, module_db), home / "media", home / "log")
    made.media.mkdir()
    for name in ("video.mp4", "voice.mp3", "picture.jpg"):
        os.link(media_files / name, made.media / name)
    made.run(lambda cur: mounts.register(cur, {"media": str(made.media), "uploads": str(home)}, "localhost"))
    made.run(lambda cur: users.create(cur, USER, SECRET))
    made.lectures = made.run(three_lectures)
    environment = {**os.environ, "TLP_CONFIG": str(made.config.path), "TLP_WEB_WORKERS": "1"}
    command = [sys.executable, "-m", "gunicorn", "-c", str(WEB_SERVICE / "gunicorn.conf.py"), "-b", made.url[7:]]
    with made.log.open("wb") as log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as server:
        try:
            _wait(made)
            yield made
        finally:
            server.terminate()


def _config(home: Path, db: dict[str, Any]) -> Config:
    storage = {"db_name": "dbname", "db_user": "user", "db_passwd": "password", "db_host": "host", "db_port": "port"}
    lines = ["[storage]", *(f'{key} = "{db[name]}"' for key, name in storage.items())]
    lines += ["[authentication]", "key_generator = a-key-for-tests", "[misc]", f"demo_user = {USER}"]
    path = home / "config.ini"
    path.write_text("\n".join(lines) + "\n")
    return configuration.load(path)


def _wait(site: Site) -> None:
    give_up = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{site.url}/health/live", timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > give_up:
                raise AssertionError(site.log.read_text()) from None
            time.sleep(0.05)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """A person's own window, English speaking, on a desktop."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    made = Visit(context.new_page())
    made.page.set_default_timeout(60_000)
    made.page.on("console", lambda said: made.complaints.append(said.text) if said.type in ("error", "warning") else 0)
    made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
    made.page.on(
        "response",
        lambda r: made.requests.append((r.url, r.status, r.request.headers.get("range", ""))),
    )
    yield made
    context.close()
