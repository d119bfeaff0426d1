"""Files that were good once: bytes lost, doubled, exchanged. Reading gives a model or a FormatError, within a second.

What could be read can be written in every format. TLP_FUZZ_EXAMPLES makes a run longer.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tlp.captions import Captions, Made, Segment, Word
from tlp.documents import Block, Document, Mark, Sentence, Wording
from tlp.errors import FormatError
from tlp.formats import DOCUMENT_FORMATS, FORMATS

EXAMPLES = int(os.environ.get("TLP_FUZZ_EXAMPLES", "150"))
LONGEST = 1.0  # seconds of processor time

CAPTIONS = Captions(
    "en",
    [
        Segment(1, 500, 2500, [Word("Good", 500, 900, Made(confidence=0.9)), "morning [hesitation]"], Made()),
        Segment(2, 3000, 4750, ["a --> b ]]> <i>&amp;</i> \u202e\U0001f393"], Made("human", "ann", 0.9)),
    ],
)
DOCUMENT = Document(
    "es",
    [
        Block(
            "paragraph",
            [Sentence(1, ["Good morning"], Wording(["Buenos días"])), Sentence(2, ["Bye"], None)],
            marks={1: Mark("link", "http://example.org/")},
        ),
        Block("cell", [Sentence(3, ["x"], Wording(["y"]), Wording(["z"]))], row=0, column=1),
    ],
    "en",
)
TRS = b"""<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE Trans SYSTEM "trans-14.dtd">
<Trans><Episode><Section><Turn startTime="0" endTime="9"><Sync time="0"/>Good<Event extent="begin"/>x
<Event extent="end"/><Sync time="4.5"/>[background noise]</Turn></Section></Episode></Trans>"""
GOOD: dict[str, bytes] = {
    **{name: FORMATS[name].write(CAPTIONS) for name in ("srt", "vtt")},
    "dfxp": FORMATS["dfxp"].write(CAPTIONS, 0, 0),
    "trs": TRS,
    "dtlx": DOCUMENT_FORMATS["dtlx"].write(DOCUMENT, 0),
    "html": b"<!DOCTYPE html><html lang=en><h1>A</h1><p>One. <b>Two</b> <a href=x>three</a>!<table><tr><td>4</table>",
}
# What has a meaning somewhere, to be put where it has none.
PIECES = st.sampled_from(
    [
        *(b"<", b">", b"&", b'"', b"]]>", b"<!--", b"<![CDATA[", b"<?x", b"-->", b"\n\n", b"\r", b"\0", b"\xff\xfe"),
        *(b"&#x0;", b"&#xD800;", b"&#1114112;", b"-", b"e999", b"NaN", b"inf", b"99999999999999999999", b"0x10", b"."),
        *("٣".encode(), "\u2028".encode(), b"\xc0\xaf", b" xmlns:tl='x' ", b"<tl:s>", b"</tl:s>", b"<tl:w/>", b"sI=''"),
        *(b"00:00:00,000", b"99:99:99.999", b"NOTE ", b"STYLE\n", b"WEBVTT", b"<00:01.000>", b"{\\an8}", b"</"),
    ]
)
PLACE = st.floats(0, 1)


@st.composite
def damaged(draw: st.DrawFn, good: bytes) -> bytes:
    """The file after one to six accidents."""
    data = good
    for _ in range(draw(st.integers(1, 6))):
        first, second = sorted(int(draw(PLACE) * len(data)) for _ in range(2))
        kind = draw(st.sampled_from(["lose", "double", "put", "over", "flip", "end"]))
        if kind == "lose":
            data = data[:first] + data[min(second, first + 40) :]
        elif kind == "double":
            data = data[:second] + data[first:second] * draw(st.integers(1, 20)) + data[second:]
        elif kind == "put":
            data = data[:first] + draw(PIECES) + data[first:]
        elif kind == "over":
            piece = draw(PIECES)
            data = data[:first] + piece + data[first + len(piece) :]
        elif kind == "flip":
            data = data[:first] + bytes([draw(st.integers(0, 255))]) + data[first + 1 :]
        else:
            data = data[:second]
    return data


def _within(work: Callable[[], Any]) -> Any:
    started = time.process_time()
    result = work()
    assert time.process_time() - started < LONGEST
    return result


def _read(module: Any, data: bytes) -> Any:
    try:
        return _within(lambda: module.read(data))
    except FormatError as error:
        assert str(error)
        return None


def _writers(model: Any) -> dict[str, Any]:
    all_formats: dict[str, Any] = {**FORMATS} if isinstance(model, Captions) else {**DOCUMENT_FORMATS}
    return {name: module for name, module in all_formats.items() if name != "trs"}


@pytest.mark.parametrize("name", GOOD)
def test_a_damaged_file_is_read_or_refused_in_words_and_what_was_read_can_be_written(name: str) -> None:
    module: Any = {**FORMATS, **DOCUMENT_FORMATS}[name]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=damaged(GOOD[name]))
    def check(data: bytes) -> None:
        model = _read(module, data)
        if model is None:
            return
        for other, writer in _writers(model).items():
            written = _within(lambda writer=writer: writer.write(model))
            written.decode()
            if other in ("dfxp", "dtlx"):  # what is stored can be read for ever
                writer.read(written)

    check()


@pytest.mark.parametrize("name", GOOD)
def test_any_bytes_are_read_or_refused_in_words(name: str) -> None:
    module: Any = {**FORMATS, **DOCUMENT_FORMATS}[name]

    @settings(max_examples=EXAMPLES // 2, deadline=None)
    @given(data=st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
    def check(data: bytes) -> None:
        _read(module, data)

    check()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("srt", b"1\n00:00:01,000 --> 00:00:04,75050505050\nx\n\n"),
        ("srt", b"1\n00:00:01,000 --> 99999999:00:04,000\nx\n\n"),
        ("vtt", b"WEBVTT\n\n00:00:01.000 --> 99999999:00:04.000\nx\n"),
    ],
)
def test_a_time_that_no_other_format_can_hold_is_refused(name: str, data: bytes) -> None:
    """Found by the test above: it could be written as DFXP, which then nobody could read again."""
    with pytest.raises(FormatError):
        FORMATS[name].read(data)
