"""A real PostgreSQL for every test that asks for one: a private server a run, a fresh database a test (or a module)."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from db import create
from installer import postgres, postgres_binaries
from installer.postgres import Cluster
from installer.report import Report

TEMPLATE, OWNER, PASSWORD = "tlp_template", "tluser", "for-tests-only"
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60"}

# How long an example takes is no property of our code on a machine that is busy with something else.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

Connection = dict[str, Any]  # keywords for psycopg2.connect


@pytest.fixture(scope="session")
def database() -> Iterator[Cluster]:
    """A private server that forgets everything, with a database TEMPLATE that has the schema and the static data."""
    # not pytest's tmp_path: the server's user cannot enter it when the tests run as root
    folder = Path(tempfile.mkdtemp(prefix="tlp-tests-pg-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = postgres.start(postgres.create(folder, postgres_binaries.ensure(Report()), FORGETFUL))
    try:
        create.create(cluster.connection(), TEMPLATE, OWNER, PASSWORD)
        create.load(cluster.connection(TEMPLATE, OWNER, PASSWORD))
        yield cluster
    finally:
        postgres.stop(cluster)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def own_server() -> Iterator[tuple[Cluster, Connection]]:
    """A server that a test may restart or kill, with a database in it."""
    folder = Path(tempfile.mkdtemp(prefix="tlp-tests-pg-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = postgres.start(postgres.create(folder, postgres_binaries.ensure(Report()), {"fsync": "off"}))
    try:
        create.create(cluster.connection(), "restarted", OWNER, PASSWORD)
        connection = cluster.connection("restarted", OWNER, PASSWORD)
        create.load(connection)
        yield cluster, connection
    finally:
        postgres.stop(cluster)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def new_database(database: Cluster) -> Callable[[], Connection]:
    """A function that makes a fresh database and returns how to connect to it. The server goes, and they with it."""
    numbers = count(1)

    def make() -> Connection:
        name = f"tlp_test_{next(numbers)}"
        create.copy(database.connection(), TEMPLATE, name, OWNER)
        return database.connection(name, OWNER, PASSWORD)

    return make


@pytest.fixture
def db(database: Cluster, new_database: Callable[[], Connection]) -> Iterator[Connection]:
    """A fresh database for one test: psycopg2.connect(**db)."""
    connection = new_database()
    yield connection
    create.drop(database.connection(), connection["dbname"])


@pytest.fixture(scope="module")
def module_db(database: Cluster, new_database: Callable[[], Connection]) -> Iterator[Connection]:
    """A fresh database for the tests of one module together."""
    connection = new_database()
    yield connection
    create.drop(database.connection(), connection["dbname"])
