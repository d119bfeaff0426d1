"""The main job from end to end: install.sh demo on this machine, with the real engines, as a newcomer would run it."""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import jiwer
import pysrt
import pytest

from installer.postgres import free_port

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "client-tools" / "python" / "ws-client.py"
ID = "sample-lecture"

pytestmark = pytest.mark.engines


def install(*arguments: object, timeout: int = 900) -> subprocess.CompletedProcess:
    command = [str(ROOT / "install.sh"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def demo():
    """A running demo: its home, its port, what the first run printed and how many seconds it took."""
    place = Path(tempfile.mkdtemp(prefix="tlp-e2e-"))
    place.chmod(0o711)  # pytest's own folders are closed to the database's user, whose data would go elsewhere and stay
    home, port = place / "home", free_port()
    begin = time.monotonic()
    first = install("demo", "--home", home, "--port", port)
    took = time.monotonic() - begin
    try:
        assert first.returncode == 0, first.stdout + first.stderr
        yield home, port, first.stdout, took
    finally:
        install("stop", "--home", home)
        shutil.rmtree(place)


def client(home: Path, *arguments: str) -> bytes:
    command = [sys.executable, str(CLIENT), "-c", str(home / "client.ini"), "speech", *arguments]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


def test_the_demo_ends_by_showing_cues_in_each_language_and_where_to_go(demo):
    home, port, printed, _ = demo
    for language in ("English (en)", "Español (es)", "Català (ca)"):
        assert re.search(rf"{re.escape(language)}: \d+ cues", printed)
    assert f"http://127.0.0.1:{port}/" in printed
    assert str(home / "client.ini") in printed
    assert "./install.sh stop" in printed
    secret = re.search(r"^secret_key = (\S+)$", (home / "client.ini").read_text(), re.M)
    assert secret and f"user demo, secret key {secret[1]}" in printed


def test_the_states_of_the_upload_are_shown_as_they_pass(demo):
    shown = re.findall(r"^ +\d+:\d\d  (\d)  ", demo[2], re.M)
    assert shown == sorted(set(shown)), "each once, in the order in which they pass"
    assert {"2", "4", "6"} <= set(shown), "those that last for seconds: it asks twice a second, and others may be over"


def test_the_log_has_a_line_for_each_state_the_upload_passed(demo):
    moves = re.findall(r"INFO ingest: \S+: \w+ → (\w+)", (demo[0] / "log" / "ingest.log").read_text())
    wanted = "packaging planning retrieving transcribing translating synthesising converting storing done"
    assert moves[: len(wanted.split())] == wanted.split()


def test_langs_shows_three_languages_and_a_voice_in_spanish(demo):
    langs = json.loads(client(demo[0], "langs", ID))
    assert {lang["lang_code"] for lang in langs["langs"]} == {"en", "es", "ca"}
    assert [lang["lang_code"] for lang in langs["langs"] if lang["audiotracks"]] == ["es"]
    assert langs["media_lang"] == "en"


def test_the_word_error_rate_of_the_english_subtitles_is_below_ten_percent(demo):
    def words(text: str) -> str:
        return " ".join(re.findall(r"[a-z']+", text.lower()))

    said = client(demo[0], "get", ID, "en", "-f", "text").decode()
    reference = (ROOT / "demo" / "lecture.txt").read_text(encoding="utf-8")
    error = jiwer.wer(words(reference), words(said))
    print(f"word error rate {100 * error:.1f} %")
    assert error < 0.10


def test_the_spanish_srt_reads_well_and_keeps_the_english_times(demo):
    spanish = pysrt.from_string(client(demo[0], "get", ID, "es", "-f", "srt").decode())
    english = pysrt.from_string(client(demo[0], "get", ID, "en", "-f", "srt").decode())
    assert [(cue.start, cue.end) for cue in spanish] == [(cue.start, cue.end) for cue in english]
    assert len(spanish) >= 10
    text = " ".join(cue.text for cue in spanish).lower()
    assert "tiempo" in text and "esperanza" in text
    assert "*" not in text


def test_the_video_and_the_voice_are_served_in_ranges(demo):
    home = demo[0]
    metadata = json.loads(client(home, "metadata", ID))
    locations = [m["location"] for m in metadata["media"] if m["type_code"] == 0]
    locations += [track["location"] for track in metadata["audiotracks"]]
    for location in locations:
        request = urllib.request.Request(location, headers={"Range": "bytes=100-199"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 206
            assert len(answer.read()) == 100
    assert client(home, "audiotrack", ID, "es", str(metadata["audiotracks"][0]["id"]))[:3] in (b"ID3", b"\xff\xfb\x54")


def test_the_configuration_is_for_its_owner_alone_and_the_keys_are_random(demo):
    for name in ("config.ini", "client.ini"):
        assert stat.S_IMODE((demo[0] / name).stat().st_mode) == 0o600
    keys = re.findall(r"(?:secret_key|key_generator|db_passwd) = (\S+)", (demo[0] / "client.ini").read_text())
    assert keys and all(len(key) >= 24 for key in keys)


def test_a_second_run_is_quick_and_changes_nothing(demo):
    home, port, _, took = demo
    before = {name: (home / name).read_bytes() for name in ("config.ini", "client.ini")}
    begin = time.monotonic()
    again = install("demo", "--home", home, "--port", port)
    assert again.returncode == 0
    assert time.monotonic() - begin < max(20, took / 2)
    assert not [line for line in again.stdout.splitlines() if line.startswith("done")]
    assert {name: (home / name).read_bytes() for name in before} == before
    uploads = json.loads(client(home, "uploadslist"))
    assert len(uploads) == 1


def test_status_says_what_runs_and_which_systems_are_offered(demo):
    told = install("status", "--home", demo[0])
    assert told.returncode == 0
    for words in ("PostgreSQL runs", "Web Service runs", "Ingest Service runs", "Whisper base is offered"):
        assert words in told.stdout
    assert "is not offered" in told.stdout  # the neural translation: no model of it can be had here


@pytest.mark.browser
def test_the_page_at_the_root_plays_the_lecture(demo, chromium_page):
    chromium_page.goto(f"http://127.0.0.1:{demo[1]}/")
    chromium_page.get_by_text("Two openings").first.click()
    chromium_page.wait_for_selector("video")
    chromium_page.evaluate("document.querySelector('video').play()")
    assert plays_to(chromium_page, 2) < 20
    chromium_page.evaluate("document.querySelector('video').currentTime = 45")
    assert plays_to(chromium_page, 46) < 65


def plays_to(page, second: float) -> float:
    """Wait until the video has played that far; returns where it is. (The page's policy forbids waiting by script.)"""
    deadline = time.monotonic() + 60
    while (at := page.evaluate("document.querySelector('video').currentTime")) < second:
        assert time.monotonic() < deadline, f"the video stands at {at} s"
        page.wait_for_timeout(100)
    return at


def test_afterwards_it_can_be_stopped_and_started_again_with_everything_there(demo):
    home, port, *_ = demo
    assert install("stop", "--home", home).returncode == 0
    assert install("status", "--home", home).returncode != 0
    assert install("demo", "--home", home, "--port", port).returncode == 0
    assert json.loads(client(home, "langs", ID))["rcode"] == 0


def test_a_demo_whose_ingest_service_dies_ends_in_words_and_the_next_one_goes_on(demo):
    home, port, *_ = demo
    short = home.parent / "short.opus"
    lecture = str(ROOT / "demo" / "lecture.opus")
    subprocess.run(["ffmpeg", "-v", "error", "-i", lecture, "-t", "10", str(short)], check=True)
    own = ("demo", "--home", home, "--port", port, "--media", short, "--lang", "en")
    command = [str(ROOT / "install.sh"), *map(str, own)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as shown:
        try:
            for line in shown.stdout:
                if re.match(r" +\d+:\d\d  2  ", line):
                    os.kill(int((home / "run" / "ingest.pid").read_text().split()[0]), signal.SIGKILL)
                    break
            said = shown.stdout.read()
        finally:
            shown.kill()
    assert shown.returncode == 1 and "the Ingest Service has ended" in said, said
    assert str(home / "log" / "ingest.log") in said
    again = install(*own)
    assert again.returncode == 0 and " 6  New media successfully processed." in again.stdout, again.stdout
