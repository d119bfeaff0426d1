"""The Web Service beside a bare falcon application that does one SELECT: same gunicorn settings, database and run.

Each round asks the bare application and every interface in turn, so that other work on the machine meets all alike.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psycopg2

from bench import load
from bench.formats import recording
from bench.table import Row
from db import create
from installer import ROOT, postgres, postgres_binaries
from installer.report import InstallError, Report
from tlp import config as configuration
from tlp.db import contents, mounts, objects, uploads, users
from tlp.db.connection import connect

GOALS = {"langs": 0.7, "status": 0.7, "get (srt, 1 h)": 0.4, "mod": 0.7}  # of the rate of the bare application
SLOWER = 3.0  # times its 99th percentile
SECRET = "a-secret-key-for-measuring"
CREDENTIALS = {"user": "bench", "auth_token": SECRET}
AUTHOR = {"author_id": "ann", "author_conf": 100}
LECTURES = 2 * load.CONNECTIONS  # each with an editor: nobody waits for another's session
LISTED = 100_000
PASSWORD = "for-measuring-only"


@dataclass(frozen=True)
class Server:
    """A gunicorn of two workers, and what is asked of it."""

    url: str
    process: subprocess.Popen[bytes]

    def memory(self) -> int:
        """The most memory that any worker has had, bytes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        status = [Path(f"/proc/{worker}/status").read_text() for worker in children]
        return max(int(text.split("VmHWM:")[1].split()[0]) for text in status) * 1024


def measure(quick: bool) -> list[Row]:
    """Rates and 99th percentiles of the interfaces, and the memory that a list of 100 000 objects takes."""
    seconds, rounds, listed = (1, 1, 2000) if quick else (2, 7, LISTED)
    with tempfile.TemporaryDirectory(prefix="tlp-bench-api-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the database server is another user when we are root
        cluster = postgres.start(postgres.create(folder / "pg", postgres_binaries.ensure(Report())))
        try:
            config = _database(folder, cluster)
            with (
                _served(config, "ws:application", "web-service") as ours,
                _served(config, "bare:application", "bench") as bare,
            ):
                asked = _questions(ours)
                found = [_round(bare, asked, seconds) for _ in range(rounds)]
                rows = [row for what in asked for row in _rows(what, found)]
                return [*rows, *_list(ours, config, listed)]
        finally:
            postgres.stop(cluster)


def _database(folder: Path, cluster: postgres.Cluster) -> configuration.Config:
    """A fresh database with lectures of an hour, and the configuration file that names it."""
    create.create(cluster.connection(), "tlp_bench", "tluser", PASSWORD)
    keys = cluster.connection("tlp_bench", "tluser", PASSWORD)
    create.load(keys)
    path = folder / "config.ini"
    path.write_text(
        f"[storage]\ndb_name = tlp_bench\ndb_user = tluser\ndb_passwd = {PASSWORD}\ndb_host = {keys['host']}\n"
        f"db_port = {keys['port']}\n[authentication]\nkey_generator = for-measuring\n"
    )
    config = configuration.load(path)
    with closing(connect(config.storage)) as connection, connection, connection.cursor() as cur:
        (folder / "media").mkdir()
        mounts.register(cur, {name: str(folder / "media") for name in ("uploads", "media")}, "localhost")
        owner = users.create(cur, "bench", SECRET)["id"]
        body = recording(1).decode()
        for number in range(LECTURES):
            _lecture(cur, owner, number, body)
        uploads.create(cur, _upload(owner))
    return config


def _lecture(cur: Any, owner: int, number: int, body: str) -> None:
    values = {"user_id": owner, "kind": "speech", "external_id": f"lecture-{number}", "hash": f"h{number}"}
    values |= {"language": "en", "title": "A lecture", "format": "mp4", "duration_ms": 3_600_000}
    object_id = objects.create(cur, values)
    for language in ("en", "es"):
        made = {"body": body, "status": 0, "sup_ratio": 0, "origin": "asr"}
        contents.add_version(cur, object_id, language, made)


def _upload(owner: int) -> dict[str, Any]:
    values = {"id": "up-bench", "user_id": owner, "kind": "speech", "operation": "new", "external_id": "new"}
    return values | {"hash": "n", "manifest": {}, "package": None, "test_mode": False, "info": "Ingested."}


@contextmanager
def _served(config: configuration.Config, application: str, folder: str) -> Iterator[Server]:
    port = postgres.free_port()
    storage = config.storage
    dsn = f"dbname={storage.db_name} user={storage.db_user} password={storage.db_passwd} "
    environment = {
        **os.environ,
        "TLP_CONFIG": str(config.path),
        "BENCH_DSN": f"{dsn} host={storage.db_host} port={storage.db_port}",
    }
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "web-service" / "gunicorn.conf.py")]
    command += ["--chdir", str(ROOT / folder), "--bind", f"127.0.0.1:{port}", application]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port)
            yield Server(f"http://127.0.0.1:{port}", process)
        finally:
            process.terminate()


def _wait(port: int) -> None:
    deadline = time.monotonic() + 30
    while postgres.port_is_free(port):
        if time.monotonic() > deadline:
            raise InstallError("gunicorn did not start")
        time.sleep(0.05)


Question = tuple[str, list[dict[str, object]]]  # a URL, and the bodies to POST to it


def _questions(server: Server) -> dict[str, Question]:
    def url(interface: str, **params: object) -> str:
        return f"{server.url}/api/speech/{interface}?{urllib.parse.urlencode({**CREDENTIALS, **params})}"

    ids = [f"lecture-{number}" for number in range(LECTURES)]
    mods = [
        {
            **CREDENTIALS,
            **AUTHOR,
            "id": id_,
            "session_id": _session(server, id_),
            "mods": {"en": {"txt": [_EDIT], "del": []}},
        }
        for id_ in ids
    ]
    return {
        "langs": (url("langs", id=ids[0]), []),
        "status": (url("status", id="up-bench"), []),
        "get (srt, 1 h)": (url("get", id=ids[0], lang="en", format=2), []),
        "mod": (f"{server.url}/api/speech/mod", mods),
    }


_EDIT = {"sI": 7, "b": 28.0, "e": 31.5, "t": "What was really said"}


def _session(server: Server, id_: str) -> int:
    body = json.dumps({**CREDENTIALS, **AUTHOR, "id": id_}).encode()
    request = urllib.request.Request(
        f"{server.url}/api/speech/start_session", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(json.load(answer)["session_id"])


Found = dict[str, load.Load]


def _round(bare: Server, asked: dict[str, Question], seconds: float) -> Found:
    """One measurement of each; "" is the bare application, "save" the same with an UPDATE."""
    found = {"": load.run(f"{bare.url}/", seconds), "save": load.run(f"{bare.url}/save", seconds, asked["mod"][1])}
    for what, (url, bodies) in asked.items():
        found[what] = load.run(url, seconds, bodies)
    return found


def _rows(what: str, found: list[Found]) -> list[Row]:
    """Rate and latency, the median of the rounds. Each is compared with the bare application in its own round."""
    rate, bare_rate = (median(each[name].rate for each in found) for name in (what, ""))
    p99, bare_p99 = (median(each[name].p99_ms for each in found) for name in (what, ""))
    goal = GOALS[what]
    beside = f"bare falcon, 1 SELECT ({load.name()})"
    saved = median(each["save"].rate for each in found)
    also = (
        [Row("mod, beside what also saves", rate, "answers/s", saved, "bare falcon, 1 UPDATE")] if what == "mod" else []
    )
    return [
        *also,
        Row(f"{what}", rate, "answers/s", bare_rate, beside, f"≥ {goal:g} of it", rate >= goal * bare_rate),
        Row(f"{what}, p99", p99, "ms", bare_p99, "bare falcon", f"≤ {SLOWER:g} times", p99 <= SLOWER * bare_p99),
    ]


def _list(server: Server, config: configuration.Config, count: int) -> list[Row]:
    """The memory of the larger worker before and after it has sent a long list."""
    before = server.memory()
    with closing(psycopg2.connect(**_keys(config))) as connection, connection, connection.cursor() as cur:
        cur.execute(
            """
            INSERT INTO objects (user_id, kind, external_id, hash, language, title)
            SELECT id, 'speech', 'm' || n, 'x' || n, 'en', 'Lesson ' || n
              FROM users, generate_series(1, %(count)s) AS n
             WHERE username = 'bench'
            """,
            {"count": count},
        )
    began = time.perf_counter()
    with urllib.request.urlopen(f"{server.url}/api/speech/list?{urllib.parse.urlencode(CREDENTIALS)}") as answer:
        size = sum(len(piece) for piece in iter(lambda: answer.read(1 << 16), b""))
    took, grown = time.perf_counter() - began, (server.memory() - before) / 2**20
    what = f"list of {count} objects ({size / 2**20:.0f} MiB)"
    return [Row(f"{what}, time", took, "s"), Row(f"{what}, memory", grown, "MiB", 16, "limit", "< 16 MiB", grown < 16)]


def _keys(config: configuration.Config) -> dict[str, Any]:
    names = {"db_name": "dbname", "db_user": "user", "db_passwd": "password", "db_host": "host", "db_port": "port"}
    return {key: getattr(config.storage, name) for name, key in names.items()}
