"""Modifications as /mod sends them: what is accepted, and which `rcode` says what is wrong (manual, /speech/mod)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlp import edits
from tlp.edits import Edits, SegmentEdit, SentenceEdit, segment_edits, sentence_edits
from tlp.errors import ReturnCode

GOOD = {"sI": 1, "b": 1.0, "e": 2.0, "t": "x"}


def refused(value: object, parse: Any = segment_edits, **limits: int) -> tuple[int, str]:
    with pytest.raises(ReturnCode) as error:
        parse(value, **limits)
    return error.value.rcode, str(error.value)


def test_the_example_of_the_manual_is_read():
    text = "She told me: You know nothing, John Snow"
    english = segment_edits({"txt": [{"sI": 16, "b": 87.96, "e": 91.37, "t": text}], "del": [3, 7]})
    assert english == Edits((SegmentEdit(16, 87960, 91370, text),), (3, 7))
    assert segment_edits({"del": [9], "txt": []}) == Edits((), (9,))
    assert sentence_edits({"txt": [{"sI": 16, "t": text}]}) == Edits((SentenceEdit(16, text),))


WRONG: dict[str, tuple[object, int, str]] = {
    "no txt": ({"del": [1]}, 1, "'txt'"),
    "no dictionary": (["txt"], 1, "'txt'"),
    "txt is a dictionary": ({"txt": {}}, 2, "'txt' must be a list"),
    "del is a number": ({"txt": [], "del": 3}, 2, "'del' must be a list"),
    "del is null": ({"txt": [GOOD], "del": None}, 2, "'del' must be a list"),
    "both empty": ({"txt": [], "del": []}, 3, "both empty"),
    "txt alone and empty": ({"txt": []}, 3, "both empty"),
    "no text": ({"txt": [GOOD, {"sI": 2, "b": 1, "e": 2}]}, 4, "txt[1] (sI 2) lacks 't'"),
    "no id": ({"txt": [{"b": 1, "e": 2, "t": ""}]}, 4, "txt[0] lacks 'sI'"),
    "item is text": ({"txt": ["x"]}, 5, "txt[0] must be a dictionary"),
    "id is text": ({"txt": [{**GOOD, "sI": "1"}]}, 5, "'sI' of txt[0]"),
    "id has decimals": ({"txt": [{**GOOD, "sI": 1.0}]}, 5, "'sI'"),
    "id is a truth value": ({"txt": [{**GOOD, "sI": True}]}, 5, "'sI'"),
    "id is beyond JavaScript": ({"txt": [{**GOOD, "sI": 2**60}]}, 5, "'sI'"),
    "begin is text": ({"txt": [{**GOOD, "b": "1.0"}]}, 5, "'b' of txt[0] (sI 1) must be a number"),
    "end is null": ({"txt": [{**GOOD, "e": None}]}, 5, "'e'"),
    "begin is a truth value": ({"txt": [{**GOOD, "b": False}]}, 5, "'b'"),
    "begin is not a number": ({"txt": [{**GOOD, "b": float("nan")}]}, 5, "'b'"),
    "end is endless": ({"txt": [{**GOOD, "e": float("inf")}]}, 5, "'e'"),
    "end is after all media": ({"txt": [{**GOOD, "e": 10**30}]}, 5, "'e'"),
    "text is a list": ({"txt": [{**GOOD, "t": ["x"]}]}, 5, "'t'"),
    "deleted id is text": ({"txt": [], "del": [1, "2"]}, 5, "del[1]"),
    "too short": ({"txt": [{**GOOD, "e": 1.004}]}, 6, "0.01"),
    "ends before it begins": ({"txt": [{**GOOD, "e": 0.5}]}, 6, "(sI 1)"),
    "same id twice": ({"txt": [GOOD, {**GOOD, "b": 0.5}]}, 7, "txt[1]"),
    "negative begin": ({"txt": [{**GOOD, "b": -0.5}]}, 8, "'b' of txt[0] (sI 1)"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_has_the_code_of_the_manual_and_names_the_place(case: str):
    value, rcode, words = WRONG[case]
    found, message = refused(value)
    assert found == rcode
    assert words in message


def test_lists_and_texts_longer_than_allowed_are_a_wrong_type():
    assert refused({"txt": [GOOD, {**GOOD, "sI": 2}]}, most_items=1) == (
        5,
        "'txt' has 2 items; at most 1 are taken at once",
    )
    assert refused({"txt": [], "del": [1, 2]}, most_items=1)[0] == 5
    rcode, words = refused({"txt": [{**GOOD, "t": "four"}]}, longest_text=3)
    assert rcode == 5
    assert "4 characters" in words


def test_ten_milliseconds_are_long_enough_though_floats_say_less():
    assert 8.01 - 8.0 < 0.01
    assert segment_edits({"txt": [{**GOOD, "b": 8.0, "e": 8.01}]}).items == (SegmentEdit(1, 8000, 8010, "x"),)


def test_times_are_rounded_once_and_texts_stripped_and_unknown_keys_passed_over():
    sent = {"sI": 1, "b": 0, "e": 0.9996, "t": "\u2003 two\n lines \n", "color": "red"}
    assert segment_edits({"txt": [sent], "lang": "en"}).items == (SegmentEdit(1, 0, 1000, "two\n lines"),)


def test_an_empty_text_and_a_negative_id_are_accepted():
    assert segment_edits({"txt": [{**GOOD, "sI": -4, "t": " "}]}).items == (SegmentEdit(-4, 1000, 2000, ""),)


def test_characters_that_neither_formats_nor_the_database_hold_are_replaced():
    assert segment_edits({"txt": [{**GOOD, "t": "a\x00b\ud800c"}]}).items[0].text == "a\ufffdb\ufffdc"


def test_segments_come_out_by_their_begin_and_deleted_ids_once():
    sent = {"txt": [{**GOOD, "sI": 2, "b": 1.5}, GOOD], "del": [9, 4, 9, 1]}
    found = segment_edits(sent)
    assert [edit.id for edit in found.items] == [1, 2]
    assert found.deleted == (4, 9)  # 1 is also edited, and an edit is what remains


def test_documents_need_no_times_and_tolerate_an_empty_del():
    assert sentence_edits({"txt": [{"sI": 2, "t": "b"}, {"sI": 1, "t": "a", "b": "?"}], "del": []}) == Edits(
        (SentenceEdit(2, "b"), SentenceEdit(1, "a"))
    )
    assert refused({"txt": [{"sI": 1, "t": "a"}], "del": [3]}, sentence_edits)[0] == 5
    assert refused({"txt": [], "del": []}, sentence_edits)[0] == 3
    assert refused({"txt": [{"sI": 1}]}, sentence_edits)[0] == 4
    assert refused({"txt": [{"sI": 1, "t": 1}]}, sentence_edits)[0] == 5
    assert refused({"txt": [{"sI": 1, "t": ""}, {"sI": 1, "t": ""}]}, sentence_edits)[0] == 7


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["txt", "del", "sI", "b"]), inner),
    max_leaves=12,
)
ITEM = st.fixed_dictionaries({}, optional={key: JSON for key in ("sI", "b", "e", "t")})


@settings(deadline=None)
@given(JSON | st.fixed_dictionaries({"txt": st.lists(ITEM | JSON), "del": st.lists(JSON)}))
def test_anything_is_either_edits_or_a_code_from_1_to_8(value: object):
    for parse in (segment_edits, sentence_edits):
        try:
            assert parse(value)
        except ReturnCode as error:
            assert error.rcode in range(1, 9)
            assert str(error)


IDS = st.integers(0, 5)
EDITS = st.builds(
    lambda items, deleted: Edits(tuple(items), tuple(sorted(deleted - {e.id for e in items}))),
    st.lists(
        st.builds(SegmentEdit, IDS, st.just(0), st.integers(10, 99), st.text(max_size=2)), unique_by=lambda e: e.id
    ),
    st.sets(IDS),
)


@settings(deadline=None)
@given(EDITS)
def test_packed_edits_survive_json(some: Edits):
    assert edits.unpacked_segments(json.loads(json.dumps(edits.packed(some)))) == some
    sentences = Edits(tuple(SentenceEdit(e.id, e.text) for e in some.items))
    assert edits.unpacked_sentences(json.loads(json.dumps(edits.packed(sentences)))) == sentences
