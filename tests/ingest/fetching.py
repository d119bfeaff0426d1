"""What the tests of downloads and URL decoders share: the rules, and how it fails."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faulty_server import DATA, whole

from ingest.modules.base.media_by_url import Fetched, fetch
from ingest.modules.base.url_decoders import Decoders
from ingest.modules.base.url_downloader import Rules, download
from tlp.errors import DownloadError

HTML = "text/html; charset=utf-8"
SITE = "http://lectures.example.org/course/3/"
MD5 = hashlib.md5(DATA).hexdigest()
# A timeout that no machine needs, however busy; tests that wait for one have their own.
ANYWHERE = Rules(allow_private=True, max_size=10 << 20, timeout=20, pause_s=0.001)
PUBLIC = Rules(allow_private=False, max_size=10 << 20, timeout=20, pause_s=0.001)


def page(html: str) -> Any:
    """An answer of the server."""
    return functools.partial(whole, data=html.encode(), content_type=HTML)


def fetched(url: str, folder: Path, rules: Rules = ANYWHERE, **decoders: str) -> Fetched:
    """What the URL of a manifest gives, with these decoders by domain (`_any`: all others)."""
    folder.mkdir(exist_ok=True)
    return fetch(url, folder, rules, Decoders({key.replace("_any", "*"): name for key, name in decoders.items()}))


def fails(url: str, folder: Path, *words: str, rules: Rules = ANYWHERE, **decoders: str) -> None:
    """It gives nothing, in one line with these words and without a path of this machine."""
    said = _said(lambda: fetched(url, folder, rules, **decoders), words)
    assert "\n" not in said and str(folder) not in said


def refused(url: str, target: Path, rules: Rules, *words: str) -> str:
    """The words of a download that is refused; these are among them."""
    return _said(lambda: download(url, target, rules), words)


def _said(work: Callable[[], object], words: tuple[str, ...]) -> str:
    with pytest.raises(DownloadError) as error:
        work()
    assert all(word in str(error.value) for word in words), str(error.value)
    return str(error.value)
