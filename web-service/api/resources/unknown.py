"""What is said at an address that does not exist (manual, [misc] html_msg)."""

from __future__ import annotations

from typing import Any

import falcon

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Not found</title></head>
<body><h1>Not found</h1><p>There is nothing here. The interfaces of the API are under <code>/api/speech/</code>;
<a href="/health">/health</a> says whether the service is well.</p></body></html>
"""


class Unknown:
    """A falcon sink that answers 404 with the configured HTML, else with a short page."""

    def __init__(self, html: str) -> None:
        self._html = html or _PAGE

    def __call__(self, req: falcon.Request, resp: falcon.Response, **kwargs: Any) -> None:
        resp.status = falcon.HTTP_404
        resp.content_type = "text/html; charset=utf-8"
        resp.text = self._html
