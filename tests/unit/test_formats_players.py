"""What we write for players is what other programs read, and what they write is what we read."""

from __future__ import annotations

import io
import warnings
from xml.etree import ElementTree

import pycaption
import pysrt
import pytest
import ttconv.srt.reader
import ttconv.vtt.reader
import webvtt
from ttconv import model

from tlp.captions import EMPTY, HUMAN, ORIGINAL, UNFILTERED, Captions, Made, Segment, Word
from tlp.errors import FormatError
from tlp.formats import API_NUMBERS, FORMATS, dfxp, srt, text, trs, ttml, vtt

Cue = tuple[int, int, str]

SEGMENTS = [
    Segment(7, 0, 1500, [Word("Fish"), "&", Word("chips"), "cost\n 5 > 3"]),
    Segment(3, 1500, 1999, ["שלום, עולם 😀 a\u0301"]),
    Segment(9, 62004, 3723009, ["Vraiment\u00a0?"]),
    Segment(10, 3723009, 360000000, ["a hundred hours"]),
]
CAPTIONS = Captions("fr", SEGMENTS)
CUES: list[Cue] = [
    (0, 1500, "Fish & chips cost 5 > 3"),
    (1500, 1999, "שלום, עולם 😀 a\u0301"),
    (62004, 3723009, "Vraiment\u00a0?"),
    (3723009, 360000000, "a hundred hours"),
]


def cues(captions: Captions) -> list[Cue]:
    return [(s.begin, s.end, s.text) for s in captions.current]


# What we write, read by others


def test_pysrt_reads_our_srt():
    read = pysrt.from_string(srt.write(CAPTIONS).decode())
    assert [(i.start.ordinal, i.end.ordinal, i.text) for i in read] == CUES
    assert [i.index for i in read] == [1, 2, 3, 4]


def test_webvtt_py_reads_our_webvtt():
    read = webvtt.from_buffer(io.StringIO(vtt.write(CAPTIONS).decode()), strict=True)
    escaped = [(b, e, t.replace("&", "&amp;").replace(">", "&gt;")) for b, e, t in CUES]
    assert [(_ms(c.start), _ms(c.end), c.text) for c in read] == escaped


def _ms(time: str) -> int:
    hours, minutes, seconds = time.split(":")
    return (int(hours) * 60 + int(minutes)) * 60000 + int(seconds.replace(".", ""))


@pytest.mark.parametrize(
    ("name", "reader"),
    [("srt", pycaption.SRTReader), ("vtt", pycaption.WebVTTReader), ("ttml", pycaption.DFXPReader)],
)
def test_pycaption_reads_all_our_forms(name: str, reader: type):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pycaption reads XML with an HTML parser
        read = reader().read(FORMATS[name].write(CAPTIONS).decode())
    (language,) = read.get_languages()
    found = [(round(c.start / 1000), round(c.end / 1000), c.get_text()) for c in read.get_captions(language)]
    assert found == CUES
    assert name != "ttml" or language == "fr"


@pytest.mark.parametrize(("name", "reader"), [("srt", ttconv.srt.reader), ("vtt", ttconv.vtt.reader)])
def test_ttconv_reads_our_srt_and_webvtt(name: str, reader):
    body = reader.to_model(io.StringIO(FORMATS[name].write(CAPTIONS).decode())).get_body()
    paragraphs = [e for e in body.dfs_iterator() if isinstance(e, model.P)]
    found = [(int(p.get_begin() * 1000), int(p.get_end() * 1000), _text(p)) for p in paragraphs]
    assert found == CUES


def _text(paragraph: model.P) -> str:
    return "".join(e.get_text() for e in paragraph.dfs_iterator() if isinstance(e, model.Text))


# The layouts


def test_srt_numbers_from_1_and_ends_each_cue_with_a_blank_line():
    assert srt.write(Captions("en", SEGMENTS[:1])) == b"1\n00:00:00,000 --> 00:00:01,500\nFish & chips cost 5 > 3\n\n"


def test_webvtt_has_no_numbers_and_escapes_its_text():
    expected = b"WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nFish &amp; chips cost 5 &gt; 3\n\n"
    assert vtt.write(Captions("en", SEGMENTS[:1])) == expected


def test_plain_text_is_one_line_a_segment():
    assert text.write(Captions("en", [*SEGMENTS[:1], Segment(2, 0, 1)])) == b"Fish & chips cost 5 > 3\n\n"


def test_plain_dfxp_says_times_in_seconds_with_an_s():
    written = ttml.write(Captions('f"r', [Segment(4, 8500, 12505, ["a < b"])])).decode()
    assert written.splitlines() == [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<tt xml:lang="f&quot;r" xmlns="http://www.w3.org/2006/10/ttaf1">',
        "<head></head>",
        "<body><div>",
        '<p xml:id="4" begin="8.50s" end="12.505s">a &lt; b</p>',
        "</div></body>",
        "</tt>",
    ]
    assert ElementTree.fromstring(written).find(".//{*}div/{*}p").text == "a < b"


@pytest.mark.parametrize("name", ["ttml", "srt", "vtt", "text"])
def test_every_form_for_players_filters_corrects_and_knows_both_sides(name: str):
    captions = Captions(
        "en", [Segment(1, 0, 1000, ["<unk> /gonna/going to/ <unk>"])], original=[Segment(1, 0, 1000, ["was"])]
    )
    write = FORMATS[name].write
    assert b"going to" in write(captions) and b"gonna" not in write(captions) and b"unk" not in write(captions)
    assert b"unk" in write(captions, filter_policy=UNFILTERED) and b"/" not in _cue(
        write(captions, filter_policy=UNFILTERED)
    )
    assert b"was" in write(captions, ORIGINAL)
    assert b"going" not in write(captions, filter_policy=EMPTY)


def _cue(data: bytes) -> bytes:
    return next(line for line in data.splitlines() if b"going" in line).replace(b"</p>", b"")


@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_a_segment_with_no_text_is_kept_as_an_empty_cue(name: str):
    captions = Captions("en", [Segment(1, 0, 1000), Segment(2, 1000, 2000, ["a"]), Segment(3, 2000, 3000)])
    read = FORMATS[name].read(FORMATS[name].write(captions))
    assert read.current == captions.current


@pytest.mark.parametrize("name", ["ttml", "srt", "vtt", "text"])
def test_times_that_players_do_not_know_are_pulled_into_what_they_know(name: str):
    backwards = Captions("en", [Segment(1, -500, -200, ["a"]), Segment(2, 2000, 1000, ["b"])])
    forwards = Captions("en", [Segment(1, 0, 0, ["a"]), Segment(2, 2000, 2000, ["b"])])
    assert FORMATS[name].write(backwards) == FORMATS[name].write(forwards)


@pytest.mark.parametrize("name", ["srt", "vtt"])
@pytest.mark.parametrize("said", ["a --> b", "00:00:01.000 --> 00:00:02.000", "--->", "-->-->", "1", "NOTE x", "&amp;"])
def test_text_that_looks_like_the_format_comes_back_as_text(name: str, said: str):
    captions = Captions("en", [Segment(1, 0, 1000, [said]), Segment(2, 1000, 2000, ["next"])])
    assert cues(FORMATS[name].read(FORMATS[name].write(captions))) == cues(captions)


@pytest.mark.parametrize("name", ["dfxp", "ttml", "srt", "vtt", "text"])
def test_characters_that_xml_cannot_hold_are_replaced_in_every_form(name: str):
    data = FORMATS[name].write(Captions("en", [Segment(1, 0, 1000, ["a\x00b\ud83d"])]))
    assert "a\ufffdb\ufffd" in data.decode()


# What others write, read by us


def test_srt_files_from_the_field_are_read():
    data = "\ufeff1\r\n00:00:01,000 --> 00:00:02,500 X1:0\r\n"
    data += "{\\an8}<i>Hello</i>,\r\n<font color='red'>you</font> <unk>\r\n\r\n"
    data += "1\r\n00:00:02.500 --> 00:00:04,000\r\n- Bye\r\n"
    captions = srt.read(data.encode(), "en")
    assert captions.current == [Segment(1, 1000, 2500, ["Hello,\nyou <unk>"]), Segment(2, 2500, 4000, ["- Bye"])]
    assert (captions.language, captions.made) == ("en", Made(HUMAN))
    assert srt.read(data.encode("utf-16")).current == captions.current


def test_an_srt_file_in_latin_1_is_read():
    assert srt.read("1\n00:00:01,000 --> 00:00:02,000\naño\n".encode("latin-1")).current[0].text == "año"


@pytest.mark.parametrize(
    "data", [b"1\nnot a time\nHello\n\n", b"1\n00:00:01,000\n", b"just some words\n", b"1\n00:00:01,000 --> x\na\n"]
)
def test_a_broken_srt_file_is_an_error_that_names_the_line(data: bytes):
    with pytest.raises(FormatError, match="SRT, line"):
        srt.read(b"1\n00:00:00,000 --> 00:00:01,000\nfine\n\n" + data)


def test_an_empty_srt_file_has_no_segments():
    assert srt.read(b"").current == []


def test_webvtt_files_from_the_field_are_read():
    data = b"""WEBVTT - a title

STYLE
::cue { color: red }

NOTE nobody sees this

intro
00:01.000 --> 00:02.500 align:start
<v Ann>Fish &amp; <b>chips</b>
<00:00:02.000>1 &lt; 2

00:00:03.000 --> 01:00:00.000
last
"""
    captions = vtt.read(data, "en")
    assert captions.current == [Segment(1, 1000, 2500, ["Fish & chips\n1 < 2"]), Segment(2, 3000, 3600000, ["last"])]
    assert captions.made == Made(HUMAN)


@pytest.mark.parametrize("data", [b"", b"1\n00:00:01,000 --> 00:00:02,000\na\n", b"WEBVTT\n\n00:x --> 00:02.000\na\n"])
def test_a_broken_webvtt_file_is_an_error(data: bytes):
    with pytest.raises(FormatError, match="WebVTT"):
        vtt.read(data)


# The registry


def test_the_api_numbers_are_those_of_the_manual():
    assert API_NUMBERS == {0: "dfxp", 1: "ttml", 2: "srt", 3: "vtt", 4: "text"}
    assert {FORMATS[n] for n in API_NUMBERS.values()} == {dfxp, ttml, srt, vtt, text}


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("dfxp", "application/ttml+xml"),
        ("ttml", "application/ttml+xml"),
        ("srt", "application/x-subrip"),
        ("vtt", "text/vtt"),
        ("text", "text/plain"),
    ],
)
def test_content_types_are_those_of_the_manual_with_the_encoding(name: str, content_type: str):
    assert FORMATS[name].CONTENT_TYPE.split("; ") == [content_type, "charset=utf-8"]


@pytest.mark.parametrize("read", [text.read, ttml.read])
def test_forms_that_only_go_out_cannot_be_read(read):
    with pytest.raises(FormatError, match="send dfxp"):
        read(b"")


def test_trs_cannot_be_written():
    with pytest.raises(FormatError, match="TRS is read"):
        trs.write(CAPTIONS)
