"""Bytes to text and back, for every format: which encoding a file is in, and which characters may go out."""

from __future__ import annotations

import codecs
import re

from tlp.errors import FormatError

MAX_BYTES = 32 << 20  # sixty hours of words and confidences; more is a mistake or an attack

# Single-byte encodings that a file may name; any other name is not worth believing.
_DECLARED = re.compile(
    rb"""\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["'](iso-8859-\d{1,2}|windows-125\d|koi8-[ru])["']""", re.IGNORECASE
)
# What XML 1.0 cannot hold, not even as a reference (XML 1.0, section 2.2).
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def decode(data: bytes, name: str) -> str:
    """The text of a file of the format `name`, without a byte order mark.

    UTF-16 and UTF-8 by their marks, else UTF-8, else what the XML declaration names, else ISO-8859-1.
    Raises FormatError for a file that is too large or breaks its own byte order mark's encoding.
    """
    if len(data) > MAX_BYTES:
        raise FormatError(f"{name}: the file has {len(data)} bytes; at most {MAX_BYTES} are read")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strictly(data, "utf-16", name)
    if data[:2] in (b"<\x00", b"\x00<"):  # XML in UTF-16 that forgot its mark
        return _strictly(data, "utf-16-le" if data[1] == 0 else "utf-16-be", name)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        declared = _DECLARED.match(data)
        return _strictly(data, declared[1].decode() if declared else "iso-8859-1", name)


def _strictly(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise FormatError(f"{name}: the file is not in {encoding}, as it says: {error}") from error


def encode(text: str) -> bytes:
    """UTF-8; a character that XML cannot hold becomes U+FFFD in every format, so that all say the same."""
    return _UNWRITABLE.sub("\ufffd", text).encode()
