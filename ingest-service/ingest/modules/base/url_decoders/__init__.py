"""URL decoders: from the page that people share to the media behind it (manual, section 7 and [url_decoders]).

Chooses one by the registered domain of a URL, without asking the network for the list of suffixes. A decoder is a
function here or a program of the operator's (`program`); it answers with the media's URL, or with the media's file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import tldextract

from ingest.modules.base.url_decoders import page, program, ytdlp
from ingest.modules.base.url_downloader import Rules

ANY_PAGE = "*"  # the key for web pages of all other domains
PAGE, YTDLP = "page", "yt-dlp"  # what ships; every other name is the path of a program

# The list of suffixes that comes with the library: nothing is fetched, nothing is written.
_suffixes = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=(), fallback_to_snapshot=True)


class Decoders:
    """The section [url_decoders]: `example.org`, or `example` for all its suffixes, or `*` → name or program."""

    def __init__(self, section: Mapping[str, str]) -> None:
        self._named = {key.strip().lower(): name.strip() for key, name in section.items() if name.strip()}

    def of(self, url: str) -> str | None:
        """The decoder for a URL by its registered domain; the more exact key wins. None: there is none."""
        host = (urlsplit(url).hostname or "").rstrip(".")
        parts = _suffixes(host)
        whole = f"{parts.domain}.{parts.suffix}" if parts.suffix else parts.domain or host
        return self._named.get(whole.lower()) or self._named.get(parts.domain.lower())

    @property
    def of_pages(self) -> str | None:
        """The decoder for what turns out to be a web page of any other domain."""
        return self._named.get(ANY_PAGE)


def decode(name: str, url: str, folder: Path, rules: Rules, linked: Callable[[str], bool]) -> str | Path:
    """Let the decoder `name` find the media. `linked`: whether a player that a page shows has a decoder of its own.

    `folder` is the decoder's own and stays over runs of the job. Returns the media's URL, or its file. Raises
    DownloadError in words that need not name the URL.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if name == PAGE:
        return page.decode(url, folder, rules, linked)
    if name == YTDLP:
        return ytdlp.decode(url, folder, rules)
    return program.decode(name, url, folder, rules)
