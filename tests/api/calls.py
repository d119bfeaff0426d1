"""Every interface with parameters that it can be called with, for the tests that are the same for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from api.call import Interface
from api.families import Family
from api.routes import served

IDS = {"speech": "MEDIA-ID-1234", "text": "DOCUMENT-ID-1234"}
AUTHOR = {"author_id": "ann", "author_conf": 50}
_SESSION = {"session_id": 8, **AUTHOR}
# Those that Appendix D closes to request keys. Parameters `id` and `lang` are added where an interface has them.
CLOSED: dict[str, dict[str, Any]] = {
    "ingest/new": {"manifest": {}},
    "ingest/update": {"manifest": {}},
    "ingest/delete": {},
    "ingest/cancel": {},
    "uploadslist": {},
    "status": {},
    "systems": {},
    "revisions": {},
}
# Those that the manual opens, as far as they read.
READING: dict[str, dict[str, Any]] = {
    "list": {},
    "metadata": {},
    "langs": {},
    "get": {"format": 2},
    "audiotrack": {"aid": 1},
    "edit_history": {},
    "versions": {},
}
# Those that write for an author: open to full request keys, because author_conf decides what they may do.
FOR_AUTHORS: dict[str, dict[str, Any]] = {
    "start_session": AUTHOR,
    "session_status": {"alive": 0, **_SESSION},
    "mod": {"mods": {}, **_SESSION},
    "end_session": _SESSION,
    "lock": {"lock": 0, **AUTHOR},
    "mark_revised": _SESSION,
    "accept": AUTHOR,
    "reject": AUTHOR,
    "restore": {"version": 1, **AUTHOR},
}
KNOWN = {**CLOSED, **READING, **FOR_AUTHORS}


def interfaces(family: Family, *tables: dict[str, dict[str, Any]]) -> Iterator[tuple[Interface, dict[str, Any]]]:
    """The served interfaces of a family that are in the tables, with their parameters."""
    for each, interface in served():
        for table in tables:
            if each is family and interface.name in table:
                yield interface, {**_common(family, interface), **table[interface.name]}


def _common(family: Family, interface: Interface) -> dict[str, Any]:
    values = {"id": IDS[family.path], "lang": "en"}
    if interface.about_sessions:
        values["id"] = "27,43"
    return {param.name: values[param.name] for param in interface.own_params if param.name in values}
