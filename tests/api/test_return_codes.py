"""Every return code of the manual's Appendices E and F is produced, of every interface, and no other.

What an interface may answer stands in CODES and DETAILS, from the manual; how each code comes about, in PRODUCED.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from editing import EDDARD, FIRST, JON, LANG, OLLY, OTHER, SECOND, Session, edit, edited, mods, start

from api.families import FAMILIES, SPEECH
from api.openapi.answers import ANSWERS
from api.routes import served
from tlp.db import sessions

pytestmark = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)

CODES = {
    "ingest/new": range(1), "ingest/update": range(1), "ingest/delete": range(1), "ingest/cancel": range(1),
    "status": range(2), "metadata": range(2), "langs": range(2), "get": range(1, 4), "audiotrack": range(1, 2),
    "start_session": range(5), "session_status": range(5), "mod": range(9), "end_session": range(5), "lock": range(1),
    "edit_history": range(2), "mark_revised": range(10), "accept": range(7), "reject": range(6),
}  # fmt: skip
CODES_OF_TEXT = {"get": range(1, 5)}  # where it has others than /speech
OURS = {"lock": {1}, "versions": {0, 1}, "restore": {0, 1, 2, 3, 4}}  # of additions; the manual forgets the first
# `details` of /mod. Sentences have no times (6, 8). 9, the status could not be updated: /text/mod reads the text to
# look its sentences up, /speech/mod changes no status.
DETAILS = {"speech": {0, 1, 2, 3, 4, 5, 6, 7, 8, 10}, "text": {0, 1, 2, 3, 4, 5, 7, 9, 10}}
WITHOUT_CODES = {"uploadslist", "systems", "list", "revisions"}

Calls = Iterator[tuple[int, dict[str, Any]]]  # the code that comes, and the parameters that bring it


@dataclass
class World:
    """What there is to call about: an object with texts, another one, and one without."""

    api: Any
    instance: Any
    id: str

    def edit(self, which: dict[str, int] = FIRST, text: str = "x") -> dict[str, Any]:
        return edit(self.api.family, which[self.api.family.path], text)

    @property
    def lang(self) -> str:
        return LANG[self.api.family.path]

    def computer(self, object_id: int = 1) -> int:
        author = {"id": "ingest-service", "name": None, "conf": 100, "type": "computer"}
        return int(self.instance.run(lambda cur: sessions.start(cur, object_id, author))["id"])


@pytest.fixture
def world(api: Any, instance: Any, stored: Any, add_object: Any) -> World:
    add_object(external_id="second", hash_="0" * 21)
    add_object(external_id="empty", hash_="2" * 21)
    instance.run(
        lambda cur: cur.execute(
            "DELETE FROM contents WHERE object_id = (SELECT id FROM objects WHERE external_id = 'empty')"
        )
    )
    return World(api, instance, stored.id)


def _new(w: World) -> Calls:
    yield 0, {"manifest": _manifest(w, "new")}


def _manifest(w: World, id_: str) -> dict[str, Any]:
    if w.api.family is SPEECH:
        described = {"external_id": id_, "language": "en", "title": "t"}
        return {"media": {"url": "http://example.org/a.mp4"}, "metadata": described}
    document = {"external_id": id_, "title": "t", "url": "http://example.org/a.txt"}
    return {"language": "en", "documents": [document]}


def _update(w: World) -> Calls:
    title = {"external_id": w.id, "title": "another"}
    yield 0, {"manifest": {"metadata": title} if w.api.family is SPEECH else {"documents": [title]}}


def _delete(w: World) -> Calls:
    yield 0, {"id": w.id}


def _cancel(w: World) -> Calls:
    yield 0, {"id": w.api.post("ingest/new", manifest=_manifest(w, "new")).json["id"]}


def _status(w: World) -> Calls:
    yield 0, {"id": w.api.post("ingest/new", manifest=_manifest(w, "new")).json["id"]}
    yield 1, {"id": "up-1234"}


def _by_object(w: World) -> Calls:
    yield 0, {"id": w.id}
    yield 1, {"id": "none"}


def _get(w: World) -> Calls:
    asked = {"id": w.id, "lang": w.lang, "format": 2}
    yield 1, {**asked, "id": "none"}
    yield 1, {**asked, "lang": "ka"}
    yield 2, {**asked, "session_id": 999}
    yield 3, {**asked, "session_id": start(w.api, "second").number}
    if w.api.family is not SPEECH:
        yield 4, {**asked, "format": 0}


def _audiotrack(w: World) -> Calls:
    yield 1, {"id": "none", "lang": "es", "aid": 1}
    yield 1, {"id": w.id, "lang": "es", "aid": 999}


def _start_session(w: World) -> Calls:
    yield 0, {"id": w.id, **JON}
    yield 0, {"id": w.id, **JON}
    yield 1, {"id": "none", **JON}
    yield 2, {"id": "empty", **JON}
    yield 4, {"id": w.id, **EDDARD}
    w.api.post("lock", id="second", lock=1, **EDDARD)
    yield 3, {"id": "second", **JON}


def _of_session(w: World, session: Session) -> Calls:
    yield 1, {"id": w.id, "session_id": 999, **JON}
    yield 2, {"id": "second", "session_id": session.number, **JON}


def _session_status(w: World) -> Calls:
    session = start(w.api, w.id)
    asked = {"id": w.id, "session_id": session.number}
    yield 0, {**asked, **JON}
    yield from _of_session(w, session)
    yield 3, {**asked, **OLLY}
    session.end()
    yield 4, {**asked, **JON}


def _mod(w: World) -> Calls:
    session = start(w.api, w.id)
    asked = {"id": w.id, "session_id": session.number, **JON}
    good, wrong = {w.lang: {"txt": [w.edit()]}}, {"ka": {"txt": [w.edit()]}}
    yield 0, {**asked, "mods": good}
    for code, call in _of_session(w, session):
        yield code, {**call, "mods": good}
    yield 3, {**asked, **OLLY, "mods": good}
    yield 4, {**asked, "mods": {}}
    yield 5, {**asked, "mods": wrong}
    yield 8, {**asked, "mods": {**good, **wrong}}
    session.end()
    yield 6, {**asked, "mods": {**good, **wrong}}
    yield 7, {**asked, "mods": good}


def _end_session(w: World) -> Calls:
    session = start(w.api, w.id)
    asked = {"id": w.id, "session_id": session.number}
    yield from _of_session(w, session)
    yield 4, {**asked, **EDDARD}
    yield 4, {**asked, **OLLY, "force": 1}
    yield 0, {**asked, **JON}
    yield 0, {**asked, **JON}
    yield 3, {"id": w.id, "session_id": w.computer(), **EDDARD, "force": 1}


def _lock(w: World) -> Calls:
    yield 0, {"id": w.id, "lock": 1, **EDDARD}
    yield 0, {"id": w.id, "lock": 0, **EDDARD}
    yield 1, {"id": "none", "lock": 1, **EDDARD}


def _mark_revised(w: World) -> Calls:
    waiting = edited(w.api, w.id, JON, w.edit())
    elsewhere = edited(w.api, "second", EDDARD, w.edit())
    needless = edited(w.api, w.id, EDDARD, w.edit(SECOND))
    still_open = start(w.api, w.id)
    asked = {"id": w.id, "session_id": waiting.number, **EDDARD}
    yield 1, {**asked, "id": "none"}
    yield 2, {**asked, "session_id": 999}
    yield 3, {**asked, "session_id": still_open.number}
    yield 4, {**asked, "id": "second"}
    yield 5, {**asked, "session_id": needless.number}
    yield 7, {**asked, "revision_session_id": 999}
    yield 8, {**asked, "revision_session_id": elsewhere.number}
    yield 9, {**asked, "revision_session_id": still_open.number}
    yield 0, {**asked, "revision_session_id": needless.number}
    yield 6, asked
    yield 0, {**asked, "unmark": 1}


def _reject(w: World) -> Calls:
    done = edited(w.api, w.id, EDDARD, w.edit(SECOND))
    waiting = edited(w.api, w.id, JON, w.edit(SECOND))
    still_open = start(w.api, w.id)
    yield 1, {"id": 999, **EDDARD}
    yield 2, {"id": waiting.number, **EDDARD, "user": "root", "auth_token": "the-administrators-secret-key"}
    yield 3, {"id": still_open.number, **EDDARD}
    yield 4, {"id": done.number, **EDDARD}
    yield 0, {"id": waiting.number, **EDDARD}
    yield 5, {"id": waiting.number, **EDDARD}
    still_open.end()


def _accept(w: World) -> Calls:
    yield from _reject(w)
    waiting = edited(w.api, w.id, OLLY, w.edit())
    edited(w.api, w.id, EDDARD, w.edit(text="Eddard's"))
    yield 6, {"id": waiting.number, **EDDARD}


def _versions(w: World) -> Calls:
    yield 0, {"id": w.id, "lang": w.lang}
    yield 1, {"id": w.id, "lang": "ka"}


def _restore(w: World) -> Calls:
    asked = {"id": w.id, "lang": w.lang, "version": 1, **EDDARD}
    yield 0, asked
    yield 1, {**asked, "id": "none"}
    yield 2, {**asked, "version": 99}
    yield 3, {**asked, **JON}
    start(w.api, w.id)
    yield 4, asked


PRODUCED: dict[str, Callable[[World], Calls]] = {
    "ingest/new": _new, "ingest/update": _update, "ingest/delete": _delete, "ingest/cancel": _cancel,
    "status": _status, "metadata": _by_object, "langs": _by_object, "get": _get, "audiotrack": _audiotrack,
    "start_session": _start_session, "session_status": _session_status, "mod": _mod, "end_session": _end_session,
    "lock": _lock, "edit_history": _by_object, "mark_revised": _mark_revised, "accept": _accept, "reject": _reject,
    "versions": _versions, "restore": _restore,
}  # fmt: skip


def _interfaces(family: Any) -> set[str]:
    return {interface.name for each, interface in served() if each is family} - WITHOUT_CODES


def test_every_interface_with_return_codes_is_in_the_tables(family: Any) -> None:
    assert _interfaces(family) == PRODUCED.keys() - ({"audiotrack"} if family is not SPEECH else set())
    assert CODES.keys() | OURS.keys() == PRODUCED.keys()


@pytest.mark.parametrize("interface", PRODUCED)
def test_each_return_code_is_produced(world: World, family: Any, interface: str) -> None:
    if interface not in _interfaces(family):
        pytest.skip("documents have no audio tracks")
    got = set()
    for code, params in PRODUCED[interface](world):
        answer = world.api.post(interface, **params).json
        answer = answer[0] if isinstance(answer, list) else answer
        assert (answer["rcode"], answer["rcode_description"] != "") == (code, True), answer
        got.add(code)
    manual = CODES_OF_TEXT.get(interface) if family is not SPEECH else None
    assert got == {*(manual or CODES.get(interface, ())), *OURS.get(interface, ())}
    assert got - {0} <= ANSWERS[interface].codes.keys() or interface in ("accept", "reject"), "the OpenAPI document"


# another version, as what is known of one is kept
_DAMAGED = """
    UPDATE content_versions SET version = 2, body = '?' FROM contents AS c WHERE id = content_id AND language = 'ca';
    UPDATE contents SET version = 2 WHERE language = 'ca'
"""


def _details(w: World) -> Iterator[tuple[int, Any]]:
    """What a language of /mod may hold, and the code in its details."""
    item = w.edit()
    yield 0, {"txt": [item]}
    yield 1, {"del": []}
    yield 1, [item]
    yield 2, {"txt": item}
    yield 2, {"txt": [item], "del": 3}
    yield 3, {"txt": [], "del": []}
    for key in item:
        yield 4, {"txt": [{name: value for name, value in item.items() if name != key}]}
        yield 5, {"txt": [{**item, key: {}}]}
    yield 7, {"txt": [item, item]}
    if w.api.family is SPEECH:
        yield 6, {"txt": [{**item, "e": item["b"] + 0.009}]}
        yield 6, {"txt": [{**item, "e": item["b"] - 1}]}
        yield 8, {"txt": [{**item, "b": -0.5}]}
    else:
        yield 5, {"txt": [item], "del": [1]}
        yield 5, {"txt": [edit(w.api.family, 99, "no such sentence")]}
        w.instance.run(lambda cur: cur.execute(_DAMAGED))
        yield 9, {"txt": [item]}


def test_each_code_of_details_is_produced_and_the_other_languages_are_saved(world: World, family: Any) -> None:
    session = start(world.api, world.id)
    other = mods(family, world.edit(text="y"), lang=OTHER[family.path])
    got = {10}
    missing = session.call("mod", mods={"ka": {"txt": [world.edit()]}, **other})
    assert [detail["rcode"] for detail in missing["details"]] == [10, 0]
    for code, said in _details(world):
        answer = session.call("mod", mods={world.lang: said, **({} if code == 9 else other)})
        details = answer.get("details", [{"language": world.lang, "rcode": 0, "rcode_description": "saved"}])
        assert (details[0]["language"], details[0]["rcode"]) == (world.lang, code), (said, answer)
        assert details[0]["rcode_description"]
        assert answer["rcode"] == {0: 0, 9: 5}.get(code, 8)
        got.add(code)
    assert got == DETAILS[family.path]
