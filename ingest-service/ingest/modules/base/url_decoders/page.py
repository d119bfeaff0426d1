"""The decoder of a plain web page: the best media that the page itself shows or links to.

Runs no script and follows no further page, but names an embedded player whose domain has a decoder of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from ingest.modules.base.url_downloader import Rules, download
from tlp.errors import DownloadError

LARGEST = 8 << 20  # bytes of a page
_VIDEO = re.compile(r"\.(mp4|m4v|webm|ogv|mov|mkv|avi|wmv|flv|mpe?g|3gp)$", re.IGNORECASE)
_AUDIO = re.compile(r"\.(mp3|m4a|aac|ogg|oga|opus|flac|wav|wma)$", re.IGNORECASE)
_PLAYLIST = re.compile(r"mpegurl|dash\+xml|x-ms-asf|\.(m3u8?|mpd|asx|smil)$", re.IGNORECASE)
_CHARSET = re.compile(rb"charset=[\"']?([\w-]+)", re.IGNORECASE)
# Where a link stands says how likely it is the lecture; a video is always before sound.
_SHOWN, _TOLD, _EMBEDDED, _LINKED = range(4)


@dataclass(frozen=True)
class Link:
    """A media that a page names; the least `rank` is the best."""

    url: str
    sound: bool
    where: int
    height: int

    @property
    def rank(self) -> tuple[bool, int, int]:
        return self.sound, self.where, -self.height


def decode(url: str, folder: Path, rules: Rules, linked: Callable[[str], bool] = lambda url: False) -> str:
    """Fetch the page and return the URL of its media. Raises DownloadError in words."""
    path = folder / "page.html"
    small = Rules(rules.allow_private, min(LARGEST, rules.max_size), rules.timeout, rules.pause_s)
    got = download(url, path, small)
    best = media_link(_text(path.read_bytes(), got.content_type), got.url, linked)
    if best is None:
        raise DownloadError("it is a web page, and shows or links to no media file")
    return best


def media_link(html: str, url: str, linked: Callable[[str], bool] = lambda url: False) -> str | None:
    """The best media of a page that stands at `url`; of equals the first. `linked`: see `url_decoders.decode`."""
    reader = _Reader(url, linked)
    reader.feed(html)
    reader.close()
    reader.end_of_group()
    return min(reader.links, key=lambda link: link.rank).url if reader.links else None


def _text(data: bytes, content_type: str) -> str:
    named = _CHARSET.search(content_type.encode()) or _CHARSET.search(data[:2048])
    try:
        return data.decode(named[1].decode() if named else "utf-8", "replace")
    except LookupError:
        return data.decode("utf-8", "replace")


class _Reader(HTMLParser):
    def __init__(self, url: str, linked: Callable[[str], bool]) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[Link] = []
        self._base, self._linked, self._inside = url, linked, ""
        self._group: dict[str, str] = {}  # the og: properties of one video

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = {name: value or "" for name, value in attrs}
        if tag == "base" and about.get("href"):
            self._base = urljoin(self._base, about["href"])
        elif tag in ("video", "audio"):
            self._inside = tag
            self._add(about.get("src", ""), _SHOWN, about, tag)
        elif tag == "source" and self._inside:
            self._add(about.get("src", ""), _SHOWN, about, self._inside)
        elif tag == "meta":
            self._meta(about.get("property") or about.get("name") or "", about.get("content", ""))
        elif tag in ("iframe", "embed"):
            self._player(about.get("src", ""))
        elif tag == "a":
            self._add(about.get("href", ""), _LINKED, about, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def _meta(self, name: str, content: str) -> None:
        """Properties of Open Graph come in groups, each begun by og:video or og:audio."""
        name = name.lower()
        if name in ("og:video", "og:audio", "og:video:url", "og:audio:url"):
            if self._group.get("url") != content:
                self.end_of_group()
            self._group = {"url": content, "kind": name[3:8]} | self._group
        elif name.startswith(("og:video:", "og:audio:")):
            self._group[name[9:]] = content

    def end_of_group(self) -> None:
        """Take what the properties so far say."""
        group, self._group = self._group, {}
        url = group.get("secure_url") or group.get("url") or ""
        if group.get("type", "").startswith("text/html"):
            self._player(url)
        else:
            self._add(url, _TOLD, group, group.get("kind", ""))

    def _player(self, raw: str) -> None:
        url = self._absolute(raw)
        if url and self._linked(url):
            self.links.append(Link(url, False, _EMBEDDED, 0))

    def _add(self, raw: str, where: int, about: dict[str, str], element: str) -> None:
        """Note a link that is one to media: by its element, by the type it tells, or by the end of its path."""
        url = self._absolute(raw)
        if not url:
            return
        path, told = urlsplit(url).path, about.get("type", "").lower()
        if _PLAYLIST.search(told) or _PLAYLIST.search(path):
            return
        sound = told.startswith("audio/") or (not told and bool(_AUDIO.search(path)))
        if where != _LINKED or sound or told.startswith("video/") or _VIDEO.search(path):
            height = next((int(found[0]) for key in ("height", "size", "res", "label")
                           if (found := re.match(r"\d{3,4}", about.get(key, "")))), 0)  # fmt: skip
            self.links.append(Link(url, sound or (element == "audio" and not _VIDEO.search(path)), where, height))

    def _absolute(self, raw: str) -> str:
        try:
            url = urljoin(self._base, raw.strip())
            return url if raw.strip() and urlsplit(url).scheme in ("http", "https") else ""
        except ValueError:
            return ""
