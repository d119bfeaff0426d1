"""Commands on another machine over SSH: one connection, kept; made anew when it breaks, with growing pauses.

The host must be known, nothing but the key of the configuration is offered, and no agent is asked.
"""

from __future__ import annotations

import contextlib
import shlex
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import paramiko
from paramiko.hostkeys import InvalidHostKey

from ingest.scheduler.transport import TIMEOUT_S, Answer
from tlp.errors import SchedulerError

_CONNECT_S = 10
_ALIVE_S = 30  # between two signs of life on an idle connection
_LONGEST_PAUSE_S = 60.0


@dataclass(frozen=True)
class Target:
    """Where to log in: the keys ssh_* of the section [scheduler]."""

    host: str
    port: int
    user: str
    key: Path
    known_hosts: Path


class Ssh:
    """See Transport. May be used by several threads."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._client: paramiko.SSHClient | None = None
        self._lock = threading.Lock()
        self._failures = 0
        self._not_before = 0.0
        self._words = ""  # what went wrong the last time

    @property
    def user(self) -> str:
        """See Transport."""
        return self._target.user

    def run(self, argv: Sequence[str]) -> Answer:
        """See Transport. The command is run once: where the connection breaks meanwhile, nobody knows how it ended."""
        # Not shutdown_write(): sent after the server has closed the channel, as may be when the command ends at once,
        # the end of the input ends the connection, and with it the commands of other threads.
        command = " ".join(map(_quoted, argv)) + " </dev/null"
        try:
            channel = self._transport().open_session(timeout=_CONNECT_S)
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._broken(error) from error
        with contextlib.closing(channel):
            try:
                channel.settimeout(TIMEOUT_S)
                with _patience(channel):
                    channel.exec_command(command)
                return _answer(channel)
            except TimeoutError as error:
                raise self._broken(TimeoutError(f"{argv[0]} did not answer within {TIMEOUT_S} s")) from error
            except (OSError, EOFError, paramiko.SSHException) as error:
                raise self._broken(error) from error

    @contextlib.contextmanager
    def files(self) -> Iterator[paramiko.SFTPClient]:
        """The files of the other machine. Errors of the connection come out as SchedulerError."""
        try:
            # Not open_sftp_client(), which waits an hour for a machine that says nothing.
            with contextlib.closing(self._transport().open_session(timeout=_CONNECT_S)) as channel:
                channel.settimeout(TIMEOUT_S)
                with _patience(channel):
                    channel.invoke_subsystem("sftp")
                with paramiko.SFTPClient(channel) as client:
                    yield client
        except FileNotFoundError:
            raise
        except (ConnectionError, TimeoutError, EOFError, paramiko.SSHException, paramiko.SFTPError) as error:
            raise self._broken(error) from error
        except OSError as error:
            if "closed" in str(error):  # as a socket
                raise self._broken(error) from error
            raise SchedulerError(
                f"{self._target.user}@{self._target.host}: {error}"
            ) from error  # a file, here or there

    def close(self) -> None:
        """End the connection."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def __del__(self) -> None:
        """A service that begins anew, as after its database was away, makes another one. Paramiko lets none go."""
        with contextlib.suppress(Exception):  # as when the interpreter ends
            self.close()

    def _transport(self) -> paramiko.Transport:
        with self._lock:
            transport = self._client.get_transport() if self._client else None
            if transport is not None and transport.is_active():
                return transport
            if time.monotonic() < self._not_before:
                raise SchedulerError(self._words)
            self._client = self._connected()
            self._failures = 0
            found = self._client.get_transport()
            if found is None:
                raise SchedulerError(f"no connection to {self._target.host}")
            return found

    def _connected(self) -> paramiko.SSHClient:
        target = self._target
        client = paramiko.SSHClient()
        try:
            client.load_host_keys(str(target.known_hosts))
            client.set_missing_host_key_policy(paramiko.RejectPolicy())
            sock = socket.create_connection((target.host, target.port), timeout=_CONNECT_S)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.connect(
                target.host, target.port, target.user, key_filename=str(target.key), sock=sock, timeout=_CONNECT_S,
                banner_timeout=_CONNECT_S, auth_timeout=_CONNECT_S, allow_agent=False, look_for_keys=False,
            )  # fmt: skip
            transport = client.get_transport()
            if transport is not None:
                transport.set_keepalive(_ALIVE_S)
        except (OSError, EOFError, paramiko.SSHException, InvalidHostKey, ValueError) as error:
            client.close()
            raise self._broken(error, locked=True) from error
        return client

    def _broken(self, error: Exception, locked: bool = False) -> SchedulerError:
        """The error in words; before the next connection there is a pause, twice as long each time."""
        with contextlib.nullcontext() if locked else self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None
            self._failures += 1
            self._not_before = time.monotonic() + min(_LONGEST_PAUSE_S, 0.5 * 2**self._failures)
        words = str(error) or ("the connection was closed" if isinstance(error, EOFError) else type(error).__name__)
        self._words = f"{self._target.user}@{self._target.host}: {words}"
        return SchedulerError(self._words)


def _quoted(word: str) -> str:
    """For the shell of the account: in a csh ! has a meaning within quotes too. It takes no line breaks."""
    return shlex.quote(word).replace("!", "'\\!'")


@contextlib.contextmanager
def _patience(channel: paramiko.Channel) -> Iterator[None]:
    """For what paramiko itself waits for without end. Raises TimeoutError."""
    over = threading.Event()

    def end() -> None:
        over.set()
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):  # the connection ends at this moment
            channel.close()

    timer = threading.Timer(TIMEOUT_S, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except paramiko.SSHException as error:
        if over.is_set():
            raise TimeoutError(f"no answer within {TIMEOUT_S} s") from error
        raise
    finally:
        timer.cancel()


def _answer(channel: paramiko.Channel) -> Answer:
    """Both outputs to their ends: read side by side, for either may fill its window while the other is waited for."""
    errors: list[bytes] = []

    def read_errors() -> None:
        with contextlib.suppress(OSError):  # what is wrong with the channel is seen on its other side too
            errors.append(_all(channel.makefile_stderr("rb")))

    reader = threading.Thread(target=read_errors, daemon=True)
    reader.start()
    output = _all(channel.makefile("rb"))
    reader.join(TIMEOUT_S)
    if not channel.status_event.wait(TIMEOUT_S):
        raise TimeoutError
    code = channel.recv_exit_status()
    if code < 0:  # a signal ended it, or the connection ended before it
        raise paramiko.SSHException("the connection ended before the command did")
    return Answer(code, _text(output), _text(b"".join(errors)))


def _all(file: paramiko.ChannelFile) -> bytes:
    with file:
        data: bytes = file.read()
        return data


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
