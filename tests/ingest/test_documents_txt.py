"""Text files: lines, blank lines, indentation and encodings; and the sentences of every format."""

import pytest
from made_documents import extract, kinds, loud, said

from ingest.modules.base.documents import DOCUMENTS
from ingest.modules.base.documents.sentences import cut
from tlp.errors import PackageError
from tlp.inline import Span

WRAPPED = (
    "This is a paragraph that somebody has wrapped by hand. It goes\n"
    "over some lines because the editor did that, and so the\n"
    "sentences are cut by the ends of the lines.\n"
)


def test_lines_blank_lines_and_indentation_stay():
    source = b"Title\n\n\n  - First point. And more.\n  - Second\n\n\tDeep.\nLast"
    assert loud("txt", source) == b"TITLE\n\n\n  - FIRST POINT. AND MORE.\n  - SECOND\n\n\tDEEP.\nLAST"


def test_line_ends_of_windows_and_a_byte_order_mark_stay():
    assert loud("txt", b"\xef\xbb\xbfOne.\r\n\r\nTwo.\r\n") == b"\xef\xbb\xbfONE.\r\n\r\nTWO.\r\n"


def test_wrapped_lines_are_one_paragraph_and_are_wrapped_again():
    assert said(extract("txt", WRAPPED.encode()))[1].startswith("It goes over some lines")
    made = loud("txt", WRAPPED.encode()).decode()
    assert made.split() == WRAPPED.upper().split()
    assert max(map(len, made.splitlines())) <= 62


def test_short_lines_are_verses_and_not_one_paragraph():
    source = b"Mary had a little lamb\nits fleece was white\nas snow\n"
    assert len(extract("txt", source).blocks) == 3


def test_bullets_and_numbers_are_not_translated():
    found = extract("txt", b"1. One thing\n2) Another\n* and this\n")
    assert kinds(found) == [("item", "One thing"), ("item", "Another"), ("item", "and this")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252", "iso-8859-1"])
def test_every_usual_encoding_is_read(encoding):
    assert said(extract("txt", "Él está aquí, señor.".encode(encoding), "es")) == ["Él está aquí, señor."]


def test_windows_quotes_are_read():
    assert said(extract("txt", "It’s “good”".encode("cp1252"))) == ["It’s “good”"]


def test_numbers_and_addresses_come_back_as_they_were():
    assert (
        loud("txt", b"42\n\nhttp://x.org/a\n\nme@x.org\n\nA word.\n")
        == b"42\n\nhttp://x.org/a\n\nme@x.org\n\nA WORD.\n"
    )


def test_what_is_not_text_is_refused():
    with pytest.raises(PackageError, match="it is no text file"):
        DOCUMENTS["txt"].read(b"abc\0def", "en")


def test_sentences_and_what_is_between_them_are_the_text():
    text = " Dr. Smith went home.  He slept.\tThen? \n Yes. 1. An item… "
    found = cut([text], "en")
    sentences = ["".join(part) for part in found.sentences]
    assert sentences == ["Dr. Smith went home.", "He slept.", "Then?", "Yes.", "1. An item…"]
    assert found.lead + "".join(a + b for a, b in zip(sentences, found.gaps, strict=True)) == text


def test_a_span_over_two_sentences_is_in_both_and_a_picture_is_in_the_one_it_touches():
    items = ["One ", Span(1, ["thing. Two "]), "things.", Span(2), " ", Span(3), " Three."]
    assert cut(items, "en").sentences == [
        ["One ", Span(1, ["thing."])],
        [Span(1, ["Two "]), "things.", Span(2)],
        [Span(3), " Three."],
    ]


def test_a_paragraph_without_text_has_no_sentences():
    assert cut([" \n", Span(1), "\t"], "en").sentences == []


def test_a_long_paragraph_is_cut_in_a_time_that_grows_with_its_length():
    items = [part for n in range(3000) for part in (f"Sentence {n} is ", Span(n + 1, ["here"]), ". ")]
    assert len(cut(items, "en").sentences) == 3000
