"""The multipart body of an upload (manual, Appendix D): the part `json`, then the part `pkg`, sent block by block.

`requests` can only build such a body in memory; this one knows its length beforehand and is read as it is sent.
"""

from __future__ import annotations

import json
import uuid
from typing import Any, Iterator

from .package import Package


class UploadBody:
    """An iterable of bytes with a length: what `requests` needs to stream it with a Content-Length.

    `len` is an attribute because `len()` cannot pass 2 GiB on a 32-bit Python.
    """

    def __init__(self, parameters: dict[str, Any], package: Package) -> None:
        boundary = uuid.uuid4().hex
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._package = package
        self._before = (
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="json"\r\n'
            "Content-Type: application/json\r\n\r\n"
            f"{json.dumps(parameters)}\r\n"
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="pkg"; filename="package.zip"\r\n'
            "Content-Type: application/zip\r\n\r\n"
        ).encode()
        self._after = f"\r\n--{boundary}--\r\n".encode()
        self.len = len(self._before) + package.size + len(self._after)

    def __iter__(self) -> Iterator[bytes]:
        yield self._before
        yield from self._package.blocks()
        yield self._after
