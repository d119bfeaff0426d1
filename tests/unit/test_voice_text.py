"""What of a segment is said, and in which symbols an engine gets it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from systems.festival.festival_tts import latin
from systems.kokoro.kokoro_tts import phonemes
from tlp.captions import Captions, Segment
from tlp.errors import FormatError
from tlp.voice import lines as order
from tlp.voice.text import speakable


def said(text: str) -> str:
    return speakable(Segment(1, 0, 1000, [text]))


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Good  morning,\nall", "Good morning, all"),
        ("the /gonna/going to/ end [hesitation] here", "the going to end here"),
        ("<i>word</i> <break time='9s'/> 3 < 5", "word 3 5"),
        ("[[hello]] \x01 200s a\u202eb", "hello 200s a b"),
        ("♪ la la ♪ 🙂", "la la"),
        ("see https://example.org/a?b", "see example.org/a?b"),
        ("1984", "1984"),
        ("... — !?", ""),
        ("~SIL <unk>", ""),
        ("-v de --stdin", "-v de --stdin"),
    ],
)
def test_people_would_say(text, spoken):
    assert said(text) == spoken


def test_a_deleted_segment_is_not_said():
    assert speakable(Segment(1, 0, 1000, ["gone"], deleted=True)) == ""


@given(st.text())
def test_what_is_said_is_one_line_without_control_characters(text):
    assert said(text).isprintable()


def test_lines_are_in_the_order_of_their_begins_and_silent_segments_leave_their_time_to_the_one_before():
    captions = Captions("en", [Segment(3, 5000, 6000, ["c"]), Segment(1, 0, 900, ["a"]), Segment(2, 1000, 2000, ["…"])])
    assert order.lines(captions) == [order.Line(1, "a", 0, 5000, False), order.Line(3, "c", 5000, 6000, True)]


def test_captions_with_nothing_to_say_have_no_lines_but_an_end():
    captions = Captions("en", [Segment(1, 0, 900, ["..."])], end=4000)
    assert (order.lines(captions), order.end_of(captions)) == ([], 4000)


def test_times_beyond_a_day_are_refused():
    with pytest.raises(FormatError, match="24"):
        order.lines(Captions("en", [Segment(1, 0, 10**12, ["a"])]))


@given(st.text(alphabet=st.sampled_from('ab"\\()\n\r\0;`#\x1b日éŀ’€ß🙂\u0301'), max_size=30))
def test_nothing_in_a_text_can_end_a_string_of_scheme(text):
    words = latin(text)
    assert not set(words) & set('"\\()\n\r\0;`#\x1b')
    words.encode("iso-8859-15")


def test_letters_that_the_catalan_voice_lacks_are_spelt_with_those_it_has():
    assert latin("L’aŀlegat — čistý 日本 «això»") == "L'al·legat , cistý «això»"


def test_the_numbers_of_symbols_are_those_the_model_was_taught():
    taught = {";": 1, "?": 6, "—": 9, " ": 16, "I": 25, "a": 43, "f": 48, "h": 50, "z": 68, "ɑ": 69, "æ": 72, "ə": 83}
    taught |= {"ɡ": 92, "ɹ": 123, "ʁ": 128, "ʧ": 133, "ʒ": 147, "ˈ": 156, "ː": 158, "ᵻ": 177}
    assert {symbol: phonemes.NUMBERS[symbol] for symbol in taught} == taught
    assert len(phonemes.NUMBERS) == len(set(phonemes.NUMBERS.values())) == 114


@given(st.text(alphabet="ab ,.", max_size=200), st.integers(5, 40))
def test_a_long_text_is_cut_into_passes_that_lose_nothing_but_spaces(line, most):
    parts = list(phonemes.passes(line, most))
    assert all(0 < len(part) <= most for part in parts)
    assert "".join(parts).replace(" ", "") == line.replace(" ", "")


def test_a_long_text_is_cut_after_punctuation_rather_than_within_a_sentence():
    assert list(phonemes.passes("aa bb. cc dd ee", 12)) == ["aa bb.", "cc dd ee"]
