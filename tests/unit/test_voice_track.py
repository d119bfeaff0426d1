"""A speech track as samples: what is where, what is silence, what is cut."""

import io
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlp.voice import commands
from tlp.voice.track import Track, cut, length, trimmed


def samples(*values: int) -> bytes:
    return array("h", values).tobytes()


def test_speech_stands_at_its_time_with_silence_before_and_after(tmp_path):
    with (tmp_path / "t").open("wb") as file:
        track = Track(file, 1000)
        assert track.place(3, samples(7, 8)) == 5
        assert track.place(6, samples(9)) == 7
        assert track.finish(9) == 9
    assert array("h", (tmp_path / "t").read_bytes()).tolist() == [0, 0, 0, 7, 8, 0, 9, 0, 0]


def test_a_track_lasts_to_its_last_speech_when_that_is_later_than_its_end(tmp_path):
    with (tmp_path / "t").open("wb") as file:
        track = Track(file, 1000)
        track.place(5, samples(1, 1, 1))
        assert track.finish(6) == 8
    assert (tmp_path / "t").stat().st_size == 16


def test_hours_of_silence_take_no_room_on_the_disk(tmp_path):
    with (tmp_path / "t").open("wb") as file:
        track = Track(file, 24000)
        track.place(3 * 3_600_000, samples(1))
        track.finish(5 * 3_600_000)
    stat = (tmp_path / "t").stat()
    assert stat.st_size == 2 * 24000 * 5 * 3600
    assert stat.st_blocks * 512 < 1 << 20


def test_speech_over_speech_is_refused():
    track = Track(io.BytesIO(), 1000)
    track.place(0, samples(1, 1, 1))
    with pytest.raises(ValueError, match="overlap"):
        track.place(2, samples(1))


@given(st.integers(0, 10**8), st.integers(1, 5000), st.sampled_from([16000, 22050, 24000]))
def test_the_end_that_a_track_tells_is_a_place_for_the_next_speech(start, count, rate):
    class Nowhere(io.BytesIO):
        def write(self, data):
            return len(data)

    track = Track(Nowhere(), rate)
    track.place(track.place(start, bytes(2 * count)), bytes(2))


@given(st.integers(0, 3000), st.integers(1, 3000), st.integers(0, 3000))
def test_silence_around_speech_is_trimmed_to_a_little(before, voiced, after):
    kept = trimmed(samples(*[0] * before, *[9000] * voiced, *[3] * after), 10_000)
    assert array("h", kept).tolist().count(9000) == voiced
    assert len(kept) // 2 - voiced <= 2 * 300 + 2 * 50


def test_silence_alone_is_no_speech():
    assert trimmed(samples(*[0] * 100), 1000) == trimmed(b"", 1000) == b""


def test_what_is_cut_fades_out_and_what_fits_is_untouched():
    speech = samples(*[1000] * 200)
    kept = array("h", cut(speech, 1000, 100))
    assert (len(kept), kept[0], kept[69]) == (100, 1000, 1000)
    assert kept[-1] < 50
    assert cut(speech, 1000, 200) is speech
    assert length(speech, 1000) == 200


def test_the_loudness_is_the_last_one_that_ffmpeg_tells():
    said = "  Integrated loudness:\n    I:         -23.4 LUFS\n    Threshold: -33.9 LUFS\n"
    assert commands.parse_loudness("    I: -70.0 LUFS\n" + said) == -23.4
    assert commands.gain(-23.4, -16) == pytest.approx(7.4)
    assert commands.gain(-16.9, -16, before=7.4) == pytest.approx(8.3)


def test_silence_is_not_made_loud():
    assert commands.gain(commands.parse_loudness("    I:  -inf LUFS"), -16) == 0
