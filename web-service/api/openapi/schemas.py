"""The few words in which answers are written down: JSON Schemas (2020-12) as plain dicts. Knows no interface."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from api.families import Family

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
INT: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
BOOL: Schema = {"type": "boolean"}
CODE: Schema = {"type": "integer", "description": "0: as asked"}
# UTC, as the manual's examples show it
TIME: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{6}$",
    "examples": ["2015-06-10 17:19:37.239458"],
}


def maybe(schema: Schema) -> Schema:
    """The same or null."""
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def one_of(*values: Any) -> Schema:
    return {"enum": list(values)}


def by_language(schema: Schema) -> Schema:
    """A dictionary with language codes as its keys."""
    return {"type": "object", "additionalProperties": schema}


def obj(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """An object that has the required keys, may have the optional ones, and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


@dataclass(frozen=True)
class Each:
    """What differs between the families, by the path of each."""

    speech: Schema
    text: Schema

    def of(self, family: Family) -> Schema:
        schema: Schema = getattr(self, family.path)
        return schema


@dataclass(frozen=True)
class Answer:
    """What an interface answers with HTTP 200."""

    good: Schema | Each | None = None  # JSON; None where the good answer is a file
    codes: dict[int, str] = field(default_factory=dict)  # the rcodes that are not 0, and what each means
    also: dict[str, Schema] = field(default_factory=dict)  # what a negative answer may tell beside its rcode
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)  # path of a family: content types of its files
    ranges: tuple[str, ...] = ()  # paths of the families whose files come with byte ranges

    def schema(self, family: Family) -> Schema:
        """The JSON Schema of every JSON answer with HTTP 200."""
        good = self.good.of(family) if isinstance(self.good, Each) else self.good
        branches = [] if good is None else [good]
        if self.codes:
            branches.append(self._negative())
        return branches[0] if len(branches) == 1 else {"oneOf": branches}

    def _negative(self) -> Schema:
        words = "; ".join(f"{code}: {meaning}" for code, meaning in self.codes.items())
        rcode = {"enum": list(self.codes), "description": words}
        return obj({"rcode": rcode, "rcode_description": TEXT}, self.also)


def good(properties: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """The answer with rcode 0."""
    return obj({"rcode": {"const": 0}, "rcode_description": TEXT, **properties}, optional)
