"""Which words of a text are terms, and the file that a recogniser gets."""

from __future__ import annotations

import pytest

from ingest.modules.tl.text_retrieval import rarity, terms
from ingest.modules.tl.text_retrieval.found import DOCUMENT, EARLIER, SLIDES, SUPERVISED, TITLE, WEB, Page, Source

pytest.importorskip("wordfreq", reason="wordfreq, which knows how rare a word is, is not installed")

SLIDE = "The root\nApoplast and symplast\nCasparian strip\nWater goes up\nmRNA, SPAQ\nhttp://example.org/plastid"


def chosen(*sources: Source, language: str = "en") -> list[str]:
    return [term.text for term in terms.choose(sources, rarity.scale(language))]


def test_rare_words_names_and_acronyms_are_terms_and_common_words_are_not() -> None:
    found = chosen(Source(SLIDES, "a", [Page(SLIDE)]))
    assert {"symplast", "Casparian strip", "SPAQ", "mRNA"} <= set(found)
    assert not {"The", "root", "Water", "goes", "up", "The root", "Water goes up"} & set(found)
    assert not any("example" in term or "plastid" in term for term in found), "addresses are not said"


def test_a_word_that_stands_in_a_phrase_has_no_line_of_its_own() -> None:
    assert chosen(Source(SLIDES, "a", [Page("Casparian strip\nCasparian strip")])) == ["Casparian strip"]


def test_what_is_written_small_somewhere_is_written_small() -> None:
    pages = [Page("Plasmodesmata"), Page("Cells have plasmodesmata between them, as everybody here knows.")]
    assert chosen(Source(DOCUMENT, "a", pages)) == ["plasmodesmata"]


def test_what_is_in_the_title_and_on_many_slides_comes_first() -> None:
    slides = [Page("tylosis", 1), Page("suberin", 2), Page("suberin", 3)]
    found = chosen(Source(SLIDES, "a", slides), Source(TITLE, "b", [Page("The Korvath index")]))
    assert found == ["suberin", "Korvath index", "tylosis"]


@pytest.mark.parametrize(("kind", "least"), [(EARLIER, 3), (SUPERVISED, 2), (WEB, 2)])
def test_what_was_only_heard_must_have_been_heard_often(kind: str, least: int) -> None:
    once, often = "we saw tracheids here and then", "nobody saw suberin there and then\n" * least
    assert chosen(Source(kind, "a", [Page(once + "\n" + often)])) == ["suberin"]


def test_the_file_tells_pages_over_all_sources_and_times() -> None:
    sources = [
        Source(SLIDES, "a", [Page("suberin", 1, (0, 5000)), Page("suberin", 2, (5000, 9000))]),
        Source(DOCUMENT, "b", [Page("tylosis", 1)]),
        Source(TITLE, "c", [Page("Vellorin")]),
    ]
    lines = terms.as_text(terms.choose(sources, rarity.scale("en"))).splitlines()
    assert set(lines) == {"Vellorin", "suberin\t1,2\t0-5000,5000-9000", "tylosis\t3"}


def test_an_hour_of_text_gives_no_more_terms_than_a_recogniser_can_use() -> None:
    words = "\n".join(f"zq{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}oxin" for n in range(2000))
    assert len(chosen(Source(DOCUMENT, "a", [Page(words)]))) == terms.MOST


def test_the_words_of_each_language_are_judged_by_its_own_list() -> None:
    source = Source(SLIDES, "a", [Page("mientras, entonces, plasmodesmos")])
    assert chosen(source, language="es") == ["plasmodesmos"]
    assert {"mientras", "entonces"} <= set(chosen(source, language="en"))


def test_without_a_list_long_words_are_terms() -> None:
    found = [
        term.text for term in terms.choose([Source(SLIDES, "a", [Page("the plasmodesmata, cell")])], rarity.by_shape)
    ]
    assert found == ["plasmodesmata"]
