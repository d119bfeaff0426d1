"""A voice follows corrected subtitles: what changed is said anew, the rest of the track stays as it was."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tlp.captions import ALL, UNFILTERED, Captions, Segment
from tlp.formats import FORMATS
from tlp.voice import mp3
from tlp.voice.dub import places_of

PROGRAMS = Path(__file__).parents[2] / "ingest-service"
ESPEAK = PROGRAMS / "systems" / "espeak" / "run"
WORDS = re.findall(r"\w+", "light moves through glass more slowly than through air and each colour has its own speed")
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(PROGRAMS)}
COUNT, STEP = 40, 4000


@dataclass
class Made:
    captions: Captions
    track: Path

    @property
    def places(self) -> dict[int, tuple[int, int]]:
        return {line: (begin, end) for line, begin, end in json.loads(places_of(self.track).read_bytes())}

    def samples(self) -> array[int]:
        """The sound, 8 kHz."""
        argv = ["ffmpeg", "-v", "error", "-i", str(self.track), "-ar", "8000", "-ac", "1", "-f", "s16le", "pipe:1"]
        return array("h", subprocess.run(argv, capture_output=True, check=True).stdout)


def written(captions: Captions, path: Path) -> Path:
    path.write_bytes(FORMATS["dfxp"].write(captions, ALL, UNFILTERED))
    return path


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("lecture")
    chance = random.Random(5)
    segments = [
        Segment(n, n * STEP, n * STEP + 3800, [" ".join(chance.choices(WORDS, k=9)) + "."]) for n in range(1, COUNT + 1)
    ]
    made = Made(Captions("en", segments, end=(COUNT + 2) * STEP), folder / "old.mp3")
    files = ["--input", str(written(made.captions, folder / "old.dfxp")), "--output", str(made.track)]
    subprocess.run([ESPEAK, "--lang", "en", *files], check=True, env=ENVIRONMENT)
    return made


@dataclass
class Revoiced(Made):
    said: int  # lines


@pytest.fixture
def revoiced(lecture: Made, tmp_path: Path) -> Callable[..., Revoiced]:
    def make(captions: Captions, before: Made = lecture, run: Path = ESPEAK) -> Revoiced:
        files = {
            "input": written(captions, tmp_path / "new.dfxp"),
            "output": tmp_path / "new.mp3",
            "before": written(before.captions, tmp_path / "before.dfxp"),
            "track": before.track,
            "places": places_of(before.track),
        }
        options = [word for name, path in files.items() for word in (f"--{name}", str(path))]
        progress = tmp_path / "progress"
        command = [sys.executable, "-m", "ingest.jobs.revoice", *options, "--", str(run), "--lang", "en"]
        environment = {**ENVIRONMENT, "TLP_PROGRESS": str(progress)}
        subprocess.run(command, check=True, env=environment)
        return Revoiced(captions, files["output"], int(progress.read_text().split()[1]))

    return make


def edited(lecture: Made, **texts: str) -> Captions:
    """The captions with other texts: s7="…" for segment 7."""
    segments = [replace(s, items=[texts.get(f"s{s.id}", *s.items)]) for s in lecture.captions.current]
    return replace(lecture.captions, current=segments)


def alike(one: array[int], other: array[int], begin: int, end: int) -> bool:
    """Whether two tracks are the same from `begin` to `end` ms, but for what a decoder rounds."""
    part = slice(begin * 8, end * 8)
    return max((abs(a - b) for a, b in zip(one[part], other[part], strict=True)), default=0) < 40


def loud(samples: array[int], begin: int, end: int) -> bool:
    return max(map(abs, samples[begin * 8 : end * 8])) > 1000


def test_one_corrected_segment_is_said_anew_and_nothing_else_changes(lecture: Made, revoiced):
    new = revoiced(edited(lecture, s20="No, this is what was really said here."))
    assert new.said == 1
    before, after = lecture.samples(), new.samples()
    assert len(before) == len(after)
    assert alike(before, after, 0, 20 * STEP - 100) and alike(before, after, 21 * STEP - 50, (COUNT + 2) * STEP)
    assert not alike(before, after, 20 * STEP, 21 * STEP - 500)
    begin, end = new.places[20]
    assert begin - 20 * STEP < 100 and loud(after, begin, end) and not loud(after, end + 60, 21 * STEP - 20)
    assert {k: v for k, v in new.places.items() if k != 20} == {k: v for k, v in lecture.places.items() if k != 20}


def test_it_sounds_as_if_the_whole_had_been_made_anew(lecture: Made, revoiced, tmp_path: Path):
    changed = edited(lecture, s1="First of all.", s20="No, this is what was really said here.", s40="Thank you.")
    whole = Made(changed, tmp_path / "whole.mp3")
    files = ["--input", str(written(changed, tmp_path / "whole.dfxp")), "--output", str(whole.track)]
    subprocess.run([ESPEAK, "--lang", "en", *files], check=True, env=ENVIRONMENT)
    new = revoiced(changed)
    assert new.said == 3
    assert new.places.keys() == whole.places.keys()
    sound, other = new.samples(), whole.samples()
    for line, (begin, end) in whole.places.items():
        assert abs(new.places[line][0] - begin) < 60 and abs(new.places[line][1] - end) < 60, line
        assert loud(sound, begin, end) == loud(other, begin, end)


def test_longer_words_than_there_is_room_for_take_the_next_lines_in(lecture: Made, revoiced):
    new = revoiced(edited(lecture, s20=" ".join(WORDS[:14]) + "." + " ".join(WORDS) + "."))
    assert 2 <= new.said <= 12
    order = sorted(new.places.values())
    assert all(one[1] <= other[0] for one, other in zip(order, order[1:], strict=False))
    assert len(new.places) == COUNT


def test_a_removed_segment_is_silence_and_an_added_one_is_said(lecture: Made, revoiced):
    segments = [s for s in lecture.captions.current if s.id != 12]
    segments.append(Segment(99, (COUNT + 1) * STEP, (COUNT + 1) * STEP + 2000, ["And one more."]))
    new = revoiced(replace(lecture.captions, current=segments))
    sound = new.samples()
    assert 12 not in new.places and not loud(sound, 12 * STEP, 13 * STEP - 50)
    assert loud(sound, *new.places[99]) and loud(sound, *new.places[13])


def test_a_segment_that_moved_is_said_at_its_new_time(lecture: Made, revoiced):
    segments = [replace(s, begin=s.begin + 900) if s.id == 30 else s for s in lecture.captions.current]
    new = revoiced(replace(lecture.captions, current=segments))
    assert abs(new.places[30][0] - (30 * STEP + 900)) < 100 and new.said <= 4


def test_nothing_changed_gives_the_same_track_without_saying_anything(lecture: Made, revoiced):
    new = revoiced(lecture.captions)
    assert new.said == 0 and new.track.read_bytes() == lecture.track.read_bytes()


def test_edits_of_edits_leave_the_rest_as_it_was_the_first_time(lecture: Made, revoiced, tmp_path: Path):
    made: Made = lecture
    for turn in range(4):
        made = revoiced(edited(lecture, s8=f"This is version number {turn} of it."), made)
        kept = tmp_path / f"turn{turn}.mp3"
        kept.write_bytes(made.track.read_bytes())
        places_of(kept).write_bytes(places_of(made.track).read_bytes())
        made = Made(made.captions, kept)
    assert alike(lecture.samples(), made.samples(), 9 * STEP, (COUNT + 2) * STEP)


@pytest.mark.parametrize("change", ["end", "half of it"])
def test_the_whole_is_made_where_that_is_simpler(lecture: Made, revoiced, change: str):
    if change == "end":
        captions = replace(lecture.captions, end=(COUNT + 5) * STEP)
    else:
        captions = edited(lecture, **{f"s{n}": "Something else." for n in range(1, 30)})
    new = revoiced(captions)
    assert new.said == COUNT and len(new.places) == COUNT


def test_a_track_whose_frames_hang_together_is_made_anew(lecture: Made, revoiced, tmp_path: Path):
    hanging = Made(lecture.captions, tmp_path / "hanging.mp3")
    argv = ["ffmpeg", "-v", "error", "-i", str(lecture.track), "-b:a", "64k", "-reservoir", "1", str(hanging.track)]
    subprocess.run(argv, check=True)
    places_of(hanging.track).write_bytes(places_of(lecture.track).read_bytes())
    new = revoiced(edited(lecture, s20="No, this is what was really said here."), hanging)
    assert new.said == COUNT


def test_a_system_that_fails_is_told_in_its_own_words(lecture: Made, revoiced, tmp_path: Path, capfd):
    broken = tmp_path / "run"
    broken.write_text("#!/bin/sh\necho 'the voice has a cold' >&2\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(subprocess.CalledProcessError):
        revoiced(edited(lecture, s20="No."), run=broken)
    assert capfd.readouterr().err.strip().splitlines()[-1] == "the voice has a cold"


def test_a_system_that_writes_wrong_places_has_the_whole_track_made(lecture: Made, revoiced, tmp_path: Path):
    careless = tmp_path / "run"
    places = 'out=$(dirname "$6")/part.places.json; [ -f "$out" ] && echo "[[1]]" >"$out"; exit 0'
    careless.write_text(f'#!/bin/sh\n{ESPEAK} "$@" || exit 1\n{places}\n')
    careless.chmod(0o755)
    made = revoiced(edited(lecture, s20="No."), run=careless)
    assert made.said == COUNT and len(made.places) == COUNT


@pytest.mark.parametrize("rate", [16000, 22050, 24000, 44100])
@pytest.mark.parametrize("reservoir", ["0", "1"])
def test_frames_are_found_and_those_without_a_reservoir_stand_alone(tmp_path: Path, rate: int, reservoir: str):
    path = tmp_path / "x.mp3"
    argv = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"anoisesrc=d=5:r={rate}:s=1", "-b:a", "64k"]
    subprocess.run([*argv, "-reservoir", reservoir, str(path)], check=True)
    frames = mp3.read(path.read_bytes())
    assert abs(frames.count * frames.seconds - 5) < 0.15 and frames.kind[1] == rate
    alone = [frames.stands_alone(k) for k in range(frames.count)]
    assert all(alone) if reservoir == "0" else sum(alone) < frames.count / 10


@pytest.mark.parametrize("data", [b"", b"ID3", b"\xff\xfb", b"RIFF" + bytes(100), b"\xff\xfb\x90\x00" + bytes(10)])
def test_what_is_no_mp3_is_refused_in_words(data: bytes):
    with pytest.raises(mp3.FormatError, match="MP3"):
        mp3.read(data)
