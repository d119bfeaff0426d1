"""Runs an interface for a request: read the parameters, prove who calls, call the handler, send what it gives."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial
from typing import Any

import falcon
from psycopg2.errors import DeadlockDetected

from api import access, answers, forms, params
from api.call import Call, Interface
from api.families import Family
from api.forms import Form
from api.services import Services
from tlp.db.rows import Cursor, Row
from tlp.errors import AuthenticationError, ParameterError

log = logging.getLogger(__name__)
_AGAIN = 2  # times a call is done again whose transaction the database ends in favour of another one


class Endpoint:
    """The falcon resource of one interface of one family."""

    def __init__(self, interface: Interface, family: Family, services: Services) -> None:
        self.interface, self.family, self.services = interface, family, services

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        if "GET" not in self.interface.methods:
            raise ParameterError(f"{req.path} takes POST only", "method")
        self._answer(req, resp, forms.from_query(req, self.services.config.limits))

    def on_head(self, req: falcon.Request, resp: falcon.Response) -> None:
        # HEAD is safe by definition: programs that look at links send it unasked
        if not self.interface.only_reads:
            raise ParameterError(f"{req.path} may change something: it takes no HEAD", "method")
        self.on_get(req, resp)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        form = forms.from_body(req, self.services.config.limits)
        if form.package is not None and not self.interface.package:
            raise ParameterError(f"{req.path} takes no package", "pkg")
        self._answer(req, resp, form)

    def _answer(self, req: falcon.Request, resp: falcon.Response, form: Form) -> None:
        database = self.services.database
        if self.interface.autocommit:
            answer = database.repeatable(lambda cur: self._called(cur, self._soon(cur, form), req, form))
        else:
            answer = self._written(req, form)
        answers.send(answer, req, resp)

    def _written(self, req: falcon.Request, form: Form) -> Any:
        """All of it once more where PostgreSQL ended its transaction, for it and another one waited for each other.

        Not with a package, which is read as it comes.
        """
        for _ in range(_AGAIN):
            try:
                return self._once(req, form)
            except DeadlockDetected as error:
                if form.package is not None:
                    raise
                log.warning("%s is done again: %s", req.path, str(error).partition("\n")[0])
        return self._once(req, form)

    def _once(self, req: falcon.Request, form: Form) -> Any:
        with self.services.database.begun(lambda cur: self._now(cur, form)) as (cur, user):
            return self._called(cur, user, req, form)

    def _called(self, cur: Cursor, user: Row, req: falcon.Request, form: Form) -> Any:
        req.context.user = user["username"]
        values = params.parse(self.interface.own_params, form.sent)
        return self.interface.handler(Call(self.family, user, values, cur, form, req, self.services))

    def _soon(self, cur: Cursor, form: Form) -> Row:
        """Who calls, by what is kept; who is not known by that is looked up before anything is refused.

        An unknown user takes the same two checks and one look at the database as a known one with a wrong key.
        """
        with suppress(AuthenticationError):
            return self._authenticated(form, self.services.users.kept)
        return self._now(cur, form)

    def _now(self, cur: Cursor, form: Form) -> Row:
        return self._authenticated(form, partial(self.services.users.ask, cur))

    def _authenticated(self, form: Form, find: access.Find) -> Row:
        rules = self.services.config.authentication
        return access.authenticate(find, form.sent, self._key_for(form), rules, self.interface.author)

    def _key_for(self, form: Form) -> tuple[str, str] | None:
        """The scope and the id that a request key must be made for; the id is "" where an interface has none."""
        if not self.interface.request_key:
            return None
        has_id = any(param.name == "id" for param in self.interface.own_params)
        return self.interface.key_scope(self.family), params.text_of(form.sent, "id") if has_id else ""
