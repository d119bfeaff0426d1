"""Completion callbacks: one attempt to POST a notification to the URL that a client gave (docs/notifications.md).

To public addresses only, unless the operator allows others; to the address that was checked, following no redirect.
What the receiver answers, beyond its status, is never read, shown or stored.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from ingest.modules.base.public_address import Place, connection, place
from tlp.config import Config
from tlp.errors import DownloadError, NotSent

MOST_ADDRESSES = 2  # of a host, tried one after the other


def signature(secret_key: str, timestamp: int, body: bytes) -> str:
    """The signature of a callback: hexadecimal HMAC-SHA-256, keyed by the secret key of the API user."""
    signed = b"tlp-callback.%d.%s" % (timestamp, body)
    return hmac.new(secret_key.encode(), signed, hashlib.sha256).hexdigest()


def send(config: Config, row: dict[str, Any]) -> None:
    """POST a claimed notification. Raises NotSent unless the answer is 2xx."""
    at = _place(row["target"], config.callbacks.allow_private)
    status = _post(at, row, float(config.callbacks.timeout))
    if 300 <= status < 400:
        raise NotSent(f"{at.host} answered {status}: redirects are not followed")
    if not 200 <= status < 300:
        raise NotSent(f"{at.host} answered {status}")


def _place(url: str, allow_private: bool) -> Place:
    try:
        at = place(url, allow_private)
    except DownloadError as error:
        raise NotSent(f"it cannot be sent there: {error}", for_good=True) from error
    except (OSError, UnicodeError) as error:
        raise NotSent("the name of the host cannot be found", receiver_down=True) from error
    return replace(at, addresses=at.addresses[:MOST_ADDRESSES])


def _post(at: Place, row: dict[str, Any], timeout: float) -> int:
    body, now = row["body"].encode(), int(time.time())
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "tlp",
        "Connection": "close",
        "TLP-Delivery": row["id"],
        "TLP-Timestamp": str(now),
        "TLP-Signature": f"sha256={signature(row['secret_key'], now, body)}",
    }
    link = connection(at, timeout)
    try:
        with _cut_off(link, timeout * (len(at.addresses) + 1)) as cut:
            try:
                link.request("POST", at.target, body=body, headers=headers)
                return link.getresponse().status
            except (OSError, http.client.HTTPException) as error:
                slow = cut.is_set() or isinstance(error, TimeoutError)
                why = f"not within {timeout:g} s" if slow else _words(error)
                raise NotSent(f"{at.host} does not answer: {why}", receiver_down=True) from error
    finally:
        link.close()


@contextmanager
def _cut_off(link: http.client.HTTPConnection, seconds: float) -> Iterator[threading.Event]:
    """End a conversation after that time in all: a socket's own timeout begins anew with each byte."""
    cut = threading.Event()

    def end() -> None:
        cut.set()
        if link.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(link.sock, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
