"""The Web Service under gunicorn while PostgreSQL stops at once and comes back: it says so and needs no restart."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from gunicorn_server import Server

from installer import postgres
from installer.postgres import Cluster

LIST = "/api/speech/list?user=tluser&auth_token=mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"


@pytest.fixture(scope="module")
def module_db(own_server: tuple[Cluster, dict[str, Any]]) -> dict[str, Any]:
    """The database of this module is on a server that may be killed."""
    return own_server[1]


def stop_at_once(cluster: Cluster) -> None:
    os.kill(int((cluster.data / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
    wait_until(lambda: not postgres.server_processes(cluster))


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def get(server: Server, path: str) -> tuple[int, Any]:
    answer = requests.get(server.url + path, timeout=30)
    return answer.status_code, answer.json()


def test_while_the_database_is_away_it_says_so_and_afterwards_works_again(
    own_server: tuple[Cluster, dict[str, Any]], server: Server, lecture: Any
) -> None:
    cluster, _ = own_server
    with ThreadPoolExecutor(8) as callers:  # each of its threads gets a connection
        assert {status for status, _ in callers.map(lambda _: get(server, LIST), range(40))} == {200}
        assert get(server, "/health")[1]["database"] == "ok"
        stop_at_once(cluster)
        begun = time.monotonic()
        asked = list(callers.map(lambda path: get(server, path), ["/health", "/health/live", LIST]))
        assert time.monotonic() - begun < 28
        (not_ready, words), live, (failed, why) = asked
        assert (not_ready, words["status"], words["database"]) == (503, "not ready", "does not answer")
        assert live == (200, {"status": "alive"})
        assert (failed, why["message"]) == (500, "The database does not answer. Try again in a moment.")
        postgres.start(cluster)
        answers = list(callers.map(lambda _: get(server, LIST), range(40)))
    assert {status for status, _ in answers} == {200}
    assert get(server, "/health")[0] in (200, 503)
    assert get(server, "/health")[1]["database"] == "ok"


def test_calls_during_a_quick_restart_wait_for_it_or_fail_in_words(
    own_server: tuple[Cluster, dict[str, Any]], server: Server, lecture: Any
) -> None:
    """Two restarts under calls that never stop: what is not answered is refused in words, and soon all is answered."""
    cluster, _ = own_server
    answers: list[tuple[int, Any]] = []
    over = threading.Event()

    def call() -> None:
        while not over.is_set():
            answers.append(get(server, LIST))

    with ThreadPoolExecutor(4) as callers:
        calling = [callers.submit(call) for _ in range(4)]
        for _ in range(2):
            time.sleep(0.3)
            stop_at_once(cluster)
            postgres.start(cluster)
        try:
            wait_until(lambda: [status for status, _ in answers[-8:]] == [200] * 8)
        finally:
            over.set()
        for each in calling:
            each.result()
    assert {status for status, _ in answers} <= {200, 500}
    assert {words["message"] for status, words in answers if status == 500} <= {
        "The database does not answer. Try again in a moment."
    }


def test_a_list_that_breaks_off_has_no_end_and_no_token_is_logged(
    own_server: tuple[Cluster, dict[str, Any]], server: Server, instance: Any, tmp_path: Path
) -> None:
    """The database stops while an answer is being sent: the client sees that it is not the whole."""
    instance.rows(
        "INSERT INTO objects (user_id, kind, external_id, hash, language, title) SELECT 1, 'speech', 'm' || n, "
        "'h' || n, 'en', repeat('long ', 60) FROM generate_series(1, 60000) AS n RETURNING 1 AS one"
    )
    broken = pytest.raises(requests.exceptions.ChunkedEncodingError)
    with broken, requests.get(server.url + LIST, stream=True, timeout=30) as answer:
        assert answer.status_code == 200
        assert answer.raw.read(100).startswith(b"[")
        stop_at_once(own_server[0])
        for _ in answer.iter_content(1 << 16):
            pass
    postgres.start(own_server[0])
    assert get(server, "/health")[1]["database"] == "ok"
    log = (tmp_path / "gunicorn.log").read_text()
    assert "its answer breaks off" in log
    assert "auth_token" not in log and "mhes28" not in log and "Logging error" not in log
