"""JSON that strangers send: no depth, number or character in it may harm what reads, stores or prints it later."""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Any, NamedTuple, NoReturn

from tlp.errors import ParameterError

_LONGEST_NUMBER = 18  # digits; more fits neither a bigint nor any parameter


class JsonLimits(NamedTuple):
    """How large JSON may be, beside its length in bytes."""

    depth: int  # levels of lists and dictionaries
    items: int  # of any one of them


def json_from_text(text: str, name: str, limits: JsonLimits) -> Any:
    """The value of JSON text. Raises ParameterError that names the parameter `name` and says where it is wrong."""
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_int=_int, parse_float=_float)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise ParameterError(f"'{name}' is not valid JSON: {error.msg} at {where}", name) from error
    except ValueError as error:
        raise ParameterError(f"'{name}' is not valid JSON: {error}", name) from error
    except RecursionError as error:
        raise ParameterError(f"'{name}' is nested deeper than {limits.depth} levels", name) from error
    _check(value, name, limits)
    return value


def json_from_base64(text: Any, name: str, limits: JsonLimits) -> Any:
    """The value of base64 of JSON text: padding may be missing, a `+` may have become a space (manual, Appendix D)."""
    if not isinstance(text, str):
        raise ParameterError(f"'{name}' must be base64 text", name)
    code = "".join(text.strip().replace(" ", "+").split()).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        decoded = base64.b64decode(code + "=" * (-len(code) % 4), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise ParameterError(f"'{name}' is not base64 of UTF-8 text", name) from error
    return json_from_text(decoded, name, limits)


def is_clean(text: str) -> bool:
    """Whether text can be stored and sent: no NUL, no half of a surrogate pair."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text))


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


def _int(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):  # which JSON has no word for when it is written again
        raise ValueError(f"{text[:_LONGEST_NUMBER]} is no number that can be kept")
    return number


def _check(value: Any, name: str, limits: JsonLimits) -> None:
    """Refuse what is nested too deep or too long, and text that no database can store, level by level."""
    level: list[Any] = [value]
    for _ in range(limits.depth + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                if not is_clean(item):
                    raise ParameterError(f"'{name}' holds a character that is not valid text", name)
            elif isinstance(item, list | dict):
                if len(item) > limits.items:
                    words = f"'{name}' has a list of {len(item)} items; at most {limits.items} are taken"
                    raise ParameterError(words, name)
                below.extend(item)
                if isinstance(item, dict):
                    below.extend(item.values())
        if not below:
            return
        level = below
    raise ParameterError(f"'{name}' is nested deeper than {limits.depth} levels", name)
