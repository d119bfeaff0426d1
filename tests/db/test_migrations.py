"""schema.sql is what all migrations lead to, and every table and column says what it is."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from db import migrate

SQL = Path(migrate.__file__).with_name("sql")


def dump(keywords) -> str:
    """The schema as pg_dump sees it, without what depends on the order in which columns were added."""
    url = "postgresql://{user}@{host}:{port}/{dbname}".format(**keywords)
    command = ["pg_dump", "--schema-only", "--no-owner", "--no-privileges", url]
    environment = {**os.environ, "PGPASSWORD": keywords.get("password") or ""}
    text = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    lines = [line.rstrip(",") for line in text.splitlines() if line and not line.startswith(("--", "\\"))]
    lines = [line for line in lines if "SCHEMA public" not in line]
    return "\n".join(sorted(lines))


def load(keywords, *names: str) -> None:
    with closing(psycopg2.connect(**keywords)) as connection, connection, connection.cursor() as cur:
        for name in names:
            cur.execute((SQL / name).read_text(encoding="utf-8"))


@pytest.fixture
def empty(new_database):
    """A database with nothing in it."""
    keywords = new_database()
    with closing(psycopg2.connect(**keywords)) as connection, connection, connection.cursor() as cur:
        cur.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return keywords


def test_the_migrations_lead_to_schema_sql(empty, db):
    load(empty, "migrations/0001_initial.sql")
    with closing(psycopg2.connect(**empty)) as connection:
        names = migrate.migrate(connection)
        assert names == [path.name for number, path in migrate.known().items() if number > 1]
        assert migrate.migrate(connection) == []
    assert dump(empty) == dump(db)


def test_a_new_database_has_had_every_migration(db):
    with closing(psycopg2.connect(**db)) as connection:
        assert migrate.applied(connection) == set(migrate.known())


def test_static_data_that_has_come_since_arrives_with_a_migration(db):
    with closing(psycopg2.connect(**db)) as connection:
        with connection, connection.cursor() as cur:
            cur.execute("DELETE FROM languages WHERE code = 'th'")
        migrate.migrate(connection)
        with connection.cursor() as cur:
            cur.execute("SELECT name FROM languages WHERE code = 'th'")
            assert cur.fetchone() == ("ไทย",)


def test_every_table_has_a_comment(db):
    with closing(psycopg2.connect(**db)) as connection, connection.cursor() as cur:
        cur.execute(
            """
            SELECT relname
              FROM pg_class
             WHERE relnamespace = 'public'::regnamespace
               AND relkind = 'r'
               AND obj_description(oid, 'pg_class') IS NULL
            """
        )
        assert cur.fetchall() == []


def test_a_migration_that_fails_leaves_nothing_behind(empty, monkeypatch, tmp_path):
    load(empty, "migrations/0001_initial.sql")
    (tmp_path / "0002_broken.sql").write_text("CREATE TABLE half (id int); SELECT no_such_function();")
    monkeypatch.setattr(migrate, "MIGRATIONS", tmp_path)
    with closing(psycopg2.connect(**empty)) as connection:
        with pytest.raises(psycopg2.errors.UndefinedFunction):
            migrate.migrate(connection)
        connection.rollback()
        with connection.cursor() as cur:
            cur.execute("SELECT to_regclass('half')")
            assert cur.fetchone() == (None,)


@pytest.mark.parametrize("program", ["migrate.py", "late_edits.py", "admin.py users list"])
def test_a_database_that_does_not_answer_is_said_in_one_line(tmp_path: Path, program: str) -> None:
    config = tmp_path / "config.ini"
    config.write_text(f"[storage]\ndb_host = {tmp_path}\ndb_passwd = hunter2\n")
    script, *words = program.split()
    command = [sys.executable, str(SQL.parent / script), "-C", str(config), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith(f"{script}: ") and "hunter2" not in line
