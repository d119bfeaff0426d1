"""The private PostgreSQL on this machine's own server programs: made, started, killed, started again, stopped."""

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from db import create
from installer import postgres, postgres_binaries, processes
from installer.postgres import Cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="tlp-tests-own-", dir="/tmp"))
    folder.chmod(0o755)
    programs = postgres_binaries.find()
    assert programs, "PostgreSQL's server programs are not installed"
    made = postgres.start(postgres.create(folder / "pg", programs, {"fsync": "off"}))
    yield made
    postgres.stop(made)
    shutil.rmtree(folder)


def value(cluster: Cluster, statement: str) -> object:
    with closing(psycopg2.connect(**cluster.connection())) as connection, connection.cursor() as cur:
        cur.execute(statement)
        return cur.fetchone()[0]


def kill_hard(cluster: Cluster) -> int:
    """End the server as the kernel does when memory is short; its other processes leave by themselves."""
    pid = int((cluster.data / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    assert processes.wait_until(lambda: processes.start_time(pid) is None, 30)
    return pid


def test_it_listens_on_loopback_only_and_wants_a_password(cluster: Cluster):
    assert value(cluster, "SHOW listen_addresses") == "127.0.0.1"
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(**cluster.connection(password="wrong"))
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(
            host=str(cluster.sockets), port=cluster.port, user="postgres", dbname="postgres", password="no"
        )


def test_the_record_with_the_password_is_readable_by_its_owner_alone(cluster: Cluster):
    record = cluster.folder / postgres.RECORD
    assert record.stat().st_mode & 0o777 == 0o600
    assert postgres.load(cluster.folder) == cluster
    assert not (cluster.place / "password").exists()


def test_making_and_starting_it_again_changes_nothing(cluster: Cluster):
    before = value(cluster, "SELECT pg_postmaster_start_time()::text")
    assert postgres.start(postgres.create(cluster.folder, cluster.programs)) == cluster
    assert value(cluster, "SELECT pg_postmaster_start_time()::text") == before


def test_after_a_hard_kill_it_starts_again_with_its_data_on_the_same_port(cluster: Cluster):
    create.create(cluster.connection(), "kept", "keeper", "secret")
    kill_hard(cluster)
    assert not cluster.ready()
    again = postgres.start(cluster)
    assert again.port == cluster.port
    assert value(again, "SELECT count(*) FROM pg_database WHERE datname = 'kept'") == 1


def test_a_lock_file_that_names_a_living_stranger_does_not_keep_it_from_starting(cluster: Cluster):
    postgres.stop(cluster)
    lock = cluster.data / "postmaster.pid"
    lock.write_text(f"{os.getppid()}\n{cluster.data}\n1\n{cluster.port}\n{cluster.sockets}\n127.0.0.1\n 0 0\nready\n")
    postgres.start(cluster)
    assert cluster.ready()
    assert int(lock.read_text().split()[0]) != os.getppid()


def test_the_lock_file_of_a_running_server_is_never_removed(cluster: Cluster):
    assert postgres.clear_crash(cluster) is False
    assert (cluster.data / "postmaster.pid").exists()


def test_stopping_twice_is_fine_and_the_second_time_says_that_nothing_ran(cluster: Cluster):
    assert postgres.stop(cluster) is True
    assert postgres.stop(cluster) is False
    postgres.start(cluster)


def test_when_its_port_was_taken_meanwhile_it_moves_and_records_that(cluster: Cluster):
    postgres.stop(cluster)
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", cluster.port))
        stranger.listen()
        moved = postgres.start(cluster)
    assert moved.port != cluster.port
    assert moved.ready()
    assert postgres.load(cluster.folder) == moved
    postgres.stop(moved)
    postgres.start(replace(moved, port=cluster.port))


def test_below_a_folder_that_the_server_may_not_enter_the_data_goes_elsewhere(monkeypatch: pytest.MonkeyPatch):
    user = postgres_binaries.account()
    if user is None:
        pytest.skip("only root's folders can be closed to the server's user")
    closed, other = (Path(tempfile.mkdtemp(prefix="tlp-tests-", dir="/tmp")) for _ in range(2))
    other.chmod(0o755)
    monkeypatch.setattr(postgres, "ELSEWHERE", (other,))
    try:
        place = postgres._place(closed, user)
        assert place.parent == other
        assert place.owner() == user
        assert not (closed / "server").exists()
    finally:
        shutil.rmtree(closed)
        shutil.rmtree(other)


def test_a_long_folder_name_gets_a_short_place_for_its_socket(tmp_path: Path):
    long = tmp_path / ("long" * 30)
    sockets = postgres._sockets(long, None)
    assert len(str(sockets / ".s.PGSQL.65535.lock")) <= 107
    sockets.rmdir()


def test_data_that_was_in_use_is_put_aside_and_never_deleted(cluster: Cluster, tmp_path: Path):
    orphan = replace(cluster, place=tmp_path)
    orphan.data.mkdir()
    (orphan.data / "postmaster.opts").write_text("postgres")
    postgres._clear_way(orphan)
    assert not orphan.data.exists()
    assert [p for p in tmp_path.glob("data.before-*") if (p / "postmaster.opts").exists()]


def test_the_schema_is_loaded_once_and_a_second_time_changes_nothing(db: dict[str, object]):
    with closing(psycopg2.connect(**db)) as connection, connection, connection.cursor() as cur:
        cur.execute("DELETE FROM languages WHERE code = 'mt'")
    assert create.load(db) is False
    with closing(psycopg2.connect(**db)) as connection, connection.cursor() as cur:
        cur.execute("SELECT count(*) FILTER (WHERE code = 'mt'), count(*) > 10 FROM languages")
        assert cur.fetchone() == (0, True)
