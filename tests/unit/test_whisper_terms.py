"""The terms of a lecture in the Whisper system: which are told for a stretch, and what is taken from the answer."""

from __future__ import annotations

import pytest

from systems.whisper.whisper_asr import terms
from systems.whisper.whisper_asr.adapted import Adapter, divided, is_echo, merged, windows
from systems.whisper.whisper_asr.sounds import fold
from systems.whisper.whisper_asr.terms import Chooser, Span, Term
from tlp.captions import Made, Word


def words(text: str, begin: int = 0, confidence: float = 0.9) -> list[Word]:
    return [
        Word(word, begin + 500 * n, begin + 500 * n + 400, Made(confidence=confidence))
        for n, word in enumerate(text.split())
    ]


def text(made: list[Word]) -> str:
    return " ".join(word.text for word in made)


HINT = [Term(name) for name in ("Korvath index", "abscisic acid", "Vellorin probe", "symplast", "Casparian strip")]


def test_terms_with_and_without_places_are_read() -> None:
    found = terms.read("Korvath index\t1,5\t0-12000,30000-45000\nsuberin\t2\nrouter, packet\nROUTER\n\n,\n7\n")
    assert found == [
        Term("Korvath index", (1, 5), ((0, 12000), (30000, 45000))),
        Term("suberin", (2,)),
        Term("router"),
        Term("packet"),
    ]


def test_nonsense_for_terms_is_no_error() -> None:
    assert terms.read("\x00\t\t\t-\n" + "x" * 1000 + "\n\ttab\n") == []
    assert len(terms.read("\n".join(f"word{n}" for n in range(9999)))) == terms.MOST


@pytest.mark.parametrize(
    ("term", "heard"),
    [("Korvath", "corvette's"), ("symplast", "simplast"), ("Ambrix", "ambricks"), ("xylem", "zylem")],
)
def test_what_sounds_alike_is_near(term: str, heard: str) -> None:
    assert terms.alike(fold(term), [fold(heard)], 1) >= terms.ALIKE - 0.1


def test_what_was_misheard_is_told_before_what_is_only_frequent() -> None:
    chooser = Chooser([Term("suberin"), Term("lignin"), Term("tessarine")])
    (ranked,) = chooser.rank([(0, 9000)], [["with", "a", "tessareen", "filter"]])
    assert ranked[0].text == "tessarine"


def test_what_can_be_seen_now_is_told_first() -> None:
    chooser = Chooser([Term("lignin", (1,), ((0, 60_000),)), Term("suberin", (2,), ((300_000, 400_000),))])
    first, second = chooser.rank([(0, 25_000), (330_000, 350_000)], [["hello"], ["hello"]])
    assert (first[0].text, second[0].text) == ("lignin", "suberin")


def test_a_word_of_a_page_brings_the_others_of_its_page() -> None:
    known = [Term("lignin", (1,)), Term("tracheids", (2,)), Term("suberin", (3,)), Term("endodermis", (3,))]
    (ranked,) = Chooser(known).rank([(0, 25_000)], [["the", "endodermis", "is", "closed"]])
    assert [term.text for term in ranked[:2]] == ["endodermis", "suberin"]


def test_terms_of_something_else_are_not_told_at_all() -> None:
    assert Chooser(HINT).rank([(0, 25_000)], [["it", "was", "the", "best", "of", "times"]]) == [[]]


def test_a_hint_has_the_likeliest_last_and_no_more_than_fits() -> None:
    chosen = terms.prompt(HINT, lambda text: 4, 10)
    assert [term.text for term in chosen] == ["abscisic acid", "Korvath index"]


def test_a_term_takes_the_place_of_what_sounds_like_it_and_nothing_else_changes() -> None:
    first = words("so the corveth index of a leaf sends psychic acid today")
    second = words("so the Korvath index of a leave sends abscisic acid yesterday")
    assert text(merged(first, second, HINT)) == "so the Korvath index of a leaf sends abscisic acid today"


def test_a_term_that_was_understood_is_written_as_it_is_written() -> None:
    first = words("the simplast and the Casparean strip")
    assert (
        text(merged(first, words("the symplast and the Casparian strip"), HINT))
        == "the symplast and the Casparian strip"
    )
    assert text(merged(words("the corvath index"), words("the Korvath index"), HINT)) == "the Korvath index"


@pytest.mark.parametrize(
    "second",
    [
        "Good morning Korvath index everybody",  # nobody said it: nothing stands there that sounds like it
        "Good",  # it leaves out what was said
        "Korvath index abscisic acid Vellorin probe symplast Casparian strip",  # it reads the hint out
        "",
        "Korvath Korvath Korvath Korvath Korvath Korvath",
    ],
)
def test_a_hint_that_harms_changes_nothing(second: str) -> None:
    first = words("Good morning everybody")
    assert merged(first, words(second), HINT) == first


def test_a_term_of_which_the_model_is_not_sure_must_sound_very_much_like_what_was_no_sure_word() -> None:
    unsure = words("the Korvath index", confidence=0.2)
    assert merged(words("the corveth index", confidence=0.5), unsure, HINT)[1].text == "Korvath"
    assert merged(words("the kernel index", confidence=0.5), unsure, HINT)[1].text == "kernel"
    assert merged(words("the corveth index", confidence=0.95), unsure, HINT)[1].text == "corveth"


def test_a_faint_goodbye_behind_a_term_is_left_out() -> None:
    second = [*words("the endodermis"), *words("you.", 1000, confidence=0.03)]
    assert text(merged(words("the endotermist"), second, [Term("endodermis")])) == "the endodermis"


def test_an_echo_is_told_from_a_sentence_with_terms() -> None:
    assert is_echo(words("the Korvath index abscisic acid Vellorin probe symplast yes"), HINT)
    assert not is_echo(words("the Vellorin probe gives the Korvath index of the symplast"), HINT)


def test_stretches_hold_all_speech_and_are_short_enough_for_a_hint() -> None:
    speech: list[Span] = [(0, 10_000), (12_000, 20_000), (21_000, 29_000), (40_000, 110_000)]
    spans = windows(speech)
    assert spans[0] == (0, 20_000)
    assert all(end - begin <= 26_000 for begin, end in spans)
    assert all(any(b <= at < e for b, e in spans) for begin, stop in speech for at in range(begin, stop, 500))


def test_every_word_is_in_one_stretch_in_order() -> None:
    said = words("one two three four five six")
    parts = divided(said, [(600, 1200), (1500, 2600)])
    assert [word for part in parts for word in part] == said


def test_a_stretch_in_which_nothing_was_heard_is_not_heard_again() -> None:
    asked = []

    def hear(begin: int, end: int, speech: list[Span], hint: object) -> list[Word]:
        asked.append((begin, end))
        return words("the Korvath index", begin)

    adapter = Adapter(Chooser(HINT), hear, len, 100)
    made = adapter.better(words("the corveth index"), [(0, 1500), (60_000, 61_000)])
    assert text(made) == "the Korvath index"
    assert asked == [(0, 1500)]
