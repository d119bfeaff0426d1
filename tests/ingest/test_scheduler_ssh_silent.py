"""A machine behind SSH that falls silent without a word: as when it is out of memory, or a firewall forgets us."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import clusters
import paramiko
import pytest
from ssh_server import SshServer

from ingest.scheduler import ssh
from ingest.scheduler.ssh import Ssh
from tlp.errors import SchedulerError


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with clusters.started(SshServer(tmp_path_factory.mktemp("ssh"))) as running:
        yield running


@pytest.fixture
def client(server: SshServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ssh]:
    made = server.client()
    made.run(["true"])  # the connection is there
    monkeypatch.setattr(ssh, "TIMEOUT_S", 1)
    monkeypatch.setattr(ssh, "_CONNECT_S", 1)
    yield made
    made.close()


@contextlib.contextmanager
def silent(server: SshServer) -> Iterator[None]:
    """All that serves connections there stands still; they stay open."""
    rows = [line.split() for line in clusters.call(["ps", "-e", "-o", "pid=,ppid="]).splitlines()]
    serving = set(server.connections())
    serving |= {int(pid) for pid, parent in rows if int(parent) in serving}
    for pid in serving:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in serving:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def told_in_time(begin: float) -> None:
    assert time.monotonic() - begin < 15


def test_a_command_is_given_up(server: SshServer, client: Ssh) -> None:
    with silent(server):
        begin = time.monotonic()
        with pytest.raises(SchedulerError):
            client.run(["true"])
        told_in_time(begin)


def test_files_are_given_up_before_they_are_asked_for(server: SshServer, client: Ssh) -> None:
    with silent(server):
        begin = time.monotonic()
        with pytest.raises(SchedulerError), client.files():
            pass
        told_in_time(begin)


@pytest.mark.parametrize("what", ["a command", "files"])
def test_it_is_given_up_also_between_two_words(
    server: SshServer, client: Ssh, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    opened = paramiko.Transport.open_session
    with contextlib.ExitStack() as stack:

        def open_session(*args: object, **named: object) -> paramiko.Channel:
            channel = opened(*args, **named)  # type: ignore[arg-type]
            stack.enter_context(silent(server))
            return channel

        monkeypatch.setattr(paramiko.Transport, "open_session", open_session)
        begin = time.monotonic()
        with pytest.raises(SchedulerError, match="answer within 1 s"):
            if what == "a command":
                client.run(["true"])
            else:
                with client.files():
                    pass
        told_in_time(begin)


def test_files_are_given_up_while_they_are_copied(server: SshServer, client: Ssh, tmp_path: Path) -> None:
    begin = time.monotonic()
    with contextlib.ExitStack() as stack:
        with pytest.raises(SchedulerError), client.files() as files:
            files.stat(str(tmp_path))
            stack.enter_context(silent(server))
            files.stat(str(tmp_path))
        told_in_time(begin)


def test_a_connection_that_was_good_again_is_made_anew_without_a_long_pause(server: SshServer, client: Ssh) -> None:
    pauses = []
    for _ in range(3):
        with silent(server), pytest.raises(SchedulerError):
            client.run(["true"])
        pauses.append(client._not_before - time.monotonic())
        client._not_before = 0.0
        assert client.run(["true"]).code == 0
    assert max(pauses) <= 1, "each is the first of its kind"


def test_an_idle_connection_gives_signs_of_life(server: SshServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh, "_ALIVE_S", 0.5)
    made = server.client()
    made.run(["true"])
    time.sleep(3)
    transport = made._client and made._client.get_transport()
    assert transport
    info = transport.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 48)
    [silent_ms] = struct.unpack_from("I", info, 44)  # tcpi_last_data_sent
    made.close()
    assert silent_ms < 2000
