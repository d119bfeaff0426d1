"""Cutting recordings and texts into parts, and joining what was made of them: the pure parts and the two jobs."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import wave
from pathlib import Path

import pytest
from beeps import RATE, beeping, heard_in

from ingest.context import PROGRAMS
from ingest.modules.tl.asr.loudness import STEP
from ingest.modules.tl.asr.pauses import PAUSE, duration, pause, spans
from ingest.modules.tl.parts import sound, terms, text, whole
from tlp.captions import CURRENT, UNFILTERED, Captions, Group, Made, Segment, Word
from tlp.documents import PARAGRAPH, Block, Document, Sentence, Wording
from tlp.errors import MediaError
from tlp.formats import FORMATS


def test_parts_follow_each_other_without_gap_and_begin_and_end_in_pauses(tmp_path: Path) -> None:
    times = beeping(tmp_path / "a.wav", 120_000, seed=1)
    found = spans(tmp_path / "a.wav", 5)
    assert len(found) == 5
    assert [end for _, end in found[:-1]] == [begin for begin, _ in found[1:]]
    assert (found[0][0], found[-1][1]) == (0, 120_000)
    for cut, _ in found[1:]:
        assert all(not begin - PAUSE // 4 < cut < end + PAUSE // 4 for begin, end in times), cut
    assert all(abs(cut - 24_000 * n) <= 6_000 for n, (cut, _) in enumerate(found[1:], 1))


def test_speech_over_steady_noise_is_cut_in_its_pauses_too(tmp_path: Path) -> None:
    times = beeping(tmp_path / "a.wav", 60_000, seed=2, noise=600)
    cuts = [begin for begin, _ in spans(tmp_path / "a.wav", 3)[1:]]
    assert len(cuts) == 2
    assert all(not begin < cut < end for cut in cuts for begin, end in times)


def test_where_nobody_pauses_there_is_no_cut(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as wav:
        wav.setparams((1, 2, RATE, 0, "NONE", ""))
        random.seed(3)
        wav.writeframes(b"".join(struct.pack("<h", random.randrange(-9000, 9000)) for _ in range(RATE * 20)))
    assert spans(tmp_path / "a.wav", 4) == [(0, 20_000)]


def test_gaps_between_words_are_no_pauses() -> None:
    speech = ([-10.0] * 6 + [-70.0] * (PAUSE // STEP - 1)) * 40
    assert pause(speech) is None
    assert pause([*speech, *[-70.0] * 4, *speech]) is not None


def test_silence_is_one_long_pause(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as wav:
        wav.setparams((1, 2, RATE, 0, "NONE", ""))
        wav.writeframes(bytes(2 * RATE * 40))
    assert spans(tmp_path / "a.wav", 2) == [(0, 20_000), (20_000, 40_000)]
    assert pause([]) is None


def test_a_length_in_the_header_that_the_file_does_not_have_is_not_believed(tmp_path: Path) -> None:
    beeping(tmp_path / "a.wav", 8_000, seed=4)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[4:8] = data[40:44] = struct.pack("<I", 0x7FFFFF00)
    (tmp_path / "a.wav").write_bytes(data)
    assert duration(tmp_path / "a.wav") == 8_000
    assert spans(tmp_path / "a.wav", 2)[-1][1] == 8_000


def test_what_is_no_recording_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    for call in (lambda: duration(tmp_path / "a.wav"), lambda: sound.cut(tmp_path / "a.wav", 0, 1, tmp_path / "b")):
        with pytest.raises(MediaError, match="a.wav cannot be"):
            call()


def test_the_parts_hold_every_sample_once(tmp_path: Path) -> None:
    beeping(tmp_path / "a.wav", 30_000, seed=5)
    found = []
    for begin, end in spans(tmp_path / "a.wav", 3):
        sound.cut(tmp_path / "a.wav", begin, end, tmp_path / "part.wav")
        with wave.open(str(tmp_path / "part.wav")) as wav:
            assert wav.getnframes() == (end - begin) * RATE // 1000
            found.append(wav.readframes(wav.getnframes()))
    with wave.open(str(tmp_path / "a.wav")) as wav:
        assert b"".join(found) == wav.readframes(wav.getnframes())


@pytest.mark.parametrize("seed", range(5))
def test_what_is_heard_in_parts_is_what_is_heard_in_the_whole(tmp_path: Path, seed: int) -> None:
    beeping(tmp_path / "a.wav", 40_000, seed=seed, noise=100 * seed)
    parts = []
    for begin, end in spans(tmp_path / "a.wav", 2 + seed):
        sound.cut(tmp_path / "a.wav", begin, end, tmp_path / "part.wav")
        parts.append((begin, _reread(heard_in(tmp_path / "part.wav"))))
    assert len(parts) == 2 + seed
    unsplit = _reread(heard_in(tmp_path / "a.wav"))
    joined = whole.heard(parts)
    assert joined == unsplit
    assert _written(joined) == _written(unsplit)


def test_times_of_groups_are_moved_and_words_without_times_stay_without() -> None:
    group = Group([Word("a", 1, 2), "raw", Word("b")], 1, 2)
    later = Captions("en", [Segment(7, 0, 9, [group, Word("c", 3, None), "run"])], end=9)
    joined = whole.heard([(0, Captions("en", [Segment(4, 0, 5, ["x"])], end=5)), (100, later)])
    assert [segment.id for segment in joined.current] == [4, 5]
    assert joined.current[1] == Segment(
        5, 100, 109, [Group([Word("a", 101, 102), "raw", Word("b")], 101, 102), Word("c", 103, None), "run"]
    )
    assert joined.end == 109


def test_the_head_of_a_whole_sums_up_its_parts() -> None:
    def part(count: int, confidence: float | None, elapsed: str | None) -> Captions:
        made = Made("automatic", "Whisper", confidence=confidence)
        return Captions("en", [Segment(i, 0, 1) for i in range(count)], made=made, elapsed=elapsed, audio_length="2.5")

    joined = whole.heard([(0, part(3, 0.5, "1.25")), (2500, part(1, 0.9, "2")), (5000, part(0, None, "0.5"))])
    assert joined.made == Made("automatic", "Whisper", confidence=pytest.approx(0.6))
    assert (joined.elapsed, joined.audio_length) == ("3.750", "7.500")
    assert whole.heard([(0, part(1, None, "1")), (1, part(1, None, None))]).elapsed is None
    assert whole.heard([(0, part(1, None, "1")), (1, part(1, None, "soon"))]).elapsed is None


def test_texts_are_cut_evenly_into_whole_units() -> None:
    for count in (1, 2, 7, 100):
        for parts in (1, 2, 3, 10):
            found = text.spans([1] * count, parts)
            assert len(found) == min(parts, count)
            assert [n for first, last in found for n in range(first, last)] == list(range(count))
            sizes = [last - first for first, last in found]
            assert max(sizes) - min(sizes) <= 1
    assert text.spans([1, 50, 1, 1, 47, 0], 2) == [(0, 2), (2, 6)]
    assert text.spans([], 3) == [(0, 0)]


def test_captions_and_documents_come_together_again_as_they_were() -> None:
    captions = Captions("es", [Segment(3 * i, i, i + 1, [f"t{i}"]) for i in range(11)], end=12, audio_length="0.012")
    spans_ = text.spans(text.weights(captions), 4)
    assert whole.translated([text.cut(captions, span) for span in spans_]) == captions
    blocks = [
        Block(PARAGRAPH, [Sentence(10 * b + s, current=Wording([f"{b} {s}"])) for s in range(b)], anchor=str(b))
        for b in range(7)
    ]
    document = Document("es", blocks, source_language="en", title="T")
    spans_ = text.spans(text.weights(document), 3)
    assert len(spans_) == 3
    assert whole.document([text.cut(document, span) for span in spans_]) == document


def test_the_jobs_cut_run_and_join(tmp_path: Path) -> None:
    beeping(tmp_path / "a.wav", 20_000, seed=9)
    recogniser = [sys.executable, str(Path(__file__).with_name("beeps.py")), "--lang", "en"]
    command = ["join", "sound", "--output", "joined.dfxp"]
    for number, (begin, end) in enumerate(spans(tmp_path / "a.wav", 2)):
        files = ["--input", "a.wav", "--output", f"{number}.dfxp"]
        assert _job(tmp_path, "part", "sound", str(begin), str(end), *recogniser, *files).returncode == 0
        command += ["--part", str(begin), f"{number}.dfxp"]
    assert _job(tmp_path, *command).returncode == 0
    assert (tmp_path / "joined.dfxp").read_bytes() == _written(_reread(heard_in(tmp_path / "a.wav")))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.dfxp", "1.dfxp", "a.wav", "joined.dfxp"]


def test_the_times_of_terms_count_from_the_begin_of_the_part() -> None:
    lines = "plain\nold, style\npages\t1,5\nseen\t2\t0-60000,110000-130000,300000-320000\nfar\t\t500000-600000\n"
    assert terms.cut(lines, 100_000, 200_000).splitlines() == [
        "plain", "old, style", "pages\t1,5", "seen\t2\t10000-30000", "far\t\t",
    ]  # fmt: skip
    assert terms.cut("a\t\t70000-90000,95000-400000\n", 100_000, 200_000) == "a\t\t0-0,0-100000\n"
    assert terms.cut("a\t\t210000-290000,225000-300000\n", 100_000, 200_000) == "a\t\t100000-100000\n"
    assert terms.cut("", 0, 9) == ""


def test_a_recogniser_of_a_part_is_told_its_terms(tmp_path: Path) -> None:
    beeping(tmp_path / "a.wav", 4_000, seed=9)
    (tmp_path / "terms.txt").write_text("Korvath\t1\t2000-3000\n")
    copies = ["sh", "-c", 'cp "$2" told', "sh", "--terms", "terms.txt", "--input", "a.wav"]
    assert _job(tmp_path, "part", "sound", "1000", "4000", *copies).returncode == 0
    assert (tmp_path / "told").read_text() == "Korvath\t1\t1000-2000\n"


def test_the_job_of_a_part_fails_as_its_system_does(tmp_path: Path) -> None:
    beeping(tmp_path / "a.wav", 4_000, seed=9)
    shell = ["sh", "-c", "echo 'no such language' >&2; exit 3", "--input", "a.wav"]
    done = _job(tmp_path, "part", "sound", "0", "1000", *shell)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (3, "no such language")
    done = _job(tmp_path, "part", "sound", "0", "1000", "sh", "-c", "kill -SEGV $$", "--input", "a.wav")
    assert done.returncode == 139


def _job(folder: Path, name: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(PROGRAMS), "TMPDIR": str(folder), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", f"ingest.jobs.{name}", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def _written(captions: Captions) -> bytes:
    return FORMATS["dfxp"].write(captions, CURRENT, UNFILTERED)


def _reread(captions: Captions) -> Captions:
    """As a system's file gives them."""
    found: Captions = FORMATS["dfxp"].read(_written(captions))
    return found
