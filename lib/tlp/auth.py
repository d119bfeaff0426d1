"""Secret keys and request keys (manual, Appendices D and G): making them and checking them. Knows no HTTP and no SQL.

A request key of version 1 is a SHA-1 of fields put together without separators, so several sets of fields share a key.
The checks here accept only canonical numbers, refuse what can be read in two ways where that decides the time, and
grant the smallest confidence that the key can stand for. Version 2 has none of this, and a scope: docs/api.md.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tlp.config import Authentication
from tlp.errors import AuthenticationError, KeyExpiredError

V2 = "v2:"
_SHA1_HEX = 40
_SECONDS = re.compile(r"[1-9][0-9]{9}", re.ASCII)
_MILLISECONDS = re.compile(r"[1-9][0-9]{12}", re.ASCII)
_CONFIDENCE = re.compile(r"0|[1-9][0-9]?|100", re.ASCII)
# Where millisecond keys are accepted and no longest life is configured; without one, every key could be read both ways.
_LIFE_WITH_MILLISECONDS = 366 * 86400


@dataclass(frozen=True)
class KeyFields:
    """What a request key is made from, each field as the text that was sent; only the scope is of the interface.

    `scope`: what `id` names, as the family ("speech", "text") or its sessions ("speech-sessions", "text-sessions").
    Version 1 has no place for it.
    """

    scope: str
    id: str
    expire: str
    user: str
    author_id: str | None = None
    author_conf: str | None = None


def basic_key(secret: str, fields: KeyFields) -> str:
    """The basic request key of version 1, 40 hex digits (manual, Appendix G)."""
    return _sha1(fields.id, fields.expire, fields.user, secret)


def full_key(secret: str, fields: KeyFields) -> str:
    """The full request key of version 1, 80 hex digits (manual, Appendix G)."""
    return basic_key(secret, fields) + _author_half(secret, fields)


def basic_key_v2(secret: str, fields: KeyFields) -> str:
    """`v2:` and the HMAC-SHA-256 of the length-prefixed fields "tlp-basic", scope, id, expire, user."""
    return V2 + _hmac(secret, "tlp-basic", fields.scope, fields.id, fields.expire, fields.user)


def full_key_v2(secret: str, fields: KeyFields) -> str:
    """The basic key, `:` and the HMAC of "tlp-author", scope, author_id, author_conf, id, expire, user."""
    return f"{basic_key_v2(secret, fields)}:{_author_half_v2(secret, fields)}"


def is_secret(token: str, secret: str) -> bool:
    """Whether the token is the user's secret key; takes the same time for every wrong token of a length."""
    return _same(token, secret)


def check_key(token: str, secret: str, fields: KeyFields, rules: Authentication, now: float) -> None:
    """Accept a request key by its basic part; what follows is read by `check_author` only.

    Raises AuthenticationError, or KeyExpiredError for a key that was good and whose time is over.
    """
    if token.startswith(V2):
        good = _same(token.split(":")[1], basic_key_v2(secret, fields)[len(V2) :])
    else:
        good = _same(token[:_SHA1_HEX], basic_key(secret, fields))
    if not good:
        raise AuthenticationError("unknown user or wrong auth_token")
    _check_expire(fields, rules, now, separated=token.startswith(V2))


def check_author(token: str, secret: str, fields: KeyFields, rules: Authentication) -> int:
    """The confidence, 0 to 100, that a full key grants its author; call `check_key` first.

    Raises AuthenticationError when the author's half is missing or not of this author and confidence.
    """
    conf = fields.author_conf or ""
    if not fields.author_id or not _CONFIDENCE.fullmatch(conf):
        raise AuthenticationError("author_id and author_conf (0 to 100) are needed with a full request key")
    if token.startswith(V2):
        half, wanted = token.split(":")[2:3], _author_half_v2(secret, fields)
    else:
        half, wanted = [token[_SHA1_HEX:]], _author_half(secret, fields)
    if not half or not _same(half[0], wanted):
        raise AuthenticationError("the author's half of the request key is missing or wrong")
    if token.startswith(V2) or not rules.cap_ambiguous_confidence:
        return int(conf)
    return min(_confidence_readings(fields.author_id + conf))


def _confidence_readings(joined: str) -> Iterator[int]:
    """Every canonical confidence that the end of `author_id + author_conf` can be read as."""
    for digits in (1, 2, 3):
        if len(joined) > digits and _CONFIDENCE.fullmatch(joined[-digits:]):
            yield int(joined[-digits:])


def _check_expire(fields: KeyFields, rules: Authentication, now: float, separated: bool) -> None:
    life = rules.max_key_lifetime * 60
    if rules.millisecond_expire and not life:
        life = _LIFE_WITH_MILLISECONDS
    seconds = _expire_seconds(fields.expire, rules)
    if seconds is None:
        raise AuthenticationError("expire must be a UNIX time in seconds: ten digits, nothing else")
    if life and seconds > now + life:
        raise AuthenticationError("expire is further away than this server allows")
    if not separated and rules.millisecond_expire and _other_reading(fields, now, life):
        raise AuthenticationError("this request key can be read in two ways: use a version 2 key")
    if seconds < now:
        raise KeyExpiredError("the request key has expired: ask for a new one")


def _expire_seconds(text: str, rules: Authentication) -> float | None:
    if _SECONDS.fullmatch(text):
        return float(text)
    if rules.millisecond_expire and _MILLISECONDS.fullmatch(text):
        return int(text) / 1000
    return None


def _other_reading(fields: KeyFields, now: float, life: float) -> bool:
    """Whether three digits could move between id and expire and make a valid key of another object."""
    if _SECONDS.fullmatch(fields.expire):
        other = fields.id[-3:] + fields.expire
        return bool(_MILLISECONDS.fullmatch(other)) and now <= int(other) / 1000 <= now + life
    other = fields.expire[3:]
    return bool(_SECONDS.fullmatch(other)) and now <= int(other) <= now + life


def _author_half(secret: str, fields: KeyFields) -> str:
    return _sha1(fields.author_id or "", fields.author_conf or "", fields.expire, fields.user, secret)


def _author_half_v2(secret: str, fields: KeyFields) -> str:
    author = (fields.author_id or "", fields.author_conf or "")
    return _hmac(secret, "tlp-author", fields.scope, *author, fields.id, fields.expire, fields.user)


def _sha1(*parts: str) -> str:
    # The manual fixes SHA-1 for version 1.
    return hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()


def _hmac(secret: str, *parts: str) -> str:
    message = b"".join(b"%d:%s" % (len(part), part) for part in (text.encode() for text in parts))
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
