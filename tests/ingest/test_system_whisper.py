"""The Whisper system on the real model: its command line, its audio, its answers to what it cannot do."""

import shutil
from pathlib import Path

import ctranslate2
import pytest
from spoken import FOLDER, TEXT, needed, run, speak, write

from systems.whisper.whisper_asr.recording import Recording
from tlp import systems
from tlp.captions import Captions
from tlp.errors import MediaError
from tlp.formats import FORMATS

pytestmark = needed


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return speak(tmp_path_factory.mktemp("whisper") / "lecture.wav", times=2)


@pytest.fixture(scope="module")
def captions(lecture: Path) -> Captions:
    """The lecture recognised in two pieces side by side, with a hint."""
    output, terms = lecture.with_name("out.dfxp"), lecture.with_name("terms.txt")
    terms.write_text("router, packet, network\naddress,")
    progress = str(lecture.with_name("progress"))
    done = run(lecture, output, "--terms", str(terms), TLP_CPUS="2", TLP_PROGRESS=progress)
    assert done.returncode == 0, done.stderr
    return FORMATS["dfxp"].read(output.read_bytes())


def plain_words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()


def test_a_lecture_is_recognised_to_its_last_word(captions):
    said = plain_words(TEXT) * 2
    heard = plain_words(" ".join(segment.text for segment in captions.current))
    assert abs(len(heard) - len(said)) <= len(said) // 20
    assert len(set(heard) & set(said)) >= 0.9 * len(set(said))
    assert heard[-3:] == ["are", "sent", "again"]


def test_the_captions_are_numbered_ordered_readable_and_within_the_recording(captions, lecture):
    segments = captions.current
    assert [segment.id for segment in segments] == list(range(1, len(segments) + 1))
    assert all(a.end <= b.begin for a, b in zip(segments, segments[1:], strict=False))
    assert all(s.begin < s.end <= s.begin + 7000 and len(s.text) <= 84 for s in segments)
    assert segments[-1].end <= Recording.open(lecture).duration


def test_every_word_has_times_and_a_confidence(captions):
    words = [word for segment in captions.current for word in segment.words]
    assert all(word.begin < word.end and 0 <= word.made.confidence <= 1 for word in words)


def test_the_file_says_that_a_machine_made_it_and_which(captions):
    assert (captions.made.author_type, captions.made.author_id) == ("automatic", systems.load(FOLDER).name)
    assert (captions.language, captions.original) == ("en", None)


def test_progress_ends_at_a_hundred_percent(captions, lecture):
    assert lecture.with_name("progress").read_text().startswith("100 ")


def test_captions_begin_when_somebody_begins_to_speak(captions, lecture):
    speech = Recording.open(lecture).speech(0, Recording.open(lecture).duration)
    assert abs(captions.current[0].begin - speech[0][0]) <= 100


def test_silence_gives_an_empty_valid_file(tmp_path):
    audio, home = write(tmp_path / "silence.wav", bytes(16000 * 2 * 20)), tmp_path / "home"
    home.mkdir()
    done = run(audio, tmp_path / "out.dfxp", HOME=str(home))
    assert done.returncode == 0, done.stderr
    assert FORMATS["dfxp"].read((tmp_path / "out.dfxp").read_bytes()).current == []
    assert not list(home.iterdir()), "a library keeps, and maybe sends, reports of its own"


def test_an_unknown_language_is_refused_with_the_reason(tmp_path):
    done = run(write(tmp_path / "silence.wav", bytes(32000)), tmp_path / "out.dfxp", lang="xx")
    assert done.returncode != 0
    assert "does not know the language 'xx'" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "out.dfxp").exists()


def test_a_missing_model_is_the_last_line_of_the_errors(tmp_path):
    audio = write(tmp_path / "silence.wav", bytes(32000))
    done = run(audio, tmp_path / "out.dfxp", TLP_MODELS=str(tmp_path))
    assert done.returncode == systems.LACKS, "a node of a cluster may lack it, and another have it"
    assert done.stderr.splitlines()[-1].endswith("model.bin is missing; run ./install.sh models")


def own_model(tmp_path: Path, model: Path) -> Path:
    """A copy of the system folder that is set to the user's own model folder."""
    folder = Path(shutil.copytree(FOLDER, tmp_path / "own"))
    ini = folder / "system.ini"
    ini.write_text(ini.read_text().replace("model = whisper-base", f"model = {model}"))
    return folder


def test_a_model_folder_of_the_user_is_used_in_place_of_the_name(tmp_path):
    folder = own_model(tmp_path, systems.models_dir() / "whisper-base")
    audio = write(tmp_path / "silence.wav", bytes(32000))
    done = run(audio, tmp_path / "out.dfxp", folder=folder, TLP_MODELS=str(tmp_path / "empty"))
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(ctranslate2.get_cuda_device_count() > 0, reason="this machine has what the test misses")
@pytest.mark.parametrize(("device", "words"), [("cuda", "CUDA"), ("auto", "")])
def test_it_computes_on_the_device_of_its_options(tmp_path, device, words):
    folder = Path(shutil.copytree(FOLDER, tmp_path / "own"))
    ini = folder / "system.ini"
    ini.write_text(ini.read_text().replace("device = cpu", f"device = {device}"))
    done = run(write(tmp_path / "silence.wav", bytes(32000)), tmp_path / "out.dfxp", folder=folder)
    assert bool(done.returncode) == bool(words), done.stderr
    assert words in done.stderr


def test_a_model_folder_of_the_user_that_is_not_there_is_named(tmp_path):
    folder = own_model(tmp_path, tmp_path / "nothing")
    done = run(write(tmp_path / "silence.wav", bytes(32000)), tmp_path / "out.dfxp", folder=folder)
    assert done.returncode != 0
    assert f"{tmp_path}/nothing has no model.bin" in done.stderr.splitlines()[-1]


def test_a_file_that_is_no_wav_is_refused_with_the_reason(tmp_path):
    (tmp_path / "audio.wav").write_bytes(b"not a recording")
    done = run(tmp_path / "audio.wav", tmp_path / "out.dfxp")
    assert done.returncode != 0
    assert "is not a PCM WAV file" in done.stderr.splitlines()[-1]


def test_a_recording_at_another_rate_is_refused(tmp_path):
    with pytest.raises(MediaError, match="must be 16000 Hz"):
        Recording.open(write(tmp_path / "audio.wav", bytes(1000), rate=8000))


def test_a_header_that_claims_more_than_the_file_has_is_not_believed(tmp_path):
    path = write(tmp_path / "audio.wav", bytes(32000))
    data = bytearray(path.read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    recording = Recording.open(path)
    assert recording.duration == 1000
    assert recording.samples(500, 1000).size == 8000


def test_speech_is_found_and_the_pause_after_it_is_quietest(lecture):
    recording = Recording.open(lecture)
    half = recording.duration // 2
    regions = recording.speech(0, half)
    assert regions[-1][1] < half - 800
    assert regions[-1][1] < recording.quietest(half - 5000, half) <= half
