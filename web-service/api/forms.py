"""The ways a request carries its parameters (manual, Appendix D): all give one dict of what was sent.

GET parameters, the GET parameter `data`, a JSON body, a form, and multipart with a package behind it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import falcon
from falcon.media.multipart import BodyPart, MultipartFormHandler
from falcon.util import BufferedReader

from tlp.config import Limits
from tlp.errors import ParameterError
from tlp.strict_json import json_from_base64, json_from_text

# As much as gunicorn takes from a socket at once; of smaller reads it would copy the rest again each time.
_READ_SIZE = 1 << 20
_MAX_PARTS = 16
_FORM = "application/x-www-form-urlencoded"


class Readable(Protocol):
    def read(self, size: int = -1) -> bytes: ...


@dataclass
class Form:
    """What a request sent: its parameters, and the package that follows them in the body, not read yet."""

    sent: dict[str, Any]
    package: Readable | None = None
    rest: Iterator[BodyPart] | None = None

    def finish(self) -> None:
        """Read the end of the body: an upload that was cut off is no package. Raises ParameterError."""
        for part in self.rest or ():
            raise ParameterError(f"part '{part.name}' after 'pkg': the package must be the last part", "pkg")


def from_query(req: falcon.Request, limits: Limits) -> Form:
    """Parameters of the URL, with those of `data`, base64 of a JSON dict, over them."""
    return Form(_open_data(_single(req.params), limits))


def from_body(req: falcon.Request, limits: Limits) -> Form:
    """Parameters of the body, over those of the URL. Raises ParameterError."""
    query = from_query(req, limits).sent
    kind = (req.content_type or "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _from_multipart(req, query, limits)
    body = _read_body(req, limits.max_body)
    if not body.strip():
        return Form(query)
    # curl and old libraries send JSON under the type of a form
    if kind == _FORM and not body.lstrip().startswith(b"{"):
        fields = falcon.uri.parse_query_string(_utf8(body, "body"), keep_blank=True, csv=False)
        return Form({**query, **_open_data(_single(fields), limits)})
    return Form({**query, **_dict(json_from_text(_utf8(body, "body"), "body", limits.json), "body")})


def _from_multipart(req: falcon.Request, query: dict[str, Any], limits: Limits) -> Form:
    length = req.content_length
    if length is not None and length > limits.max_package + limits.max_body:
        raise ParameterError(f"the package is larger than {limits.max_package} bytes", "pkg")
    # a body sent in chunks has no length; the server's stream then ends by itself
    if length is None and not req.env.get("wsgi.input_terminated"):
        raise ParameterError("the body has neither a Content-Length nor an end that this server can see", "body")
    stream = BufferedReader(_reader(req.stream), sys.maxsize if length is None else length, _READ_SIZE)
    handler = MultipartFormHandler()
    handler.parse_options.max_body_part_count = _MAX_PARTS
    parts = iter(handler.deserialize(stream, req.content_type, length))
    sent = dict(query)
    for part in parts:
        if part.name == "pkg":
            return Form(sent, part.stream, parts)
        text = _part_text(part, limits)
        if part.name == "json":
            sent.update(_dict(json_from_text(text, "json", limits.json), "json"))
        elif part.name:
            sent[part.name] = text
    return Form(sent)


def _part_text(part: BodyPart, limits: Limits) -> str:
    data = part.stream.read(limits.max_body + 1)
    if len(data) > limits.max_body:
        raise ParameterError(f"part '{part.name}' is larger than {limits.max_body} bytes", part.name)
    return _utf8(data, part.name or "body")


def _read_body(req: falcon.Request, limit: int) -> bytes:
    stream = req.stream if req.content_length is None and req.env.get("wsgi.input_terminated") else req.bounded_stream
    body: bytes = b"" if (req.content_length or 0) > limit else _reader(stream)(limit + 1)
    if (req.content_length or 0) > limit or len(body) > limit:
        raise ParameterError(f"the body is larger than {limit} bytes", "body")
    return body


def _reader(stream: Readable) -> Callable[[int], bytes]:
    """How a body is read: a client that goes away meanwhile is no failure of the server."""

    def read(size: int) -> bytes:
        try:
            return stream.read(size)
        except OSError as error:
            raise ParameterError(f"the body was cut off: {error.strerror or error}", "body") from error

    return read


def _open_data(fields: dict[str, Any], limits: Limits) -> dict[str, Any]:
    if not fields.get("data"):
        return fields
    return {**fields, **_dict(json_from_base64(fields["data"], "data", limits.json), "data")}


def _single(fields: Mapping[str, str | list[str]]) -> dict[str, Any]:
    for name, value in fields.items():
        if isinstance(value, list):
            raise ParameterError(f"parameter '{name}' is given more than once", name)
    return dict(fields)


def _dict(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ParameterError(f"'{name}' must be a JSON dictionary of parameters", name)
    return value


def _utf8(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ParameterError(f"'{name}' is not UTF-8 text: {error.reason} at byte {error.start}", name) from error
