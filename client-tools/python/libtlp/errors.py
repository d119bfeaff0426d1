"""What can go wrong on the client's side. Messages are shown to people and never hold a secret."""

from __future__ import annotations


class ClientError(Exception):
    """The call cannot be made or its answer cannot be used; the message says why and what to do."""


class ServerError(ClientError):
    """The Web Service refused: `status` is 400, 401, 419 or 500 (manual, Appendix D), `message` its words."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}" if message else f"{status} {reason}")
        self.status = status
        self.message = message
