"""Is an attachment what it claims to be? Subtitles must parse, thumbnails decode, documents start as theirs do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ingest.modules.base import ffmpeg
from ingest.modules.base.file_formats import probed
from ingest.modules.base.probe import JPEG, check_pixels
from tlp.errors import FormatError, MediaError, PackageError
from tlp.formats import FORMATS

THUMBNAIL, SUBTITLES, AUDIOTRACK = 3, 4, 5
_MOST_SUBTITLES = 64 << 20  # bytes
_MOST_THUMBNAIL = 16 << 20
_ZIP, _OLE = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")
_STARTS = {
    "pdf": b"%PDF-",
    "rtf": b"{\\rtf",
    "docx": _ZIP, "pptx": _ZIP, "xlsx": _ZIP, "odt": _ZIP,
    "doc": _OLE, "ppt": _OLE, "xls": _OLE,
}  # fmt: skip
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # byte order marks of UTF-16 and UTF-32


def check(path: Path, name: str, item: dict[str, Any], entry: dict[str, Any], code: str) -> dict[str, Any]:
    """Check an attachment of the format `code`, of which `entry` is the row in file_formats.

    Returns what is known of it beyond its file (`duration_ms` and more for media). Raises PackageError in words.
    """
    type_code = item["type_code"]
    if type_code == SUBTITLES:
        return _subtitles(path, name, item.get("language"), code)
    if type_code == THUMBNAIL:
        return _thumbnail(path, name)
    if entry["demuxers"]:
        found = probed(path, name, code, entry)
        if type_code == AUDIOTRACK and found.audio is None:
            raise PackageError(f"'{name}' has no sound and cannot be an audio track")
        return found.describe()
    return _document(path, name, code)


def _subtitles(path: Path, name: str, language: str | None, code: str) -> dict[str, Any]:
    if not language:
        raise PackageError(f"'{name}': subtitles need their language in the manifest")
    if code not in FORMATS:
        raise PackageError(f"'{name}': subtitles in the format '{code}' cannot be read: {', '.join(FORMATS)}")
    if path.stat().st_size > _MOST_SUBTITLES:
        raise PackageError(f"'{name}' is too large for subtitles: at most {_MOST_SUBTITLES >> 20} MiB")
    try:
        FORMATS[code].read(path.read_bytes(), language)
    except FormatError as error:
        raise PackageError(f"'{name}': {error}") from error
    return {}


def _thumbnail(path: Path, name: str) -> dict[str, Any]:
    with path.open("rb") as file:
        starts = file.read(3) == b"\xff\xd8\xff"
    if not starts or path.stat().st_size > _MOST_THUMBNAIL:
        raise PackageError(f"'{name}' is no JPEG picture of at most {_MOST_THUMBNAIL >> 20} MiB")
    try:
        check_pixels(ffmpeg.show(path, JPEG))
        one = [*ffmpeg.read_from(path, "jpeg_pipe", "-xerror", "-err_detect", "explode"), "-frames:v", "1"]
        ffmpeg.run([*one, "-f", "null", "-"], path, limit_s=60)
    except MediaError as error:
        raise PackageError(f"'{name}' is no JPEG picture that can be shown: {error}") from error
    return {}


def _document(path: Path, name: str, code: str) -> dict[str, Any]:
    with path.open("rb") as file:
        start = file.read(4096)
    expected = _STARTS.get(code)
    if expected is not None:
        # Writers of PDF may put up to a kilobyte before it; the others begin at once.
        right = expected in start[:1024] if code == "pdf" else start.startswith(expected)
    else:
        right = b"\0" not in start or start.startswith(_WIDE)
    if not right:
        raise PackageError(f"'{name}' is no {code} file")
    return {}
