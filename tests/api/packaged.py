"""A package, and the form that carries it, byte for byte as clients send them."""

from __future__ import annotations

import os
from typing import Any

PACKAGE = b"PK\x03\x04" + os.urandom(300000) + b"\r\n--not-the-boundary\r\n"


def multipart(parts: list[tuple[str, str, bytes]], end: bytes = b"--b0undary--\r\n") -> dict[str, Any]:
    """Body and headers of a form: each part is (name, further headers, content)."""
    body = b"".join(
        f'--b0undary\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + content + b"\r\n"
        for name, more, content in parts
    )
    return {"body": body + end, "headers": {"Content-Type": "multipart/form-data; boundary=b0undary"}}
