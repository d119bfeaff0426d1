"""Apertium's stream format, without Apertium."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from systems.apertium.apertium_mt import stream
from systems.apertium.apertium_mt.stream import Token
from systems.apertium.apertium_mt.translate import scored

NO_CONTROL = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co")))


@given(NO_CONTROL)
def test_any_text_comes_back_from_a_translator_that_changes_nothing(text):
    block = stream.encode(text)
    assert b"\0" not in block and b"\n" not in block
    assert stream.decode(block) == [Token(word, True) for word in text.split()]


@given(st.text())
def test_no_text_can_break_the_framing(text):
    assert b"\0" not in stream.encode(text)


def test_marks_are_taken_off_and_make_a_word_unknown():
    tokens = stream.decode(b"Els *routers decideixen l'*foo @bar #baz[;0].[]")
    assert tokens == [
        ("Els", True),
        ("routers", False),
        ("decideixen", True),
        ("l'foo", False),
        ("bar", False),
        ("baz", False),
    ]


def test_a_mark_that_is_text_is_not_a_mark():
    sent = stream.encode("2 * 3 C# me@x.org")
    assert stream.decode(sent) == [(word, True) for word in ["2", "*", "3", "C#", "me@x.org"]]


def test_double_spaces_and_blanks_of_the_engine_are_squeezed():
    tokens = stream.decode(b"un conjunto  de[ ] los[;0].[]")
    assert [token.text for token in tokens] == ["un", "conjunto", "de", "los"]


def test_an_answer_with_another_end_is_refused():
    with pytest.raises(stream.StreamError, match="does not end"):
        stream.decode(b"palabra\\<")


def test_the_confidence_of_a_text_is_the_mean_of_its_words():
    result = scored([Token("bona", True), Token("routers", False)], 0.8, 0.2)
    assert result.words == [("bona", 0.8), ("routers", 0.2)]
    assert result.confidence == pytest.approx(0.5)
    assert scored([], 0.8, 0.2).confidence is None


def test_an_answer_to_another_block_is_refused():
    with pytest.raises(stream.StreamError, match="does not end"):
        stream.decode(stream.encode("casa", 7), 8)
