"""A small HTTP server with faults on demand: redirects, broken connections, lies. For tests of the downloader."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

DATA = bytes(range(256)) * 4000


class Server(ThreadingHTTPServer):
    """`answers`: path → function(handler). `asked`: (path, headers) of each request, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.answers: dict[str, Any] = {}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave are part of the tests."""

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.server_address[1]}{path}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        answer = self.server.answers.get(self.path, whole)
        answer(self)
        self.close_connection = True

    def head(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def whole(handler: Handler, data: bytes = DATA, content_type: str = "video/mp4") -> None:
    handler.head(200, Content_Length=len(data), Content_Type=content_type)
    handler.wfile.write(data)


def redirect(to: str, status: int = 302) -> Any:
    return lambda handler: handler.head(status, Location=to, Content_Length=0)


def ranged(handler: Handler, data: bytes, etag: str, stop: int | None = None) -> None:
    """The part of `data` asked for if the ETag is still right, broken off after `stop` bytes of it."""
    asked = handler.headers.get("Range")
    start = int(asked[6:-1]) if asked and handler.headers.get("If-Range") == etag else 0
    if start:
        span = f"bytes {start}-{len(data) - 1}/{len(data)}"
        handler.head(206, Content_Length=len(data) - start, Content_Range=span, ETag=etag)
    else:
        handler.head(200, Content_Length=len(data), ETag=etag)
    handler.wfile.write(data[start : None if stop is None else start + stop])


def slowly(handler: Handler) -> None:
    """A few bytes at a time, for as long as somebody listens."""
    handler.head(200, Content_Length=len(DATA))
    for n in range(200):
        handler.wfile.write(DATA[n : n + 1])
        time.sleep(0.05)


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Server]:
    server = Server()
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
