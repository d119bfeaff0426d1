"""The times of recognised words: clipped to speech, in order, and what was passed over."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from systems.whisper.whisper_asr.recogniser import joined
from systems.whisper.whisper_asr.words import SHORTEST, clip, in_order, unheard
from tlp.captions import Word

times = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), max_size=30)


def said(*spans: tuple[int, int]) -> list[Word]:
    return [Word(f"w{number}", *span) for number, span in enumerate(spans)]


def spans(words: list[Word]) -> list[tuple[int | None, int | None]]:
    return [(word.begin, word.end) for word in words]


def test_a_first_word_that_swallowed_the_pause_begins_with_the_speech():
    assert spans(clip(said((0, 1300)), [(1000, 3000)])) == [(1000, 1300)]


def test_a_word_between_two_regions_goes_to_the_one_it_shares_more_with():
    assert spans(clip(said((500, 1500)), [(0, 700), (1000, 3000)])) == [(1000, 1500)]


def test_a_word_outside_all_speech_keeps_its_times():
    assert spans(clip(said((2000, 2500)), [(0, 1000), (3000, 4000)])) == [(2000, 2500)]


@given(times)
def test_clipping_keeps_every_word_and_never_lengthens_one(pairs):
    words = said(*((min(pair), max(pair)) for pair in sorted(pairs)))
    clipped = clip(words, [(100, 900), (1400, 2000), (2300, 4100)])
    assert [word.text for word in clipped] == [word.text for word in words]
    assert all(a.begin <= b.begin <= b.end <= a.end for a, b in zip(words, clipped, strict=True))


@given(times)
def test_ordered_words_are_the_same_words_without_overlap(pairs):
    ordered = in_order(said(*pairs))
    assert [word.text for word in ordered] == [f"w{number}" for number in range(len(pairs))]
    assert all(word.end - word.begin >= SHORTEST for word in ordered)
    assert all(a.end <= b.begin for a, b in zip(ordered, ordered[1:], strict=False))


def test_words_that_are_in_order_are_left_alone():
    words = said((0, 400), (400, 900), (2000, 2100))
    assert in_order(words) == words


def test_speech_without_words_is_found_with_its_place_among_the_words():
    words = said((0, 1000), (9000, 9500))
    assert unheard(words, [(0, 1200), (2000, 5000), (6000, 9500)], 3000) == [(1, 1000, 9000)]


def test_speech_before_the_first_and_after_the_last_word_is_found():
    words = said((5000, 6000))
    assert unheard(words, [(500, 6000), (7000, 11000)], 3000) == [(0, 500, 5000), (1, 7000, 11000)]


def test_a_piece_in_which_nothing_was_recognised_is_unheard_as_a_whole():
    assert unheard([], [(500, 6000)], 3000) == [(0, 500, 6000)]


def test_a_pause_between_words_is_not_unheard_speech():
    assert unheard(said((0, 1000), (9000, 9500)), [(0, 1000), (9000, 9500)], 500) == []


def heard(*parts: tuple[str, float, float, float]) -> list[SimpleNamespace]:
    """Words in the shape in which faster-whisper gives them (seconds)."""
    return [SimpleNamespace(word=w, start=b, end=e, probability=p) for w, b, e, p in parts]


def test_parts_without_a_leading_space_belong_to_the_word_before():
    words = list(joined(heard((" well", 0.0, 0.5, 0.9), ("-known", 0.5, 1.0, 0.6), (" fact.", 1.2, 1.5, 0.8))))
    assert [(w.text, w.begin, w.end, w.made.confidence) for w in words] == [
        ("well-known", 0, 1000, 0.6),
        ("fact.", 1200, 1500, 0.8),
    ]


def test_the_first_word_of_a_segment_needs_no_leading_space():
    assert [w.text for w in joined(heard(("Hola", 0.0, 0.5, 0.9), (" mundo", 0.5, 1.0, 0.9)))] == ["Hola", "mundo"]


def test_a_part_of_nothing_but_space_is_no_word():
    assert list(joined(heard((" ", 0.0, 0.5, 0.9)))) == []
