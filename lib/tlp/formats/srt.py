"""SubRip, `format=2` of /speech/get and a format of attached subtitles (manual, Appendix E). Read through pysrt."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pysrt

from tlp.captions import CURRENT, FILTERED, HUMAN, Captions, Made, Segment
from tlp.errors import FormatError
from tlp.formats.cues import clock, cues, possible
from tlp.formats.encoding import decode, encode

CONTENT_TYPE = "application/x-subrip; charset=utf-8"

# SRT cannot escape: an arrow in the text would look like a time line to many readers. The space has no width.
_ARROW, _SAFE_ARROW = "-->", "--\u200b>"
_MARKUP = re.compile(r"</?(?:b|i|u|s|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n?|\n")


def read(data: bytes, language: str | None = None) -> Captions:
    """The cues, numbered from 1 in the order of the file, by a human author; the mark-up of fonts is dropped.

    Raises FormatError that names the last line of the broken cue.
    """
    text = decode(data, "SRT")
    line = 0

    def lines() -> Iterator[str]:
        nonlocal line
        for one in _LINE_END.split(text):
            line += 1
            yield f"{one}\n"

    captions = Captions(language or "und", made=Made(author_type=HUMAN))
    try:
        for number, item in enumerate(pysrt.SubRipFile.stream(lines(), pysrt.SubRipFile.ERROR_RAISE), 1):
            words = _MARKUP.sub("", item.text).replace(_SAFE_ARROW, _ARROW).strip()
            begin, end = possible(item.start.ordinal), possible(item.end.ordinal)
            captions.current.append(Segment(number, begin, end, [words] if words else []))
    except (pysrt.Error, ValueError) as error:
        raise FormatError(f"SRT, line {line}: the cue that ends here is not number, times, text") from error
    if not captions.current and text.strip():
        raise FormatError("SRT: the file holds no cue")
    return captions


def write(captions: Captions, data_policy: int = CURRENT, filter_policy: int = FILTERED) -> bytes:
    """Numbers from 1; one line of text a cue, empty where the segment says nothing."""
    blocks = (
        f"{number}\n{clock(begin, ',')} --> {clock(end, ',')}\n{text.replace(_ARROW, _SAFE_ARROW)}\n\n"
        for number, (_, begin, end, text) in enumerate(cues(captions, data_policy, filter_policy), 1)
    )
    return encode("".join(blocks))
