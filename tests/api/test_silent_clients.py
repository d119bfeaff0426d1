"""Clients that fall silent in the middle, more of them than there are threads: others are served all the same."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from gunicorn_server import Server

THREADS = 2
SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"
HEAD = b"POST /api/speech/ingest/new HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
BODY = b'--b\r\nContent-Disposition: form-data; name="json"\r\n\r\n{"a'


@pytest.fixture
def hasty(instance: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A service with two threads, and with two seconds of patience."""
    monkeypatch.setenv("TLP_WEB_THREADS", str(THREADS))
    monkeypatch.setenv("TLP_WEB_SILENCE", "2")
    started = Server(instance.config.path, tmp_path)
    try:
        started.wait()
        yield started
    finally:
        started.stop()


def _in_the_head(link: socket.socket) -> None:
    link.sendall(HEAD)


def _in_the_body(link: socket.socket) -> None:
    link.sendall(HEAD + b"Content-Length: 5000\r\n\r\n" + BODY)


def _in_a_chunk(link: socket.socket) -> None:
    link.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1000\r\n" + BODY)


@pytest.mark.parametrize("stop", [_in_the_head, _in_the_body, _in_a_chunk])
def test_clients_that_stop_sending_keep_no_thread(
    hasty: Server, tmp_path: Path, stop: Callable[[socket.socket], None]
) -> None:
    with ExitStack() as silent:
        for _ in range(THREADS):
            stop(silent.enter_context(socket.create_connection(("127.0.0.1", hasty.port))))
        time.sleep(0.5)  # until each has a thread
        assert requests.get(f"{hasty.url}/health/live", timeout=20).status_code == 200
    assert "Traceback" not in (tmp_path / "gunicorn.log").read_text()


@pytest.mark.parametrize("part", ["", "bytes=0-33554430"], ids=["a file", "a part of it"])
def test_players_that_pause_keep_no_thread_and_one_that_is_slow_gets_all(
    hasty: Server, instance: Any, lecture: Any, part: str
) -> None:
    size = 32 * 2**20  # more than a machine keeps for a connection
    next(instance.media.rglob("main.mp4")).write_bytes(bytes(size))
    asked = {"user": "tluser", "auth_token": SECRET, "id": lecture.id}
    answer = requests.get(f"{hasty.url}/api/speech/metadata", params=asked, timeout=60)
    location = answer.json()["media"][0]["location"]
    headers = {"Range": part} if part else {}
    with ExitStack() as paused:
        for _ in range(THREADS):
            paused.enter_context(requests.get(location, headers=headers, stream=True, timeout=60))
        assert requests.get(f"{hasty.url}/health/live", timeout=20).status_code == 200
    with requests.get(location, headers=headers, stream=True, timeout=60) as slow:
        got = 0
        for piece in slow.iter_content(size // 4):
            got += len(piece)
            time.sleep(0.8)  # longer than the patience in all, shorter each time
    assert got == size - bool(part)
