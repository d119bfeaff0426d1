"""HTML and text of documents (docs/formats.md; manual, /text/get)."""

from __future__ import annotations

import pytest
from any_document import DOCUMENT, example
from hypothesis import given, settings
from lxml import etree

from tlp.captions import HUMAN, ORIGINAL, Made, collapsed
from tlp.documents import CELL, FOOTER, HEADER, HEADING, ITEM, LINK, NOTE, Block, Document, Mark, Sentence, Wording
from tlp.errors import FormatError
from tlp.formats import DOCUMENT_API_NUMBERS, DOCUMENT_FORMATS
from tlp.formats.document_html import direction


@pytest.mark.parametrize("name", ["html", "txt"])
def test_html_and_text_are_not_read_as_translations(name: str):
    with pytest.raises(FormatError, match="dtlx"):
        DOCUMENT_FORMATS[name].read(b"x")


HTML_TAGS = {"html", "head", "title", "body", "p", "ul", "li", "table", "tr", "td", "header", "footer", "aside", "span"}
HTML_TAGS |= {f"h{level}" for level in range(1, 7)}


@settings(max_examples=50, deadline=None)
@given(DOCUMENT)
def test_html_of_any_document_is_well_formed_and_says_the_text_of_every_sentence(document: Document):
    page = DOCUMENT_FORMATS["html"].write(document).decode().replace("<!DOCTYPE html>\n", "")
    root = etree.fromstring(page.replace("<br>", "\n").replace('<meta charset="utf-8">', "").encode())
    for sentence in document.sentences:
        shown = sentence.current.text if sentence.current else sentence.source_text
        assert collapsed("".join(root.find(f".//span[@id='s{sentence.id}']").itertext())) == shown
    assert {e.tag for e in root.iter()} <= HTML_TAGS


def whole() -> Document:
    """One block of every sort, in the document's own language."""

    def said(kind: str, id: int, text: str, **place: int) -> Block:
        return Block(kind, [Sentence(id, current=Wording([text], Made(HUMAN)))], **place)

    return Document(
        "ar",
        [
            said(HEADER, 1, "top"),
            said(HEADING, 2, "head", level=2),
            said(ITEM, 3, "one"),
            said(ITEM, 4, "two"),
            said(CELL, 5, "a", row=0, column=0),
            said(CELL, 6, "b", row=0, column=1),
            said(CELL, 7, "c", row=1, column=0),
            said(CELL, 8, "c2", row=1, column=0),
            said(CELL, 9, "new table", row=0, column=0),
            said(NOTE, 10, "note"),
            said(FOOTER, 11, "<end> & \n]]>"),
        ],
    )


def test_html_stands_alone_with_language_and_direction_and_is_escaped():
    page = DOCUMENT_FORMATS["html"].write(whole()).decode()
    assert page.startswith('<!DOCTYPE html>\n<html lang="ar" dir="rtl">\n<head><meta charset="utf-8"><title>Document<')
    assert '<h2><span id="s2">head</span></h2>' in page
    assert '<ul>\n<li><span id="s3">one</span></li>\n<li><span id="s4">two</span></li>\n</ul>' in page
    assert (
        '<table>\n<tr><td><span id="s5">a</span></td><td><span id="s6">b</span></td></tr>\n'
        '<tr><td><span id="s7">c</span><br><span id="s8">c2</span></td></tr>\n</table>\n<table>' in page
    )
    assert "&lt;end&gt; &amp; <br>]]&gt;" in page


def test_cells_without_text_are_in_the_table_too():
    places = {"a": (0, 1), "b": (1, 0), "c": (1, 2), "far": (2, 10**9)}
    cells = [
        Block(CELL, [Sentence(number, current=Wording([text]))], row=row, column=column)
        for number, (text, (row, column)) in enumerate(places.items(), 1)
    ]
    page = DOCUMENT_FORMATS["html"].write(Document("en", cells)).decode()
    assert '<tr><td></td><td><span id="s1">a</span></td></tr>' in page
    assert '<tr><td><span id="s2">b</span></td><td></td><td><span id="s3">c</span></td></tr>' in page
    assert DOCUMENT_FORMATS["txt"].write(Document("en", cells)) == b"\ta\nb\t\tc\nfar\n"


def test_html_marks_edited_sentences_and_the_language_of_what_is_not_translated():
    document = example()
    document.blocks[1].sentences[0].highlight = True
    page = DOCUMENT_FORMATS["html"].write(document).decode()
    link = '<a href="https://example.org/?a=1&amp;b=2">no saps res</a>'
    assert (
        f'<span id="s16" class="h">Em va dir: {link}</span> <span id="s17" lang="en" dir="ltr">John Snow.</span>'
        in page
    )


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", " https://x", "data:text/html,x", "//x", "java\nscript:x", "https://x y", ""]
)
def test_an_address_that_could_run_something_is_no_link(address: str):
    document = example()
    document.blocks[1].marks[1] = Mark(LINK, address)
    assert "<a" not in DOCUMENT_FORMATS["html"].write(document).decode()


def test_a_script_decides_the_direction_of_a_language():
    assert [direction(language) for language in ("en", "he-IL", "ku-Arab", "ug-Cyrl", "uz_Latn")] == [
        "ltr",
        "rtl",
        "rtl",
        "ltr",
        "ltr",
    ]


def test_plain_text_is_a_line_a_block_and_a_line_a_row():
    assert DOCUMENT_FORMATS["txt"].write(whole()).decode() == (
        "top\nhead\none\ntwo\na\tb\nc c2\nnew table\nnote\n<end> & ]]>\n"
    )
    assert DOCUMENT_FORMATS["txt"].write(example()).decode() == "No sé res\nEm va dir: no saps res John Snow.\n"
    assert DOCUMENT_FORMATS["txt"].write(example(), ORIGINAL).decode().endswith("No saps res, em digué John Snow.\n")


def test_every_number_of_the_manual_has_its_format_with_its_content_type():
    assert {n: DOCUMENT_FORMATS[name].CONTENT_TYPE.split(";")[0] for n, name in DOCUMENT_API_NUMBERS.items()} == {
        1: "text/html",
        2: "application/xml",
        3: "text/plain",
    }
