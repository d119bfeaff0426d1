"""Parameters as data: each interface lists its own, requests are read by the list, and so is the documentation.

Values arrive as text (GET, forms) or as JSON values; both give the same Python values. Unknown ones are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tlp.errors import ParameterError
from tlp.strict_json import is_clean

MAX_TEXT = 1024
_INT = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_BOOLS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(frozen=True)
class Param:
    """One parameter of an interface (manual, Appendix D)."""

    name: str
    kind: str = "str"  # str, int, bool, or json: any JSON value
    required: bool = False
    default: Any = None
    choices: tuple[int, ...] | tuple[str, ...] | None = None
    where: str = "any"  # any: query or body; body: POST only
    about: str = ""


USER = Param("user", required=True, about="TLP username / API username")
TOKEN = Param("auth_token", required=True, about="secret key or request key; `key` is another name for it")
EXPIRE = Param("expire", "int", about="UNIX time when a request key ends; with a request key only")
# What any call may carry beside its own parameters.
COMMON = (
    USER,
    TOKEN,
    Param("su", about="act as this user (administrators only)"),
    Param("client", about="name of the client software; not used"),
    Param("debug", "bool", about="accepted and not used"),
)
HASH = Param("hash", about="the hash that /ingest returned: the object must be that one")


def text_of(sent: dict[str, Any], name: str) -> str:
    """A parameter as the text that was sent, "" when it was not. Raises ParameterError for what cannot be text."""
    value = sent.get(name)
    return "" if value is None else _str(value, name)


def parse(params: Iterable[Param], sent: dict[str, Any]) -> dict[str, Any]:
    """The values of the listed parameters. Raises ParameterError that names what is missing or malformed."""
    return {param.name: _value(param, sent.get(param.name)) for param in params}


def _value(param: Param, raw: Any) -> Any:
    if raw is None or raw == "":
        if param.required:
            raise ParameterError(f"parameter '{param.name}' is missing", param.name)
        return param.default
    value = _READ[param.kind](raw, param.name)
    if param.choices is not None and value not in param.choices:
        allowed = ", ".join(map(str, param.choices))
        raise ParameterError(f"parameter '{param.name}' must be one of {allowed}", param.name)
    return value


def _str(raw: Any, name: str) -> str:
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**18:
        return str(raw)  # a client may send an id of digits as a number
    if not isinstance(raw, str):
        raise ParameterError(f"parameter '{name}' must be text", name)
    if len(raw) > MAX_TEXT:
        raise ParameterError(f"parameter '{name}' is longer than {MAX_TEXT} characters", name)
    if not is_clean(raw):
        raise ParameterError(f"parameter '{name}' holds a character that is not valid text", name)
    return raw


def _int(raw: Any, name: str) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**18:
        return raw
    if isinstance(raw, str) and _INT.fullmatch(raw):
        return int(raw)
    raise ParameterError(f"parameter '{name}' must be a whole number", name)


def _bool(raw: Any, name: str) -> bool:
    value = _BOOLS.get(str(raw).lower()) if isinstance(raw, str | int) else None
    if value is None:
        raise ParameterError(f"parameter '{name}' must be true or false", name)
    return value


def _json(raw: Any, _name: str) -> Any:
    return raw


_READ: dict[str, Callable[[Any, str], Any]] = {"str": _str, "int": _int, "bool": _bool, "json": _json}
