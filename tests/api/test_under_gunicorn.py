"""The service as it runs: gunicorn with its settings file, over real sockets."""

from __future__ import annotations

import json
import os
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from gunicorn_server import Server

SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"
CREDENTIALS = {"user": "tluser", "auth_token": SECRET}
MANIFEST = {
    "media": {"fileformat": "mp4", "md5": "05b59346bc3fe5d3eac7a0dcd0022fb6", "filename": "main_media.mp4"},
    "metadata": {"external_id": "big", "language": "en", "title": "A large lecture"},
}
MIB = 2**20


def _body(size: int) -> Iterator[bytes]:
    """A multipart body with a package of so many bytes, piece by piece."""
    sent = json.dumps({**CREDENTIALS, "manifest": MANIFEST})
    yield (
        '--b\r\nContent-Disposition: form-data; name="json"; filename="json"\r\nContent-Type: application/json\r\n\r\n'
        f'{sent}\r\n--b\r\nContent-Disposition: form-data; name="pkg"; filename="p.zip"\r\n'
        "Content-Type: application/zip\r\n\r\n"
    ).encode()
    piece = os.urandom(MIB)
    for _ in range(size // MIB):
        yield piece
    yield b"\r\n--b--\r\n"


class Sized:
    """A body of a known length, so that it is sent with Content-Length."""

    def __init__(self, size: int) -> None:
        self._pieces = _body(size)
        self._length = sum(map(len, _body(0))) + size

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces


@pytest.mark.parametrize("form", [_body, Sized], ids=["in chunks", "with a length"])
def test_a_large_package_is_stored_in_constant_memory(server: Server, instance: Any, form: Any) -> None:
    requests.get(f"{server.url}/health", timeout=60)
    before, size = server.peak_memory(), 192 * MIB
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = requests.post(f"{server.url}/api/speech/ingest/new", data=form(size), headers=headers, timeout=120)
    assert answer.json()["rcode"] == 0
    assert (instance.uploads / answer.json()["id"] / "package.zip").stat().st_size == size
    assert server.peak_memory() - before < 24 * MIB


@pytest.mark.parametrize("way", ["closed", "reset"])
def test_a_client_that_goes_away_while_uploading_leaves_nothing_and_is_no_failure_of_ours(
    server: Server, instance: Any, tmp_path: Path, way: str
) -> None:
    connection = socket.create_connection(("127.0.0.1", server.port))
    head = "POST /api/speech/ingest/new HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    connection.sendall(f"{head}Content-Length: {100 * MIB}\r\n\r\n".encode() + b"".join(_body(4 * MIB))[:-20])
    for _ in range(600):
        if list(instance.uploads.glob("*/.package.zip.part")):
            break
        time.sleep(0.05)
    assert list(instance.uploads.glob("*/.package.zip.part"))
    if way == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    for _ in range(600):
        if not list(instance.uploads.iterdir()):
            break
        time.sleep(0.05)
    assert list(instance.uploads.iterdir()) == []
    assert instance.rows("SELECT id FROM uploads") == []
    log = tmp_path / "gunicorn.log"
    for _ in range(600):
        if "/ingest/new" in log.read_text():
            break
        time.sleep(0.05)
    assert "POST /api/speech/ingest/new 400" in log.read_text() and "Traceback" not in log.read_text()


OBJECTS = """
    INSERT INTO objects (user_id, kind, external_id, hash, language, title)
    SELECT id, 'speech', 'm' || n, 'h' || n, 'en', 'Lección ' || n
      FROM users, generate_series(1, 100000) AS n
     WHERE username = 'tluser'
"""
UPLOADS = """
    INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, finished_at)
    SELECT 'up-' || n, id, 'speech', 'new', 'm' || n, 'h' || n, '{}', now()
      FROM users, generate_series(1, 100000) AS n
     WHERE username = 'tluser'
"""


@pytest.mark.parametrize(("interface", "rows"), [("list", OBJECTS), ("uploadslist", UPLOADS)])
def test_a_list_of_100000_is_sent_in_constant_memory(server: Server, instance: Any, interface: str, rows: str) -> None:
    instance.run(lambda cur: cur.execute(rows))
    requests.get(f"{server.url}/api/speech/systems", params=CREDENTIALS, timeout=60)
    before = server.peak_memory()
    answer = requests.get(f"{server.url}/api/speech/{interface}", params=CREDENTIALS, timeout=60)
    assert len(answer.json()) == 100000
    assert answer.headers["transfer-encoding"] == "chunked"
    assert server.peak_memory() - before < 16 * MIB


def test_a_browser_can_seek_in_a_video(server: Server, instance: Any, lecture: Any) -> None:
    video = os.urandom(3 * MIB)
    next(instance.media.rglob("main.mp4")).write_bytes(video)
    answer = requests.get(f"{server.url}/api/speech/metadata", params={**CREDENTIALS, "id": lecture.id}, timeout=60)
    location = answer.json()["media"][0]["location"]
    assert location.startswith(server.url)
    with requests.Session() as session:  # one connection: a wrong length would spoil what follows
        for asked, first, end in (("0-", 0, len(video)), ("1000000-", 1000000, len(video)), ("5-2000004", 5, 2000005)):
            part = session.get(location, headers={"Range": f"bytes={asked}"}, timeout=60)
            assert (part.status_code, part.content) == (206, video[first:end])
        assert session.head(location, timeout=60).headers["content-length"] == str(len(video))
        assert session.get(location, timeout=60).content == video


def test_many_callers_at_once_are_all_answered(server: Server, lecture: Any) -> None:
    def call(number: int) -> tuple[int, int]:
        interface = ("langs", "metadata", "get")[number % 3]
        params = {**CREDENTIALS, "id": lecture.id, "lang": "en"}
        answer = requests.get(f"{server.url}/api/speech/{interface}", params=params, timeout=60)
        return answer.status_code, len(answer.content) > 100

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(call, range(120))) == {(200, True)}


def test_the_log_of_the_server_holds_calls_and_no_tokens(server: Server, tmp_path: Path) -> None:
    requests.get(f"{server.url}/api/speech/list", params=CREDENTIALS, timeout=60)
    requests.get(f"{server.url}/api/speech/list", params={**CREDENTIALS, "auth_token": "wrong-token"}, timeout=60)
    server.log.flush()
    log = (tmp_path / "gunicorn.log").read_text()
    assert "tluser GET /api/speech/list 200" in log
    assert "- GET /api/speech/list 401" in log
    assert SECRET not in log
    assert "wrong-token" not in log
