"""Cutting texts for a neural model and joining what comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from systems.ctranslate2.ct2_mt.pieces import cut, join


def longer_than(words: int):
    return lambda text: len(text.split()) > words


def texts(text: str, words: int = 100) -> list[str]:
    return [piece.text for piece in cut(text, longer_than(words))]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("We start today. Then we go on.", ["We start today.", "Then we go on."]),
        ("¿Empezamos? ¡Sí! Vamos.", ["¿Empezamos?", "¡Sí!", "Vamos."]),
        ("He said “stop it.” Then left.", ["He said “stop it.”", "Then left."]),
        ("Ask Dr. Smith about version 3.5 now.", ["Ask Dr. Smith about version 3.5 now."]),
        ("It goes on... and on.", ["It goes on... and on."]),
        ("", []),
        ("   ", []),
    ],
)
def test_a_text_is_cut_at_the_ends_of_sentences(text, pieces):
    assert texts(text) == pieces


def test_a_long_sentence_is_cut_at_the_clause_nearest_its_middle():
    assert texts("one two three, four five six seven; eight nine ten eleven", 8) == [
        "one two three, four five six seven;",
        "eight nine ten eleven",
    ]


def test_a_long_sentence_without_clauses_is_cut_between_words():
    assert texts("one two three four five six seven eight", 4) == ["one two three four", "five six seven eight"]


def test_a_word_that_is_too_long_is_cut_and_joined_without_a_space():
    pieces = cut("x" * 50, lambda text: len(text) > 20)
    assert max(len(piece.text) for piece in pieces) <= 20
    assert join([(piece, piece.text) for piece in pieces]) == "x" * 50


@given(st.text(st.sampled_from("ab .,;:!?A")), st.integers(1, 12))
def test_nothing_of_a_text_is_lost_and_no_piece_is_empty(text, limit):
    pieces = cut(text, lambda t: len(t) > limit)
    assert all(piece.text.strip() for piece in pieces)
    assert join([(piece, piece.text) for piece in pieces]).split() == text.split()
