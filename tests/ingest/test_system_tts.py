"""What every TTS system owes the platform, tried on the real engines through their command lines."""

import os
import re
import subprocess
import sys
from array import array
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from tlp import systems
from tlp.captions import Captions, Segment
from tlp.formats import FORMATS

SYSTEMS = Path(__file__).parents[2] / "ingest-service" / "systems"
RATE = 8000  # of the decoded tracks that the tests look at

pytestmark = pytest.mark.engines


@dataclass(frozen=True)
class Case:
    """A system and something to say in a language of it: three texts that fit, and one much longer."""

    system: str
    lang: str
    texts: tuple[str, str, str]
    long: str


CASES = [
    Case(
        "espeak",
        "de",
        ("Heute sprechen wir über Netze.", "Ein Paket kommt an.", "Bis bald!"),
        "Ein Netz ist eine Menge von Geräten, die durch Leitungen verbunden sind, und jedes Gerät hat eine Adresse.",
    ),
    Case(
        "festival",
        "ca",
        ("Avui parlarem de xarxes.", "Arriba un paquet.", "Fins aviat!"),
        "Una xarxa és un conjunt d'aparells units per enllaços, i cadascun té una adreça.",
    ),
    Case(
        "kokoro",
        "es",
        ("Hoy hablamos de redes.", "Llega un paquete.", "¡Hasta pronto!"),
        "Una red es un conjunto de aparatos unidos por enlaces, y cada uno tiene una dirección.",
    ),
]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.system)
def case(request):
    if lacks := systems.load(SYSTEMS / request.param.system).missing(systems.models_dir()):
        pytest.skip(f"{request.param.system} cannot run here: {'; '.join(lacks)}")
    return request.param


@dataclass(frozen=True)
class Spoken:
    """A finished run: its track decoded, and what it said on stderr."""

    sound: array
    mp3: Path
    code: int
    stderr: str
    progress: str

    def loud(self, begin: int, end: int) -> bool:
        """Whether there is any speech between two times in ms."""
        part = self.sound[begin * RATE // 1000 : end * RATE // 1000]
        return max((abs(value) for value in part), default=0) > 600


def speak(folder: Path, system: str, captions: Captions, *arguments: str, **env: str) -> Spoken:
    source, output, progress = folder / "in.dfxp", folder / "out.mp3", folder / "progress"
    source.write_bytes(FORMATS["dfxp"].write(captions))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        [SYSTEMS / system / "run", "--lang", captions.language, "--input", source, "--output", output, *arguments],
        env={**os.environ, "PATH": path, "TLP_PROGRESS": str(progress), "TMPDIR": str(folder), **env},
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
    )
    decode = ["ffmpeg", "-v", "error", "-i", output, "-f", "s16le", "-ac", "1", "-ar", str(RATE), "-"]
    sound = subprocess.run(decode, capture_output=True, check=True).stdout if output.exists() else b""
    told = progress.read_text() if progress.exists() else ""
    return Spoken(array("h", sound), output, result.returncode, result.stderr, told)


def at(lang: str, *segments: tuple[int, int, str], end: int | None = None) -> Captions:
    made = [Segment(number, begin, until, [text]) for number, (begin, until, text) in enumerate(segments, 1)]
    return Captions(lang, made, end=end)


@pytest.fixture(scope="module")
def lecture(case, tmp_path_factory):
    first, second, third = case.texts
    segments = [
        (1000, 3500, first),
        (4000, 6000, case.long),
        (7000, 7400, second),
        (9000, 9500, "…"),
        (10500, 12000, third),
    ]
    return speak(tmp_path_factory.mktemp(case.system), case.system, at(case.lang, *segments))


def test_the_run_succeeds_and_tells_that_it_is_done(lecture):
    assert (lecture.code, lecture.progress.split()[0]) == (0, "100"), lecture.stderr


def test_the_track_is_a_mono_mp3_as_long_as_the_captions(lecture):
    probe = ["ffprobe", "-v", "error", "-of", "csv=p=0", "-show_entries", "stream=codec_name,channels", lecture.mp3]
    assert subprocess.run(probe, capture_output=True, text=True, check=True).stdout.strip() == "mp3,1"
    assert abs(len(lecture.sound) / RATE - 12.0) < 0.1


@pytest.mark.parametrize("begin", [1000, 4000, 7000, 10500])
def test_each_segment_is_heard_from_its_begin_after_silence(lecture, begin):
    assert lecture.loud(begin, begin + 300)
    assert not lecture.loud(begin - 70, begin - 10)


def test_a_segment_without_words_is_silent(lecture):
    assert not lecture.loud(9200, 10_400)


def test_the_loudness_is_the_one_that_was_asked_for(lecture):
    measure = [
        "ffmpeg",
        "-hide_banner",
        "-nostats",
        "-i",
        lecture.mp3,
        "-af",
        "ebur128=framelog=verbose",
        "-f",
        "null",
        "-",
    ]
    said = subprocess.run(measure, capture_output=True, text=True, check=True).stderr
    assert float(re.findall(r"I:\s+(-?[\d.]+) LUFS", said)[-1]) == pytest.approx(-16, abs=1.5)


def test_hostile_text_is_spoken_or_left_silent_and_never_obeyed(case, tmp_path):
    hostile = [
        f'{case.texts[1]}") (system "touch owned") ("',
        "-w owned --stdin $(touch owned)",
        '<break time="30s"/> [[hello]] \\" \\',
        "日本語 🙂 \u202e",
        "%s %n {0}",
    ]
    segments = [(1500 * number, 1500 * number + 1400, text) for number, text in enumerate(hostile)]
    spoken = speak(tmp_path, case.system, at(case.lang, *segments))
    assert spoken.code == 0, spoken.stderr
    assert spoken.loud(0, 500)
    assert not (tmp_path / "owned").exists()
    assert len(spoken.sound) / RATE < 20


def test_far_too_much_text_is_cut_so_that_the_next_segment_is_hardly_late(case, tmp_path):
    spoken = speak(tmp_path, case.system, at(case.lang, (0, 500, case.long), (600, 9000, case.texts[1])), TLP_CPUS="1")
    assert spoken.code == 0
    assert spoken.loud(600, 2500)
    assert len(spoken.sound) / RATE == pytest.approx(9.0, abs=0.1)


def test_a_voice_that_the_system_lacks_is_refused_in_words(case, tmp_path):
    spoken = speak(tmp_path, case.system, at(case.lang, (0, 900, "a")), "--voice", "nobody")
    assert (spoken.code, spoken.mp3.exists()) == (systems.LACKS, False)
    assert "'nobody'" in spoken.stderr.splitlines()[-1]


def test_a_run_keeps_no_reports_and_caches_in_the_home_of_its_user(case, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    captions = at(case.lang, (0, 2000, case.texts[2]))
    assert speak(tmp_path, case.system, captions, HOME=str(home), XDG_CACHE_HOME="").code == 0
    assert not (home / ".cache").exists(), "a library keeps, and maybe sends, reports of its own"


def test_captions_with_nothing_to_say_are_a_silent_track(tmp_path):
    spoken = speak(tmp_path, "espeak", at("en", (500, 900, "♪"), end=2000))
    assert (spoken.code, spoken.loud(0, 2000)) == (0, False)
    assert len(spoken.sound) / RATE == pytest.approx(2.0, abs=0.1)


def program(folder: Path, name: str, script: str) -> str:
    """A PATH on which `name` is this shell script."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def test_an_engine_that_fails_on_one_segment_costs_that_segment_only(tmp_path):
    path = program(
        tmp_path,
        "espeak-ng",
        'text=$(cat); case $text in *crash*) exit 9;; esac; echo "$text" | /usr/bin/espeak-ng "$@"',
    )
    captions = at("en", (0, 900, "one"), (1000, 1900, "crash"), (2000, 2900, "three"))
    spoken = speak(tmp_path, "espeak", captions, PATH=path)
    assert [spoken.loud(1000 * second, 1000 * second + 600) for second in range(3)] == [True, False, True]
    assert (spoken.code, "segment 2 is left silent" in spoken.stderr) == (0, True)


def test_an_engine_that_fails_on_every_segment_fails_the_run_with_its_reason(tmp_path):
    path = program(tmp_path, "espeak-ng", "exit 9")
    spoken = speak(tmp_path, "espeak", at("en", (0, 900, "one"), (1000, 1900, "two")), PATH=path)
    assert (spoken.code, spoken.mp3.exists()) == (1, False)
    assert "exit status 9" in spoken.stderr.splitlines()[-1]


def test_festival_is_started_again_when_it_dies(tmp_path):
    if lacks := systems.load(SYSTEMS / "festival").missing(systems.models_dir()):
        pytest.skip(f"festival cannot run here: {'; '.join(lacks)}")
    path = program(
        tmp_path, "festival", f'[ -e {tmp_path}/died ] && exec /usr/bin/festival "$@"; touch {tmp_path}/died; exit 1'
    )
    spoken = speak(tmp_path, "festival", at("ca", (0, 1500, "Bon dia."), (2000, 3500, "Adéu.")), PATH=path)
    assert (spoken.code, spoken.loud(0, 1000), spoken.loud(2000, 3000)) == (0, True, True), spoken.stderr


def test_every_language_of_espeak_is_one_that_it_can_speak(tmp_path):
    offers = systems.load(SYSTEMS / "espeak").offers
    listed = subprocess.run(["espeak-ng", "--voices"], capture_output=True, text=True, check=True).stdout
    known = set(re.findall(r"^\s*\d\s+(\S+)", listed, re.M)) | set(re.findall(r"\((\S+) \d", listed))
    assert {offer.voice.partition("+")[0] for offer in offers} <= known
    assert all({a.voice_gender, b.voice_gender} == {"f", "m"} for a, b in [*pairwise(offers)][::2])


def test_the_copy_of_kokoro_for_this_processor_is_used_only_when_it_is_whole(tmp_path):
    from systems.kokoro.kokoro_tts import weights

    (tmp_path / weights.PINNED).write_bytes(b"pinned")
    (tmp_path / weights.DERIVED).write_bytes(b"derived")
    assert weights.best(tmp_path).name == weights.PINNED
    (tmp_path / weights.RECORD).write_text(weights._record(tmp_path / weights.DERIVED))
    assert weights.best(tmp_path).name == weights.DERIVED
    (tmp_path / weights.DERIVED).write_bytes(b"broken")
    assert weights.best(tmp_path).name == weights.PINNED
