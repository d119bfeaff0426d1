"""A forward proxy on this machine for programs that fetch by themselves: it lets them reach what we would reach.

Each connection they ask for is checked like a URL of ours and goes to the checked address; bytes are counted. A program
such as yt-dlp, which follows pages and redirects of its own accord, is no way around `public_address`.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ingest.modules.base.public_address import Place, connected, place
from tlp.errors import DownloadError

BLOCK = 1 << 16
_PAGES = 64 << 20  # bytes of pages and lists beside the media
_MOST_BODY = 1 << 20  # bytes of a request
_MOST_HEAD = 1 << 16  # bytes of the headers of an answer
_OURS = {"connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "trailer", "upgrade", "host"}
_HOP = (b"connection", b"keep-alive", b"proxy-connection")  # headers of an answer that are about the connection


class GuardedProxy(ThreadingHTTPServer):
    """Serves until the block of `guarded` ends. `refusal`: the first reason for which it let nothing through.

    `overspent`: so much came that it was cut off; what the program has got is not all.
    """

    daemon_threads = True

    def __init__(self, allow_private: bool, max_size: int, timeout: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.allow_private, self.limit_s = allow_private, timeout
        self.refusal: str | None = None
        self.overspent = False
        self._left, self._lock = max_size + _PAGES, threading.Lock()
        self._largest = max_size

    @property
    def url(self) -> str:
        """For the program's settings."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """For programs that keep to the usual variables."""
        names = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        return dict.fromkeys(names, self.url)

    def refuse(self, reason: str) -> None:
        """Remember why."""
        with self._lock:
            self.refusal = self.refusal or reason

    def spend(self, size: int) -> bool:
        """Count bytes that came in; False when they are too many."""
        with self._lock:
            self._left -= size
            self.overspent = self._left < 0
        if self.overspent:
            self.refuse(f"it is larger than the {self._largest} bytes that are taken")
        return not self.overspent

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Programs that leave early are no fault of ours."""


@contextmanager
def guarded(allow_private: bool, max_size: int, timeout: float) -> Iterator[GuardedProxy]:
    """A proxy for the time of the block. `max_size` in bytes, `timeout` in seconds without data."""
    proxy = GuardedProxy(allow_private, max_size, timeout)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: GuardedProxy

    def do_CONNECT(self) -> None:
        if (link := self._link(f"https://{self.path}/")) is not None:
            with link[0]:
                self.send_response(200)
                self.end_headers()
                self._relay(link[0], both=True)

    def do_GET(self) -> None:
        length = self.headers.get("Content-Length") or "0"
        if not length.isdigit() or int(length) > _MOST_BODY or "Transfer-Encoding" in self.headers:
            self._refuse("it sends too much")
        elif not self.path.startswith("http://"):
            self._refuse("only http and https URLs are fetched")
        elif (link := self._link(self.path)) is not None:
            with link[0]:
                link[0].sendall(self._request(link[1]) + self.rfile.read(int(length)))
                self._relay(link[0], both=False)

    do_POST = do_HEAD = do_GET

    def _link(self, url: str) -> tuple[socket.socket, Place] | None:
        """A connection to where a URL leads, or None when it may not be, which has been said then."""
        self.close_connection = True
        try:
            at = place(url, self.server.allow_private)
            return connected(at.addresses, at.port, self.server.limit_s), at
        except DownloadError as error:
            self._refuse(str(error))
        except OSError as error:
            self.send_error(502, "No connection", str(error.strerror or error))
        return None

    def _refuse(self, reason: str) -> None:
        self.close_connection = True
        self.server.refuse(reason)
        self.send_error(403, "Refused", reason)

    def _request(self, at: Place) -> bytes:
        host = f"[{at.host}]" if ":" in at.host else at.host
        host += "" if at.port == 80 else f":{at.port}"
        lines = [f"{self.command} {at.target} HTTP/1.1", f"Host: {host}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers.items() if name.lower() not in _OURS]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _relay(self, far: socket.socket, both: bool) -> None:
        """Pass bytes on until one side closes. Where it breaks instead, the program is not left to think it was all."""
        try:
            whole = (both or self._passed_on_head(far)) and self._passed_on(far, both)
        except OSError:
            whole = False
        if not whole:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())  # at once, with a reset

    def _passed_on_head(self, far: socket.socket) -> bool:
        """Of an answer, with the word that no second request can follow: many a server closes without saying it."""
        head = b""
        while b"\r\n\r\n" not in head:
            data = far.recv(BLOCK)
            head += data
            if not data or len(head) > _MOST_HEAD:
                return False
        lines, _, rest = head.partition(b"\r\n\r\n")
        kept = [line for line in lines.split(b"\r\n") if line.partition(b":")[0].strip().lower() not in _HOP]
        self.connection.sendall(b"\r\n".join([*kept, b"Connection: close"]) + b"\r\n\r\n" + rest)
        return self.server.spend(len(head))

    def _passed_on(self, far: socket.socket, both: bool) -> bool:
        near = self.connection
        while True:
            ready, _, _ = select.select([far, near] if both else [far], [], [], self.server.limit_s)
            if not ready:
                return False
            for side in ready:
                data = side.recv(BLOCK)
                if not data:
                    return True
                if side is far and not self.server.spend(len(data)):
                    return False
                (near if side is far else far).sendall(data)

    def log_message(self, format: str, *args: object) -> None:
        """What is refused is said by `refusal`; the rest is nobody's business."""
