"""Documents: marks inside sentences, counts, supervision (manual, /text/list and /text/langs), and edits of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlp import document_edits, inline
from tlp.captions import AUTOMATIC, FULLY_AUTOMATIC, FULLY_HUMAN, HUMAN, ORIGINAL, PARTIALLY_HUMAN, Made
from tlp.document_edits import apply, changed, conflicts, highlighted, statistics
from tlp.documents import (
    CELL,
    NOT_TRANSLATED,
    PARAGRAPH,
    STATUS_CODES,
    Block,
    Counts,
    Document,
    Mark,
    Sentence,
    Wording,
    count_words,
)
from tlp.edits import Edits, SentenceEdit
from tlp.formats import dtlx
from tlp.inline import Span, carried, tagged, tidy, untagged

NOW = "2015-07-04T21:23:07Z"
BY = ("jsnow21", 90, NOW)


def edits(**texts: str) -> Edits[SentenceEdit]:
    return Edits(tuple(SentenceEdit(int(id[1:]), text) for id, text in texts.items()))


def document(*sentences: Sentence) -> Document:
    marks = {n: Mark("bold") for n in range(4)}
    return Document("ca", [Block(PARAGRAPH, [s], marks=marks) for s in sentences], "en")


def base() -> Document:
    """Two sentences translated by a system, one by a person, one not at all."""
    return document(
        Sentence(1, ["I do ", Span(1, ["know"]), " nothing."], Wording(["No ", Span(1, ["sé"]), " res."])),
        Sentence(2, ["You know nothing, John Snow."], Wording(["No saps res, Joan Neu."])),
        Sentence(
            3, ["Winter is coming."], Wording(["L'hivern arriba."], Made(HUMAN, "ana")), Wording(["L'hivern ve."])
        ),
        Sentence(4, ["See ", Span(2), " and ", Span(1, ["this"]), "."]),
    )


def test_spans_are_tags_in_the_text_for_people():
    items = ["See ", Span(2), " and ", Span(1, ["this ", Span(3, ["one"])]), "."]
    assert tagged(items) == "See <2/> and <1>this <3>one</3></1>."
    assert untagged(tagged(items), {1, 2, 3}) == items


def test_a_backslash_takes_the_meaning_of_a_tag_away():
    assert tagged(["a <1> b"]) == "a \\<1> b"
    assert untagged("a \\<1> b <1>c</1>", {1}) == ["a <1> b ", Span(1, ["c"])]


@pytest.mark.parametrize(
    "text", ["plain", "1 < 2 > 1", "<9>x</9>", "<1>x", "x</1>", "<1>a<2>b</1></2>", "</1/>", "<1>" * 99 + "</1>" * 99]
)
def test_text_whose_tags_are_none_or_do_not_match_is_only_text(text: str):
    assert untagged(text, {1, 2}) is None


RUN = st.text(st.sampled_from("ab <>/\\123\n\u00e9"), min_size=1, max_size=8)
ITEMS = st.recursive(
    st.lists(RUN, max_size=2),
    lambda inner: st.lists(RUN | st.builds(Span, st.integers(0, 3), inner), max_size=4),
    max_leaves=6,
).map(tidy)


@settings(max_examples=300, deadline=None)
@given(ITEMS)
def test_tags_and_back_lose_nothing(items: inline.Items):
    back = untagged(tagged(items), {0, 1, 2, 3})
    if inline.numbers(items):
        assert back == items
    else:
        assert back in (None, items)


@settings(max_examples=300, deadline=None)
@given(RUN, ITEMS)
def test_a_new_text_keeps_its_words_and_every_picture(new: str, before: inline.Items):
    items = carried(new, before)
    assert inline.text(items) == new
    assert carried(new, items) == items
    assert tidy(items) == items

    def pictures(items: inline.Items) -> list[int]:
        found = [[s.number] if not s.items else pictures(s.items) for s in items if isinstance(s, Span)]
        return sorted(number for numbers in found for number in numbers)

    assert pictures(items) == pictures(before)


def test_marks_stay_around_everything_and_around_words_that_are_still_there():
    assert carried("new", [Span(1, ["old text"])]) == [Span(1, ["new"])]
    assert carried("She knows it", ["He ", Span(1, ["knows"]), " that"]) == ["She ", Span(1, ["knows"]), " it"]
    assert carried("unknown", ["so ", Span(1, ["known"])]) == ["unknown"]
    assert carried("我知道了", ["我", Span(1, ["知道"])]) == ["我", Span(1, ["知道"]), "了"]
    assert carried("new", [Span(2), "old", Span(3)]) == [Span(2), "new", Span(3)]
    assert carried("", [Span(1, ["old"]), Span(2)]) == [Span(2)]


def test_the_status_goes_from_not_translated_to_fully_human():
    parts = [replace(s, current=None, original=None) for s in base().sentences]
    assert document(*parts).status == NOT_TRANSLATED
    parts[0].current = Wording(["a"])
    assert document(*parts).status == FULLY_AUTOMATIC
    parts[0].current = Wording(["a"], Made(HUMAN))
    assert document(*parts).status == PARTIALLY_HUMAN  # the rest is not translated
    for part in parts:
        part.current = Wording(["a"], Made(HUMAN))
    assert document(*parts).status == FULLY_HUMAN
    assert [STATUS_CODES[s] for s in (NOT_TRANSLATED, FULLY_AUTOMATIC, PARTIALLY_HUMAN, FULLY_HUMAN)] == [0, 1, 2, 3]


def test_an_empty_document_and_sentences_without_text_need_no_supervision():
    assert (document().status, document().supervised_ratio) == (NOT_TRANSLATED, 0.0)
    translated = Sentence(1, ["a"], Wording(["b"], Made(HUMAN)))
    assert document(translated, Sentence(2, [Span(2)])).status == FULLY_HUMAN


def test_the_author_of_the_document_counts_where_a_sentence_does_not_say():
    assert replace(document(Sentence(1, current=Wording(["a"]))), made=Made(HUMAN)).status == FULLY_HUMAN


def test_the_ratio_is_of_words_and_what_is_not_translated_counts_with_its_source():
    assert base().supervised_ratio == pytest.approx(100 * 2 / (3 + 5 + 2 + 3))
    assert apply(base(), edits(s1="a", s2="b", s4="c"), *BY).supervised_ratio == 100


def test_words_are_counted_as_word_processors_do():
    assert count_words("L'hivern – ve, 3,5 km/h!") == 4
    assert count_words("我知道 TLP 了") == 5
    assert count_words(" … ") == 0


def test_a_document_is_counted_in_its_source():
    own = Block(CELL, [Sentence(1, current=Wording([Span(1, ["one "]), "two"]))])
    assert Document("en", [own]).counts == Counts(1, 2, 7)
    assert base().counts == Counts(4, 15, 18 + 28 + 17 + 13)


def test_an_edited_sentence_is_the_persons_and_keeps_marks_source_and_original():
    found = apply(base(), edits(s1="Jo no sé res."), *BY).blocks[0].sentences[0]
    made = Made(HUMAN, "jsnow21", 0.9, timestamp=NOW, confidence=1.0)
    assert found.current == Wording(["Jo no ", Span(1, ["sé"]), " res."], made)
    assert found.original == base().blocks[0].sentences[0].current
    assert found.source == base().blocks[0].sentences[0].source


def test_the_original_that_is_there_is_not_touched():
    assert apply(base(), edits(s3="Ja ve."), *BY).blocks[2].sentences[0].original == Wording(["L'hivern ve."])


def test_a_sentence_translated_by_a_person_first_was_not_translated_originally():
    found = apply(base(), edits(s4="Mira <2/> i <1>això</1>."), *BY)
    assert found.blocks[3].sentences[0].current.items == ["Mira ", Span(2), " i ", Span(1, ["això"]), "."]
    assert found.side(ORIGINAL).blocks[3].sentences[0].current is None
    assert apply(found, edits(s4="Res."), *BY).side(ORIGINAL).status == FULLY_AUTOMATIC


def test_marks_lost_in_one_edit_can_come_back_by_tags_in_another():
    lost = apply(base(), edits(s1="Ignore tot."), *BY)
    assert lost.blocks[0].sentences[0].current.items == ["Ignore tot."]
    back = apply(lost, edits(s1="Ignore <1>tot</1>."), *BY)
    assert back.blocks[0].sentences[0].current.items == ["Ignore ", Span(1, ["tot"]), "."]


def test_a_sentence_that_is_not_there_is_passed_over():
    assert apply(base(), edits(s9="x"), *BY) == base()
    assert statistics(base(), edits(s9="x")) == {"edit_sents": 0, "edit_sents_percent": 0.0}


def test_highlighted_marks_the_edited_sentences_only():
    shown = highlighted(base(), edits(s2="x", s4="y"), *BY)
    assert [s.id for s in shown.sentences if s.highlight] == [2, 4]
    assert b'<tl:s sI="2" h="1">' in dtlx.write(shown)


def test_statistics_are_sentences_and_their_share():
    assert statistics(base(), edits(s1="x")) == {"edit_sents": 1, "edit_sents_percent": 25.0}
    assert statistics(document(*(Sentence(i) for i in range(3))), edits(s1="x", s2="y"))["edit_sents_percent"] == 66.67
    assert statistics(document(), edits(s1="x"))["edit_sents_percent"] == 0


@pytest.mark.parametrize(
    ("theirs", "mine", "found"),
    [
        (edits(), edits(s1="a", s2="b"), []),
        (edits(s1="theirs"), edits(s1="mine"), [1]),
        (edits(s1="theirs"), edits(s2="mine"), []),
        (edits(s1="same"), edits(s1="same"), []),
        (edits(s2="No saps res, Joan Neu."), edits(s2="mine"), [2]),  # they confirmed it as it was
        (edits(s1="No sé res."), edits(s1="<1>No</1> sé res."), [1]),  # they differ in the marks
        (edits(s4="theirs"), edits(s4="mine"), [4]),
        (edits(), edits(s9="mine"), [9]),  # no such sentence
    ],
)
def test_what_others_changed_meanwhile_and_the_edits_touch_is_a_conflict(theirs: Edits, mine: Edits, found: list[int]):
    assert conflicts(base(), apply(base(), theirs, "other", 100, NOW), mine) == found


def test_changes_are_sentences_that_say_something_else_or_are_marked_otherwise():
    after = apply(base(), edits(s1="No <1>sé</1> res.", s2="Altra cosa.", s4="Nova."), *BY)
    assert changed(base(), after) == [2, 4]
    assert changed(base(), apply(base(), edits(s1="<1>No</1> sé res."), *BY)) == [1]
    assert changed(base(), document(*base().sentences, Sentence(5))) == [5]


SENTENCES = st.lists(st.tuples(ITEMS, st.none() | st.builds(Wording, ITEMS)), max_size=4).map(
    lambda parts: document(*(Sentence(i, source, current) for i, (source, current) in enumerate(parts)))
)
EDITS = st.dictionaries(st.integers(0, 5), ITEMS.map(tagged) | RUN, max_size=4).map(
    lambda texts: Edits(tuple(SentenceEdit(id, text) for id, text in texts.items()))
)


@settings(max_examples=200, deadline=None)
@given(SENTENCES, EDITS)
def test_what_is_applied_twice_is_as_if_applied_once_and_can_be_stored(some: Document, mine: Edits):
    once = apply(some, mine, *BY)
    assert apply(once, mine, *BY) == once
    assert {i for i in conflicts(some, once, mine)} <= {e.id for e in mine.items} - {s.id for s in some.sentences}
    edited = {edit.id for edit in mine.items}
    assert [s for s in once.sentences if s.id not in edited] == [s for s in some.sentences if s.id not in edited]
    assert list(dtlx.read(dtlx.write(once, 0)).side(2).sentences) == list(once.side(2).sentences)


def test_both_kinds_of_edits_offer_the_same_functions():
    from tlp import caption_edits

    for name in ("apply", "highlighted", "conflicts", "statistics", "changed"):
        ours, theirs = getattr(document_edits, name), getattr(caption_edits, name)
        assert (
            ours.__code__.co_varnames[1 : ours.__code__.co_argcount]
            == (theirs.__code__.co_varnames[1 : theirs.__code__.co_argcount])
        ), name


def test_a_document_made_by_a_system_says_so():
    assert document().author_type(Wording()) == AUTOMATIC
