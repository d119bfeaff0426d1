"""The demo's page at the root: its files, and the list of lectures with a key for each ([misc] demo_user).

The page reads everything else through the public API with those keys; the secret key never leaves the server.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import falcon

from api.errors import write_json
from api.families import SPEECH
from api.services import Services
from tlp import auth
from tlp.config import Config
from tlp.db import objects, users

PLAYER = Path(__file__).resolve().parents[3] / "player"
PAGE = "lectures.html"

# Only these are served, so nothing else that may lie in the folder is.
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
# Of a key, in seconds. The page asks for new ones in time.
_LIFE = 6 * 3600


class Page:
    """The page itself, at the root."""

    def __init__(self, config: Config) -> None:
        self._policy = content_policy(config)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.set_header("Content-Security-Policy", self._policy)
        resp.set_header("Referrer-Policy", "same-origin")
        _send(req, resp, PLAYER / PAGE)

    on_head = on_get


class Player:
    """What pages are made of, under /player."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, path: str) -> None:
        if path == PAGE:  # its links are relative to the root
            raise falcon.HTTPNotFound(description="The page is at the root of this server.")
        resp.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        _send(req, resp, PLAYER / path)

    on_head = on_get


class Lectures:
    """/demo/lectures.json: the lectures of the demo user, newest first, each with a request key for it alone."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        name = self._services.config.misc.demo_user
        with self._services.database.transaction() as cur:
            user = users.by_name(cur, name)
            if user is None:
                words = "The user that [misc] demo_user of the configuration names does not exist."
                raise falcon.HTTPNotFound(description=words)
            rows = list(objects.list_all(cur, user["id"], SPEECH.kind))
        expire = int(time.time()) + _life(self._services.config)
        lectures = [_with_key(SPEECH.listed(row), user, expire) for row in reversed(rows)]
        # the address of the API is relative to that of this list, whatever prefix a proxy puts before both
        answer = {"user": name, "api": f"../api/{SPEECH.path}", "lectures": lectures}
        write_json(resp, {**answer, "captions": self._services.config.readability.for_player()})
        resp.cache_control = ["no-store"]

    on_head = on_get


def content_policy(config: Config) -> str:
    """The Content-Security-Policy of the page: nothing from elsewhere, but media where the configuration puts them."""
    base = urlsplit(config.media_urls.base_url)
    media = f" {base.scheme}://{base.netloc}" if base.netloc else ""
    if not config.general.local_repository:  # clients keep their media, wherever that is
        media += " http: https:"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        f"media-src 'self' blob:{media}; img-src 'self' data:{media}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


def _life(config: Config) -> int:
    longest = config.authentication.max_key_lifetime * 60
    return min(_LIFE, longest) if longest else _LIFE


def _with_key(lecture: dict[str, Any], user: dict[str, Any], expire: int) -> dict[str, Any]:
    fields = auth.KeyFields(SPEECH.path, lecture["id"], str(expire), user["username"])
    return {**lecture, "request_key": auth.basic_key_v2(user["secret_key"], fields), "expire": expire}


def _send(req: falcon.Request, resp: falcon.Response, path: Path) -> None:
    """Send a file of the player folder; browsers keep it and ask each time whether it is still the same."""
    try:
        file = path.resolve()
        if not file.is_relative_to(PLAYER) or file.suffix not in _TYPES:
            raise FileNotFoundError
        body, state = file.read_bytes(), file.stat()
    except (OSError, ValueError):
        raise falcon.HTTPNotFound(description="There is no such file.") from None
    tag = falcon.ETag(f"{state.st_mtime_ns:x}-{state.st_size:x}")
    resp.etag = tag
    resp.cache_control = ["no-cache"]
    resp.set_header("X-Content-Type-Options", "nosniff")
    if any(known == "*" or known == tag for known in req.if_none_match or ()):
        resp.status = falcon.HTTP_304
        return
    resp.content_type = _TYPES[file.suffix]
    resp.data = body
