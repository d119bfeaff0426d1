"""The OpenAPI document, and the page on which its interfaces can be tried. Both are the same for everybody."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import falcon

_PAGE = Path(__file__).resolve().parents[1] / "openapi" / "page"
# Only these are served.
_TYPES = {
    "index.html": "text/html; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "request.js": "text/javascript; charset=utf-8",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


class Document:
    """/openapi.json, made once for each address below which the API is reached."""

    def __init__(self, prefix: str, make: Callable[[str], dict[str, Any]]) -> None:
        self._prefix, self._make = prefix, make
        self._made: dict[str, bytes] = {}

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        server = (req.root_path + self._prefix) or "/"
        if server not in self._made:
            self._made[server] = json.dumps(self._make(server), ensure_ascii=False).encode()
        resp.content_type = falcon.MEDIA_JSON
        resp.cache_control = ["no-cache"]
        resp.data = self._made[server]


class Page:
    """/docs and what it is made of."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response, name: str = "index.html") -> None:
        if name not in _TYPES:
            raise falcon.HTTPNotFound(description="There is no such file.")
        resp.content_type = _TYPES[name]
        resp.cache_control = ["no-cache"]
        resp.set_header("Content-Security-Policy", _POLICY)
        resp.set_header("X-Content-Type-Options", "nosniff")
        resp.data = (_PAGE / name).read_bytes()
