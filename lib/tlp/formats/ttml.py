"""DFXP without extensions, `format=1` of /speech/get (manual, Appendix E): for players. Written only."""

from __future__ import annotations

from tlp.captions import CURRENT, FILTERED, Captions
from tlp.errors import FormatError
from tlp.formats.cues import cues, seconds
from tlp.formats.encoding import encode
from tlp.formats.xml import escaped, quoted

CONTENT_TYPE = "application/ttml+xml; charset=utf-8"


def read(data: bytes, language: str | None = None) -> Captions:
    """Always raises FormatError: subtitles come in as transLectures DFXP (manual, Appendix I)."""
    raise FormatError("DFXP without the transLectures tags cannot be read; send dfxp, srt, vtt or trs")


def write(captions: Captions, data_policy: int = CURRENT, filter_policy: int = FILTERED) -> bytes:
    """One `p` a segment. Its `div` names no language: readers in the field take such a one for any."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<tt xml:lang={quoted(captions.language)} xmlns="http://www.w3.org/2006/10/ttaf1">',
        "<head></head>",
        "<body><div>",
    ]
    lines += [
        f'<p xml:id="{id}" begin="{seconds(begin)}s" end="{seconds(end)}s">{escaped(text)}</p>'
        for id, begin, end, text in cues(captions, data_policy, filter_policy)
    ]
    return encode("\n".join([*lines, "</div></body>", "</tt>", ""]))
