"""Which format a document is in, by what stands in the file: names and extensions mean nothing. Reads little of it."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

_START = 4096  # bytes
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_HTML = re.compile(r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_PARTS = {"word/": "docx", "ppt/": "pptx", "xl/": "xlsx"}  # of Office Open XML: the folder of the main part
_MIME = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.presentation": "odp",
}
# Streams of the old binary formats, as their directory names them, in UTF-16.
_STREAMS = {"WordDocument": "doc", "PowerPoint Document": "ppt", "Workbook": "xls", "EncryptedPackage": "encrypted"}
_BOMS = (b"\xff\xfe", b"\xfe\xff")
_MOST_NAMES = 100_000


def found_format(path: Path) -> str | None:
    """The code of the format; "encrypted" for an office file with a password; None for no document at all."""
    with path.open("rb") as file:
        start = file.read(_START)
    if start.startswith(b"PK\x03\x04"):
        return _of_zip(path)
    if start.startswith(_OLE):
        return _of_ole(path)
    if b"%PDF-" in start[:1024]:
        return "pdf"
    if start.startswith(b"{\\rtf"):
        return "rtf"
    return _of_text(start)


def _of_text(start: bytes) -> str | None:
    if start.startswith(_BOMS):
        text = start[: len(start) // 2 * 2].decode("utf-16", errors="replace")
    elif b"\0" in start:
        return None
    else:
        text = start.decode("utf-8-sig", errors="replace")
    return "html" if _HTML.match(text) else "txt"


def _of_zip(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "mimetype" in names:
                with archive.open("mimetype") as file:
                    return _MIME.get(file.read(100).strip())
            folders = (name for name in names[:_MOST_NAMES] if "[Content_Types].xml" in names)
            return next((code for name in folders for part, code in _PARTS.items() if name.startswith(part)), None)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return None


def _of_ole(path: Path) -> str | None:
    """By the names in the directory of the file, wherever that is: it is small beside the rest."""
    data = path.read_bytes()
    found = [code for name, code in _STREAMS.items() if name.encode("utf-16-le") in data]
    return "encrypted" if "encrypted" in found else found[0] if found else None
