"""Schemas of the parameters that hold JSON: what manifests and modifications look like.

What is wrong with one is said by the code that reads it (docs/package.md); these show clients how to begin.
"""

from __future__ import annotations

from api.families import Family
from api.openapi.schemas import BOOL, INT, NUMBER, TEXT, Each, Schema, by_language, list_of

_LANGUAGE: Schema = {"type": "string", "examples": ["en"]}


def _part(properties: dict[str, Schema], *required: str) -> Schema:
    """An object that may have other keys, too: unknown ones never fail a call."""
    return {"type": "object", "properties": properties, "required": list(required)}


_FILE = {"filename": TEXT, "fileformat": TEXT, "md5": TEXT}
_SYSTEM = {"sid": INT}
_WANTED = by_language(
    _part(
        {
            "sub": _part({**_SYSTEM, "lma": BOOL, "tlpath": list_of(_part({"l": _LANGUAGE, **_SYSTEM}, "l"))}),
            "tts": _part(_SYSTEM),
        }
    )
)
_OPTIONS = {
    "requested_langs": _WANTED,
    "generate": BOOL,
    "re-generate": {"type": ["array", "boolean", "string"]},
    "force": BOOL,
    "test_mode": BOOL,
    "email": list_of(TEXT),
    "callback": _part({"url": TEXT, "params": {}}, "url"),
}
_SPEAKER = {"speaker_id": TEXT, "speaker_name": TEXT, "speaker_gender": TEXT, "speaker_email": TEXT}
_METADATA = {
    "external_id": TEXT,
    "language": _LANGUAGE,
    "title": TEXT,
    "topic": TEXT,
    "keywords": TEXT,
    "date": TEXT,
    "speakers": list_of(_part(_SPEAKER, "speaker_id")),
}
_MANIFEST = Each(
    speech=_part(
        {
            "metadata": _part(_METADATA, "external_id"),
            "media": _part({**_FILE, "url": TEXT, "slides": BOOL}),
            "attachments": list_of(_part({**_FILE, "type_code": INT, "language": _LANGUAGE, "human": BOOL})),
            **_OPTIONS,
        },
        "metadata",
    ),
    text=_part(
        {
            "language": _LANGUAGE,
            "documents": list_of(_part({"external_id": TEXT, "title": TEXT, **_FILE, "url": TEXT}, "external_id")),
            **{**_OPTIONS, "requested_langs": by_language(_part(_SYSTEM))},
        },
        "documents",
    ),
)
_MODS = Each(
    speech=by_language(
        _part({"txt": list_of(_part({"sI": INT, "b": NUMBER, "e": NUMBER, "t": TEXT})), "del": list_of(INT)}, "txt")
    ),
    text=by_language(_part({"txt": list_of(_part({"sI": INT, "t": TEXT}))}, "txt")),
)
_KNOWN = {"manifest": _MANIFEST, "mods": _MODS, "mod": _MODS}


def schema(name: str, family: Family) -> Schema:
    """The schema of a JSON parameter; anything where none is written down."""
    if name not in _KNOWN:
        return {}
    return {
        "anyOf": [_KNOWN[name].of(family), {"type": "string", "description": "the same as JSON text, or base64 of it"}]
    }
