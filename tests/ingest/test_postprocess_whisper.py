"""The real recogniser on speech, a minute of silence, noise, speech: as it ships, and as a careless system runs it."""

from __future__ import annotations

import random
import wave
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from spoken import FOLDER, TEXT, needed, run, speak

from ingest.modules.tl.asr.hallucinations import Settings
from ingest.modules.tl.asr.postprocess import Request, process
from tlp import models, systems
from tlp.captions import CURRENT, UNFILTERED, Captions, Made, Segment
from tlp.formats import FORMATS
from tlp.readability import Rules

pytestmark = needed
SILENCE, NOISE = 60, 15  # seconds


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, int]:
    """The recording, and when, in ms, its first speech ends and its second begins."""
    path = tmp_path_factory.mktemp("made") / "audio.wav"
    with wave.open(str(speak(path.with_name("speech.wav"), times=1))) as wav:
        speech = wav.readframes(wav.getnframes())
    dice = random.Random(3)
    noise = array("h", (round(dice.gauss(0, 1500)) for _ in range(16000 * NOISE))).tobytes()
    with wave.open(str(path), "wb") as wav:
        wav.setparams((1, 2, 16000, 0, "NONE", ""))
        wav.writeframes(speech + bytes(2 * 16000 * SILENCE) + noise + speech)
    ends = len(speech) // 32
    return path, ends, ends + (SILENCE + NOISE) * 1000


def careless(audio: Path, output: Path) -> None:
    """Whisper without voice detection."""
    from faster_whisper import WhisperModel

    from systems.whisper.whisper_asr.recogniser import joined

    folder = models.locate("whisper-base", systems.models_dir())
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2)
    heard, _ = model.transcribe(
        str(audio), language="en", word_timestamps=True, vad_filter=False, condition_on_previous_text=False, beam_size=1
    )
    segments = []
    for number, found in enumerate(heard, 1):
        words = [*joined(found.words or [])]
        if words:
            segments.append(Segment(number, words[0].begin or 0, words[-1].end or 0, [*words], Made(confidence=0.8)))
    output.write_bytes(FORMATS["dfxp"].write(Captions("en", segments), CURRENT, UNFILTERED))


def over(captions: Captions, begin: int, end: int) -> Iterator[str]:
    """What is said between two times, a second from either."""
    for segment in captions.current:
        for word in segment.words:
            if begin + 1000 <= (word.begin or 0) and (word.end or 0) <= end - 1000:
                yield word.text


def after(heard: Path, audio: Path) -> Captions:
    output = heard.with_suffix(".out")
    process(heard, audio, output, heard.with_suffix(".json"), Request("en", Rules(), Settings()))
    captions: Captions = FORMATS["dfxp"].read(output.read_bytes())
    return captions


def test_a_careless_recogniser_writes_over_the_silence_and_nothing_of_it_is_left(made, tmp_path):
    audio, ends, _ = made
    heard = tmp_path / "heard.dfxp"
    careless(audio, heard)
    silence = (ends, ends + SILENCE * 1000)
    assert list(over(FORMATS["dfxp"].read(heard.read_bytes()), *silence)), "the model invents nothing here any more"
    assert list(over(after(heard, audio), *silence)) == []


def test_the_recogniser_that_ships_says_nothing_over_silence_and_noise_and_all_that_was_said(made, tmp_path):
    audio, ends, begins = made
    heard = tmp_path / "heard.dfxp"
    done = run(audio, heard, folder=FOLDER)
    assert done.returncode == 0, done.stderr
    captions = after(heard, audio)
    assert list(over(captions, ends, begins)) == []
    said = [w.text for s in captions.current for w in s.words]
    assert abs(len(said) - 2 * len(TEXT.split())) <= 0.05 * 2 * len(TEXT.split())
