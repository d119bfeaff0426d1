"""Puts the application together. Pure: a configuration in, a WSGI application out; nothing is opened until asked."""

from __future__ import annotations

from typing import Any

import falcon

from api import errors, routes
from api.database import Database
from api.locations import Locations
from api.middleware import RequestLog
from api.reference import Reference
from api.services import Services
from tlp.config import Config

# Answers are given for a token in the call, never for a cookie, so other sites learn nothing by asking: any page may.
_EXPOSED = "Accept-Ranges, Content-Range, Content-Disposition, ETag, X-Request-ID"


def create_app(config: Config) -> falcon.App[Any, Any]:
    """The API of a configuration. Raises ConfigError when it cannot be served safely."""
    database = Database(config.storage)
    services = Services(config, database, Reference(database, config), Locations(config))
    cors: Any = falcon.CORSMiddleware(allow_origins="*", expose_headers=_EXPOSED)
    app = falcon.App(middleware=[RequestLog(), cors])
    app.req_options.auto_parse_qs_csv = False
    app.req_options.keep_blank_qs_values = True
    errors.install(app)
    routes.mount(app, services)
    return app
