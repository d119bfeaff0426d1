"""What bench/run api compares the Web Service with: falcon and one SELECT, or one UPDATE, on kept connections.

Run by gunicorn with the settings of the Web Service; BENCH_DSN names the database.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import falcon
import psycopg2
from psycopg2.extras import RealDictCursor

_local = threading.local()


def _connection() -> Any:
    if not hasattr(_local, "db"):
        _local.db = psycopg2.connect(os.environ["BENCH_DSN"], cursor_factory=RealDictCursor)
    return _local.db


class OneSelect:
    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        with _connection() as db, db.cursor() as cur:
            cur.execute("SELECT external_id, title, language FROM objects WHERE id = %(id)s", {"id": 1})
            resp.media = cur.fetchone()


class OneUpdate:
    """The least that saves anything: JSON in, one UPDATE, committed to disk."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        with _connection() as db, db.cursor() as cur:
            cur.execute("UPDATE sessions SET last_update = clock_timestamp() WHERE id = %(session_id)s", req.media)
            resp.media = {"rcode": 0}


application: falcon.App[Any, Any] = falcon.App()
application.add_route("/", OneSelect())
application.add_route("/save", OneUpdate())
