"""The worker of gunicorn with an end to its patience: a client that falls silent keeps no thread for ever.

gunicorn itself waits without end for the rest of a request, and for a client that takes no more of its answer: a
machine that went to sleep while it sent a package, a paused player. As many of them as there are threads, and nobody
is served any more, by processes that look alive.
"""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

SILENCE_S = float(os.environ.get("TLP_WEB_SILENCE", "60"))  # without a byte sent or taken


class Patient(socket.socket):
    """The socket of a client. Whoever is silent for too long has gone away, as far as anybody here is concerned."""

    def setblocking(self, flag: bool) -> None:
        """Blocking means: for so long."""
        self.settimeout(SILENCE_S if flag else 0.0)

    def recv(self, *arguments: Any) -> bytes:
        try:
            return super().recv(*arguments)
        except TimeoutError as error:
            raise _gone() from error

    def sendall(self, data: Any, flags: int = 0) -> None:
        """The patience is for each piece that is taken: Python's own would be for all, however long."""
        left = memoryview(data).cast("B")
        try:
            while left:
                left = left[self.send(left, flags) :]
        except TimeoutError as error:
            raise _gone() from error

    def sendfile(self, *arguments: Any, **more: Any) -> int:
        try:
            return super().sendfile(*arguments, **more)
        except TimeoutError as error:
            raise _gone() from error


def _gone() -> ConnectionResetError:
    """What gunicorn and the application know how to take."""
    return ConnectionResetError(errno.ECONNRESET, f"the client was silent for {SILENCE_S:g} s")


class Worker(ThreadWorker):  # type: ignore[misc]
    """Threads, each with a client that is not waited for without end."""

    def enqueue_req(self, conn: TConn) -> None:
        if not isinstance(conn.sock, Patient):
            blocking = conn.sock.getblocking()
            conn.sock = Patient(fileno=conn.sock.detach())
            conn.sock.setblocking(blocking)
        super().enqueue_req(conn)
