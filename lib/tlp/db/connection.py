"""Connections to PostgreSQL from the configuration; no SQL of the project's own."""

from __future__ import annotations

from typing import Any

import psycopg2
from psycopg2.extensions import connection
from psycopg2.extras import RealDictCursor

from tlp.config import Storage


def connect(storage: Storage, database: str | None = None, application: str = "tlp") -> connection:
    """Open a connection whose cursors give rows as dicts. Raises psycopg2.OperationalError."""
    arguments: dict[str, Any] = {
        "dbname": database or storage.db_name,
        "user": storage.db_user,
        "host": storage.db_host or None,
        "port": storage.db_port,
        "password": storage.db_passwd or None,
        "application_name": application,
        "connect_timeout": 10,
        "cursor_factory": RealDictCursor,
        # a server that vanishes without a word is noticed in about a minute
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }
    return psycopg2.connect(**arguments)
