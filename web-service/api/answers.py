"""What a handler may give as its answer: a dict or list (JSON), or one of the classes here."""

from __future__ import annotations

import errno
import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import falcon

from api import sending
from api.errors import write_json

log = logging.getLogger(__name__)

_CHUNK = 1 << 16


@dataclass(frozen=True)
class Text:
    """A document that is ready to be sent."""

    body: bytes
    content_type: str


@dataclass(frozen=True)
class File:
    """A file of the platform, sent with byte ranges."""

    path: Path
    content_type: str
    name: str


@dataclass(frozen=True)
class JsonList:
    """A list of any length, sent while it is read."""

    items: Iterable[Any]


def send(answer: Any, req: falcon.Request, resp: falcon.Response) -> None:
    """Put a handler's answer into the response."""
    if isinstance(answer, File):
        sending.send_file(req, resp, answer.path, answer.content_type, answer.name)
    elif isinstance(answer, JsonList):
        resp.content_type = falcon.MEDIA_JSON
        pieces = _json_list(answer.items)
        resp.stream = pieces if req.method == "HEAD" else _begun(pieces, req.context.request_id)
    elif isinstance(answer, Text):
        resp.content_type = answer.content_type
        resp.data = answer.body
    else:
        write_json(resp, answer)


def _begun(pieces: Iterator[bytes], request: str) -> Iterator[bytes]:
    """The same pieces, of which the first is made now: what fails until then is answered like any other error."""
    first = next(pieces)
    return _cut_off(first, pieces, request)


def _cut_off(first: bytes, pieces: Iterator[bytes], request: str) -> Iterator[bytes]:
    """What fails after the answer has begun ends the connection, so that nobody takes a part for the whole.

    The server must not see the error itself: it would log the query with its token and append a page to the answer.
    """
    yield first
    try:
        yield from pieces
    except Exception as error:
        log.exception("request %s: its answer breaks off", request)
        raise BrokenPipeError(errno.EPIPE, "the answer breaks off") from error


def _json_list(items: Iterable[Any]) -> Iterator[bytes]:
    """The bytes of a JSON list, in pieces large enough to be worth a write."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    piece, size, before = [], 1, "["
    for item in items:
        piece.append(before + encode(item))
        size, before = size + len(piece[-1]), ","
        if size > _CHUNK:
            yield "".join(piece).encode()
            piece, size = [], 0
    yield ("".join(piece) + ("[]" if before == "[" else "]")).encode()
