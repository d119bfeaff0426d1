"""Every interface is called, in the order of a client's work, and answers as the OpenAPI document says."""

from __future__ import annotations

from typing import Any

import falcon.testing
import openapi_checks
import pytest
from openapi_checks import SPEC

from api.call import Interface
from api.families import FAMILIES, SPEECH, Family
from api.routes import served
from tlp.db import contents, objects, users
from tlp.documents import Block, Document, Sentence, Wording
from tlp.formats import DOCUMENT_FORMATS

CREDENTIALS = {"user": "tluser", "auth_token": "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"}
BOB = {"author_id": "bob", "author_conf": 50}
ANN = {"author_id": "ann", "author_conf": 100}
# An interface that is in no list is called after these; `ingest/delete` comes last.
LIFE = (
    *("ingest/new", "status", "uploadslist", "ingest/cancel", "ingest/update", "systems", "list", "metadata", "langs"),
    *("get", "audiotrack", "start_session", "session_status", "mod", "end_session", "edit_history", "revisions"),
    *("mark_revised", "accept", "reject", "lock", "versions", "restore"),
)
NEW = {
    "speech": {
        "media": {"url": "http://example.org/a.mp4"},
        "metadata": {"external_id": "new-one", "language": "en", "title": "t"},
    },
    "text": {
        "language": "en",
        "documents": [{"external_id": "new-one", "title": "t", "url": "http://example.org/a.txt", "fileformat": "txt"}],
    },
}
UPDATE = {
    "speech": {"metadata": {"external_id": "MEDIA-ID-1234", "title": "Another"}},
    "text": {"documents": [{"external_id": "MEDIA-ID-1234", "title": "Another"}]},
}
MODS = {
    "speech": {"en": {"txt": [{"sI": 1, "b": 2.0, "e": 3.5, "t": "Good evening"}], "del": []}},
    "text": {"es": {"txt": [{"sI": 1, "t": "Buenas noches"}]}},
}
INTERFACES: dict[str, dict[str, Interface]] = {
    family.path: {interface.name: interface for of, interface in served() if of is family} for family in FAMILIES
}


def _document(cur: Any) -> None:
    owner = users.by_name(cur, "tluser")
    assert owner
    values = {
        "user_id": owner["id"], "kind": "text", "external_id": "MEDIA-ID-1234", "hash": "d" * 21, "language": "en",
        "title": "A letter", "format": "txt", "words": 2, "sentences": 1, "characters": 12,
    }  # fmt: skip
    object_id = objects.create(cur, values)
    for language, text in (("en", "Good morning"), ("es", "Buenos días")):
        source = None if language == "en" else "en"
        sentence = Sentence(1, ["Good morning"] if source else None, Wording([text]))
        body = DOCUMENT_FORMATS["dtlx"].write(Document(language, [Block("paragraph", [sentence])], source), 0).decode()
        contents.add_version(cur, object_id, language, {"body": body, "status": 0, "sup_ratio": 0, "origin": "mt"})


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)
@pytest.mark.usefixtures("three_systems")
def test_every_interface_is_called_and_answers_as_the_document_says(
    client: falcon.testing.TestClient, instance: Any, lecture: Any, family: Family
) -> None:
    if family is not SPEECH:
        instance.run(_document)
    known = {"id": lecture.id, "lang": "es", "aid": lecture.track, "lock": 0, "alive": 0}
    called = set()
    for name, interface in sorted(INTERFACES[family.path].items(), key=_turn):
        sent = _wanted(family, interface, known)
        answer = client.simulate_post(f"/api/{family.path}/{name}", json={**CREDENTIALS, **sent})
        assert answer.status_code == 200, (name, answer.text)
        if answer.headers["content-type"] == "application/json" and isinstance(answer.json, dict):
            assert answer.json.get("rcode", 0) == 0, (name, answer.json)
            known |= _learnt(name, answer.json)
        called.add(openapi_checks.check("POST", f"/api/{family.path}/{name}", answer))
        _refused(client, family, interface, sent)
    assert called == {f"POST {path}" for path in SPEC["paths"] if path.startswith(f"/{family.path}/")}


def _refused(client: falcon.testing.TestClient, family: Family, interface: Interface, sent: dict[str, Any]) -> None:
    """A wrong token and every missing parameter are said in the one shape of errors."""
    path = f"/api/{family.path}/{interface.name}"
    assert client.simulate_post(path, json={**CREDENTIALS, **sent, "auth_token": "wrong"}).status_code == 401
    for param in interface.own_params:
        if param.required:
            rest = {key: value for key, value in sent.items() if key != param.name}
            answer = client.simulate_post(path, json={**CREDENTIALS, **rest})
            assert (answer.status_code, answer.json["error"]["parameter"]) == (400, param.name)


def _turn(item: tuple[str, Interface]) -> tuple[bool, int]:
    name, _ = item
    return name == "ingest/delete", LIFE.index(name) if name in LIFE else len(LIFE)


def _wanted(family: Family, interface: Interface, known: dict[str, Any]) -> dict[str, Any]:
    """What an interface requires, from what is known by now."""
    by_bob = interface.name in ("start_session", "session_status", "mod", "end_session")
    values = {**known, **(BOB if by_bob else ANN), "version": 1, "manifest": NEW[family.path]}
    special: dict[str, dict[str, Any]] = {
        "ingest/update": {"manifest": UPDATE[family.path]},
        "status": {"id": known.get("upload")},
        "ingest/cancel": {"id": known.get("upload")},
        "mod": {"mods": MODS[family.path]},
        "accept": {"id": str(known.get("session_id"))},
        "reject": {"id": str(known.get("session_id"))},
    }
    own = special.get(interface.name, {})
    return {param.name: {**values, **own}[param.name] for param in interface.own_params if param.required} | own


def _learnt(name: str, answer: dict[str, Any]) -> dict[str, Any]:
    if name == "ingest/new":
        return {"upload": answer["id"]}
    return {"session_id": answer["session_id"]} if name == "start_session" else {}
