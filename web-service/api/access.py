"""Who is calling and what they may do (manual, Appendix D). Denied unless something here says yes."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

from api import params
from tlp import auth
from tlp.config import Authentication
from tlp.db.rows import Row
from tlp.errors import AuthenticationError, ParameterError

log = logging.getLogger(__name__)

_DENIED = "unknown user or wrong auth_token"
# An unknown user costs the same checks as a known one, against a key that nobody has.
_NOBODY: Row = {"secret_key": secrets.token_hex(32), "is_admin": False}


Find = Callable[[str], Row | None]  # an enabled account by its name


def authenticate(
    find: Find,
    sent: dict[str, Any],
    request_key_for: tuple[str, str] | None,
    rules: Authentication,
    author: bool = False,
) -> Row:
    """The user on whose behalf a call is made: id, username, is_admin; with `author` and a request key granted_conf.

    `request_key_for`: the scope and the id that a request key must be for; None where only the secret key is accepted.
    `author`: author_id and author_conf decide something, so a request key must prove them: a full one.
    Raises AuthenticationError, KeyExpiredError, or ParameterError when user or auth_token is not there at all.
    """
    name, token = params.text_of(sent, "user"), params.text_of(sent, "auth_token") or params.text_of(sent, "key")
    for param, value in ((params.USER, name), (params.TOKEN, token)):
        if not value:
            raise ParameterError(f"parameter '{param.name}' is missing", param.name)
    user = find(name) or _NOBODY
    if auth.is_secret(token, user["secret_key"]):
        return _substitute(find, user, params.text_of(sent, "su"))
    if request_key_for is None or not params.text_of(sent, "expire"):
        raise AuthenticationError(_DENIED)
    fields = auth.KeyFields(
        *request_key_for,
        params.text_of(sent, "expire"),
        name,
        params.text_of(sent, "author_id"),
        params.text_of(sent, "author_conf"),
    )
    auth.check_key(token, user["secret_key"], fields, rules, time.time())
    if params.text_of(sent, "su"):
        raise AuthenticationError("su needs the secret key of an administrator")
    if author:
        granted = auth.check_author(token, user["secret_key"], fields, rules)
        _tell_of_cap(fields, granted)
        return {**user, "granted_conf": granted}
    return user


def _tell_of_cap(fields: auth.KeyFields, granted: int) -> None:
    """What an operator has to know whose users wonder why their edits wait for revision."""
    if fields.author_conf != str(granted):
        log.warning(
            "user %s: a request key of version 1 claims author_conf %s and is granted %s, as it may stand for another "
            "author; version 2 keys are not capped, nor any with [authentication] cap_ambiguous_confidence = no",
            fields.user,
            fields.author_conf,
            granted,
        )


def _substitute(find: Find, user: Row, other: str) -> Row:
    if not other or other == user["username"]:
        return user
    if not user["is_admin"]:
        raise AuthenticationError("su is for administrators")
    found = find(other)
    if found is None:
        raise AuthenticationError(f"there is no user '{other}'")
    log.info("administrator %s acts as %s", user["username"], found["username"])
    return found
