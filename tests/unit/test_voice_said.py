"""The file of said lines between the parts of a voice and their track: whole or refused, in any order."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tlp.captions import Captions, Segment
from tlp.errors import FormatError, MediaError
from tlp.voice import said
from tlp.voice.dub import say
from tlp.voice.fit import Limits
from tlp.voice.lines import Line, lines
from tlp.voice.said import Said
from tlp.voice.speak import Speaker, Spoken
from tlp.voice.squeeze import Squeezer


class Humming:
    """An engine: as many samples of one value as a text has letters, none of it for "bad"."""

    sample_rate = 1000
    workers = 2

    def say(self, text: str, rate: float) -> bytes:
        if text == "bad":
            raise RuntimeError("no such sound")
        return b"\x10\x20" * round(100 * len(text) / rate)


def line(number: int) -> Line:
    return Line(10 * number, f"line {number}", 1000 * number, 1000 * number + 900, False, number)


def written(path: Path, *numbers: int, sample_rate: int = 8000) -> Path:
    said.write(path, sample_rate, [Spoken(line(n), bytes(2 * n)) for n in numbers])
    return path


def test_lines_come_back_as_they_were_said_whatever_the_order_of_files_and_lines(tmp_path: Path) -> None:
    first, second = written(tmp_path / "a.said", 1, 2), tmp_path / "b.said"
    later = [Spoken(line(3), b"abcd", None, 1.37, b"ad"), Spoken(line(0), b"", "it broke"), Spoken(line(4), b"")]
    said.write(second, 8000, later)
    speech = Said([second, first])
    expected = [later[1], Spoken(line(1), bytes(2)), Spoken(line(2), bytes(4)), later[0], later[2]]
    assert list(speech.of([line(n) for n in (0, 1, 2, 3, 4)])) == expected
    assert speech.sample_rate == 8000


def test_a_part_with_nothing_to_say_is_a_file_too(tmp_path: Path) -> None:
    speech = Said([written(tmp_path / "a.said"), written(tmp_path / "b.said", 1)])
    assert len(list(speech.of([line(1)]))) == 1


def test_a_line_that_is_in_no_part_is_missed_before_the_first_one_is_used(tmp_path: Path) -> None:
    speech = Said([written(tmp_path / "a.said", 1)])
    with pytest.raises(FormatError, match="1 of 2 segments are in no part, the first is 20"):
        next(speech.of([line(1), line(2)]))


def test_parts_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    first = written(tmp_path / "a.said", 1)
    with pytest.raises(FormatError, match=r"b\.said has 16000 samples a second, a\.said 8000"):
        Said([first, written(tmp_path / "b.said", 2, sample_rate=16000)])
    with pytest.raises(FormatError, match=r"segment number 1 of b\.said is in another part too"):
        Said([first, written(tmp_path / "b.said", 1)])


def test_a_file_that_was_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.said", 3, 4)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError, match=r"a\.said is (damaged|no file of said lines)"):
            Said([path])
    path.write_bytes(whole + b"x")
    with pytest.raises(FormatError, match="damaged"):
        Said([path])


@pytest.mark.parametrize(
    "head",
    [
        b"", b"\xff\xfb\x90", b"[]", b"7", b'{"version": 1}', b'{"version": 1, "sample_rate": 0, "lines": []}',
        b'{"version": 1, "sample_rate": 8, "lines": [[1, null, "two", 1, 0]]}',
        b'{"version": 1, "sample_rate": 8, "lines": [3]}',
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_refused(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "a.said").write_bytes(head + b"\n")
    with pytest.raises(FormatError, match=r"a\.said"):
        Said([tmp_path / "a.said"])


def test_another_version_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.said").write_text(json.dumps({"version": 2}) + "\n")
    with pytest.raises(FormatError, match="has version 2"):
        Said([tmp_path / "a.said"])


TEXTS = ["one", "bad", "…", "something far too long for its time", "five", "six"]
CAPTIONS = Captions("en", [Segment(9 - n, 600 * n, 600 * n + 500, [text]) for n, text in enumerate(TEXTS)])
CAPTIONS.current.insert(4, CAPTIONS.current.pop(1))  # segments need not stand in the order of their times


def faster(argv: list[str], **given: Any) -> SimpleNamespace:
    """An `execute` that leaves out samples in the place of ffmpeg."""
    tempo = float(argv[argv.index("-af") + 1].removeprefix("atempo="))
    return SimpleNamespace(returncode=0, stdout=given["input"][: 2 * round(len(given["input"]) / 2 / tempo)])


def fails(argv: list[str], **given: Any) -> SimpleNamespace:
    return SimpleNamespace(returncode=1, stdout=b"", stderr=b"so\nno sound\n")


HUMS = Squeezer(1000, Limits(), faster)


def test_each_line_is_said_in_a_part_as_it_is_in_the_whole(tmp_path: Path) -> None:
    files = []
    for first, last in ((0, 3), (3, 6)):
        files.append(tmp_path / f"{first}.said")
        say(CAPTIONS, (first, last), Speaker(Humming(), Limits()), HUMS, files[-1])
    todo = lines(CAPTIONS)
    whole = list(Speaker(Humming(), Limits()).of(todo))
    assert list(Said(files).of(todo)) == [HUMS.ahead(one) for one in whole]
    assert [one.problem for one in whole if one.problem] == ["RuntimeError: no such sound"]
    assert len({len(one.samples) / len(one.line.text) for one in whole}) > 2, "one of them was said faster"


def test_a_part_of_which_nothing_can_be_said_fails_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="the engine said none of 1 segments: RuntimeError: no such sound"):
        say(CAPTIONS, (4, 5), Speaker(Humming(), Limits()), HUMS, tmp_path / "a.said")
    assert not list(tmp_path.iterdir())


def test_on_its_last_attempt_such_a_part_is_silent_as_it_is_in_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TLP_LAST_ATTEMPT", "1")
    files = []
    for first, last in ((0, 4), (4, 5), (5, 6)):
        files.append(tmp_path / f"{first}.said")
        say(CAPTIONS, (first, last), Speaker(Humming(), Limits()), HUMS, files[-1])
    todo = lines(CAPTIONS)
    silent = [(one.problem, one.samples) for one in Said(files).of(todo) if one.problem]
    assert silent == [("RuntimeError: no such sound", b"")]


@pytest.mark.parametrize("span", [(0, 7), (-1, 2), (3, 3)])
def test_segments_that_are_not_there_are_refused(tmp_path: Path, span: tuple[int, int]) -> None:
    with pytest.raises(FormatError, match="there are no segments"):
        say(CAPTIONS, span, Speaker(Humming(), Limits()), HUMS, tmp_path / "a.said")


def test_speech_that_was_squeezed_ahead_is_used_only_where_its_room_is_what_was_thought() -> None:
    spoken = Spoken(Line(1, "a", 0, 1080, False, 0), bytes(2 * 1300))
    ahead = HUMS.ahead(spoken)
    assert ahead.tempo == 1.3 and len(ahead.squeezed) == 2 * 1000
    done = Squeezer(1000, Limits(), fails)
    assert done.fitted(ahead, 1000) == ahead.squeezed
    assert done.fitted(ahead, 1300) == spoken.samples
    assert HUMS.fitted(ahead, 900) == HUMS.fitted(spoken, 900) != ahead.squeezed
    with pytest.raises(MediaError, match="ffmpeg: no sound"):
        done.fitted(ahead, 900)
    assert HUMS.ahead(Spoken(Line(1, "a", 0, 9000, False, 0), bytes(2600))).tempo == 1.0
