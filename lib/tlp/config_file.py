"""Reads a configuration file into the types of a dataclass a section. Knows no key; which there are says `config`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from configobj import ConfigObj, ConfigObjError

from tlp.errors import ConfigError

_WORDS = {"yes": True, "true": True, "1": True, "on": True, "no": False, "false": False, "0": False, "off": False}


class _Items(list[str]):
    """What a value with commas is to a key that takes a list; `written`: what it is to one that takes a text."""

    written: str


def read(path: Path) -> ConfigObj:
    """The sections of a file. Raises ConfigError."""
    try:
        found = _parsed(path, list_values=True)
    except ConfigObjError as error:  # not in its own words, which may quote a line with a password
        lines = [str(each.line_number) for each in getattr(error, "errors", [error])]
        words = f"{'line' if len(lines) == 1 else 'lines'} {', '.join(lines)}"
        what = "neither [section] nor key = value, an open quote, or what was there before"
        raise ConfigError(f"cannot read the configuration {path}: {words}: {what}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the configuration {path}: {error}") from error
    try:
        texts = _parsed(path, list_values=False)
    except ConfigObjError as error:  # a list that begins with a quoted item is no text
        texts = error.config

    def keep(section: ConfigObj, key: str) -> None:
        if isinstance(section[key], list):
            items = _Items(section[key])
            items.written = texts.get(section.name or "", {}).get(key, ", ".join(items))
            section[key] = items

    found.walk(keep)
    return found


def _parsed(path: Path, list_values: bool) -> ConfigObj:
    return ConfigObj(str(path), file_error=True, interpolation=False, encoding="utf-8", list_values=list_values)


def section(kind: Any, name: str, values: Any, path: Path) -> Any:
    """The dataclass `kind` of a section's values. Raises ConfigError that names file, section and key."""
    types = get_type_hints(kind)
    read = {}
    for item in fields(kind):
        if item.name not in values:
            raise ConfigError(f"{path}: [{name}] {item.name} is missing")
        try:
            read[item.name] = _value(types[item.name], values[item.name])
        except ValueError as error:
            raise ConfigError(f"{path}: [{name}] {item.name} = {values[item.name]!r}: {error}") from error
    return kind(**read)


def text(raw: Any) -> str:
    """A value as it was written."""
    return raw.written if isinstance(raw, _Items) else str(raw)


def _value(kind: Any, raw: Any) -> Any:
    if kind == list[str]:
        items = raw if isinstance(raw, list) else [raw]
        return [item for item in items if item]
    written = text(raw)
    if kind is bool:
        if written.lower() not in _WORDS:
            raise ValueError("must be yes or no")
        return _WORDS[written.lower()]
    if kind in (int, float):
        return kind(written)
    if get_origin(kind) is Literal and written not in get_args(kind):
        raise ValueError(f"must be one of {', '.join(get_args(kind))}")
    return written
