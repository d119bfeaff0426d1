"""Sends files so that browsers can play and seek: byte ranges and conditional requests (RFC 9110, 13 and 14)."""

from __future__ import annotations

import os
import re
from datetime import datetime, timezone
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import falcon

_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*", re.ASCII)
# What a browser may show in place: other types could carry scripts that would run as pages of this server.
_SHOWN = ("video/", "audio/", "image/")


def send_file(req: falcon.Request, resp: falcon.Response, path: Path, content_type: str, name: str) -> None:
    """Answer with a file or the part of it that was asked for. Raises falcon.HTTPNotFound when it is not there."""
    try:
        file = path.open("rb")
        state = os.fstat(file.fileno())
    except OSError:
        raise falcon.HTTPNotFound(description="The file is not there.") from None
    try:
        _describe(resp, state, content_type, name)
        if _unchanged(req, resp):
            resp.status = falcon.HTTP_304
            resp.delete_header("Content-Type")
            return
        first, end = _range(req, resp, state.st_size)
        file.seek(first)
        resp.content_length = end - first
        if req.method != "HEAD":
            # to the end of the file the server may use sendfile, which knows no other end
            stream: BinaryIO | _Part = file if end == state.st_size else _Part(file, end - first)
            resp.stream = stream  # type: ignore[assignment]
    finally:
        if resp.stream is None:
            file.close()


def _describe(resp: falcon.Response, state: os.stat_result, content_type: str, name: str) -> None:
    shown = content_type.startswith(_SHOWN)
    resp.content_type = content_type
    resp.set_header("Accept-Ranges", "bytes")
    resp.set_header("ETag", f'"{state.st_mtime_ns:x}-{state.st_size:x}"')
    resp.set_header("Last-Modified", format_datetime(_modified(state), usegmt=True))
    resp.set_header(
        "Content-Disposition", f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}"
    )
    resp.set_header("X-Content-Type-Options", "nosniff")
    resp.set_header("Content-Security-Policy", "sandbox; default-src 'none'; media-src 'self'; img-src 'self'")


def _modified(state: os.stat_result) -> datetime:
    return datetime.fromtimestamp(int(state.st_mtime), timezone.utc)


def _unchanged(req: falcon.Request, resp: falcon.Response) -> bool:
    wanted = req.get_header("If-None-Match")
    if wanted is not None:
        tags = [tag.strip().removeprefix("W/") for tag in wanted.split(",")]
        return "*" in tags or resp.get_header("ETag") in tags
    since = _date(req.get_header("If-Modified-Since"))
    return since is not None and _date(resp.get_header("Last-Modified")) <= since  # type: ignore[operator]


def _range(req: falcon.Request, resp: falcon.Response, size: int) -> tuple[int, int]:
    """First byte and the byte after the last. A range that cannot be read is ignored, as the RFC says."""
    match = _RANGE.fullmatch(req.get_header("Range") or "")
    if match is None or not any(match.groups()) or not _still_the_same(req, resp):
        return 0, size
    first, last = match.groups()
    if first and last and int(first) > int(last):
        return 0, size
    begin = int(first) if first else max(0, size - int(last))
    if begin >= size:
        unsatisfiable = {"Content-Range": f"bytes */{size}"}
        raise falcon.HTTPError(falcon.HTTP_416, description=f"The file has {size} bytes.", headers=unsatisfiable)
    end = min(size, int(last) + 1) if first and last else size
    resp.status = falcon.HTTP_206
    resp.set_header("Content-Range", f"bytes {begin}-{end - 1}/{size}")
    return begin, end


def _still_the_same(req: falcon.Request, resp: falcon.Response) -> bool:
    """If-Range: a part is wanted only of the file that the client has the rest of."""
    condition = req.get_header("If-Range")
    if condition is None or condition == resp.get_header("ETag"):
        return True
    date = _date(condition)
    return date is not None and date == _date(resp.get_header("Last-Modified"))


def _date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except (ValueError, TypeError):
        return None
    return date.replace(tzinfo=timezone.utc) if date.tzinfo is None else date


class _Part:
    """The next `left` bytes of a file, as a file that ends there."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        self._file, self._left = file, left

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._file.close()
