"""The model of subtitles: text for people, filtering, status, inheritance (manual, Appendix I; /speech/get)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlp.captions import (
    AUTOMATIC,
    CURRENT,
    EMPTY,
    FILTERED,
    FULLY_AUTOMATIC,
    FULLY_HUMAN,
    HUMAN,
    ORIGINAL,
    PARTIALLY_HUMAN,
    SPECIAL_TOKENS,
    UNFILTERED,
    Captions,
    Group,
    Made,
    Segment,
    Word,
    collapsed,
    filtered,
    plain,
)


def segment(*items: Word | Group | str, author: str | None = None) -> Segment:
    return Segment(1, 0, 1000, list(items), Made(author_type=author))


def test_words_groups_and_runs_are_joined_by_single_spaces():
    assert segment(Word("the "), Group([Word("way"), "we\n train"]), " in IBM ").text == "the way we train in IBM"


def test_no_break_and_ideographic_spaces_are_text_not_layout():
    assert segment("Vraiment\u00a0?\t 東\u3000京 ").text == "Vraiment\u00a0? 東\u3000京"


def test_characters_that_break_lines_become_spaces():
    assert segment("a\u2028b\x85c\r\nd").text == "a b c d"


def test_words_are_found_inside_groups_and_runs_are_not_words():
    assert [w.text for w in segment(Word("a"), "b", Group(["c", Word("d")])).words] == ["a", "d"]


@pytest.mark.parametrize("token", sorted(SPECIAL_TOKENS))
def test_every_special_token_is_filtered_out_and_shown_without_the_filter(token: str):
    said = segment(Word("so"), Word(token), f"we {token} go")
    assert plain(said) == "so we go"
    assert plain(said, UNFILTERED) == f"so {token} we {token} go"


def test_the_empty_policy_leaves_no_text():
    assert plain(segment("a"), EMPTY) == ""


def test_a_correction_is_read_as_meant_under_every_filter():
    said = segment("so /he go/he goes/, [hesitation] /um//home")
    assert plain(said, UNFILTERED) == "so he goes, [hesitation] /um//home"
    assert plain(said, FILTERED) == "so he goes, /um//home"


def test_a_correction_over_several_words_is_found():
    assert plain(segment(Word("/wanna/want"), Word("to/"), Word("go"))) == "want to go"


def test_a_correction_to_nothing_leaves_nothing():
    assert plain(segment("well /um// yes")) == "well yes"


@pytest.mark.parametrize(
    "text", ["90 km/h or 25 m/s or 1 l/s", "see http://a.org/b/c/ now", "and/or/both", "1 / 2 / 3 / 4"]
)
def test_slashes_that_are_no_correction_are_kept(text: str):
    assert plain(segment(text)) == text


def test_filtering_keeps_runs_without_tokens_exactly_as_they_are():
    captions = Captions("en", [segment("  two\n lines ", Word(" x "), Group(["~SIL"]), Word("<unk>"), "~SIL a")])
    assert filtered(captions, FILTERED).current[0].items == ["  two\n lines ", Word(" x "), "a"]
    assert filtered(captions, UNFILTERED) is captions
    assert filtered(captions, EMPTY).current[0].items == []


def test_filtering_reaches_the_original_side_and_leaves_the_argument_alone():
    captions = Captions("en", [segment("a")], original=[segment("[SILENCE]")])
    assert filtered(captions, FILTERED).original == [segment()]
    assert captions.original == [segment("[SILENCE]")]


TOKENS = st.sampled_from(["a", "bé", "[x]", "~", "<", *sorted(SPECIAL_TOKENS)])
TEXT = st.lists(TOKENS, min_size=1).map(" ".join)
ITEM = TEXT | st.builds(Word, TEXT)


@given(st.lists(ITEM | st.builds(Group, st.lists(ITEM))))
def test_the_two_ways_to_filter_say_the_same(items: list[Word | Group | str]):
    captions = Captions("en", [segment(*items)])
    assert filtered(captions, FILTERED).current[0].text == plain(captions.current[0], FILTERED)


@pytest.mark.parametrize(
    ("authors", "status", "ratio"),
    [
        ([], FULLY_AUTOMATIC, 0.0),
        ([None, AUTOMATIC], FULLY_AUTOMATIC, 0.0),
        ([HUMAN, None], PARTIALLY_HUMAN, 50.0),
        ([HUMAN, HUMAN], FULLY_HUMAN, 100.0),
    ],
)
def test_status_and_ratio_follow_from_who_made_the_segments(authors: list[str | None], status: str, ratio: float):
    captions = Captions("en", [segment("a", author=a) for a in authors])
    assert (captions.status, captions.supervised_ratio) == (status, ratio)


def test_segments_inherit_the_author_type_of_the_document():
    assert Captions("en", [segment("a")], made=Made(author_type=HUMAN)).status == FULLY_HUMAN


def test_without_an_original_side_the_current_one_is_the_original():
    captions = Captions("en", [segment("a")])
    assert captions.segments(ORIGINAL) is captions.segments(CURRENT)


def test_made_takes_from_above_only_what_it_lacks():
    above = Made(AUTOMATIC, "UPV", 0.5, "ws", "2012-10-03T21:32:52", 0.75)
    assert Made(HUMAN, author_conf=0.0).within(above) == Made(HUMAN, "UPV", 0.0, "ws", "2012-10-03T21:32:52", 0.75)


@given(st.text(st.characters() | st.sampled_from(" \t\r\n\x0b\x0c\x1c\x1f\x85\u2028\u2029")))
def test_a_space_that_is_text_changes_nothing_about_the_others(text: str):
    assert collapsed(f"\u00a0 {text} \u00a0").split(" ") == [
        "\u00a0",
        *filter(None, collapsed(text).split(" ")),
        "\u00a0",
    ]
