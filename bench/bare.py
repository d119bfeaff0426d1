"""What bench/run api compares the Web Service with: falcon and one SELECT in a transaction, on kept connections.

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


class OneSelect:
    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        if not hasattr(_local, "db"):
            _local.db = psycopg2.connect(os.environ["BENCH_DSN"], cursor_factory=RealDictCursor)
        with _local.db, _local.db.cursor() as cur:
            cur.execute("SELECT external_id, title, language FROM objects WHERE id = %(id)s", {"id": 1})
            resp.media = cur.fetchone()


application: falcon.App[Any, Any] = falcon.App()
application.add_route("/", OneSelect())
