"""`install.sh demo`: the steps from a machine with packages and environment to a running instance, in order.

Each step looks first, changes only what is not as it should be, and says which of the two it was.
"""

from __future__ import annotations

import argparse
import socket
from contextlib import closing

import psycopg2

from db import create, migrate
from installer import ROOT, home, lecture, models, postgres, postgres_binaries, sample, services, settings
from installer.home import Home
from installer.postgres import Cluster
from installer.report import DONE, InstallError, Report
from tlp import config
from tlp.db import mounts, users
from tlp.db.connection import connect

DEFAULT_PORT = 8080


def run(arguments: argparse.Namespace, report: Report) -> int:
    """Bring the instance in `arguments.home` up. Returns an exit code; raises InstallError with what to do."""
    place = Home(arguments.home)
    home.make(place, report)
    with home.alone(place):
        port = arguments.port or settings.recorded_port(place) or DEFAULT_PORT
        make_way(place, port, report)
        models.fetch_all(report, arguments.models)
        cluster = start_database(place, report)
        write_settings(place, cluster, port, report)
        load_database(place, cluster, report)
        make_sample(place, report)
        start_services(place, port, report)
        lecture.show(place, lecture.choose(place, arguments.media, arguments.lang), report)
    return DONE


def make_way(place: Home, port: int, report: Report) -> None:
    """See early that the port can be had; when the person wants another one, stop our service on the old one."""
    service = services.web(place, port)
    if service.running():
        if settings.recorded_port(place) == port:
            return
        service.stop()
        report.done("Web Service stopped: it moves to another port")
    services.check_port(port)


def start_database(place: Home, report: Report) -> Cluster:
    """A private PostgreSQL, running."""
    cluster = postgres.load(place.pg)
    if cluster is None:
        programs = postgres_binaries.ensure(report)
        with report.step(f"private PostgreSQL made with {programs}"):
            cluster = postgres.create(place.pg, programs)
        if not cluster.place.is_relative_to(place.path):
            report.done(f"its data is in {cluster.place}: user '{cluster.user}' cannot enter {place.pg}")
    if cluster.ready():
        report.ok(f"PostgreSQL on 127.0.0.1:{cluster.port}")
    else:
        cluster = postgres.start(cluster)
        report.done(f"PostgreSQL started on 127.0.0.1:{cluster.port}")
    return cluster


def write_settings(place: Home, cluster: Cluster, port: int, report: Report) -> None:
    """config.ini and client.ini; running services are stopped when what they read has changed."""
    if settings.write_config(place, cluster):
        report.done(f"{place.config} written")
        for service in (services.ingest(place), services.web(place, port)):
            if service.stop():
                report.done(f"{service.words} stopped: it reads the new configuration when it starts")
    else:
        report.ok(f"{place.config}")
    if settings.write_client(place, port):
        report.done(f"{place.client} written")
    else:
        report.ok(f"{place.client}")


def load_database(place: Home, cluster: Cluster, report: Report) -> None:
    """Database, user, schema and static data once; machine 0, its mount points and the demo user each time."""
    storage = config.load(place.config).storage
    new = create.create(cluster.connection(), storage.db_name, storage.db_user, storage.db_passwd)
    owner = cluster.connection(storage.db_name, storage.db_user, storage.db_passwd)
    loaded = create.load(owner)
    with closing(psycopg2.connect(**owner)) as connection:
        migrated = migrate.migrate(connection)
    secret = settings.read(place.client, quoted=False)["api_client_auth"]["secret_key"]
    paths = {name: str(path) for name, path in place.mounts.items()}
    paths["systems"] = str(ROOT / "ingest-service" / "systems")
    connection = connect(storage, application="tlp installer")
    try:
        with connection, connection.cursor() as cur:
            mounts.register(cur, paths, socket.gethostname())
            users.create(cur, settings.DEMO_USER, secret)
    finally:
        connection.close()
    if new or loaded:
        report.done(f"database {storage.db_name}: schema and static data loaded, machine 0 and mount points registered")
    elif migrated:
        report.done(f"database {storage.db_name} brought to the present schema: {', '.join(migrated)}")
    else:
        report.ok(f"database {storage.db_name}")


def make_sample(place: Home, report: Report) -> None:
    """The sample lecture as a video."""
    video, new = sample.make(place.sample)
    if new:
        report.done(f"sample lecture {video}")
    else:
        report.ok(f"sample lecture {video}")


def start_services(place: Home, port: int, report: Report) -> None:
    """The Web Service and the Ingest Service, on the present code and configuration, with the systems there are."""
    for service in (services.web(place, port), services.ingest(place)):
        if service.running() and service.outdated():
            service.stop()
            report.done(f"{service.words} stopped: its program or configuration is newer than what runs")
    services.register_systems(place)
    report.ok("systems registered")
    url = f"http://127.0.0.1:{port}/"
    if services.start_web(place, port):
        report.done(f"Web Service started: {url}")
    else:
        report.ok(f"Web Service: {url}")
    if services.start_ingest(place):
        report.done("Ingest Service started")
    else:
        report.ok("Ingest Service")


def stop(arguments: argparse.Namespace, report: Report) -> int:
    """`install.sh stop`: the services, then the database. Jobs that run are left to end by themselves."""
    place = Home(arguments.home)
    cluster = postgres.load(place.pg)
    if cluster is None and not place.exists():
        raise InstallError(f"there is no instance in {place.path}", "Name it with --home DIR.")
    with home.alone(place):
        for service in (services.web(place, 0), services.ingest(place)):
            if service.stop():
                report.done(f"{service.words} stopped")
            else:
                report.ok(f"{service.words} did not run")
        if cluster and postgres.stop(cluster):
            report.done("PostgreSQL stopped")
        else:
            report.ok("PostgreSQL did not run")
    return DONE
