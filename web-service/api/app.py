"""Puts the application together. Pure: a configuration in, a WSGI application out; nothing is opened until asked."""

from __future__ import annotations

from typing import Any

import falcon

from api import errors, routes
from api.database import Database
from api.failures import FailureMail
from api.locations import Locations
from api.middleware import CrossOrigin, RequestLog
from api.reference import Reference
from api.services import Services
from tlp.config import Config


def create_app(config: Config) -> falcon.App[Any, Any]:
    """The API of a configuration. Raises ConfigError when it cannot be served safely."""
    database = Database(config.storage)
    services = Services(config, database, Reference(database, config), Locations(config))
    middleware: list[Any] = [RequestLog(), CrossOrigin()]
    app = falcon.App(middleware=middleware)
    app.req_options.auto_parse_qs_csv = False
    app.req_options.keep_blank_qs_values = True
    errors.install(app, FailureMail(config.mailing).report)
    routes.mount(app, services)
    return app
