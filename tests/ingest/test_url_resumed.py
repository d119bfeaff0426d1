"""Downloads that break off: taken up where they broke, by the same job or by the next one."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from faulty_server import DATA, Handler, Server, ranged, whole
from fetching import ANYWHERE, MD5, refused

from ingest.modules.base.part_file import CHECKPOINT
from ingest.modules.base.url_downloader import Got, Rules, download


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "media.download"


def test_a_broken_connection_is_taken_up_where_it_broke(server: Server, target: Path) -> None:
    server.answers["/a"] = functools.partial(ranged, data=DATA, etag='"1"', stop=300_000)
    assert download(server.url("/a"), target, ANYWHERE) == Got(len(DATA), MD5, "", server.url("/a"))
    assert target.read_bytes() == DATA
    assert [headers.get("Range") for _, headers in server.asked] == [
        None, "bytes=300000-", "bytes=600000-", "bytes=900000-"
    ]  # fmt: skip


def test_a_file_that_changed_meanwhile_is_begun_again(server: Server, target: Path) -> None:
    def changed(handler: Handler) -> None:
        first = len(server.asked) == 1
        ranged(handler, b"old" * 9000 if first else DATA, '"old"' if first else '"new"', 5000 if first else None)

    server.answers["/a"] = changed
    assert download(server.url("/a"), target, ANYWHERE).md5 == MD5
    assert target.read_bytes() == DATA


def test_a_server_without_an_etag_is_asked_from_the_beginning(server: Server, target: Path) -> None:
    def breaking(handler: Handler) -> None:
        handler.head(200, Content_Length=len(DATA))
        handler.wfile.write(DATA if len(server.asked) > 2 else DATA[:1000])

    server.answers["/a"] = breaking
    assert download(server.url("/a"), target, ANYWHERE).md5 == MD5
    assert all("Range" not in headers for _, headers in server.asked)


def test_a_part_that_was_not_asked_for_is_not_taken(server: Server, target: Path) -> None:
    def lying(handler: Handler) -> None:
        if len(server.asked) == 2:
            handler.head(206, Content_Length=5, Content_Range=f"bytes 10-14/{len(DATA)}")
            handler.wfile.write(b"wrong")
        else:
            ranged(handler, DATA, '"1"', 1000 if len(server.asked) == 1 else None)

    server.answers["/a"] = lying
    assert download(server.url("/a"), target, ANYWHERE).md5 == MD5


def test_a_server_that_always_breaks_is_given_up(server: Server, target: Path) -> None:
    server.answers["/a"] = lambda handler: handler.head(200, Content_Length=100)
    refused(server.url("/a"), target, ANYWHERE, server.url("/a"), "broke after 0 of 100 bytes")
    assert len(server.asked) == 5


def test_a_busy_server_is_asked_again_and_a_missing_file_is_not(server: Server, target: Path) -> None:
    server.answers["/a"] = lambda h: whole(h) if len(server.asked) > 2 else h.head(503, Content_Length=0)
    assert download(server.url("/a"), target, ANYWHERE).md5 == MD5
    server.asked.clear()
    server.answers["/b"] = lambda handler: handler.head(404, Content_Length=0)
    refused(server.url("/b"), target, ANYWHERE, "the server answered 404 Not Found")
    assert len(server.asked) == 1


def test_chunks_are_taken_and_a_broken_chunk_is_noticed(server: Server, target: Path) -> None:
    def chunks(handler: Handler) -> None:
        handler.head(200, Transfer_Encoding="chunked")
        handler.wfile.write(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n" if len(server.asked) > 1 else b"5\r\nhel")

    server.answers["/a"] = chunks
    assert download(server.url("/a"), target, ANYWHERE).size == 11
    assert target.read_bytes() == b"hello world"


# A job that is run again


def _killed(url: str, target: Path) -> None:
    """A real process that downloads and is killed when it has noted what is on disk."""
    script = f"""
from pathlib import Path
from ingest.modules.base.url_downloader import Rules, download
download({url!r}, Path({str(target)!r}), Rules(True, 1 << 30, 60))
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    process = subprocess.Popen([sys.executable, "-c", script], env=environment)
    try:
        deadline = time.monotonic() + 60
        while not target.with_name(f"{target.name}.part.json").exists():
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()


def _halting(server: Server, data: bytes, etag: str, first: int) -> None:
    """The first request gets `first` bytes and then nothing until it goes; the next ones get what they ask for."""

    def answer(handler: Handler) -> None:
        if len(server.asked) == 1:
            handler.head(200, Content_Length=len(data), ETag='"old"')
            handler.wfile.write(data[:first])
            handler.rfile.read(1)
        else:
            ranged(handler, data, etag)

    server.answers["/a"] = answer


BIG = DATA * 20  # 20 MB: more than one checkpoint


def test_a_job_that_was_killed_goes_on_where_it_was_on_disk_for_certain(server: Server, target: Path) -> None:
    _halting(server, BIG, '"old"', 18_000_000)
    _killed(server.url("/a"), target)
    assert download(server.url("/a"), target, Rules(True, 1 << 30, 60)).md5 == hashlib.md5(BIG).hexdigest()
    assert target.read_bytes() == BIG
    (start,) = [int(h["Range"][6:-1]) for _, h in server.asked if "Range" in h]
    assert CHECKPOINT <= start < 18_000_000 and server.asked[1][1]["If-Range"] == '"old"'
    assert list(target.parent.iterdir()) == [target]


def test_a_job_that_was_killed_begins_again_where_the_file_has_changed(server: Server, target: Path) -> None:
    new = BIG[::-1]
    _halting(server, new, '"new"', 18_000_000)
    _killed(server.url("/a"), target)
    assert download(server.url("/a"), target, Rules(True, 1 << 30, 60)).md5 == hashlib.md5(new).hexdigest()
    assert target.read_bytes() == new


@pytest.mark.parametrize("note", [b"", b"[]", b'{"source": "http://other/", "size": 9, "total": 9, "validator": "x"}',
                                  b'{"source": "URL", "size": 9999, "total": 9, "validator": "x"}'])  # fmt: skip
def test_a_note_of_another_download_or_without_sense_is_passed_over(server: Server, target: Path, note: bytes) -> None:
    target.write_bytes(b"something")
    target.with_name("media.download.part.json").write_bytes(note.replace(b"URL", server.url("/a").encode()))
    assert download(server.url("/a"), target, ANYWHERE).md5 == MD5
    assert "Range" not in server.asked[0][1] and target.read_bytes() == DATA


def test_a_download_that_was_complete_but_not_noted_as_such_asks_for_its_last_byte(
    server: Server, target: Path
) -> None:
    server.answers["/a"] = functools.partial(ranged, data=DATA, etag='"1"')
    target.write_bytes(DATA)
    note = {"source": server.url("/a"), "size": len(DATA), "total": len(DATA), "validator": '"1"'}
    target.with_name("media.download.part.json").write_text(json.dumps(note))
    assert download(server.url("/a"), target, ANYWHERE).md5 == MD5
    assert [headers["Range"] for _, headers in server.asked] == [f"bytes={len(DATA) - 1}-"]
