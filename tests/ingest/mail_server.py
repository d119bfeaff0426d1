"""A mail server on a free port of this machine: takes mails, refuses addresses, speaks TLS, asks for a login."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult


class MailServer:
    """`mails`: what has arrived, parsed; `refused`: address → answer to RCPT; `answer`: to the mail itself."""

    def __init__(self, port: int = 0, certificate: Path | None = None, starttls: bool = False, login: str = "") -> None:
        self.mails: list[EmailMessage] = []
        self.receivers: list[list[str]] = []
        self.refused: dict[str, str] = {}
        self.answer = "250 OK"
        self._login = login
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
        options: dict[str, Any] = {"authenticator": self._check, "auth_required": True} if login else {}
        if login and not starttls:
            options["auth_require_tls"] = False  # the whole conversation is in TLS
        if starttls:
            options |= {"tls_context": context, "require_starttls": True}
        self._loop = asyncio.new_event_loop()
        serving = self._loop.create_server(
            lambda: SMTP(self, loop=self._loop, hostname="localhost", **options),
            "127.0.0.1",
            port,
            ssl=None if starttls else context,
        )
        self._server = self._loop.run_until_complete(serving)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def _check(self, _server: SMTP, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=f"{data.login.decode()}:{data.password.decode()}" == self._login)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            self.receivers.append(list(envelope.rcpt_tos))
            parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(parsed, EmailMessage)
            self.mails.append(parsed)
        return self.answer

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail, to in zip(self.mails, self.receivers, strict=True) if to == [address]]


@contextmanager
def mail_server(**options: Any) -> Iterator[MailServer]:
    server = MailServer(**options)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def silent_server() -> Iterator[int]:
    """A server that takes connections and never says a word; its port."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        kept: list[socket.socket] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    kept.append(server.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        for each in kept:
            each.close()


def certificate(folder: Path) -> Path:
    """Key and certificate of 127.0.0.1 in one file, signed by itself."""
    path = folder / "mail.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
               "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out", f"{path}.crt"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


def text(mail: EmailMessage) -> str:
    return _part(mail, "plain")


def page(mail: EmailMessage) -> str:
    return _part(mail, "html")


def _part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
