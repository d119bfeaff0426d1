"""An instance of our own, made with the installer in a temporary folder, and cleared away at the end."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extras
from configobj import ConfigObj

from ingest.context import Context
from ingest.prepare import prepare
from ingest.scheduler.process import recorded
from installer import ROOT, demo, home, postgres, services
from installer.home import Home
from installer.postgres import Cluster
from installer.report import InstallError, Report
from installer.settings import recorded_port
from tlp import config
from tlp.db import mounts

CLIENT = ROOT / "client-tools" / "python" / "ws-client.py"
Values = dict[str, Any]


@dataclass(frozen=True)
class Instance:
    """Both services and their database, running. Uploads go in through ws-client.py, as everybody's do."""

    home: Home
    cluster: Cluster
    db: Any  # a psycopg2 connection that commits each statement

    def rows(self, query: str, **values: object) -> list[Values]:
        """What only the database knows: when an upload ended, which commands were run."""
        with self.db.cursor() as cur:
            cur.execute(query, values)
            return [dict(row) for row in cur.fetchall()]

    def client(self, *words: object) -> Any:
        """Run `ws-client.py speech …`; returns its answer. Raises InstallError when there is none."""
        said = self.fetch(*words)
        return json.loads(said) if said.lstrip()[:1] in (b"{", b"[") else said.decode()

    def fetch(self, *words: object) -> bytes:
        """The same, as it came."""
        command = [sys.executable, CLIENT, "-c", self.home.client, "speech", *words]
        done = subprocess.run([str(word) for word in command], capture_output=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise InstallError(f"speech {words[0]} failed: {done.stderr.decode(errors='replace').strip()[-300:]}")
        return done.stdout

    def upload(self, name: str, media: Path, *options: str) -> str:
        """Upload an English media; returns the id of the upload as soon as the Web Service has it."""
        answer = self.client("ingest", "new", name, "-l", "en", "-t", "A lecture", "-M", media, *options)
        return str(answer["id"])

    def finish(self, upload: str, patience: float = 3600) -> Values:
        """Wait for an upload's end without keeping the machine busy; its row. Raises InstallError if it went wrong."""
        deadline = time.monotonic() + patience
        while True:
            row = self.rows("SELECT * FROM uploads WHERE id = %(id)s", id=upload)[0]
            if row["finished_at"]:
                break
            if time.monotonic() > deadline:
                raise InstallError(f"the upload has not ended after {patience:.0f} s: {row['info']}")
            time.sleep(0.2)
        if row["error_code"]:
            raise InstallError(f"the upload failed: {row['info']}")
        return row

    def configure(self, settings: dict[str, Values]) -> None:
        """Change the configuration, by section, and have the services read it."""
        time.sleep(0.01)  # what has changed since it was started is told by times
        _configure(self.home.config, settings)
        with _quiet():
            demo.start_services(self.home, recorded_port(self.home) or 0, Report())

    def folder(self, upload: str) -> Path:
        return self.home.mounts["uploads"] / upload

    def context(self) -> Context:
        """What the Ingest Service knows: with it the environment of jobs can be made as it makes it."""
        return prepare(config.load(self.home.config), self.db)

    def system(self, kind: str, folder: str, language: str) -> str:
        """The id by which a voice, for example, can be asked for."""
        rows = self.rows(
            "SELECT id FROM systems WHERE kind = %(kind)s AND folder = %(folder)s AND available"
            " AND source_lang = %(language)s ORDER BY id",
            kind=kind, folder=folder, language=language,
        )  # fmt: skip
        if not rows:
            raise InstallError(f"this machine offers no {folder} for '{language}'", "See ./install.sh doctor")
        return str(rows[0]["id"])


@contextmanager
def running(systems: Path | None = None, settings: dict[str, Values] | None = None) -> Iterator[Instance]:
    """An instance with the project's systems, or with those of the folder `systems`; gone after the block.

    `settings`: of its configuration, by section, beside those of an installation.
    """
    folder = Path(tempfile.mkdtemp(prefix="tlp-bench-", dir="/tmp"))  # the database's user must be able to enter it
    place = Home(folder / "instance")
    try:
        folder.chmod(0o755)
        yield _started(place, systems, settings or {})
    finally:
        _end(place)
        shutil.rmtree(folder, ignore_errors=True)


def _started(place: Home, systems: Path | None, settings: dict[str, Values]) -> Instance:
    with _quiet():
        report = Report()
        home.make(place, report)
        cluster = demo.start_database(place, report)
        port = postgres.free_port()
        demo.write_settings(place, cluster, port, report)
        _configure(place.config, settings)
        demo.load_database(place, cluster, report)
        storage = config.load(place.config).storage
        options = cluster.connection(storage.db_name, storage.db_user, storage.db_passwd)
        db = psycopg2.connect(**options, cursor_factory=psycopg2.extras.RealDictCursor)
        db.autocommit = True
        if systems is not None:
            with db.cursor() as cur:
                mounts.register(cur, {"systems": str(systems)}, "localhost")
        demo.start_services(place, port, report)
    instance = Instance(place, cluster, db)
    _wait_for_systems(instance)
    return instance


def _configure(path: Path, settings: dict[str, Values]) -> None:
    ini = ConfigObj(str(path), encoding="utf-8", interpolation=False)
    for section, values in settings.items():
        ini.setdefault(section, {}).update(values)
    ini.write()


@contextmanager
def _quiet() -> Iterator[None]:
    """What the installer says is said only when it fails."""
    with tempfile.TemporaryFile("w+") as said:
        try:
            with contextlib.redirect_stdout(said):
                yield
        except BaseException:
            said.seek(0)
            sys.stderr.write(said.read())
            raise


def _wait_for_systems(instance: Instance, patience: float = 60) -> None:
    """The Ingest Service looks at the systems when it starts; models are checked by their sums."""
    deadline = time.monotonic() + patience
    while not instance.rows("SELECT 1 FROM systems WHERE available LIMIT 1"):
        if time.monotonic() > deadline:
            raise InstallError("the Ingest Service offers no system", "See ./install.sh doctor")
        time.sleep(0.1)


def _end(place: Home) -> None:
    """Stop everything that belongs to the instance, also after an error half way."""
    for service in (services.ingest(place), services.web(place, 0)):
        service.stop()
    for path in place.mounts["uploads"].glob("*/jobs/*/pid"):
        process = recorded(path.parent)
        if process is not None and not (path.parent / "exit_code").exists():
            process.kill_session()
    cluster = postgres.load(place.pg)
    if cluster is not None:
        postgres.stop(cluster)
        shutil.rmtree(cluster.place, ignore_errors=True)
