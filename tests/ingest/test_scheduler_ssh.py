"""Commands over SSH with a real sshd: one kept connection, and words for all that can be wrong with it."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import clusters
import paramiko
import pytest
import ssh_server
from scheduling import GRACE_S, live, processes, wait_for_end, wait_until
from ssh_server import SshServer

from ingest.scheduler import DONE, FAILED, LOST, JobSpec
from ingest.scheduler import ssh as ssh_module
from ingest.scheduler.cluster import Cluster
from ingest.scheduler.slurm import Slurm
from ingest.scheduler.ssh import Ssh
from tlp.errors import SchedulerError


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with clusters.started(SshServer(tmp_path_factory.mktemp("sshd"))) as made:
        yield made


@pytest.fixture
def client(server: SshServer) -> Iterator[Ssh]:
    made = server.client()
    yield made
    made.close()


def test_output_errors_and_exit_code_come_back(client: Ssh) -> None:
    answer = client.run(["sh", "-c", "echo out; echo 'what is wrong' >&2; exit 7"])
    assert (answer.code, answer.stdout, answer.stderr, answer.words) == (7, "out\n", "what is wrong\n", "what is wrong")


def test_arguments_reach_the_command_exactly(client: Ssh) -> None:
    odd = ["", " two  blanks ", "$(touch pwned)", "`id`", "a'b\"c", "*", "~", "ñ€", "line\nbreak", ";", "\\"]
    answer = client.run([sys.executable, "-c", "import sys; print(sys.argv[1:])", *odd])
    assert answer.stdout.strip() == str(odd)


def test_a_command_has_no_input_to_wait_for(client: Ssh) -> None:
    assert client.run(["cat"]).code == 0


def test_a_hundred_commands_use_one_connection(server: SshServer, client: Ssh) -> None:
    before = server.log.count("Accepted publickey")
    for _ in range(100):
        assert client.run(["true"]).code == 0
    assert server.log.count("Accepted publickey") == before + 1


def test_small_packets_are_sent_at_once(client: Ssh) -> None:
    client.run(["true"])
    found = client._transport().sock
    assert found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_eight_threads_share_a_connection(server: SshServer, client: Ssh) -> None:
    before = server.log.count("Accepted publickey")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: client.run(["sh", "-c", f"echo {n}; exit {n % 5}"]), range(80)))
    assert [(answer.stdout, answer.code) for answer in answers] == [(f"{n}\n", n % 5) for n in range(80)]
    assert server.log.count("Accepted publickey") == before + 1


def test_what_is_sent_late_to_a_command_that_has_ended_breaks_no_connection(
    server: SshServer, client: Ssh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word about a channel that the server has closed ends the whole connection, and with it others' commands.

    Seen once in CI: the end of the input was sent after the answer to the server's close.
    """
    send = paramiko.Transport._send_user_message

    def late(transport: paramiko.Transport, message: paramiko.Message) -> None:
        if threading.current_thread() is not transport:  # which answers what the server says
            time.sleep(0.2)
        send(transport, message)

    before = server.log.count("Accepted publickey")
    monkeypatch.setattr(paramiko.Transport, "_send_user_message", late)
    with ThreadPoolExecutor(4) as pool:
        assert [answer.code for answer in pool.map(client.run, [["true"]] * 12)] == [0] * 12
    assert server.log.count("Accepted publickey") == before + 1


def test_big_outputs_on_both_streams_do_not_block_each_other(client: Ssh) -> None:
    write = "import sys\nfor n in range(400):\n    sys.stderr.write('e' * 10000)\n    sys.stdout.write('o' * 10000)"
    answer = client.run([sys.executable, "-c", write])
    assert (len(answer.stdout), len(answer.stderr), answer.code) == (4_000_000, 4_000_000, 0)


# What is refused


def test_a_host_that_is_not_known_is_refused_in_words(server: SshServer, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(SchedulerError, match="not found in known_hosts") as told:
        server.client(known_hosts=tmp_path / "empty").run(["true"])
    assert "127.0.0.1" in str(told.value)


def test_a_host_that_shows_another_key_than_before_is_refused_in_words(server: SshServer, tmp_path: Path) -> None:
    kind, public = ssh_server.key(tmp_path / "other").with_suffix(".pub").read_text().split()[:2]
    (tmp_path / "known").write_text(f"[127.0.0.1]:{server.port} {kind} {public}\n")
    with pytest.raises(SchedulerError, match="[Hh]ost key .*does not match"):
        server.client(known_hosts=tmp_path / "known").run(["true"])


def test_a_key_that_the_host_does_not_take_is_refused_in_words(server: SshServer, tmp_path: Path) -> None:
    with pytest.raises(SchedulerError, match="Authentication failed"):
        server.client(key=ssh_server.key(tmp_path / "id")).run(["true"])


def test_no_agent_and_no_other_key_is_asked(server: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The right key is where ssh would look, and an agent listens: neither is used."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_ed25519").write_bytes((server.folder / "id").read_bytes())
    monkeypatch.setenv("HOME", str(home))
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp_path / "agent"))
        agent.listen()
        agent.settimeout(0.2)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        with pytest.raises(SchedulerError, match="Authentication failed"):
            server.client(key=ssh_server.key(tmp_path / "id")).run(["true"])
        with pytest.raises(TimeoutError):
            agent.accept()


def test_a_key_file_that_is_none_and_a_port_where_nobody_listens_are_told(server: SshServer, tmp_path: Path) -> None:
    (tmp_path / "id").write_text("no key\n")
    with pytest.raises(SchedulerError):
        server.client(key=tmp_path / "id").run(["true"])
    with pytest.raises(SchedulerError, match="refused"):
        server.client(port=clusters.free_ports(1)[0]).run(["true"])


# What breaks


def test_a_connection_that_was_cut_is_made_anew(server: SshServer, client: Ssh) -> None:
    assert client.run(["true"]).code == 0
    server.cut()

    def works() -> bool:
        try:
            return client.run(["true"]).code == 0
        except SchedulerError:
            return False

    wait_until(works)


def test_a_connection_that_is_cut_under_a_command_is_told_and_the_command_is_not_repeated(
    server: SshServer, client: Ssh, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(client.run, ["sh", "-c", f"echo once >>{tmp_path}/ran; sleep 30"])
        wait_until((tmp_path / "ran").exists)
        server.cut()
        with pytest.raises(SchedulerError):
            running.result(timeout=25)
    time.sleep(0.5)
    assert (tmp_path / "ran").read_text() == "once\n"


def test_pauses_between_tries_grow(server: SshServer) -> None:
    client = server.client(port=clusters.free_ports(1)[0])
    pauses = []
    for _ in range(3):
        client._not_before = 0.0
        with pytest.raises(SchedulerError, match="refused"):
            client.run(["true"])
        pauses.append(client._not_before - time.monotonic())
        with pytest.raises(SchedulerError, match="refused"):  # nobody asks, the words stay: a warning for each change
            client.run(["true"])
        assert client._not_before - time.monotonic() < pauses[-1]
    assert 0.5 < pauses[0] < pauses[1] < pauses[2] < 10


def test_a_command_that_hangs_is_given_up(client: Ssh, monkeypatch: pytest.MonkeyPatch) -> None:
    client.run(["true"])  # the connection is there
    monkeypatch.setattr(ssh_module, "TIMEOUT_S", 2)
    begin = time.monotonic()
    with pytest.raises(SchedulerError, match="sleep did not answer within 2 s"):
        client.run(["sleep", "60"])
    assert time.monotonic() - begin < 30


def test_a_file_that_is_not_there_breaks_no_connection(server: SshServer, client: Ssh) -> None:
    before = server.log.count("Accepted publickey")
    for _ in range(3):
        with pytest.raises(FileNotFoundError), client.files() as files:
            files.stat("/no/such/file")
        assert client.run(["true"]).code == 0
    assert server.log.count("Accepted publickey") == before + 1


# Jobs


@pytest.fixture
def over_ssh(tmp_path: Path, slurm: clusters.Slurm) -> Iterator[tuple[SshServer, Cluster]]:
    """The cluster is known only to the commands on the other side."""
    assert "SLURM_CONF" not in os.environ
    with clusters.started(SshServer(tmp_path / "sshd", slurm.environment)) as server:
        client = server.client()
        yield server, Cluster(Slurm(), client, {}, most=50, grace_s=GRACE_S)
        client.close()


def test_jobs_end_as_they_should_over_ssh(over_ssh: tuple[SshServer, Cluster], spec: Callable[..., JobSpec]) -> None:
    _, cluster = over_ssh
    good = spec("sh", "-c", "echo ñ 'a b' >&2", folder="odd 'folder' $x")
    bad = spec("sh", "-c", "echo 'it is no video' >&2; exit 3", folder="bad")
    never = spec("true", folder="never")
    never.folder.mkdir(parents=True)
    (never.folder / "job.sh").write_text("#!/bin/bash\nexit 0\n")
    long = spec("sleep", "100", folder="long")
    jobs = [live(one, cluster.submit(one), n) for n, one in enumerate((good, bad, never, long))]
    ends = [wait_for_end(cluster, job) for job in jobs[:3]]
    assert [(end.state, end.exit_code) for end in ends] == [(DONE, 0), (FAILED, 3), (LOST, None)]
    assert ends[1].reason == "it is no video"
    wait_until((long.folder / "log").exists)
    cluster.cancel(jobs[3:])
    wait_until(lambda: not processes(long))


def test_an_array_and_twenty_submits_at_once_work_over_ssh(
    over_ssh: tuple[SshServer, Cluster], spec: Callable[..., JobSpec]
) -> None:
    server, cluster = over_ssh
    parts = [spec("sh", "-c", f"echo {n} >>ran", folder=f"part.{n}") for n in range(4)]
    for n, number in enumerate(cluster.submit_array(parts)):
        assert wait_for_end(cluster, live(parts[n], number, n)).state == DONE
    job = spec("sh", "-c", "echo once >>ran; sleep 0.2")
    with ThreadPoolExecutor(20) as pool:
        assert len(set(pool.map(cluster.submit, [job] * 20))) == 1
    wait_for_end(cluster, live(job))
    assert [(one.folder / "ran").read_text() for one in (*parts, job)] == ["0\n", "1\n", "2\n", "3\n", "once\n"]
    assert server.log.count("Accepted publickey") == 1


def test_a_cut_connection_loses_no_job(over_ssh: tuple[SshServer, Cluster], spec: Callable[..., JobSpec]) -> None:
    server, cluster = over_ssh
    job = spec("sh", "-c", "echo once >>ran; until [ -e go ]; do sleep 0.05; done")
    number = live(job, cluster.submit(job), age=100)
    wait_until((job.folder / "ran").exists)
    server.cut()
    with contextlib.suppress(SchedulerError):  # or there is a new connection already
        assert cluster.poll([number]) == {}
    (job.folder / "go").touch()
    wait_until((job.folder / "exit_code").exists)
    assert cluster.poll([number])[1].state == DONE, "its exit code is known without a connection"
    second = spec("true", folder="second")

    def submitted() -> bool:
        try:
            return bool(cluster.submit(second))
        except SchedulerError:
            return False

    wait_until(submitted)
    assert wait_for_end(cluster, live(second, "", 2)).state == DONE
    assert (job.folder / "ran").read_text() == "once\n"
