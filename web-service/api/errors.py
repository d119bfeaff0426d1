"""Errors to answers, the one table. An `rcode` of the manual stays HTTP 200; a defect is logged and becomes a 500.

Published clients understand 200, 400, 401, 419 and 500 only, and show the body to people.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import falcon
import psycopg2

from tlp.errors import (
    AuthenticationError,
    KeyExpiredError,
    ParameterError,
    ReturnCode,
    StorageError,
    SystemUnavailable,
)
from tlp.storage import lacks_room

log = logging.getLogger(__name__)

EXPIRED = "419 Authentication Timeout"
STATUS: dict[type[Exception], str] = {
    ParameterError: falcon.HTTP_400,
    falcon.MediaMalformedError: falcon.HTTP_400,
    falcon.HTTPInvalidHeader: falcon.HTTP_400,
    AuthenticationError: falcon.HTTP_401,
    KeyExpiredError: EXPIRED,
    StorageError: falcon.HTTP_500,
    SystemUnavailable: falcon.HTTP_500,
    psycopg2.Error: falcon.HTTP_500,
    Exception: falcon.HTTP_500,
}
# What people read of a 500: never the words of the error, which may name paths or hold what somebody sent.
_REASONS: dict[type[Exception], str] = {
    psycopg2.OperationalError: "The database does not answer. Try again in a moment.",
    StorageError: "The server cannot store or read a file. Its administrator finds the reason in the log.",
}
_NO_ROOM = "The server's disk is full, so nothing has been stored. Try again later."
_DEFECT = "The server failed. Its administrator finds the reason in the log under this request_id."


def install(app: falcon.App[Any, Any], failed: Callable[[BaseException, str], None]) -> None:
    """Have the application answer every error through this table; `failed` hears of those that are our own."""

    def answer(req: falcon.Request, resp: falcon.Response, error: Exception, _params: object) -> None:
        _answer(req, resp, error)
        if resp.status == falcon.HTTP_500:
            failed(error, f"{req.context.request_id} {req.method} {req.path}")

    for kind in STATUS:
        app.add_error_handler(kind, answer)
    app.add_error_handler(ReturnCode, _return_code)
    app.add_error_handler(falcon.HTTPError, _http_error)


def _return_code(_req: falcon.Request, resp: falcon.Response, error: ReturnCode, _params: object) -> None:
    resp.status = falcon.HTTP_200
    write_json(resp, {"rcode": error.rcode, "rcode_description": str(error), **error.extra})


def _answer(req: falcon.Request, resp: falcon.Response, error: Exception) -> None:
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    message = getattr(error, "description", None) or str(error)
    if status == falcon.HTTP_500:
        log.error("request %s failed: %s %s", req.context.request_id, req.method, req.path, exc_info=error)
        message = _reason(error)
    _write(req, resp, status, message, getattr(error, "parameter", None))


def _reason(error: Exception) -> str:
    if isinstance(error, StorageError) and lacks_room(error):
        return _NO_ROOM
    return next((words for kind, words in _REASONS.items() if isinstance(error, kind)), _DEFECT)


def _http_error(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, _params: object) -> None:
    """What falcon itself refuses: a method, a header."""
    for name, value in dict(error.headers or {}).items():
        resp.set_header(name, value)
    _write(req, resp, falcon.code_to_http_status(error.status), error.description or error.title)


def _write(req: falcon.Request, resp: falcon.Response, status: str, message: str, parameter: str | None = None) -> None:
    resp.status = status
    error = {"code": int(status[:3]), "message": message, "request_id": req.context.request_id}
    if parameter:
        error["parameter"] = parameter
    write_json(resp, {"message": message, "error": error})  # the first for people, the second for programs


def write_json(resp: falcon.Response, value: object) -> None:
    """Put a JSON answer into a response. Half characters that a client sent are shown escaped."""
    resp.content_type = falcon.MEDIA_JSON
    resp.text = None
    resp.stream = None
    resp.data = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
