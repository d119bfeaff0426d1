"""Text that no engine may touch goes to it under a name, and comes back where the name stands."""

import pytest

from tlp import document_translation, inline
from tlp.captions import Made
from tlp.documents import Block, Document, Mark, Sentence, Wording
from tlp.masking import masked

MARKS = {1: Mark("bold"), 2: Mark("link", "x"), 3: Mark("code"), 4: Mark("kept")}
FIXED = {3, 4}


def items(tagged: str) -> inline.Items:
    return inline.untagged(tagged, MARKS) or [tagged]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("Run <3>print(x)</3> now", "Run X1 now"),
        ("<3>ls</3> and <2>see <4>mañana</4></2>", "X1 and see X2"),
        ("The <1>house</1> on page <3>12</3>", "The house on page 12"),  # engines copy numbers
        ("Run<3> print </3>now", "Run X1 now"),
        ("X1 runs <3>print</3>", "X1 runs Z1"),  # a name that the sentence has already says nothing
    ],
)
def test_an_engine_sees_names_in_the_place_of_what_it_may_not_touch(source: str, shown: str) -> None:
    assert masked(items(source), FIXED).text == shown


def through(source: str, answers: dict[str, str]) -> str | None:
    document = Document("en", [Block("paragraph", [Sentence(1, current=Wording(items(source)))], marks=MARKS)])
    asked = {text: (answers.get(text, ""), None) for text in document_translation.texts(document)}
    [sentence] = document_translation.translated(document, "es", asked, Made()).sentences
    return None if sentence.current is None else inline.tagged(sentence.current.items)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ("Ya ejecuta X1.", "Ya ejecuta <3>print(the house)</3>."),
        ("X1, X1 ya.", "print(the house), <3>print(the house)</3> ya."),  # an engine that says it twice
        ("Ya.", "<3>print(the house) </3>Ya."),  # and one that has lost it
    ],
)
def test_the_text_comes_back_where_the_engine_has_put_its_name(new: str, expected: str) -> None:
    assert through("Run <3>print(the house)</3> now.", {"Run X1 now.": new}) == expected


def test_a_sentence_of_nothing_else_is_not_given_to_an_engine_and_stays() -> None:
    assert through("<3>print(the house)</3>; 42", {}) == "<3>print(the house)</3>; 42"


def test_a_sentence_that_an_engine_leaves_out_is_not_translated() -> None:
    assert through("Run <3>print</3> now.", {}) is None
