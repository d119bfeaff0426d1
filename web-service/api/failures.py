"""Mail to the administrator when the Web Service fails ([mailing] of its configuration; manual, Appendix A).

A thread of its own sends, so that no call waits or fails for a mail server. One mail a minute for each kind of failure,
with how many there were. A mail never holds what somebody sent or the words of an error: those are in the log.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
import traceback
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

from tlp import mail
from tlp.config import Mailing
from tlp.errors import NotSent

log = logging.getLogger(__name__)

_ROOT = str(Path(__file__).resolve().parents[2])
_MOST_KINDS = 50  # kept apart; more at once are counted together
_LISTED = 5  # requests that a mail names


@dataclass
class _Kind:
    """Failures of one kind that no mail has told of yet."""

    next_mail: float = 0.0  # monotonic
    count: int = 0
    first: float = 0.0  # UNIX time
    requests: list[str] = field(default_factory=list)


class FailureMail:
    """Collects failures and mails them. Nothing runs before the first failure, so a fork can have its own."""

    def __init__(self, settings: Mailing, interval: float = 60.0) -> None:
        self._settings, self._interval = settings, interval
        self._to = [address.strip() for address in settings.to_address.split(",") if address.strip()]
        self._kinds: dict[str, _Kind] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def report(self, error: BaseException, request: str) -> None:
        """Note a failure; `request` names the call without its parameters. Never blocks, never raises."""
        if not (self._settings.enabled and self._to):
            return
        name = kind_of(error)
        with self._changed:
            if name not in self._kinds and len(self._kinds) >= _MOST_KINDS:
                name = "other failures"
            kind = self._kinds.setdefault(name, _Kind())
            kind.first = kind.first if kind.count else time.time()
            kind.count += 1
            if len(kind.requests) < _LISTED:
                kind.requests.append(request)
            if self._thread is None:
                self._start()
            self._changed.notify()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="failure mail", daemon=True)
        try:
            thread.start()
        except RuntimeError as failed:  # the machine has no room for another one: the next failure tells of this one
            log.warning("no mail can be sent to the administrator now: %s", failed)
        else:
            self._thread = thread

    def _run(self) -> None:
        while True:
            name, kind = self._next()
            try:
                self._send(name, kind)
            except (NotSent, ValueError) as error:
                log.warning("no mail could be sent to the administrator: %s", error)
                self._put_back(name, kind)

    def _next(self) -> tuple[str, _Kind]:
        """Wait until a mail is due, and take its failures out."""
        with self._changed:
            while True:
                now = time.monotonic()
                self._kinds = {name: kind for name, kind in self._kinds.items() if kind.count or kind.next_mail > now}
                waiting = [(kind.next_mail, name) for name, kind in self._kinds.items() if kind.count]
                if waiting and min(waiting)[0] <= now:
                    name = min(waiting)[1]
                    taken = self._kinds[name]
                    self._kinds[name] = _Kind(next_mail=now + self._interval)
                    return name, taken
                self._changed.wait(min(waiting)[0] - now if waiting else None)

    def _put_back(self, name: str, unsent: _Kind) -> None:
        """What could not be told is told with the next mail of its kind."""
        with self._changed:
            kind = self._kinds.setdefault(name, _Kind(next_mail=time.monotonic() + self._interval))
            kind.first, kind.count = unsent.first, kind.count + unsent.count
            kind.requests = (unsent.requests + kind.requests)[:_LISTED]

    def _send(self, name: str, kind: _Kind) -> None:
        message = EmailMessage()
        message["From"], message["To"] = self._settings.from_address, ", ".join(self._to)
        message["Date"], message["Message-ID"] = formatdate(), make_msgid()
        message["Auto-Submitted"] = "auto-generated"
        message["Subject"] = f"TLP Web Service: {kind.count} x {name}"
        since = datetime.fromtimestamp(kind.first, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
        listed = "\n".join(f"  {request}" for request in kind.requests)
        message.set_content(
            f"The Web Service on {socket.gethostname()} failed {kind.count} times since {since}:\n\n  {name}\n\n"
            f"The first of these calls:\n{listed}\n\nThe log has the reason of each under its request id.\n"
        )
        mail.send(self._settings, message)


def kind_of(error: BaseException) -> str:
    """The class of an error and where in our code it was raised: `UndefinedTable at lib/tlp/db/systems.py:31`."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(_ROOT + "/")]
    inside = [frame for frame in ours if "/.venv/" not in frame.filename]
    if not inside:
        return type(error).__name__
    return f"{type(error).__name__} at {inside[-1].filename[len(_ROOT) + 1 :]}:{inside[-1].lineno}"
