"""A small real HTTP server that writes down every request and gives the answers it was told. Checks nothing."""

import base64
import email.parser
import email.policy
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Recorded:
    """One request as it arrived. `body` is empty if the server only counts (`length`)."""

    method: str
    path: str
    query: dict[str, str]
    headers: Any
    body: bytes
    length: int

    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    def data(self) -> dict[str, Any]:
        return json.loads(base64.b64decode(self.query["data"], validate=True))

    def parts(self) -> list[Any]:
        """The parts of a multipart body, in order, as email messages."""
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + self.body)
        return list(message.iter_parts())


@dataclass
class Reply:
    body: Any = field(default_factory=lambda: {"rcode": 0})
    status: int = 200
    content_type: str = "application/json; charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class RecordingServer(ThreadingHTTPServer):
    """`replies` are given in turn, then the default one for ever; `keep_bodies` False makes it a sink."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[Recorded] = []
        self.replies: list[Reply] = []
        self.keep_bodies = True
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/api"

    @property
    def last(self) -> Recorded:
        return self.requests[-1]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one write an answer: two of them wait 40 ms for each other
    server: RecordingServer

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query, keep_blank_values=True).items()}
        recorded = Recorded(self.command, url.path, query, self.headers, self._body(length), length)
        self.server.requests.append(recorded)
        reply = self.server.replies.pop(0) if self.server.replies else Reply()
        content = reply.encoded()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(content)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = handle_any

    def _body(self, length: int) -> bytes:
        kept = bytearray()
        while length:
            block = self.rfile.read(min(length, 1 << 20))
            if not block:
                break
            length -= len(block)
            if self.server.keep_bodies:
                kept += block
        return bytes(kept)

    def log_message(self, *_: Any) -> None:
        """Tests look at what was recorded, not at a log."""
