"""Files made to hurt: refused quickly, with a message, and nothing outside the file is touched."""

from __future__ import annotations

import time

import pytest

from tlp.errors import FormatError
from tlp.formats import FORMATS, encoding, xml

LAUGHS = '<!DOCTYPE tt [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(12)
)
SYSTEM = '<!DOCTYPE tt SYSTEM "http://127.0.0.1:9/x.dtd"'

HOSTILE = {
    "billion laughs": f"{LAUGHS}]><tt>&m;</tt>",
    "external entity": '<!DOCTYPE tt [<!ENTITY x SYSTEM "file:///etc/passwd">]><tt><body>&x;</body></tt>',
    "parameter entity": '<!DOCTYPE tt [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x">%x;]><tt/>',
    "bracket in a quoted identifier": '<!DOCTYPE tt SYSTEM "x>" [<!ENTITY x "y">]><tt>&x;</tt>',
    "entity of an external DTD": f"{SYSTEM}><tt><body>&nbsp;</body></tt>",
    "undefined entity": "<tt>&nbsp;</tt>",
    "depth": "<a>" * 100_000 + "</a>" * 100_000,
    "depth within what the parser takes": "<tt>" * 100 + "</tt>" * 100,
    "elements": "<tt>" + "<a/>" * 2_100_000 + "</tt>",
    "not XML": "\x00\x01 nothing of the kind",
    "nothing": "",
    "undeclared prefix": "<tt><tl:d/></tt>",
    "attribute given twice": '<tt><body a="1" a="2"/></tt>',
}


@pytest.mark.parametrize("name", ["dfxp", "trs"])
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_xml_is_refused_at_once(case: str, name: str):
    data = HOSTILE[case].encode()
    started = time.process_time()
    with pytest.raises(FormatError, match=f"{name.upper()}"):
        FORMATS[name].read(data)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_hostile_xml_is_refused_in_wide_encodings_too(codec: str):
    with pytest.raises(FormatError, match="declarations"):
        xml.parse(HOSTILE["billion laughs"].encode(codec), "DFXP")


def test_utf_7_cannot_smuggle_tags():
    data = b'<?xml version="1.0" encoding="utf-7"?><tt>+ADw-body/+AD4-</tt>'
    assert len(xml.parse(data, "DFXP")) == 0


@pytest.mark.parametrize("name", ["dfxp", "srt", "vtt", "trs"])
def test_a_file_beyond_all_reason_is_refused_before_it_is_read(name: str):
    with pytest.raises(FormatError, match="at most"):
        FORMATS[name].read(b" " * (encoding.MAX_BYTES + 1))


@pytest.mark.parametrize("name", ["dfxp", "srt", "vtt", "trs"])
def test_a_file_that_breaks_its_own_encoding_is_an_error(name: str):
    with pytest.raises(FormatError, match="utf-16"):
        FORMATS[name].read(b"\xff\xfea")


def test_comments_and_instructions_vanish_and_the_text_around_them_stays():
    assert xml.parse(b"<tt>a<!-- x --><?y?>b</tt>", "DFXP").text == "ab"
