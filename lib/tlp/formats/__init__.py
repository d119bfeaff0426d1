"""The subtitle formats by name. Formats turn bytes into the model and back, and know nothing else.

To add one: a module with the three names of `Format`, a line in `FORMATS`, a section in docs/formats.md.
"""

from __future__ import annotations

from typing import Protocol

from tlp.captions import Captions
from tlp.formats import dfxp, srt, text, trs, ttml, vtt


class Format(Protocol):
    """What every module of a format offers. A direction that a format lacks raises FormatError."""

    CONTENT_TYPE: str

    def read(self, data: bytes, language: str | None = None) -> Captions:
        """The captions in a file. `language` wins over what the file says; "und" when neither knows."""

    def write(self, captions: Captions, data_policy: int = ..., filter_policy: int = ...) -> bytes:
        """A whole file in UTF-8, of the side and with the filter asked for (manual, /speech/get)."""


FORMATS: dict[str, Format] = {
    "dfxp": dfxp,
    "ttml": ttml,
    "srt": srt,
    "vtt": vtt,
    "text": text,
    "trs": trs,
}

# `format` of /speech/get (manual, Appendix E)
API_NUMBERS = {0: "dfxp", 1: "ttml", 2: "srt", 3: "vtt", 4: "text"}
