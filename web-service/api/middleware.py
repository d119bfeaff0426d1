"""Around every request: its name, its line of the access log (never a query, a body or a token), and who may read."""

from __future__ import annotations

import logging
import re
import secrets
import time
from typing import Any

import falcon

from api.endpoint import Endpoint
from api.resources.data import Data

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)

access_log = logging.getLogger("api.access")


class RequestLog:
    """`req.context` gets request_id; the name of the user is put there once it is proven."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        given = req.get_header("X-Request-ID") or ""
        req.context.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        req.context.user = None
        req.context.started = time.perf_counter()
        resp.set_header("X-Request-ID", req.context.request_id)

    def process_response(self, req: falcon.Request, resp: falcon.Response, _resource: object, _ok: bool) -> None:
        milliseconds = 1000 * (time.perf_counter() - req.context.started)
        access_log.info(
            "%s %s %s %s %s %.1f ms",
            req.context.request_id,
            _printable(req.context.user or "-"),
            req.method,
            _printable(req.path),
            falcon.code_to_http_status(resp.status).split()[0],
            milliseconds,
        )


class CrossOrigin(falcon.CORSMiddleware[Any, Any]):
    """Lets pages of any site read what is given for a token or a signature in the call.

    No cookie opens anything, so a site learns nothing that it could not ask by itself. Other answers, which a machine
    inside a closed network may see without a token, are not shared.
    """

    def __init__(self) -> None:
        super().__init__("*", "Accept-Ranges, Content-Range, Content-Disposition, ETag, X-Request-ID")

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, req_succeeded: bool
    ) -> None:
        if isinstance(resource, Endpoint | Data):
            super().process_response(req, resp, resource, req_succeeded)


def _printable(text: str) -> str:
    """Text that cannot start a line of its own in a log."""
    return text.encode("unicode_escape").decode()
