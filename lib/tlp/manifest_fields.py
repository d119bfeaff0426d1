"""A value inside a manifest together with its path, so that every complaint can name it. Knows no key by name."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from tlp.errors import ParameterError

_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)
_BOOLS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}
_MAX_TEXT = 4096
_MAX_INT = 2**31 - 1


class Field:
    """One value of a JSON tree. A key that is missing and one that is null are the same: not given."""

    def __init__(self, raw: Any, path: str) -> None:
        self.raw, self.path = raw, path

    def __getitem__(self, key: str) -> Field:
        """The value under a key. Raises ParameterError when this value is no object."""
        return Field(self._object().get(key), f"{self.path}.{key}")

    @property
    def given(self) -> bool:
        return self.raw is not None and self.raw != ""

    def error(self, words: str) -> ParameterError:
        """The complaint about this value, to be raised."""
        return ParameterError(f"{self.path} {words}", self.path)

    def keys(self, limit: int | None = None) -> list[str]:
        """The keys of an object that may be null."""
        names = list(self._object())
        if limit is not None and len(names) > limit:
            raise self.error(f"has more than {limit} keys")
        return names

    def items(self, limit: int, one: type | None = None) -> list[Field]:
        """The items of a list that may be null; a single value of the type `one` counts as a list of one."""
        if self.raw is None or (one is str and self.raw == ""):
            return []
        values = [self.raw] if one is not None and isinstance(self.raw, one) else self.raw
        if not isinstance(values, list):
            raise self.error("must be a list")
        if len(values) > limit:
            raise self.error(f"has more than {limit} items")
        return [Field(value, f"{self.path}[{number}]") for number, value in enumerate(values)]

    def text(self, required: bool = False, limit: int = _MAX_TEXT) -> str | None:
        """Text without blanks around it, or None. Numbers count as text: clients send ids either way."""
        value = str(self.raw) if isinstance(self.raw, int) and not isinstance(self.raw, bool) else self.raw
        if value is not None and not isinstance(value, str):
            raise self.error("must be text")
        value = (value or "").strip()
        if len(value) > limit:
            raise self.error(f"is longer than {limit} characters")
        if required and not value:
            raise self.error("is missing")
        return value or None

    def joined_text(self) -> str | None:
        """Text, or a list of texts joined by commas."""
        if not isinstance(self.raw, list):
            return self.text()
        return ", ".join(text for item in self.items(1000) if (text := item.text())) or None

    def boolean(self, default: bool) -> bool:
        """A JSON boolean, 0 or 1, or their names in text."""
        if self.raw is None:
            return default
        value = _BOOLS.get(str(self.raw).lower()) if isinstance(self.raw, str | int) else None
        if value is None:
            raise self.error("must be true or false")
        return value

    def integer(self) -> int | None:
        """A whole number that is not negative, as a number or as text, or None."""
        if not self.given:
            return None
        digits = str(self.raw) if isinstance(self.raw, str | int) and not isinstance(self.raw, bool) else ""
        if not re.fullmatch(r"[0-9]{1,10}", digits, re.ASCII) or int(digits) > _MAX_INT:
            raise self.error("must be a whole number")
        return int(digits)

    def email(self) -> str:
        """One mail address. Line breaks, names and lists are refused: it will stand in a mail header."""
        address = self.text(required=True, limit=254) or ""
        if not _EMAIL.fullmatch(address):
            raise self.error("must be a mail address")
        return address

    def url(self) -> str | None:
        """An http or https URL, or None. Where it may lead is checked by whoever fetches it."""
        text = self.text()
        if text is None:
            return None
        try:
            parts = urlsplit(text)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable or not text.isprintable() or " " in text:
            raise self.error("must be an http or https URL")
        if parts.username is not None or parts.password is not None:
            raise self.error("must be a URL without a user name or password: it is stored and shown")
        return text

    def _object(self) -> dict[str, Any]:
        if self.raw is None:
            return {}
        if not isinstance(self.raw, dict):
            raise self.error("must be an object")
        return self.raw
