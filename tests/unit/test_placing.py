"""Where the marks of a sentence stand in its translation."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlp import document_translation, inline
from tlp.captions import Made
from tlp.documents import Block, Document, Mark, Sentence, Wording
from tlp.inline import Span
from tlp.placing import Rules, phrases, placed

BOLD, LINK, CODE, PICTURE = 1, 2, 3, 4
KNOWN = range(1, 10)


def items(tagged: str) -> inline.Items:
    return inline.untagged(tagged, KNOWN) or [tagged]


def translated(source: str, new: str, **phrase: str) -> str:
    return inline.tagged(placed(items(source), new, Rules(phrase, fixed={CODE}, loose={BOLD})))


@pytest.mark.parametrize(
    ("source", "new", "phrase", "expected"),
    [
        # around the translation of the phrase
        ("the <1>house</1> is old", "la casa es vieja", {"house": "casa"}, "la <1>casa</1> es vieja"),
        # in another order
        ("a <1>big</1> <2>bus</2>", "un bus grande", {"big": "grande", "bus": "bus"}, "un <2>bus</2> <1>grande</1>"),
        # in another form of the word
        ("the <1>red</1> houses", "las casas rojas", {"red": "rojo"}, "las casas rojas"),
        ("the <1>quick</1> foxes", "los zorros rápidos", {"quick": "rápido"}, "los zorros <1>rápidos</1>"),
        # of the same words twice the nearer one
        ("to not be or <1>not</1>", "no ser o no", {"not": "no"}, "no ser o <1>no</1>"),
        # not inside a longer word
        ("the <1>sun</1> on Sunday", "Sunday el sun", {"sun": "sun"}, "Sunday el <1>sun</1>"),
        # names stay themselves
        ("<1>Apertium</1> helps", "ayuda Apertium", {}, "ayuda <1>Apertium</1>"),
        # bold is lost with its words, a link never is
        ("the <1>house</1> is old", "es viejo", {"house": "casa"}, "es viejo"),
        ("the <2>house</2> is old", "es muy viejo eso", {"house": "casa"}, "es <2>muy</2> viejo eso"),
        ("<2>a</2> <2>b</2> c", "x", {}, "<2>x</2><2> b</2>"),
        # everything, with its picture before and its sign behind
        ("<4/> <1>All of it.</1>", "Todo.", {}, "<4/> <1>Todo.</1>"),
        ("<2>go <1>here</1> now</2>", "ve aquí ya", {"here": "aquí"}, "<2>ve <1>aquí</1> ya</2>"),
        # what has no text: behind its word, before the full stop, behind a comma
        ("She told me<4/>.", "Me lo dijo.", {}, "Me lo dijo<4/>."),
        ("One, <4/> two", "Uno, dos", {}, "Uno, <4/> dos"),
        ("the <2>house</2><4/> is old", "la casa es vieja", {"house": "casa"}, "la <2>casa</2><4/> es vieja"),
        # text that must stay
        ("Use <3>print</3> now", "Ya usa imprimir", {"print": "imprimir"}, "Ya usa <3>print</3>"),
        ("See figure <3>12</3> here", "Aquí véase la figura 12", {}, "Aquí véase la figura <3>12</3>"),
    ],
)  # fmt: skip
def test_a_mark_finds_its_words(source, new, phrase, expected):
    assert translated(source, new, **phrase) == expected


def test_the_phrases_under_marks_are_asked_for_but_not_the_whole_sentence_or_numbers():
    assert list(phrases(items("the <1>old <2>house</2></1> of <2>12</2>"), ())) == ["old house", "house"]
    assert list(phrases(items("<1>All of it.</1>"), ())) == []


WORDS = st.lists(st.sampled_from(["uno", "dos", "tres", "x.", "(y)", "Ω", "z,"]), max_size=8).map(" ".join)
SPANS = st.recursive(
    WORDS,
    lambda inner: st.builds(Span, st.integers(1, 4), st.lists(inner, max_size=3)),
    max_leaves=8,
)


@settings(deadline=None, max_examples=60)
@given(st.lists(SPANS, max_size=6), WORDS.filter(bool), st.dictionaries(WORDS, WORDS, max_size=3))
def test_no_link_picture_or_fixed_text_is_ever_lost(source, new, phrase):
    made = placed(source, new, Rules(phrase, fixed={CODE}, loose={BOLD}))
    loose = lambda found: {n for n in found if n != BOLD}  # noqa: E731
    assert loose(inline.numbers(made)) == loose(inline.numbers(source))


@settings(deadline=None, max_examples=60)
@given(WORDS.filter(bool), st.lists(st.tuples(WORDS.filter(bool), WORDS), max_size=4))
def test_without_fixed_text_and_with_loose_marks_only_the_translation_is_never_changed(new, parts):
    source = [item for marked, bare in parts for item in (Span(BOLD, [marked]), f" {bare} ")]
    assert inline.plain(placed(source, new, Rules(loose={BOLD}))) == new


def test_a_sentence_with_more_marks_than_any_has_is_left_as_it_is_and_quickly():
    marks = {number: Mark("link") for number in range(1, 3001)}
    crowd = [part for number in marks for part in (Span(number, ["word"]), " and ")]
    sentences = [Sentence(1, current=Wording(crowd)), Sentence(2, current=Wording(["word"]))]
    document = Document("en", [Block("paragraph", sentences, marks=marks)])
    assert document_translation.texts(document) == ["word"]
    answers = {"word": ("palabra", None), sentences[0].current.text: ("palabra y " * 3000, None)}
    made = document_translation.translated(document, "es", answers, Made())
    assert [sentence.current and sentence.current.text for sentence in made.sentences] == [None, "palabra"]


def test_two_hundred_marks_are_placed_in_seconds():
    crowd = [part for number in range(1, 201) for part in (Span(number, ["word"]), " and ")]
    began = time.process_time()
    made = placed(crowd, "palabra y " * 200, Rules({"word": "palabra"}))
    assert time.process_time() - began < 3
    assert inline.numbers(made) == set(range(1, 201))
