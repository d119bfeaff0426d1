"""DTLX as read and written, its schema, and the HTML and text of documents (docs/formats.md; manual, /text/get)."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tlp.captions import ALL, AUTOMATIC, CURRENT, HUMAN, ORIGINAL, Made, collapsed
from tlp.documents import (
    BLOCK_KINDS,
    CELL,
    FOOTER,
    HEADER,
    HEADING,
    ITEM,
    LINK,
    NOTE,
    PARAGRAPH,
    Block,
    Document,
    Mark,
    Sentence,
    Wording,
)
from tlp.errors import FormatError
from tlp.formats import DOCUMENT_API_NUMBERS, DOCUMENT_FORMATS, dtlx
from tlp.formats.document_html import direction
from tlp.inline import Span, tidy

ROOT = Path(__file__).parents[2]
SCHEMA = etree.XMLSchema(etree.parse(ROOT / "docs/dtlx.xsd"))


def valid(data: bytes) -> bool:
    return SCHEMA.validate(etree.fromstring(data))


def example() -> Document:
    """A heading and a paragraph with a link; the second sentence corrected by a person, the third not translated."""
    heading = Block(
        HEADING, [Sentence(1, ["I do know nothing"], Wording(["No sé res"], Made(confidence=0.71)))], "p1", 1
    )
    corrected = Wording(
        ["Em va dir: ", Span(1, ["no saps res"])], Made(HUMAN, "jsnow21", 0.9, timestamp="2015-07-04T21:23:07")
    )
    paragraph = Block(
        PARAGRAPH,
        [
            Sentence(
                16,
                ["She told me: ", Span(1, ["you know nothing"])],
                corrected,
                Wording([Span(1, ["No saps res"]), ", em digué"], Made(confidence=0.4)),
            ),
            Sentence(17, ["John Snow."]),
        ],
        "p2",
        marks={1: Mark(LINK, "https://example.org/?a=1&b=2")},
    )
    return Document(
        "ca", [heading, paragraph], "en", "DOCUMENT-ID-1234", "Nothing", "docx", Made(AUTOMATIC, "mt en-ca")
    )


WRITTEN = """<?xml version="1.0" encoding="utf-8"?>
<tl:dtlx xmlns:tl="translectures.eu" xml:lang="ca">
<tl:d v="1.0" dI="DOCUMENT-ID-1234" dF="docx" tI="Nothing" sL="en" aT="automatic" aI="mt en-ca" st="partially_human"/>
<tl:b bT="heading" bA="p1" bL="1">
<tl:s sI="1"><tl:x>I do know nothing</tl:x><tl:c cM="0.7100">No sé res</tl:c><tl:o cM="0.7100">No sé res</tl:o></tl:s>
</tl:b>
<tl:b bT="paragraph" bA="p2">
<tl:m mN="1" mT="link" mV="https://example.org/?a=1&amp;b=2"/>
<tl:s sI="16"><tl:x>She told me: <tl:g mN="1">you know nothing</tl:g></tl:x>\
<tl:c aT="human" aI="jsnow21" aC="0.90" tS="2015-07-04T21:23:07">Em va dir: <tl:g mN="1">no saps res</tl:g></tl:c>\
<tl:o cM="0.4000"><tl:g mN="1">No saps res</tl:g>, em digué</tl:o></tl:s>
<tl:s sI="17"><tl:x>John Snow.</tl:x></tl:s>
</tl:b>
</tl:dtlx>
"""


def test_both_sides_are_written_as_documented():
    assert dtlx.write(example(), ALL).decode() == WRITTEN
    assert f"```xml\n{WRITTEN}```" in (ROOT / "docs/formats.md").read_text(encoding="utf-8")


def test_the_current_side_has_no_original_and_the_original_side_no_current():
    current, original = dtlx.write(example(), CURRENT).decode(), dtlx.write(example(), ORIGINAL).decode()
    assert "<tl:o" not in current
    assert "Em va dir" in current
    assert "<tl:c" not in original
    assert "em digué" in original
    assert 'st="fully_automatic"' in original
    assert dtlx.read(original.encode()).blocks[1].sentences[0].current == example().blocks[1].sentences[0].original
    assert valid(current.encode())
    assert valid(original.encode())


def test_what_the_original_side_lacked_is_not_translated_there():
    document = example()
    document.blocks[1].sentences[1].current = Wording(["Joan Neu."], Made(HUMAN))
    document.blocks[1].sentences[1].original = Wording()
    assert dtlx.read(dtlx.write(document, ALL)) == document
    assert "<tl:o" not in dtlx.write(document, ORIGINAL).decode().split('sI="17"')[1]


def test_long_names_and_any_prefix_are_read():
    text = """<dtlx xmlns="translectures.eu" xml:lang="ca">
      <document documentId="D" sourceLanguage="en" authorType="automatic"/>
      <block blockType="heading" level="2" anchor="a">
        <mark markNumber="3" markType="bold"/>
        <sentence sentenceId="4" highlight="1" authorType="human" authorId="ana">
          <source>A <group markNumber="3">b</group></source>
          <current>c</current>
          <original authorType="automatic" authorId="mt">d</original>
        </sentence>
      </block>
    </dtlx>"""
    sentence = Sentence(4, ["A ", Span(3, ["b"])], highlight=True)
    sentence.current = Wording(["c"], Made(HUMAN, "ana"))
    sentence.original = Wording(["d"], Made(author_id="mt"))
    assert dtlx.read(text.encode()) == Document(
        "ca", [Block(HEADING, [sentence], "a", 2, marks={3: Mark("bold")})], "en", "D"
    )


def test_the_language_asked_for_wins_and_a_file_without_one_is_undetermined():
    assert dtlx.read(WRITTEN.encode(), "es").language == "es"
    assert dtlx.read(b'<tl:dtlx xmlns:tl="translectures.eu"/>') == Document("und")


def inside(text: str) -> str:
    return f'<tl:dtlx xmlns:tl="translectures.eu">\n{text}</tl:dtlx>'


def block(text: str) -> str:
    return inside(f'<tl:b bT="paragraph">{text}</tl:b>')


REFUSED = {
    "another root": ("<tl:d xmlns:tl='translectures.eu'/>", "must be a <dtlx>"),
    "no namespace": ("<dtlx/>", "must be a <dtlx>"),
    "unknown tag": (inside("<tl:q/>"), "<tl:q> is unknown"),
    "HTML": (inside("<p>x</p>"), "<p> is unknown"),
    "text outside": (inside("x"), "text outside"),
    "text in a sentence": (block('<tl:s sI="1">x</tl:s>'), "text outside"),
    "sentence outside a block": (inside('<tl:s sI="1"/>'), "where a block must"),
    "head after a block": (inside('<tl:b bT="note"/><tl:d/>'), "where a block must"),
    "unknown kind of block": (inside('<tl:b bT="poem"/>'), "bT, one of"),
    "level in words": (inside('<tl:b bT="heading" bL="one"/>'), "bL='one'"),
    "unknown status": (inside('<tl:d st="done"/>'), "st='done'"),
    "unknown author": (inside('<tl:d aT="robot"/>'), "aT='robot'"),
    "confidence in words": (inside('<tl:d aC="high"/>'), "aC='high'"),
    "endless confidence": (inside('<tl:d cM="inf"/>'), "cM='inf'"),
    "no number": (block("<tl:s/>"), "needs sI"),
    "number with decimals": (block('<tl:s sI="1.5"/>'), "sI='1.5'"),
    "number without end": (block(f'<tl:s sI="{"9" * 5000}"/>'), "no whole number"),
    "number used twice": (block('<tl:s sI="1"/><tl:s sI="1"/>'), "twice"),
    "two currents": (block('<tl:s sI="1"><tl:c/><tl:c/></tl:s>'), "once too often"),
    "sentence in a sentence": (block('<tl:s sI="1"><tl:s sI="2"/></tl:s>'), "may not stand here"),
    "group of no mark": (block('<tl:s sI="1"><tl:c><tl:g mN="1">x</tl:g></tl:c></tl:s>'), "no group"),
    "group without a number": (block('<tl:m mN="1" mT="b"/><tl:s sI="1"><tl:c><tl:g/></tl:c></tl:s>'), "needs mN"),
    "mark twice": (block('<tl:m mN="1" mT="b"/><tl:m mN="1" mT="i"/>'), "a mark needs"),
    "mark without a type": (block('<tl:m mN="1"/>'), "a mark needs"),
    "mark after a sentence": (block('<tl:s sI="1"/><tl:m mN="1" mT="b"/>'), "a mark needs"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_dtlx_is_refused_with_the_line(case: str):
    text, words = REFUSED[case]
    with pytest.raises(FormatError, match=r"DTLX, line \d+: ") as error:
        dtlx.read(text.encode())
    assert words in str(error.value)


HOSTILE = {
    "billion laughs": '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><d>&b;</d>',
    "external entity": '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>',
    "depth": block('<tl:m mN="1" mT="b"/>' + '<tl:g mN="1">' * 100_000),
    "depth within what the parser takes": block(
        '<tl:m mN="1" mT="b"/><tl:s sI="1"><tl:x>' + '<tl:g mN="1">' * 90 + "</tl:g>" * 90 + "</tl:x></tl:s>"
    ),
    "elements": inside("<tl:b/>" * 2_100_000),
    "nothing": "",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_are_refused_at_once(case: str):
    started = time.process_time()
    with pytest.raises(FormatError, match="DTLX"):
        dtlx.read(HOSTILE[case].encode())
    assert time.process_time() - started < 1


@pytest.mark.parametrize("name", ["html", "txt"])
def test_html_and_text_are_not_read_as_translations(name: str):
    with pytest.raises(FormatError, match="dtlx"):
        DOCUMENT_FORMATS[name].read(b"x")


HELD = st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
    lambda c: c >= " " or c in "\t\r\n"
)
ODD = st.sampled_from(["]]>", "&amp;", "<tl:g>", "<1>", "\\<2/>", '"', "\r\n", " ", "\u00a0", "😀", "שלום", "  "])
TEXT = st.lists(HELD | ODD, min_size=1, max_size=6).map("".join)
SHARE = st.integers(0, 100).map(lambda n: n / 100)
MADE = st.builds(  # authors differ from the document's: a value that is inherited anyway is not written
    Made,
    st.none() | st.just(HUMAN),
    st.none() | TEXT.map("by {}".format),
    st.none() | SHARE.filter(lambda share: share != 0.5),
    st.none() | TEXT,
    st.none() | TEXT,
    st.none() | st.integers(0, 10000).map(lambda n: n / 10000),
)
ITEMS = st.recursive(
    st.lists(TEXT, max_size=2),
    lambda inner: st.lists(TEXT | st.builds(Span, st.integers(0, 2), inner), max_size=4),
    max_leaves=5,
).map(tidy)
WORDING = st.builds(Wording, ITEMS, MADE)
SENTENCE = st.builds(
    Sentence,
    st.just(0),
    st.none() | ITEMS,
    st.none() | WORDING,
    st.none(),
    st.sampled_from([" ", "", "\n", "\t \u00a0"]),
    st.booleans(),
)
SIZE = st.none() | st.integers(0, 9)
MARK = st.builds(Mark, TEXT, st.none() | TEXT)
BLOCK = st.builds(
    Block,
    st.sampled_from(BLOCK_KINDS),
    st.lists(SENTENCE, max_size=3),
    st.none() | TEXT,
    SIZE,
    SIZE,
    SIZE,
    st.fixed_dictionaries({0: MARK, 1: MARK, 2: MARK}),
)


def numbered(document: Document, originals: list[Wording]) -> Document:
    for id, sentence in enumerate(document.sentences):
        sentence.id = id - 2
        if sentence.current and id < len(originals) and originals[id] != sentence.current:
            sentence.original = originals[id]
    return document


DOCUMENT = st.builds(
    numbered,
    st.builds(
        Document,
        st.sampled_from(["en", "ca", "zh-Hant"]),
        st.lists(BLOCK, max_size=3),
        *[st.none() | TEXT] * 4,
        st.just(Made(AUTOMATIC, "mt", 0.5)),
        *[st.none() | TEXT] * 3,
    ),
    st.lists(WORDING, max_size=4),
)


@settings(max_examples=120, deadline=None)
@given(DOCUMENT)
def test_dtlx_gives_back_exactly_what_was_written_and_the_schema_accepts_it(document: Document):
    written = dtlx.write(document, ALL)
    assert dtlx.read(written) == document
    assert valid(written)


@settings(max_examples=50, deadline=None)
@given(DOCUMENT, st.sampled_from([CURRENT, ORIGINAL]))
def test_one_side_comes_back_as_it_is(document: Document, policy: int):
    assert dtlx.read(dtlx.write(document, policy)) == document.side(policy)


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


def test_schema_refuses_what_the_reader_refuses():
    for case in ("unknown tag", "unknown kind of block", "number used twice", "group of no mark", "mark twice"):
        assert not valid(REFUSED[case][0].encode()), case


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


def test_a_long_document_is_read_and_written_in_proportion_to_its_length():
    def seconds(sentences: int) -> float:
        one = example().blocks[1].sentences[0]
        long = replace(
            example(), blocks=[Block(PARAGRAPH, [replace(one, id=i)], marks={1: Mark("b")}) for i in range(sentences)]
        )
        started = time.process_time()
        assert len(dtlx.read(dtlx.write(long, ALL)).blocks) == sentences
        return time.process_time() - started

    assert seconds(4000) < 8 * max(seconds(1000), 0.03)
