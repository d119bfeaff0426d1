"""DTLX as read and written, and its schema (docs/formats.md)."""

from __future__ import annotations

import gc
import time
from dataclasses import replace
from pathlib import Path

import pytest
from any_document import DOCUMENT, example
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tlp.captions import ALL, CURRENT, HUMAN, ORIGINAL, Made
from tlp.documents import HEADING, PARAGRAPH, Block, Document, Mark, Sentence, Wording
from tlp.errors import FormatError
from tlp.formats import dtlx
from tlp.inline import Span

ROOT = Path(__file__).parents[2]
SCHEMA = etree.XMLSchema(etree.parse(ROOT / "docs/dtlx.xsd"))


def valid(data: bytes) -> bool:
    return SCHEMA.validate(etree.fromstring(data))


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


def test_schema_refuses_what_the_reader_refuses():
    for case in ("unknown tag", "unknown kind of block", "number used twice", "group of no mark", "mark twice"):
        assert not valid(REFUSED[case][0].encode()), case


def test_a_long_document_is_read_and_written_in_proportion_to_its_length():
    def seconds(sentences: int) -> float:
        one = example().blocks[1].sentences[0]
        long = replace(
            example(), blocks=[Block(PARAGRAPH, [replace(one, id=i)], marks={1: Mark("b")}) for i in range(sentences)]
        )
        started = time.process_time()
        assert len(dtlx.read(dtlx.write(long, ALL)).blocks) == sentences
        return time.process_time() - started

    # Linear growth is 4 times, quadratic 16. The collector of garbage walks everything that other tests have left, the
    # more often the longer the document is: it stays out of this.
    gc.disable()
    try:
        short = max(min(seconds(1000) for _ in range(3)), 0.03)
        assert min(seconds(4000) for _ in range(3)) < 8 * short
    finally:
        gc.enable()
