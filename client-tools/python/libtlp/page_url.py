"""URLs of the Media Player and the Translation Editor (manual, Appendices B and C). Makes them; calls nothing."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

from .keys import request_key
from .version import CLIENT_NAME


def page_parameters(
    user: str,
    secret: str,
    scope: str,
    object_id: str,
    expire: int,
    author: tuple[str, int] | None = None,
    author_name: str | None = None,
    language: str | None = None,
    session_id: int | None = None,
    key_version: int = 2,
) -> dict[str, Any]:
    """What the page is told. `scope` is the name of the object's family.

    `author` is (author_id, author_conf); without one the page can only be read.
    """
    author_id, author_conf = author or (None, None)
    parameters: dict[str, Any] = {
        "client": CLIENT_NAME,
        "id": object_id,
        "author_id": author_id,
        "author_conf": author_conf,
    }
    optional = {"lang": language, "author_name": author_name if author else None, "session_id": session_id}
    parameters.update((key, value) for key, value in optional.items() if value not in (None, ""))
    key = request_key(secret, user, expire, scope, object_id, author, key_version)
    return {**parameters, "api_user": user, "request_key": key, "expire": expire}


def page_url(base: str, parameters: dict[str, Any], start: float | None = None) -> str:
    """The URL of a page at `base`; `start` is where playing begins, in seconds."""
    query: dict[str, Any] = {"request": base64.b64encode(json.dumps(parameters).encode()).decode()}
    if start is not None:
        query["t"] = f"{start:.3f}".rstrip("0").rstrip(".")
    return f"{base}{'&' if '?' in base else '?'}{urlencode(query)}"
