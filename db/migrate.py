#!/usr/bin/env python3
"""Brings a database to the present schema: applies, in order, the migrations it has not had. Each is one transaction.
The static data is brought up to date as well: languages and formats that have come since.

    python db/migrate.py -C config.ini [--check]

A new database gets schema.sql instead, which equals all migrations (tests/db/test_migrations.py).
"""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import connection

from tlp import config
from tlp.db.connection import connect
from tlp.errors import TlpError

MIGRATIONS = Path(__file__).with_name("sql") / "migrations"
STATIC = Path(__file__).with_name("sql") / "static_data.sql"


def known() -> dict[int, Path]:
    """The migrations by number."""
    return {int(path.name.split("_", 1)[0]): path for path in sorted(MIGRATIONS.glob("[0-9]*.sql"))}


def applied(db: connection) -> set[int]:
    """The migrations that a database has had."""
    with db, db.cursor() as cur:
        cur.execute("SELECT version FROM schema_version")
        rows: list[Any] = cur.fetchall()
    return {row["version"] if isinstance(row, dict) else row[0] for row in rows}


def migrate(db: connection) -> list[str]:
    """Apply what is missing, one transaction a migration; returns the names. After an error the earlier ones stay."""
    done = []
    missing = sorted(set(known()) - applied(db))
    for number in missing:
        with db, db.cursor() as cur:
            cur.execute("LOCK TABLE schema_version IN EXCLUSIVE MODE")
            cur.execute("SELECT 1 FROM schema_version WHERE version = %(number)s", {"number": number})
            if cur.fetchone():
                continue  # somebody else was faster
            cur.execute(known()[number].read_text(encoding="utf-8"))
            cur.execute("INSERT INTO schema_version (version) VALUES (%(number)s)", {"number": number})
        done.append(known()[number].name)
    with db, db.cursor() as cur:
        cur.execute(STATIC.read_text(encoding="utf-8"))
    return done


def main() -> int:
    parser = argparse.ArgumentParser(description="Bring the database to the present schema.")
    parser.add_argument("-C", "--config-file", help="configuration. Default: TLP_CONFIG")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when migrations are missing")
    chosen = parser.parse_args()
    try:
        with closing(connect(config.load(chosen.config_file).storage, application="tlp migrate")) as db:
            if chosen.check:
                missing = [known()[n].name for n in sorted(set(known()) - applied(db))]
                print("missing: " + ", ".join(missing) if missing else "the schema is up to date")
                return 1 if missing else 0
            print("applied: " + (", ".join(migrate(db)) or "nothing, the schema is up to date"))
            return 0
    except (TlpError, psycopg2.Error) as error:
        print(f"migrate.py: {' '.join(str(error).split())}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
