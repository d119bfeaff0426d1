"""Request keys: short-lived tokens that stand in for the secret key (manual, Appendix G). Makes them; never sends them.

Version 1 is the manual's: two SHA-1 sums over fields that run into each other. Version 2 is an HMAC over fields
that cannot be mistaken for one another; it is bound to a scope, and its second half to the object too.
"""

from __future__ import annotations

import hashlib
import hmac
import time

VERSIONS = (1, 2)


def request_key(
    secret: str,
    user: str,
    expire: int,
    scope: str,
    object_id: str,
    author: tuple[str, int] | None = None,
    version: int = 2,
) -> str:
    """The key of `user` for `object_id` until `expire` (seconds since 1970); the full key if `author` is given.

    `scope` says what `object_id` names: "speech" a media, "text" a document, "speech-sessions" or "text-sessions" the
    list of sessions that /accept and /reject get. Version 1 knows no scope. `author` is (author_id, author_conf).
    A key of version 1 has 40 or 80 characters, one of version 2 starts with `v2:`.
    """
    if version == 1:
        return _version_1(secret, user, str(int(expire)), object_id, author)
    return _version_2(secret, user, str(int(expire)), scope, object_id, author)


def expiry(minutes: float) -> int:
    """The time a key made now ends, in seconds since 1970."""
    return int(time.time() + minutes * 60)


def _version_1(secret: str, user: str, expire: str, object_id: str, author: tuple[str, int] | None) -> str:
    key = _sha1(object_id, expire, user, secret)
    if author is None:
        return key
    author_id, author_conf = author
    return key + _sha1(author_id, str(author_conf), expire, user, secret)


def _version_2(secret: str, user: str, expire: str, scope: str, object_id: str, author: tuple[str, int] | None) -> str:
    key = "v2:" + _hmac(secret, "tlp-basic", scope, object_id, expire, user)
    if author is None:
        return key
    author_id, author_conf = author
    return key + ":" + _hmac(secret, "tlp-author", scope, author_id, str(author_conf), object_id, expire, user)


def _sha1(*fields: str) -> str:
    return hashlib.sha1("".join(fields).encode()).hexdigest()


def _hmac(secret: str, *fields: str) -> str:
    return hmac.new(secret.encode(), _framed(fields), hashlib.sha256).hexdigest()


def _framed(fields: tuple[str, ...]) -> bytes:
    """Each field after its length in bytes, so that no two lists of fields give the same message."""
    encoded = [field.encode() for field in fields]
    return b"".join(b"%d:%s" % (len(field), field) for field in encoded)
