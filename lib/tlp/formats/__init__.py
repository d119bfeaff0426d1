"""The formats of subtitles and of documents by name. Formats turn bytes into a model and back, and know nothing else.

To add one: a module with the three names of `Format` or `DocumentFormat`, a line in the table, a section in
docs/formats.md.
"""

from __future__ import annotations

from typing import Protocol

from tlp.captions import Captions
from tlp.documents import Document
from tlp.formats import dfxp, document_html, document_text, dtlx, srt, text, trs, ttml, vtt


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


class DocumentFormat(Protocol):
    """The same for documents."""

    CONTENT_TYPE: str

    def read(self, data: bytes, language: str | None = None) -> Document:
        """The document in a file, like `Format.read`."""

    def write(self, document: Document, data_policy: int = ...) -> bytes:
        """A whole file in UTF-8, of the side asked for (manual, /text/get)."""


DOCUMENT_FORMATS: dict[str, DocumentFormat] = {
    "html": document_html,
    "dtlx": dtlx,
    "txt": document_text,
}

# `format` of /text/get (manual, Appendix F); 0 is the format the document came in
DOCUMENT_API_NUMBERS = {1: "html", 2: "dtlx", 3: "txt"}
