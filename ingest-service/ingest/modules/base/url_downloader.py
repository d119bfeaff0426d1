"""URL Downloader Module: fetch a media that a client gave by its address (manual, section 7), and nothing else.

http and https only, from public addresses only (unless the operator allows others); the connection goes to the address
that was checked, every redirect is checked again, no credentials are sent. The name of the file is the caller's.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from ingest.modules.base.part_file import PartFile
from ingest.modules.base.public_address import Place, connection, place, shown
from tlp.errors import DownloadError
from tlp.systems import Progress

BLOCK = 1 << 20  # bytes
REDIRECTS = 5
TRIES = 5  # without a byte more than before
LONGEST_S = 12 * 3600
SLOWEST = 1024  # bytes a second, over `Rules.timeout` seconds
_MOVED = (301, 302, 303, 307, 308)
_TRY_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


@dataclass(frozen=True)
class Rules:
    """The section [downloads] of the configuration; sizes in bytes, `timeout` in seconds without data."""

    allow_private: bool
    max_size: int
    timeout: float
    pause_s: float = 1.0  # before the second try; then doubled


@dataclass(frozen=True)
class Got:
    """What was fetched; `content_type` as the server says, in small letters; `url`: where redirects led."""

    size: int
    md5: str
    content_type: str
    url: str


class _Broken(Exception):
    """The connection or the server failed in a way that another try may mend; the message says how."""


def download(url: str, target: Path, rules: Rules) -> Got:
    """Fetch `url` into the file `target`, going on where a connection broke, or where an earlier run was killed.

    Raises DownloadError in one sentence that names the URL, without what may be secret in it.
    """
    try:
        with PartFile(target, url) as file:
            got = _Download(url, file, rules).fetch()
            file.finish()
            return got
    except OSError as error:
        raise DownloadError(f"{shown(url)}: cannot be stored: {error.strerror or error}") from error


class _Download:
    def __init__(self, url: str, file: PartFile, rules: Rules) -> None:
        self._url, self._file, self._rules = url, file, rules
        self._name, self._type, self._led_to = shown(url), "", url
        self._deadline = time.monotonic() + LONGEST_S

    def fetch(self) -> Got:
        failures = 0
        while True:
            before = self._file.size
            try:
                self._get()
                return Got(self._file.size, self._file.md5, self._type, self._led_to)
            except _Broken as error:
                failures = 0 if self._file.size > before else failures + 1
                if failures >= TRIES:
                    raise DownloadError(f"{self._name}: {error}") from error
                time.sleep(self._rules.pause_s * 2**failures)

    def _get(self) -> None:
        at = self._place(self._url)
        for _ in range(REDIRECTS + 1):
            link = connection(at, self._rules.timeout)
            try:
                answer = self._ask(link, at)
                if answer.status in _MOVED:
                    at = self._place(urljoin(at.url, _location(answer)))
                    continue
                self._led_to = at.url
                self._take(answer)
                return
            finally:
                link.close()
        raise DownloadError(f"{self._name}: it redirects more than {REDIRECTS} times")

    def _place(self, url: str) -> Place:
        try:
            return place(url, self._rules.allow_private)
        except DownloadError as error:
            where = self._name if url == self._url else f"{self._name} leads to another address, but"
            raise DownloadError(f"{where}: {error}") from error
        except OSError as error:
            raise _failure("the name of the host cannot be found", error, self._name) from error

    def _ask(self, link: http.client.HTTPConnection, at: Place) -> http.client.HTTPResponse:
        headers = {"User-Agent": "tlp", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
        if self._file.size and self._file.validator:
            headers |= {"Range": f"bytes={self._file.size}-", "If-Range": self._file.validator}
        try:
            link.request("GET", at.target, headers=headers)
            return link.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise _failure(f"{at.host} does not answer", error, self._name) from error

    def _take(self, answer: http.client.HTTPResponse) -> None:
        if answer.status in _TRY_AGAIN:
            raise _Broken(f"the server answered {answer.status} {answer.reason}")
        if answer.status == 416 and self._file.size:
            self._file.begin()
            raise _Broken("the server does not go on where it stopped")
        if answer.status not in (200, 206):
            raise DownloadError(f"{self._name}: the server answered {answer.status} {answer.reason}")
        self._expect(answer)
        if (answer.getheader("Content-Encoding") or "identity").lower() != "identity":
            raise DownloadError(f"{self._name}: the server packs the file, which was not asked for")
        self._type = (answer.getheader("Content-Type") or "").lower()
        self._copy(answer)
        if self._file.total is not None and self._file.size != self._file.total:
            raise _Broken(f"the connection broke after {self._file.size} of {self._file.total} bytes")
        if not self._file.size:
            raise DownloadError(f"{self._name}: the server sent nothing")

    def _expect(self, answer: http.client.HTTPResponse) -> None:
        """Set what is to come from the head of the answer; begin again where the server does not go on."""
        if answer.status == 206:
            span = _RANGE.fullmatch((answer.getheader("Content-Range") or "").strip())
            if span is None or int(span[1]) != self._file.size:
                self._file.begin()
                raise _Broken("the server sent another part of the file than was asked for")
            self._file.total = int(span[3]) if span[3].isdigit() else None
        else:
            length, etag = answer.getheader("Content-Length") or "", answer.getheader("ETag") or ""
            strong = etag if etag and not etag.startswith("W/") else answer.getheader("Last-Modified") or ""
            self._file.begin(int(length) if length.isdigit() else None, strong)
        if self._file.total is not None:
            self._check_size(self._file.total)

    def _copy(self, answer: http.client.HTTPResponse) -> None:
        file, progress = self._file, Progress()
        since, size_then = time.monotonic(), file.size
        while True:
            try:
                data = answer.read1(BLOCK)
            except (OSError, http.client.HTTPException) as error:
                raise _Broken(f"the connection broke after {file.size} bytes: {_words(error)}") from error
            if not data:
                return
            self._check_size(file.size + len(data))
            file.write(data)
            progress.report(file.size, file.total or 0, "downloading")
            now = time.monotonic()
            if now > self._deadline:
                raise DownloadError(f"{self._name}: the download took longer than {LONGEST_S // 3600} hours")
            if now - since > self._rules.timeout:
                if (file.size - size_then) < SLOWEST * (now - since):
                    raise DownloadError(f"{self._name}: the server sends less than {SLOWEST} bytes a second")
                since, size_then = now, file.size

    def _check_size(self, size: int) -> None:
        if size > self._rules.max_size:
            raise DownloadError(f"{self._name}: it is larger than the {self._rules.max_size} bytes that are taken")


def _failure(what: str, error: Exception, url: str) -> Exception:
    """Another try may mend most failures, but neither a wrong certificate nor a name that does not exist."""
    final = isinstance(error, ssl.SSLCertVerificationError) or getattr(error, "errno", None) == socket.EAI_NONAME
    return DownloadError(f"{url}: {what}: {_words(error)}") if final else _Broken(f"{what}: {_words(error)}")


def _location(answer: http.client.HTTPResponse) -> str:
    """Where an answer redirects to. Heads are read as Latin-1; many servers send UTF-8 there."""
    raw = answer.getheader("Location") or ""
    try:
        return raw.encode("latin-1").decode("utf-8").strip()
    except UnicodeError:
        return raw.strip()


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no data in time"
    said = error.strerror if isinstance(error, OSError) else None  # without its number
    return " ".join((said or str(error)).split()) or type(error).__name__
