"""Transcriber files: a segment a span, what was not said left out, old encodings."""

from __future__ import annotations

import pytest

from tlp.captions import HUMAN, Segment
from tlp.errors import FormatError
from tlp.formats import trs

HEAD = '<?xml version="1.0" encoding="ISO-8859-1"?>\n<!DOCTYPE Trans SYSTEM "trans-14.dtd">\n'


def file(turns: str) -> str:
    return f'{HEAD}<Trans xml:lang="es"><Episode><Section startTime="0" endTime="9">{turns}</Section></Episode></Trans>'


def turn(inside: str, end: str = "9") -> str:
    return f'<Turn startTime="0" endTime="{end}">\n{inside}\n</Turn>'


def read(turns: str) -> list[Segment]:
    return trs.read(file(turns).encode("latin-1")).current


def test_each_sync_begins_a_segment_that_the_next_sync_or_the_turn_ends():
    turns = turn('<Sync time="0"/>\nhola a\n  todos\n<Sync time="2.5"/>\nbien', "4.125") + turn(
        '<Sync time="4.125"/>fin'
    )
    assert read(turns) == [
        Segment(1, 0, 2500, ["hola a todos"]),
        Segment(2, 2500, 4125, ["bien"]),
        Segment(3, 4125, 9000, ["fin"]),
    ]


def test_the_author_is_a_person_and_the_file_tells_the_language():
    captions = trs.read(file("").encode())
    assert (captions.made.author_type, captions.language) == (HUMAN, "es")
    assert trs.read(file("").encode(), "ca").language == "ca"


def test_text_between_the_ends_of_an_event_is_left_out_also_across_spans():
    begin, end = '<Event desc="noise" extent="begin"/>', '<Event desc="noise" extent="end"/>'
    inside = f'<Sync time="0"/>one {begin}two <Who nb="1"/>three <Sync time="1"/>four {end} five'
    assert [s.text for s in read(turn(inside))] == ["one", "five"]


def test_other_events_and_marks_leave_their_text():
    inside = '<Sync time="0"/>one <Event desc="b" type="noise" extent="instantaneous"/> two <Comment desc="x"/>three'
    assert [s.text for s in read(turn(inside))] == ["one two three"]


@pytest.mark.parametrize("text", ["[sonido de fondo]", "[background noise]", ""])
def test_a_span_in_which_nothing_was_said_is_an_empty_segment(text: str):
    assert read(turn(f'<Sync time="0"/>{text}')) == [Segment(1, 0, 9000)]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig", "utf-16"])
def test_whatever_the_declaration_says_the_text_is_read(encoding: str):
    data = file(turn('<Sync time="0"/>año — así'.replace("—", "-"))).encode(encoding)
    assert trs.read(data).current[0].text == "año - así"


def test_a_declared_single_byte_encoding_is_believed():
    data = file(turn('<Sync time="0"/>Größe “ja”')).replace("ISO-8859-1", "windows-1252").encode("cp1252")
    assert trs.read(data).current[0].text == "Größe “ja”"


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        (turn('<Sync time="soon"/>a'), "line 4: <Sync> needs 'time'"),
        (turn('<Sync time="0"/>a', "never"), "line 3: <Turn> needs 'endTime'"),
        (turn('lost <Sync time="0"/>a'), "line 3: a <Turn> has text before"),
        (turn('<Who nb="1"/>lost'), "text before its first <Sync>"),
    ],
)
def test_what_has_no_time_is_an_error_that_names_the_line(turns: str, reason: str):
    with pytest.raises(FormatError, match=reason):
        read(turns)


def test_a_file_of_another_kind_is_an_error():
    with pytest.raises(FormatError, match="must begin with <Trans>"):
        trs.read(b"<tt/>")
