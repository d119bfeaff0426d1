"""Text from the web about a title: a search service that the operator has named is asked, and what it finds is read.

The address of the service is the operator's and may be inside the network; what it finds is anybody's, and is fetched
only where a client's own URLs would be. Everything together has a time limit.
"""

from __future__ import annotations

import json
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ingest.modules.base.documents import opened
from ingest.modules.base.url_downloader import Rules, download
from ingest.modules.tl.text_retrieval.found import Page, bounded
from tlp import inline
from tlp.errors import DownloadError, PackageError, TlpError

LONGEST_QUERY = 300  # characters
ANSWER, PAGE = 4 << 20, 4 << 20  # bytes
SILENCE_S = 10  # without a byte
ENOUGH = 500  # characters of text in an answer, from which its page is not fetched


@dataclass(frozen=True)
class Search:
    """`url` with {query} and {lang}; how many results are read; seconds for all of it; may results be private?"""

    url: str
    results: int
    seconds: float
    allow_private: bool


class TooLong(Exception):
    """Not an OSError: the downloader would try again."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TooLong in the block when it lasts longer. Only in the main thread of a program of its own."""

    def stop(number: int, frame: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def pages(search: Search, title: str, language: str, notes: list[str]) -> list[Page]:
    """A page for each result. Never raises for the web's sake: what went wrong is added to `notes`."""
    found: list[Page] = []
    try:
        with within(search.seconds), tempfile.TemporaryDirectory(prefix="web-") as folder:
            for result in _ask(search, title, language, Path(folder)):
                found.append(Page(_text(result, search, language, Path(folder))))
    except TooLong:
        notes.append(f"the search of the web took longer than {search.seconds:g} s and was stopped")
    except TlpError:
        # Its message names the operator's search service, which is no client's business.
        notes.append("the search of the web failed")
    return bounded(found)


def _ask(search: Search, title: str, language: str, folder: Path) -> list[dict[str, Any]]:
    url = search.url.replace("{query}", quote(title[:LONGEST_QUERY], safe="")).replace("{lang}", quote(language))
    target = folder / "answer.json"
    download(url, target, Rules(True, ANSWER, SILENCE_S, pause_s=0.2))
    try:
        results = json.loads(target.read_bytes())["results"]
        return [result for result in results if isinstance(result, dict)][: search.results]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DownloadError(f"the search service gave no list of results: {error}") from error


def _text(result: dict[str, Any], search: Search, language: str, folder: Path) -> str:
    """Title and text of a result; its page too where there is little text."""
    parts = [value for key in ("title", "text", "content") if isinstance(value := result.get(key), str)]
    url = result.get("url")
    if sum(map(len, parts)) < ENOUGH and isinstance(url, str):
        parts.append(_page(url, search.allow_private, language, folder))
    return "\n".join(parts)


def _page(url: str, allow_private: bool, language: str, folder: Path) -> str:
    """The text of a web page or text file; nothing where it is something else or cannot be had."""
    target = folder / "page.html"
    try:
        got = download(url, target, Rules(allow_private, PAGE, SILENCE_S, pause_s=0.2))
        if got.content_type.startswith("text/plain"):
            target = target.rename(folder / "page.txt")
        elif not got.content_type.startswith(("text/html", "application/xhtml")):
            return ""
        return "\n".join(inline.plain(paragraph.items) for paragraph in opened(target, language).paragraphs)
    except (DownloadError, PackageError):
        return ""  # one page of several; the search itself is told of
    finally:
        target.unlink(missing_ok=True)
