"""WebVTT, `format=3` of /speech/get (manual, Appendix E). Read through webvtt-py."""

from __future__ import annotations

import html
import io
import re

import webvtt
from webvtt.errors import MalformedCaptionError, MalformedFileError

from tlp.captions import CURRENT, FILTERED, HUMAN, Captions, Made, Segment
from tlp.errors import FormatError
from tlp.formats.cues import clock, cues, possible
from tlp.formats.encoding import decode, encode

CONTENT_TYPE = "text/vtt; charset=utf-8"

_MARKUP = re.compile(r"</?[^<>]*>")


def read(data: bytes, language: str | None = None) -> Captions:
    """The cues, numbered from 1 in the order of the file, by a human author; voices, styles and settings go.

    Raises FormatError for a file that is no WebVTT or has a broken cue.
    """
    captions = Captions(language or "und", made=Made(author_type=HUMAN))
    try:
        found = webvtt.from_buffer(io.StringIO(decode(data, "WebVTT")), strict=True)
    except (MalformedFileError, MalformedCaptionError, ValueError) as error:
        raise FormatError(f"WebVTT: {error}") from error
    for number, caption in enumerate(found.captions, 1):
        try:
            begin, end = possible(_ms(caption.start_time)), possible(_ms(caption.end_time))
        except ValueError as error:
            raise FormatError(f"WebVTT, cue {number}: {error}") from error
        words = html.unescape(_MARKUP.sub("", caption.raw_text)).strip()
        captions.current.append(Segment(number, begin, end, [words] if words else []))
    return captions


def _ms(time: webvtt.models.Timestamp) -> int:
    minutes = time.hours * 60 + time.minutes
    return int((minutes * 60 + time.seconds) * 1000 + time.milliseconds)


def write(captions: Captions, data_policy: int = CURRENT, filter_policy: int = FILTERED) -> bytes:
    """No cue numbers; `&`, `<` and `>` escaped, so that an arrow in the text cannot look like a time line."""
    blocks = (
        f"{clock(begin, '.')} --> {clock(end, '.')}\n{html.escape(text, quote=False)}\n\n"
        for _, begin, end, text in cues(captions, data_policy, filter_policy)
    )
    return encode("WEBVTT\n\n" + "".join(blocks))
