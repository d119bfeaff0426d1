"""Plain text, `format=4` of /speech/get (manual, Appendix E): one line a segment. Written only."""

from __future__ import annotations

from tlp.captions import CURRENT, FILTERED, Captions
from tlp.errors import FormatError
from tlp.formats.cues import cues
from tlp.formats.encoding import encode

CONTENT_TYPE = "text/plain; charset=utf-8"


def read(data: bytes, language: str | None = None) -> Captions:
    """Always raises FormatError: lines without times are no subtitles."""
    raise FormatError("plain text has no times and cannot be read as subtitles; send dfxp, srt, vtt or trs")


def write(captions: Captions, data_policy: int = CURRENT, filter_policy: int = FILTERED) -> bytes:
    """One line a segment, an empty one where it says nothing."""
    return encode("".join(f"{text}\n" for _, _, _, text in cues(captions, data_policy, filter_policy)))
