"""After any recogniser: its captions are cleaned and cut in its own job, and the upload says what went."""

from __future__ import annotations

import json
import logging
import math
import sys
import wave
from array import array
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_media import Media
from world import SENTENCES, World

from ingest.modules.tl.asr.hallucinations import Settings
from ingest.modules.tl.asr.postprocess import Request, process
from ingest.modules.tl.asr.readable import recut, worded
from tlp.captions import CURRENT, UNFILTERED, Captions, Group, Made, Segment, Word
from tlp.formats import FORMATS
from tlp.readability import Rules

QUIET_FROM = 8  # seconds
LONG = (
    "When a packet arrives at the router of the network, it looks at the address and then it finds the right line of "
    "its table, and after that it sends the packet on to the next machine, which does the same."
)


def recording(path: Path, seconds: int = 40) -> Path:
    """A tone that comes and goes as speech does until QUIET_FROM, then nothing."""
    loud = (round(9000 * math.sin(n * 0.2) * abs(math.sin(n / 3000))) for n in range(QUIET_FROM * 16000))
    samples = array("h", loud).tobytes() + bytes(2 * 16000 * (seconds - QUIET_FROM))
    with wave.open(str(path), "wb") as wav:
        wav.setparams((1, 2, 16000, 0, "NONE", ""))
        wav.writeframes(samples)
    return path


def timed(number: int, begin: int, text: str, word_ms: int = 300) -> Segment:
    words = [
        Word(word, begin + n * word_ms, begin + (n + 1) * word_ms, Made(confidence=0.9))
        for n, word in enumerate(text.split())
    ]
    return Segment(number, begin, words[-1].end or 0, [*words], Made(confidence=0.9))


def heard(*segments: Segment) -> bytes:
    return FORMATS["dfxp"].write(Captions("en", [*segments]), CURRENT, UNFILTERED)


GHOST = timed(2, 25_000, "Thanks for watching!")
LECTURE = (timed(1, 0, "Good morning to all of you."), GHOST)


def processed(tmp_path: Path, data: bytes, audio: Path | None = None, **wanted: Any) -> tuple[list[Segment], Any]:
    """The segments of the output, and the report."""
    (tmp_path / "heard").write_bytes(data)
    request = Request("en", wanted.get("rules", Rules()), wanted.get("settings", Settings()))
    request.write(tmp_path / "request")
    files = (tmp_path / "heard", audio or recording(tmp_path / "a.wav"), tmp_path / "out", tmp_path / "report")
    process(*files, Request.read(tmp_path / "request"))
    segments = FORMATS["dfxp"].read((tmp_path / "out").read_bytes()).current
    return segments, json.loads((tmp_path / "report").read_text())


def test_a_phrase_over_silence_is_gone_and_in_the_report(tmp_path: Path) -> None:
    segments, report = processed(tmp_path, heard(*LECTURE))
    assert [segment.text for segment in segments] == ["Good morning to all of you."]
    [found] = report["findings"]
    assert (found["text"], found["begin"], found["removed"]) == ("Thanks for watching!", 25_000, True)


def test_without_sound_to_judge_the_report_says_so_and_nothing_goes(tmp_path: Path) -> None:
    segments, report = processed(tmp_path, heard(*LECTURE), audio=tmp_path / "gone.wav")
    assert len(segments) == 2
    assert report["trouble"].startswith("silence was not looked for: gone.wav cannot be read")


def test_a_long_utterance_with_word_times_is_cut_and_keeps_them(tmp_path: Path) -> None:
    segments, _ = processed(tmp_path, heard(timed(7, 0, LONG, word_ms=200)))
    assert [segment.id for segment in segments] == list(range(1, len(segments) + 1))
    assert all(len(segment.text) <= 84 and segment.end - segment.begin <= 7000 for segment in segments)
    words = [(w.text, w.begin, w.end) for segment in segments for w in segment.words]
    assert words == [(w.text, w.begin, w.end) for w in timed(7, 0, LONG, word_ms=200).words]


def test_a_long_utterance_without_word_times_is_cut_within_its_own_times() -> None:
    captions = Captions("en", [worded(Segment(1, 1000, 13_000, [LONG], Made(confidence=0.5)))])
    segments = recut(captions, Rules())
    assert " ".join(segment.text for segment in segments) == LONG
    assert (segments[0].begin, segments[-1].end) == (1000, 13_000)
    assert all(a.end <= b.begin for a, b in zip(segments, segments[1:], strict=False))
    assert all(len(s.text) <= 84 and s.made.confidence == 0.5 and s.words[0].begin is None for s in segments)


def test_readable_segments_without_word_times_stay_as_they_are() -> None:
    given_ = [Segment(3, 0, 900, ["Yes."]), Segment(9, 900, 4000, ["And then we go on."])]
    made = recut(Captions("en", [worded(s) for s in given_]), Rules())
    assert [(s.begin, s.end, s.text) for s in made] == [(0, 900, "Yes."), (900, 4000, "And then we go on.")]


def test_without_rules_the_segments_of_the_system_stay(tmp_path: Path) -> None:
    segments, report = processed(tmp_path, heard(timed(7, 0, LONG, 200)), rules=None, settings=Settings(action="off"))
    assert [(s.id, s.text) for s in segments] == [(7, LONG)]
    assert report["findings"] == []


WORDS = st.lists(st.text("abc.,", min_size=1, max_size=30), min_size=1, max_size=12)


@st.composite
def spoken(draw: st.DrawFn) -> Captions:
    """Captions as systems write them: words with times, without, runs of text, groups, in segments of any length."""
    segments, now = [], 0
    for number in range(draw(st.integers(1, 8))):
        texts, step = draw(WORDS), draw(st.sampled_from([0, 40, 300, 900]))
        kind = draw(st.sampled_from(["timed", "words", "raw", "group"]))
        timed_ = [Word(text, now + n * step, now + (n + 1) * step) for n, text in enumerate(texts)]
        items: dict[str, list[Any]] = {
            "timed": timed_, "words": [Word(text) for text in texts], "raw": [" ".join(texts)],
            "group": [Group([*timed_], made=Made(confidence=0.3))],
        }  # fmt: skip
        end = now + len(texts) * step
        segments.append(Segment(number, now, end, items[kind]))
        now = end + draw(st.sampled_from([-500, 0, 100, 2500]))
    return Captions("en", segments)


@given(spoken())
def test_no_word_is_lost_changed_or_moved_whatever_a_system_writes(captions: Captions) -> None:
    captions.current = [worded(segment) for segment in captions.current]
    before = [(w.text, w.begin, w.end) for s in captions.current for w in s.words]
    after = recut(captions, Rules())
    assert [(w.text, w.begin, w.end) for s in after for w in s.words] == before
    assert len({s.id for s in after}) == len(after)


# In the service


def listening(world: World, data: bytes) -> None:
    """The system `hear` hears this."""
    world.usual_systems()
    (world.mounts["systems"] / "hear" / "en.dfxp").write_bytes(data)


def subtitles(world: World) -> list[Segment]:
    [row] = world.rows("SELECT body FROM content_versions")
    found: list[Segment] = FORMATS["dfxp"].read(row["body"].encode()).current
    return found


def test_an_upload_says_what_was_removed_and_the_log_has_the_text(
    quick: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    listening(quick, heard(*LECTURE))
    with caplog.at_level(logging.INFO, "ingest"):
        [row] = quick.finish(quick.upload("m1", {"media.wav": recording(tmp_path / "media.wav")}))
    assert row["status_code"] == 6, row["info"]
    assert row["info"].endswith("In the subtitles in 'en' 1 text that nobody said was removed.")
    assert [segment.text for segment in subtitles(quick)] == ["Good morning to all of you."]
    assert any("at 25.00 s removed (over silence): Thanks for watching!" in record for record in caplog.messages)
    [report] = quick.mounts["uploads"].glob("*/work/en.report.json")
    assert "Thanks for watching!" in report.read_text()


def test_with_both_off_the_system_is_run_as_it_is(tmp_path: Path, clean_db: Any, recordings: Media) -> None:
    off = {"hallucinations": {"action": "off"}, "readability": {"enabled": "no"}}
    world = World(tmp_path / "world", clean_db, file_formats={"generate_pcm_stream": "no"}, **off)
    listening(world, heard(*LECTURE))
    [row] = world.finish(world.upload("m1", {"media.mp4": recordings["mp4"]}))
    assert row["status_code"] == 6
    [job] = world.rows("SELECT command FROM jobs WHERE step = 'transcribing'")
    assert job["command"][0].endswith("/hear/run")
    assert [segment.text for segment in subtitles(world)] == [segment.text for segment in LECTURE]


def test_a_recogniser_that_fails_ends_its_job_with_its_own_last_words(quick: World, recordings: Media) -> None:
    quick.system("hear", "asr", "echo 'The model is gone' >&2; exit 3", "languages = en")
    [row] = quick.finish(quick.upload("m1", {"media.mp4": recordings["mp4"]}))
    assert row["error_code"] == 102
    assert "The model is gone" in row["info"]
    [job] = quick.rows("SELECT exit_code FROM jobs WHERE step = 'transcribing'")
    assert job["exit_code"] == 3


@pytest.mark.parametrize(("body", "words"), [(":", "made no subtitles"), ('echo no >"$output"', "DFXP")])
def test_what_a_recogniser_did_not_make_or_made_wrong_is_said(
    quick: World, recordings: Media, body: str, words: str
) -> None:
    quick.system("hear", "asr", body, "languages = en")
    [row] = quick.finish(quick.upload("m1", {"media.mp4": recordings["mp4"]}))
    assert row["error_code"] == 102
    assert words in row["info"]


def test_captions_that_are_readable_and_said_come_through_unchanged(quick: World, recordings: Media) -> None:
    quick.usual_systems()
    [row] = quick.finish(quick.upload("m1", {"media.mp4": recordings["mp4"]}))
    assert row["info"] == "New media successfully processed."
    assert [(s.id, s.text) for s in subtitles(quick)] == list(enumerate(SENTENCES))
    assert sys.executable in quick.rows("SELECT command FROM jobs WHERE step = 'transcribing'")[0]["command"]
