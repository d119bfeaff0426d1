"""Files under /data, for who has a signed URL from /metadata; a path alone opens nothing."""

from __future__ import annotations

import time
from pathlib import PurePosixPath

import falcon

from api.sending import send_file
from api.services import Services


class Data:
    """The files of the `media` mount point."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def on_get(self, req: falcon.Request, resp: falcon.Response, path: str) -> None:
        expire, signature = (str(req.params.get(name, "")) for name in ("expire", "signature"))
        if not self._services.locations.permits(path, expire, signature):
            raise falcon.HTTPForbidden(description="This link is wrong or its time is over: ask /metadata for another.")
        tables = self._services.reference.tables()
        name = PurePosixPath(path)
        content_type = tables.content_type(name.suffix.lstrip(".").lower())
        send_file(req, resp, tables.storage.path("media", path), content_type, name.name)
        left = max(0, int(expire) - int(time.time()))
        resp.cache_control = ["private", f"max-age={left}"]

    on_head = on_get
