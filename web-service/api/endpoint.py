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

    on_head = on_get

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        form = forms.from_body(req, self.services.config.limits)
        if form.package is not None and not self.interface.package:
            raise ParameterError(f"{req.path} takes no package", "pkg")
        self._answer(req, resp, form)

    def _answer(self, req: falcon.Request, resp: falcon.Response, form: Form) -> None:
        rules, key_id = self.services.config.authentication, self._key_id(form)
        author = self.interface.author

        def authenticate(cur: Cursor) -> Row:
            return access.authenticate(cur, form.sent, key_id, rules, author)

        with self.services.database.begun(authenticate, self.interface.only_reads) as (cur, user):
            req.context.user = user["username"]
            values = params.parse(self.interface.own_params, form.sent)
            call = Call(self.family, user, values, cur, form, req, self.services)
            answer = self.interface.handler(call)
        answers.send(answer, req, resp)

    def _key_id(self, form: Form) -> str | None:
        """The object id that a request key must be made for; "" for an interface that is about no object."""
        if not self.interface.request_key:
            return None
        about_object = any(param.name == "id" for param in self.interface.own_params)
        return params.text_of(form.sent, "id") if about_object else ""
