"""Documents follow their sources, one by one and many in one run: the pure part, on documents with marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import merge_documents as merge
from tlp import inline
from tlp.captions import HUMAN, Made
from tlp.documents import BOLD, LINK, PARAGRAPH, Block, Document, Mark, Sentence, Wording
from tlp.formats import DOCUMENT_FORMATS
from tlp.inline import Span

PERSON = Made(HUMAN, "ada", 1.0)


def source(*texts: str, first: int = 1) -> Document:
    """A document of one paragraph; `<1>…</1>` in a text is bold, `<2>…</2>` a link."""
    marks = {1: Mark(BOLD), 2: Mark(LINK, "https://example.org/")}
    items = [inline.untagged(text, marks) or [text] for text in texts]
    sentences = [Sentence(first + at, current=Wording(each)) for at, each in enumerate(items)]
    return Document("en", [Block(PARAGRAPH, sentences, marks=marks)])


def spanish(of: Document, *texts: str | None) -> Document:
    """A translation of a document; None: not translated."""
    made = merge.untranslated(of, "es")
    for sentence, text in zip(made.sentences, texts, strict=True):
        known = made.blocks[0].marks
        sentence.current = None if text is None else Wording(inline.untagged(text, known) or [text])
    return made


def by_people(document: Document, *ids: int) -> Document:
    for sentence in document.sentences:
        if sentence.id in ids and sentence.current:
            sentence.current.made = PERSON
    return document


def shown(document: Document) -> list[str | None]:
    return [inline.tagged(s.current.items) if s.current else None for s in document.sentences]


# What a system gives


def test_a_translation_has_the_sources_sentences_whatever_the_system_made_of_them() -> None:
    of = source("One.", "Two.", "Three.")
    made = Document("xx", [Block(PARAGRAPH, [Sentence(3, current=Wording(["Tres."])), Sentence(9), Sentence(1)])])
    found = merge.translation(of, made)
    assert [(s.id, s.source_text) for s in found.sentences] == [(1, "One."), (2, "Two."), (3, "Three.")]
    assert shown(found) == [None, None, "Tres."]
    assert (found.source_language, found.status) == ("en", "fully_automatic")


def test_spans_that_mean_nothing_in_the_source_are_taken_out_and_their_text_stays() -> None:
    of = source("A <1>big</1> house.")
    made = spanish(of, None)
    made.blocks[0].sentences[0].current = Wording(["Una casa ", Span(7, [Span(1, ["grande"])]), "."])
    found = merge.translation(of, made)
    assert shown(found) == ["Una casa <1>grande</1>."]
    assert DOCUMENT_FORMATS["dtlx"].read(DOCUMENT_FORMATS["dtlx"].write(found)).source_language == "en"


def test_what_a_system_says_people_made_counts_as_automatic() -> None:
    of = source("One.")
    assert merge.translation(of, by_people(spanish(of, "Uno."), 1)).status == "fully_automatic"


@given(st.lists(st.lists(st.sampled_from(["One.", "A <1>bold</1> one.", ""]), min_size=1, max_size=4), min_size=1))
def test_what_goes_through_a_system_together_comes_back_to_each_document(texts: list[list[str]]) -> None:
    documents = [source(*each) for each in texts]
    together = merge.joined(documents)
    ids = [s.id for s in together.sentences]
    assert ids == list(range(1, len(ids) + 1))
    parted = list(merge.parted(together, documents))
    assert [shown(merge.translation(d, part)) for d, part in zip(documents, parted, strict=True)] == [
        shown(document) for document in documents
    ]


def test_a_sentence_that_is_missing_in_a_common_run_is_missing_in_its_document_only() -> None:
    documents = [source("One.", "Two."), source("Three.")]
    together = merge.joined(documents)
    del together.blocks[0].sentences[1]
    found = [merge.translation(d, part) for d, part in zip(documents, merge.parted(together, documents), strict=True)]
    assert [shown(each) for each in found] == [["One.", None], ["Three."]]


# After an edit


def test_only_what_is_new_is_to_be_translated_and_peoples_sentences_are_not() -> None:
    of = source("One.", "Two.", "Three.", "Four.")
    old = by_people(spanish(of, "Uno.", "Dos.", "Tres.", "Cuatro."), 3)
    part = merge.to_translate(old, source("One.", "Two!", "Three!", "Four."), [2, 3])
    assert shown(part) == ["Two!"]
    assert merge.says_something(part)
    assert not merge.says_something(merge.to_translate(old, of, []))
    assert not merge.says_something(merge.to_translate(old, source("One.", "", "Three.", "Four."), [2]))


def test_the_merged_translation_stands_beside_the_new_source_with_peoples_words_in_it() -> None:
    old = by_people(spanish(source("One.", "Two.", "Three."), "Uno.", "Dos.", "Tres."), 3)
    new = source("One.", "Two!", "Three!")
    found = merge.merged(old, new, [2, 3], spanish(merge.to_translate(old, new, [2, 3]), "¡Dos!"))
    assert shown(found) == ["Uno.", "¡Dos!", "Tres."]
    assert [s.source_text for s in found.sentences] == ["One.", "Two!", "Three!"]
    assert [found.supervised(s) for s in found.sentences] == [False, False, True]
    emptied = merge.merged(old, source("One.", "", "Three."), [2], None)
    assert shown(emptied) == ["Uno.", None, "Tres."]


# When a new file comes


def test_the_same_sentences_are_found_wherever_they_are_and_repeated_ones_in_order() -> None:
    old, new = source("Yes.", "No.", "Yes."), source("No.", "Yes.", "Maybe.", "Yes.", "Yes.", first=11)
    assert merge.same_sentences(old, new) == {11: 2, 12: 1, 14: 3}


def test_a_sentence_that_people_corrected_is_the_same_as_what_the_file_says() -> None:
    old = source("Teh house.", "The dog.")
    old.blocks[0].sentences[0].original = old.blocks[0].sentences[0].current
    old.blocks[0].sentences[0].current = Wording(["The house."], PERSON)
    assert merge.same_sentences(old, source("Teh house.", "The dog.")) == {1: 1, 2: 2}
    assert merge.same_sentences(old, source("The house.", "The dog.")) == {1: 1, 2: 2}


def test_what_people_made_is_carried_with_its_marks_and_what_the_system_made_is_its_former_text() -> None:
    old_source = source("A <1>big</1> house.", "A dog.")
    old = by_people(spanish(old_source, "Un <1>gran</1> casal.", "Un perro."), 1)
    new_source = source("A dog.", "A <1>big</1> house.", first=5)
    new = spanish(new_source, "Un can.", "Una casa <1>grande</1>.")
    found = merge.carried(new, old, merge.same_sentences(old_source, new_source))
    assert shown(found) == ["Un can.", "Un <1>gran</1> casal."]
    [_, house] = found.sentences
    assert (house.id, found.supervised(house), house.original and house.original.text) == (6, True, "Una casa grande.")
    everything = merge.carried(new, old, merge.same_sentences(old_source, new_source), people_only=False)
    assert shown(everything) == ["Un perro.", "Un <1>gran</1> casal."]


@pytest.mark.parametrize(
    ("new_text", "wanted"),
    [
        ("A big house.", "Un gran casal."),  # not bold any more
        ("<2>A big house.</2>", "<2>Un gran casal.</2>"),  # a link around all of it
    ],
)
def test_where_the_marks_of_the_new_file_are_others_they_are_found_again_in_the_words(
    new_text: str, wanted: str
) -> None:
    old_source, new_source = source("A <1>big</1> house."), source(new_text)
    old = by_people(spanish(old_source, "Un <1>gran</1> casal."), 1)
    found = merge.carried(spanish(new_source, None), old, merge.same_sentences(old_source, new_source))
    assert shown(found) == [wanted]
