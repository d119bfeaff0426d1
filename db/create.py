"""Makes the database of an instance: its user, the database, the schema and the static data. Each is looked for first.

db/migrate.py brings an older database to the present schema; this file never changes one that has a schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

FILES = [Path(__file__).with_name("sql") / name for name in ("schema.sql", "static_data.sql")]


def create(admin: Mapping[str, Any], database: str, user: str, password: str) -> bool:
    """Make `user`, with that password, and `database`, which it owns. True when the database is new.

    `admin`: psycopg2.connect keywords of a superuser.
    """
    with closing(psycopg2.connect(**admin)) as connection:
        connection.autocommit = True
        with connection.cursor() as cur:
            role = sql.Identifier(user)
            cur.execute("SELECT 1 FROM pg_roles WHERE rolname = %(user)s", {"user": user})
            verb = "ALTER" if cur.fetchone() else "CREATE"
            cur.execute(sql.SQL(verb + " ROLE {} LOGIN PASSWORD %(password)s").format(role), {"password": password})
            cur.execute("SELECT 1 FROM pg_database WHERE datname = %(name)s", {"name": database})
            if cur.fetchone():
                return False
            cur.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), role))
            return True


def load(owner: Mapping[str, Any]) -> bool:
    """Load the schema and the static data in one transaction. False, and nothing done, when there is a schema.

    `owner`: psycopg2.connect keywords of the database's owner.
    """
    with closing(psycopg2.connect(**owner)) as connection, connection, connection.cursor() as cur:
        cur.execute("SELECT to_regclass('schema_version')")
        if cur.fetchone() != (None,):
            return False
        for file in FILES:
            cur.execute(file.read_text(encoding="utf-8"))
        return True


def copy(admin: Mapping[str, Any], template: str, database: str, owner: str) -> None:
    """Make `database` as a copy of `template`, to which nobody may be connected."""
    _administer(admin, "CREATE DATABASE {} TEMPLATE {} OWNER {}", database, template, owner)


def drop(admin: Mapping[str, Any], database: str) -> None:
    """Remove a database and end its connections."""
    _administer(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", database)


def _administer(admin: Mapping[str, Any], statement: str, *names: str) -> None:
    with closing(psycopg2.connect(**admin)) as connection:
        connection.autocommit = True
        with connection.cursor() as cur:
            cur.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
