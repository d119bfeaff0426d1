"""A private PostgreSQL server in a folder: made, started, stopped, asked. It never touches a server of the machine.

The server listens on 127.0.0.1 and on a Unix socket, both with passwords (scram-sha-256).
"""

from __future__ import annotations

import hashlib
import os
import random
import secrets
import shutil
import socket
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg2
from configobj import ConfigObj

from installer import postgres_binaries, processes
from installer.report import InstallError

RECORD = "cluster.ini"
ELSEWHERE = (Path("/var/lib"), Path("/var/tmp"))
LONGEST_SOCKET = 107 - len("/.s.PGSQL.65535.lock")
INCLUDED = "tlp.conf"


@dataclass(frozen=True)
class Cluster:
    """A server and where everything of it is. `user` is the system user it runs as, None the present one."""

    folder: Path  # holds the record
    place: Path  # holds data/, server.log: `folder`, or elsewhere when `user` cannot enter it
    programs: Path
    sockets: Path
    port: int
    password: str
    user: str | None
    settings: dict[str, str]

    @property
    def data(self) -> Path:
        return self.place / "data"

    @property
    def log(self) -> Path:
        return self.place / "server.log"

    def connection(
        self, dbname: str = "postgres", user: str = "postgres", password: str | None = None
    ) -> dict[str, object]:
        """Keywords for psycopg2.connect over TCP; by default those of the superuser."""
        secret = self.password if password is None else password
        return {"host": "127.0.0.1", "port": self.port, "dbname": dbname, "user": user, "password": secret}

    def ready(self) -> bool:
        """Whether the server answers with our password: another server on the same port does not."""
        try:
            psycopg2.connect(**self.connection(), connect_timeout=3).close()
        except psycopg2.OperationalError:
            return False
        return True


def load(folder: Path) -> Cluster | None:
    """The cluster recorded in `folder`, or None. Raises InstallError when the record cannot be used."""
    path = folder / RECORD
    if not path.exists():
        return None
    ini = ConfigObj(str(path), interpolation=False)
    programs = Path(ini["programs"])
    if not (programs / "pg_ctl").exists():
        raise InstallError(
            f"the cluster in {folder} was made with {programs}, which is gone",
            "Install that version of PostgreSQL again.",
        )
    settings = {name: str(value) for name, value in ini["settings"].items()}
    place, sockets = Path(ini["place"]), Path(ini["sockets"])
    return Cluster(folder, place, programs, sockets, int(ini["port"]), ini["password"], ini["user"] or None, settings)


def _save(cluster: Cluster) -> None:
    ini = ConfigObj(interpolation=False)
    for name in ("place", "programs", "sockets", "port", "password"):
        ini[name] = str(getattr(cluster, name))
    ini["user"] = cluster.user or ""
    ini["settings"] = cluster.settings
    aside = cluster.folder / f"{RECORD}.new"
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        ini.write(file)
    aside.replace(cluster.folder / RECORD)


def create(folder: Path, programs: Path, settings: dict[str, str] | None = None) -> Cluster:
    """Make a cluster recorded in `folder` (made if missing), or return the one that is there.

    `settings` are lines of postgresql.conf, for example {"fsync": "off"} in tests.
    """
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    found = load(folder)
    if found:
        return found
    user = postgres_binaries.account()
    place = _place(folder, user)
    secret = secrets.token_urlsafe(24)
    cluster = Cluster(folder, place, programs, _sockets(place, user), free_port(), secret, user, settings or {})
    _initdb(cluster)
    _save(cluster)
    return cluster


def _place(folder: Path, user: str | None) -> Path:
    """Where the data can be: below `folder`, else elsewhere when the server's user cannot get there."""
    name = "tlp-postgresql-" + hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    for place in (folder / "server", *(parent / name for parent in ELSEWHERE)):
        try:
            place.mkdir(mode=0o700, exist_ok=True)
        except OSError:
            continue
        _give(place, user)
        if postgres_binaries.can_work_in(place, user):
            return place
        place.rmdir()
    raise InstallError(
        f"user '{user}' can write neither below {folder} nor below {ELSEWHERE}", "Choose another --home."
    )


def _give(path: Path, user: str | None) -> None:
    if user:
        shutil.chown(path, user)


def _sockets(place: Path, user: str | None) -> Path:
    """A folder for the Unix socket whose path is short enough for the system."""
    if len(str(place)) <= LONGEST_SOCKET:
        return place
    short = Path(tempfile.mkdtemp(prefix="tlp-pg-", dir="/tmp"))
    _give(short, user)
    return short


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, outside the range of outgoing connections."""
    for _ in range(200):
        port = random.randrange(15432, 32000)
        if port_is_free(port):
            return port
    raise InstallError("no free port found for PostgreSQL on 127.0.0.1")


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _clear_way(cluster: Cluster) -> None:
    """Data without a record: half made by a run that was killed, or of an instance whose folder was deleted."""
    if not cluster.data.exists():
        return
    if server_processes(cluster):
        raise InstallError(
            f"a server still works in {cluster.data}, without a record", "Stop it with pg_ctl, then again."
        )
    if (cluster.data / "postmaster.opts").exists():  # it was in use once: never delete that
        cluster.data.rename(cluster.data.with_name(f"data.before-{int(time.time())}"))
    else:
        shutil.rmtree(cluster.data)


def _initdb(cluster: Cluster) -> None:
    _clear_way(cluster)
    secret = cluster.place / "password"
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(cluster.password)
    _give(secret, cluster.user)
    options = ["-U", "postgres", "-A", "scram-sha-256", "--pwfile", secret, "-E", "UTF8", "--locale=C.UTF-8"]
    if cluster.settings.get("fsync") == "off":
        options.append("--no-sync")
    try:
        made = postgres_binaries.run(
            [cluster.programs / "initdb", "-D", cluster.data, *options], cluster.user, cluster.place
        )
    finally:
        secret.unlink()
    if made.returncode:
        shutil.rmtree(cluster.data, ignore_errors=True)
        raise InstallError(
            f"initdb failed: {_last(made.stdout)}", f"Look at the space and the rights in {cluster.place}."
        )
    with (cluster.data / "postgresql.conf").open("a") as conf:
        conf.write(f"\ninclude = '{INCLUDED}'\n")


def start(cluster: Cluster) -> Cluster:
    """Start the server and return it, maybe on another port when the recorded one was taken meanwhile.

    Does nothing when it runs. What a crash left behind is cleared first.
    """
    if cluster.ready():
        return cluster
    cluster = _with_sockets(cluster)
    clear_crash(cluster)
    for _ in range(5):
        if not port_is_free(cluster.port):
            cluster = replace(cluster, port=free_port())
        _configure(cluster)
        if _pg_ctl(cluster, "-l", str(cluster.log), "-t", "60", "start") == 0:
            _save(cluster)
            return cluster
        time.sleep(0.5)  # the last processes of a killed server may still be leaving
        clear_crash(cluster)
    raise InstallError(f"PostgreSQL does not start: {processes.tail(cluster.log, 3)}", f"Look at {cluster.log}.")


def _with_sockets(cluster: Cluster) -> Cluster:
    if cluster.sockets.is_dir():
        return cluster
    return replace(cluster, sockets=_sockets(cluster.place, cluster.user))  # /tmp was emptied


def _configure(cluster: Cluster) -> None:
    own = {
        "listen_addresses": "127.0.0.1",
        "port": str(cluster.port),
        "unix_socket_directories": str(cluster.sockets),
        **cluster.settings,
    }
    path = cluster.data / INCLUDED
    path.write_text("".join(f"{name} = '{value}'\n" for name, value in own.items()))
    _give(path, cluster.user)


def stop(cluster: Cluster) -> bool:
    """Stop the server, ending its connections; False when it was not running."""
    if not server_processes(cluster):
        return False
    for mode in ("fast", "immediate"):
        if _pg_ctl(cluster, "-m", mode, "-t", "30", "stop") == 0:
            return True
    raise InstallError("PostgreSQL does not stop", f"Look at {cluster.log}.")


def _pg_ctl(cluster: Cluster, *arguments: str) -> int:
    command = [cluster.programs / "pg_ctl", "-D", cluster.data, "-w", "-s", *arguments]
    # its output goes to a file: a server that inherits a pipe keeps the reader waiting for ever
    with tempfile.NamedTemporaryFile(prefix="tlp-pg_ctl-") as out:
        return postgres_binaries.run(command, cluster.user, cluster.place, Path(out.name)).returncode


def server_processes(cluster: Cluster) -> list[int]:
    """The live processes that work in the data folder, as every PostgreSQL process does.

    Asked as the server's user: in a container even root may not look into other users' processes.
    """
    look = ["find", "/proc", "-mindepth", "2", "-maxdepth", "2", "-name", "cwd", "-printf", "%h %l\n"]
    lines = postgres_binaries.run(look, cluster.user, Path("/")).stdout.splitlines()
    pids = [int(line.split()[0].rpartition("/")[2]) for line in lines if line.endswith(f" {cluster.data}")]
    return [pid for pid in pids if processes.start_time(pid) is not None]


def clear_crash(cluster: Cluster) -> bool:
    """Remove a postmaster.pid whose server is gone. True when there was one.

    PostgreSQL itself takes any living process with that id, even a zombie, for the server and then refuses to start.
    The file stays while any process still works in the folder: two servers on one data folder destroy it.
    """
    lock = cluster.data / "postmaster.pid"
    if not lock.exists() or server_processes(cluster):
        return False
    lock.unlink()
    return True


def _last(text: str | None, lines: int = 3) -> str:
    return "\n".join((text or "").strip().splitlines()[-lines:])
