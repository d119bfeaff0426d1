"""The media behind the URL of a manifest: directly, or through URL decoders. The only place that puts the two together.

Whatever comes is only a file so far; whether it is a media that is taken is decided by whoever asked.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ingest.modules.base.public_address import place, shown
from ingest.modules.base.url_decoders import PAGE, Decoders, decode
from ingest.modules.base.url_downloader import Got, Rules, download
from tlp.errors import DownloadError

_PAGES = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True)
class Fetched:
    """A file that came. `decoded`: the URL is one of a page, and no player can play it as it is."""

    path: Path
    md5: str
    size: int
    decoded: bool
    is_page: bool


def fetch(url: str, folder: Path, rules: Rules, decoders: Decoders) -> Fetched:
    """Fetch the media of `url` into `folder`, which stays over runs, so that a second one goes on there.

    Raises DownloadError in one sentence that names the URL.
    """
    decoder = decoders.of(url)
    if decoder is None:
        path = folder / "media.download"
        got = download(url, path, rules)
        if not is_page(got, path) or decoders.of_pages is None:
            return Fetched(path, got.md5, got.size, False, is_page(got, path))
        decoder = decoders.of_pages
    try:
        place(url, rules.allow_private)
        return _decoded(decoder, url, folder, rules, decoders)
    except DownloadError as error:
        name = shown(url)
        raise DownloadError(str(error) if str(error).startswith(name) else f"{name}: {error}") from error
    except OSError as error:
        raise DownloadError(f"{shown(url)}: the media cannot be found: {error.strerror or error}") from error


def _decoded(decoder: str, url: str, folder: Path, rules: Rules, decoders: Decoders) -> Fetched:
    """What a decoder finds. A page may show the player of another domain, but that is where it ends."""

    def linked(other: str) -> bool:
        return decoders.of(other) not in (None, PAGE, decoder)

    found = decode(decoder, url, folder / "page", rules, linked)
    if isinstance(found, str) and decoder == PAGE and linked(found):
        place(found, rules.allow_private)
        found = decode(decoders.of(found) or "", found, folder / "player", rules, lambda _: False)
    if isinstance(found, Path):
        return Fetched(found, _md5(found), found.stat().st_size, True, False)
    path = folder / "media.decoded"
    got = download(found, path, rules)
    return Fetched(path, got.md5, got.size, True, is_page(got, path))


def is_page(got: Got, path: Path) -> bool:
    """Whether it is a web page: the server says so, and it begins like one."""
    if not got.content_type.startswith(_PAGES):
        return False
    with path.open("rb") as file:
        return file.read(256).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
