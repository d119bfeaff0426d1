"""What an administrator does with accounts, quotas and systems: the rules, in words. The command is db/admin.py."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from tlp.db import accounts, system_wishes
from tlp.db.rows import Cursor, Row
from tlp.errors import ParameterError
from tlp.manifest_fields import Field

UNLIMITED = "unlimited"
DISABLED = "disabled by the administrator"
_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", re.ASCII)
_TIME = re.compile(r"([+-]?)(?=[0-9])(?:([0-9]{1,7})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}", re.ASCII)
_SHORTEST_KEY = 16
_MOST_COUNTED = 2**31 - 1  # media and documents are integers in the table
_MOST = 10**15  # words and milliseconds, with room for what is added to them


def account(cur: Cursor, username: str) -> Row:
    """An account with its key, its row locked. Raises ParameterError when there is none of that name."""
    found = accounts.find(cur, username)
    if found is None:
        raise ParameterError(f"there is no user '{username}'; `users list` shows them all", "user")
    return found


def add_user(cur: Cursor, username: str, email: str | None, is_admin: bool, secret_key: str | None = None) -> Row:
    """Add an account without limits; gives it, with its key, which is made where none is given."""
    if not _USERNAME.fullmatch(username):
        words = "1 to 64 letters, digits, '.', '_', '@' or '-', the first one a letter or a digit"
        raise ParameterError(f"'{username}' cannot be a user name: {words}", "user")
    if email is not None:
        email = Field(email, "--email").email()
    if secret_key is not None and len(secret_key) < _SHORTEST_KEY:
        raise ParameterError(f"a secret key has at least {_SHORTEST_KEY} characters", "key")
    row = {"username": username, "email": email, "is_admin": is_admin, "secret_key": secret_key or new_key()}
    if not accounts.add(cur, row):
        raise ParameterError(f"there is a user '{username}' already; `keys renew` gives it a new key", "user")
    return account(cur, username)


def new_key() -> str:
    """A secret key that nobody can guess."""
    return secrets.token_hex(24)


def quotas_from(texts: Mapping[str, str | None], *, to_add: bool = False) -> dict[str, int | None]:
    """The quotas that texts stand for, by column; those that are None are left out.

    Media time as `10h`, `90m`, `1h30m` or `45s`; the others as numbers; `unlimited`, unless they are `to_add`.
    Raises ParameterError.
    """
    named = {column: text for column, text in texts.items() if text is not None}
    if not named:
        raise ParameterError("say which quota: --media, --media-time, --documents or --words", "quota")
    return {column: _amount(column, text.strip().lower(), to_add) for column, text in named.items()}


def _amount(column: str, text: str, to_add: bool) -> int | None:
    if text == UNLIMITED:
        if to_add:
            raise ParameterError("`unlimited` can be set, not added: use `quotas set`", column)
        return None
    amount = _milliseconds(text) if column == "quota_media_ms" else _number(text)
    if amount is None:
        form = "a time, as 10h, 90m or 1h30m" if column == "quota_media_ms" else "a whole number"
        raise ParameterError(f"'{text}' is not {form}, nor `{UNLIMITED}`", column)
    if amount < 0 and not to_add:
        raise ParameterError(f"a quota cannot be {text}: the least is 0", column)
    if abs(amount) > (_MOST_COUNTED if column in ("quota_media", "quota_documents") else _MOST):
        raise ParameterError(f"{text} is too large; `{UNLIMITED}` is no limit", column)
    return amount


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None


def _milliseconds(text: str) -> int | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    sign, hours, minutes, seconds = found.groups()
    if not (hours or minutes or seconds):
        return None
    total = (int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)) * 1000
    return -total if sign == "-" else total


def time_in_words(milliseconds: int) -> str:
    """`1h30m`, to be read and to be given again; seconds are left out where there are hours."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{seconds:02}s" if minutes else f"{seconds}s"


def disable_system(cur: Cursor, system_id: int) -> None:
    """Offer a system no more, from now on and whatever its folder says. Running jobs are left alone."""
    _known(system_wishes.disable(cur, system_id, DISABLED), system_id)


def enable_system(cur: Cursor, system_id: int) -> None:
    """Offer a system again when it can run."""
    _known(system_wishes.enable(cur, system_id), system_id)
    system_wishes.ask_for_check(cur)


def set_priority(cur: Cursor, system_id: int, priority: int | None) -> None:
    """The highest one that can run is the default of a language (pair). None: as its system.ini says."""
    _known(system_wishes.set_priority(cur, system_id, priority), system_id)
    system_wishes.ask_for_check(cur)


def rename_system(cur: Cursor, system_id: int, name: str | None) -> None:
    """The name that /systems shows. None: as its system.ini says."""
    if name is not None and (not name.strip() or not name.isprintable()):
        raise ParameterError("the name of a system is one line of printable characters", "name")
    _known(system_wishes.set_name(cur, system_id, name and name.strip()), system_id)
    system_wishes.ask_for_check(cur)


def _known(found: bool, system_id: int) -> None:
    if not found:
        raise ParameterError(f"there is no system {system_id}; `systems list` shows them all", "system")
