"""The small notations of the command line: LANG[:SYS], LANG:FILE:[0|1], ID:[NAME]:[M|F]:[EMAIL], JSON, formats.

Each is a function from text to value for argparse: a ValueError or ArgumentTypeError becomes a usage error.
"""

from __future__ import annotations

import json
import math
from argparse import ArgumentTypeError
from typing import Any, Callable

from .manifest import Attachment, Speaker


def speaker(text: str) -> Speaker:
    """ID:[NAME]:[M|F]:[EMAIL]; what stands at the end may be left out."""
    id, name, gender, email = [*text.split(":", 3), "", "", ""][:4]
    if not id or gender not in ("", "M", "F"):
        raise ArgumentTypeError(f"'{text}' is not ID:[NAME]:[M|F]:[EMAIL]")
    return Speaker(id, name, gender, email)


def attachment(type_code: int) -> Callable[[str], Attachment]:
    """A plain file that is attached as `type_code`."""
    return lambda path: Attachment(type_code, path)


def attachment_in_language(type_code: int) -> Callable[[str], Attachment]:
    """LANG:FILE:[0|1], where 1 (the default) says that people made it. The file name may hold colons."""

    def parse(text: str) -> Attachment:
        language, _, rest = text.partition(":")
        path, colon, human = rest.rpartition(":")
        if not colon or human not in ("", "0", "1"):
            path, human = rest, ""
        if not language or not path:
            raise ArgumentTypeError(f"'{text}' is not LANG:FILE:[0|1]")
        return Attachment(type_code, path, language, human != "0")

    return parse


def language_request(text: str) -> tuple[str, dict[str, int]]:
    """LANG[:SYS]: a language and the options asked for it."""
    language, colon, system = text.partition(":")
    if not language or (colon and not system.isdigit()):
        raise ArgumentTypeError(f"'{text}' is not LANG[:SYS] with the number of a system")
    return language, {"sid": int(system)} if colon else {}


def json_object(text: str) -> dict[str, Any]:
    """A JSON dictionary, or @FILE with one."""
    value: dict[str, Any] = _json(text, dict, "dictionary")
    return value


def json_list(text: str) -> list[Any]:
    """A JSON dictionary or list of them, or @FILE with one; always a list."""
    value = _json(text, (dict, list), "dictionary or list")
    return value if isinstance(value, list) else [value]


def _json(text: str, kinds: Any, name: str) -> Any:
    try:
        if text.startswith("@"):
            with open(text[1:], encoding="utf-8") as source:
                text = source.read()
        value = json.loads(text)
    except OSError as error:
        raise ArgumentTypeError(f"cannot read {text[1:]}: {error.strerror}") from None
    except ValueError as error:
        raise ArgumentTypeError(f"not JSON: {error}") from None
    if not isinstance(value, kinds):
        raise ArgumentTypeError(f"a JSON {name} is wanted")
    return value


def output_format(names: dict[str, int]) -> Callable[[str], int]:
    """A format by its name or its number."""

    def parse(text: str) -> int:
        if text.isdigit():
            return int(text)
        try:
            return names[text.lower()]
        except KeyError:
            raise ArgumentTypeError(f"'{text}' is none of {', '.join(names)}") from None

    return parse


def confidence(text: str) -> int:
    """0 to 100."""
    value = int(text)
    if not 0 <= value <= 100:
        raise ArgumentTypeError(f"{value} is not between 0 and 100")
    return value


def minutes(text: str) -> float:
    """A length of time; a negative one is in the past, which is good for trying out what happens then."""
    value = float(text)
    if not math.isfinite(value):
        raise ArgumentTypeError(f"'{text}' is no number of minutes")
    return value


def addresses(text: str) -> list[str]:
    """One e-mail address, or several with commas between them."""
    return [address.strip() for address in text.split(",") if address.strip()]
