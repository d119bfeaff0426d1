"""Where clients find files: URLs under /data that are signed and end, or relative paths (manual, [media_urls])."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from urllib.parse import quote, urlencode

import falcon

from tlp.config import Config
from tlp.errors import ConfigError

# Expiry times fall on these marks, so that a page asked for twice gives the same URLs and the browser's cache works.
_GRAIN = 300


class Locations:
    """Makes and checks signed URLs of files below the `media` mount point."""

    def __init__(self, config: Config) -> None:
        self._settings = config.media_urls
        self._key = config.authentication.key_generator.encode()
        if self._settings.use_urls and not self._key:
            raise ConfigError(f"{config.path}: [media_urls] use_urls needs [authentication] key_generator to be set")

    def location(self, req: falcon.Request, path: str, url: str | None = None) -> dict[str, object]:
        """`is_url` and `location` of a file, as /metadata gives them; `url` where the client keeps the file itself."""
        if url:
            return {"is_url": True, "location": url}
        if not self._settings.use_urls:
            return {"is_url": False, "location": path}
        return {"is_url": True, "location": self.signed(req, path)}

    def signed(self, req: falcon.Request, path: str) -> str:
        """A URL of a file that anybody who has it can use until it ends."""
        end = time.time() + self._settings.lifetime * 60
        expire = str(int(-(-end // _GRAIN) * _GRAIN))
        query = urlencode({"expire": expire, "signature": self._signature(path, expire)})
        return f"{self._base(req)}/{quote(path)}?{query}"

    def permits(self, path: str, expire: str, signature: str, now: Callable[[], float] = time.time) -> bool:
        """Whether a signature is ours, for this path and time, and the time is not over."""
        good = hmac.compare_digest(signature.encode(), self._signature(path, expire).encode())
        return bool(self._key) and good and expire.isdecimal() and int(expire) >= now()

    def _base(self, req: falcon.Request) -> str:
        return (self._settings.base_url or f"{req.forwarded_prefix}/data").rstrip("/")

    def _signature(self, path: str, expire: str) -> str:
        message = f"tlp-data\n{expire}\n{path}".encode("utf-8", "surrogateescape")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
