"""People who edit: what they send in both sub-APIs, for the tests of sessions and revisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.families import Family

JON = {"author_id": "jsnow21", "author_name": "John Snow", "author_conf": 90}
EDDARD = {"author_id": "lord_stark1", "author_name": "Eddard Stark", "author_conf": 100}
OLLY = {"author_id": "olly666", "author_name": "Olly", "author_conf": 20}

# The language that tests edit, two ids that it has, one more language, and what the text says before.
LANG = {"speech": "en", "text": "ca"}
OTHER = {"speech": "es", "text": "en"}
FIRST = {"speech": 1, "text": 16}
SECOND = {"speech": 2, "text": 17}
BEFORE = {"speech": "Good morning", "text": "Em va dir: no saps res."}


def edit(family: Family, id: int, text: str, begin: float | None = None) -> dict[str, Any]:
    """An item of `txt`; a segment is at the time that the stored lecture has it, or at `begin`."""
    at = 2.0 * id if begin is None else begin
    return {"speech": {"sI": id, "b": at, "e": at + 1.5, "t": text}, "text": {"sI": id, "t": text}}[family.path]


def mods(family: Family, *items: dict[str, Any], delete: tuple[int, ...] = (), lang: str = "") -> dict[str, Any]:
    """`mods` of /mod in one language."""
    return {lang or LANG[family.path]: {"txt": list(items), "del": list(delete)}}


@dataclass
class Session:
    """An open session of an author over an object, and what its author does in it."""

    api: Any
    id: str
    author: dict[str, Any]
    number: int

    def call(self, interface: str, **params: Any) -> dict[str, Any]:
        return self.api.post(interface, **{"id": self.id, "session_id": self.number, **self.author, **params}).json

    def save(self, *items: dict[str, Any], delete: tuple[int, ...] = (), lang: str = "") -> dict[str, Any]:
        return self.call("mod", mods=mods(self.api.family, *items, delete=delete, lang=lang))

    def end(self, **params: Any) -> dict[str, Any]:
        return self.call("end_session", **params)


def start(api: Any, object_id: str, author: dict[str, Any] = JON) -> Session:
    """Start a session, which must succeed."""
    answer = api.post("start_session", id=object_id, **author).json
    assert answer["rcode"] == 0, answer
    return Session(api, object_id, author, answer["session_id"])


def edited(api: Any, object_id: str, author: dict[str, Any], *items: dict[str, Any], **what: Any) -> Session:
    """A session that has saved these edits and ended."""
    session = start(api, object_id, author)
    assert session.save(*items, **what)["rcode"] == 0
    assert session.end()["rcode"] == 0
    return session


def shown(api: Any, object_id: str, lang: str = "", **params: Any) -> str:
    """The text of an object as plain text (format 4 of /speech/get, 3 of /text/get)."""
    form = {"speech": 4, "text": 3}[api.family.path]
    answer = api.get("get", id=object_id, lang=lang or LANG[api.family.path], format=form, **params)
    assert answer.headers["content-type"].startswith("text/plain"), answer.text
    return str(answer.text)
