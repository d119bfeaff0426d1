"""Runs an interface for a request: read the parameters, prove who calls, call the handler, send what it gives."""

from __future__ import annotations

import falcon

from api import access, answers, forms, params
from api.call import Call, Interface
from api.families import Family
from api.forms import Form
from api.services import Services
from tlp.db.rows import Cursor, Row
from tlp.errors import ParameterError


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
        rules, key_for = self.services.config.authentication, self._key_for(form)
        author = self.interface.author

        def authenticate(cur: Cursor) -> Row:
            return access.authenticate(cur, form.sent, key_for, rules, author)

        with self.services.database.begun(authenticate, self.interface.autocommit) as (cur, user):
            req.context.user = user["username"]
            values = params.parse(self.interface.own_params, form.sent)
            call = Call(self.family, user, values, cur, form, req, self.services)
            answer = self.interface.handler(call)
        answers.send(answer, req, resp)

    def _key_for(self, form: Form) -> tuple[str, str] | None:
        """The scope and the id that a request key must be made for; the id is "" where an interface has none."""
        if not self.interface.request_key:
            return None
        has_id = any(param.name == "id" for param in self.interface.own_params)
        return self.interface.key_scope(self.family), params.text_of(form.sent, "id") if has_id else ""
