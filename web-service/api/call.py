"""One call of an interface, as a handler gets it; and the description of an interface, from which routes are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import falcon

from api.families import FAMILIES, Family
from api.forms import Form
from api.params import COMMON, EXPIRE, Param
from api.services import Services
from tlp.db import objects
from tlp.db.rows import Cursor, Row
from tlp.errors import AuthenticationError, ParameterError
from tlp.sessions import FULL_CONFIDENCE, Author


@dataclass
class Call:
    """An authenticated call with its parameters read. `call["id"]` is the parameter `id`, None when not sent."""

    family: Family
    user: Row
    values: dict[str, Any]
    cur: Cursor
    form: Form
    req: falcon.Request
    services: Services

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def object(self) -> Row | None:
        """The object the call is about, as its user knows it: one of another user does not exist here."""
        found = objects.find(self.cur, self.user["id"], self.family.kind, self["id"])
        return found if found and self["hash"] in (None, found["hash"]) else None

    @property
    def author(self) -> Author:
        """Who acts, with the confidence that the client claims, or the lower one that its request key grants."""
        conf = self["author_conf"]
        if not 0 <= conf <= FULL_CONFIDENCE:
            raise ParameterError("parameter 'author_conf' must be between 0 and 100", "author_conf")
        return Author(self["author_id"], self["author_name"], min(conf, self.user.get("granted_conf", conf)))

    @property
    def capped(self) -> str:
        """Words for an author whose request key grants less confidence than they claim, with the reason; or ""."""
        granted, claimed = self.user.get("granted_conf"), self.values.get("author_conf")
        if granted is None or granted == claimed:
            return ""
        return (
            f" This request key grants a confidence of {granted}, not {claimed}: what is edited may have to wait for"
            " revision. Make a key of version 2 (docs/api.md, Request keys)."
        )

    @property
    def full_author(self) -> Author:
        """The same for what only authors of confidence 100 may do (manual, /lock, /mark_revised, /accept, /reject)."""
        if self["author_conf"] != FULL_CONFIDENCE:
            raise ParameterError("parameter 'author_conf' must be 100", "author_conf")
        author = self.author
        if author.conf < FULL_CONFIDENCE:
            words = f"this request key grants a confidence of {author.conf} only; make one of version 2 (docs/api.md)"
            raise AuthenticationError(words)
        return author


@dataclass(frozen=True)
class Interface:
    """An interface of the API. Its documentation is the docstring of its handler."""

    name: str
    handler: Callable[[Call], Any]
    own_params: tuple[Param, ...] = ()
    request_key: bool = False  # may be called with a request key (manual, Appendix D)
    package: bool = False  # takes a package in a multipart body
    about_sessions: bool = False  # its `id` is a list of session ids, not the id of an object
    only_reads: bool = False  # calling it changes nothing: HEAD is allowed
    writes_at_once: bool = False  # in one statement, or in a transaction that it begins itself
    methods: tuple[str, ...] = ("GET", "POST")
    families: tuple[Family, ...] = FAMILIES

    @property
    def author(self) -> bool:
        """Whether who acts decides something, so that a request key must be a full one."""
        return any(param.name == "author_conf" for param in self.own_params)

    @property
    def autocommit(self) -> bool:
        """Whether each of its statements may be a transaction by itself."""
        return self.only_reads or self.writes_at_once

    def key_scope(self, family: Family) -> str:
        """What the `id` of a version 2 request key names here (docs/api.md, Request keys)."""
        return f"{family.path}-sessions" if self.about_sessions else family.path

    @property
    def params(self) -> tuple[Param, ...]:
        """Every parameter that a call may carry."""
        return COMMON + ((EXPIRE,) if self.request_key else ()) + self.own_params
