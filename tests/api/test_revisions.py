"""Edits that wait for revision (manual, /revisions, /mark_revised, /accept, /reject)."""

from __future__ import annotations

from typing import Any

import pytest
from editing import EDDARD, FIRST, JON, LANG, OLLY, SECOND, Session, edit, edited, shown, start

from api.families import FAMILIES

pytestmark = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)

OTHERS_KEY = {"user": "other", "auth_token": "another-secret-key-1234567890"}
ADMIN = {"user": "root", "auth_token": "the-administrators-secret-key"}


def _rcodes(answer: Any) -> list[tuple[int, int]]:
    return [(item["session_id"], item["rcode"]) for item in answer.json]


def _mark(api: Any, object_id: str, session: Session, author: dict[str, Any] = EDDARD, **what: Any) -> Any:
    return api.post("mark_revised", **{"id": object_id, "session_id": session.number, **author, **what}).json


def _told(api: Any, object_id: str, session: Session) -> dict[str, Any]:
    history = api.get("edit_history", id=object_id).json["edit_history"]
    return dict(next(row for row in history if row["session_id"] == session.number))


# /revisions


def test_revisions_lists_what_waits_as_in_the_manual(api: Any, stored: Any, add_object: Any) -> None:
    family = api.family
    key = {"speech": "media_id", "text": "document_id"}[family.path]
    session = edited(api, stored.id, JON, edit(family, FIRST[family.path], "x"))
    edited(api, stored.id, EDDARD, edit(family, FIRST[family.path], "y"))
    add_object(external_id="theirs", hash_="1" * 21, username="other")
    listed = api.get("revisions").json
    assert [row.pop("timestamp") for row in listed] == [_told(api, stored.id, session)["timestamp"]]
    statistics = {
        "speech": {"del_segs": 0, "edit_segs": 1, "edit_time": 1.5, "edit_time_percent": 1.74},
        "text": {"edit_sents": 1, "edit_sents_percent": 33.33},
    }[family.path]
    stats = {LANG[family.path]: statistics}
    assert listed == [{key: stored.id, "session_id": session.number, **JON, "edit_stats": stats}]
    assert api.get("revisions", **OTHERS_KEY).json == []


# /accept and /reject


def test_accept_and_reject_answer_for_each_session_in_the_order_asked(api: Any, stored: Any, instance: Any) -> None:
    family = api.family
    item = edit(family, FIRST[family.path], "x")
    for interface, words in (("accept", "accepted"), ("reject", "rejected")):
        done = edited(api, stored.id, EDDARD, item)
        revised = edited(api, stored.id, JON, item)
        _mark(api, stored.id, revised)
        waiting = edited(api, stored.id, OLLY, edit(family, SECOND[family.path], words))
        still_open = start(api, stored.id)
        ids = f"999,{done.number}, {revised.number},{waiting.number},{still_open.number},"
        answer = api.get(interface, id=ids, author_id="lord_stark1", author_conf=100, revision_session_id=12)
        assert answer.json == [
            {"session_id": 999, "rcode": 1, "rcode_description": "Session ID does not exist."},
            {"session_id": done.number, "rcode": 4, "rcode_description": "Session ID did not require revision."},
            {"session_id": revised.number, "rcode": 5, "rcode_description": "Session ID already revised."},
            {
                "session_id": waiting.number,
                "rcode": 0,
                "rcode_description": f"Changes from Session ID successfully {words}.",
            },
            {
                "session_id": still_open.number,
                "rcode": 3,
                "rcode_description": "Session ID has not been closed yet.",
            },
        ]
        assert _told(api, stored.id, waiting)["revised_via"] == interface
        assert (words in shown(api, stored.id)) == (interface == "accept")
        still_open.end()


def test_what_is_accepted_is_its_authors_and_the_reviewer_is_on_record(api: Any, stored: Any, instance: Any) -> None:
    session = edited(api, stored.id, OLLY, edit(api.family, FIRST[api.family.path], "x"))
    assert _rcodes(api.post("accept", id=session.number, **EDDARD)) == [(session.number, 0)]
    rows = instance.rows("SELECT author_id, session_id, origin FROM content_versions WHERE version = 2")
    assert list(map(dict, rows)) == [{"author_id": "olly666", "session_id": session.number, "origin": "edit"}]
    told = _told(api, stored.id, session)
    assert (told["revised"], told["revised_by_id"], told["revised_by_name"], told["requires_revision"]) == (
        True, "lord_stark1", "Eddard Stark", True,
    )  # fmt: skip
    assert told["revised_at"] >= told["timestamp"]
    assert api.get("revisions").json == []
    assert _rcodes(api.post("accept", id=session.number, **EDDARD)) == [(session.number, 5)]


def test_what_others_have_changed_since_is_not_overwritten(api: Any, stored: Any) -> None:
    family = api.family
    waiting = edited(
        api, stored.id, OLLY, edit(family, FIRST[family.path], "Olly's"), edit(family, SECOND[family.path], "o2")
    )
    apart = edited(api, stored.id, JON, edit(family, SECOND[family.path], "Jon's"))
    edited(api, stored.id, EDDARD, edit(family, FIRST[family.path], "Eddard's"))
    first, second = api.post("accept", id=f"{waiting.number},{apart.number}", **EDDARD).json
    assert (first["rcode"], second["rcode"]) == (6, 0)
    assert first["rcode_description"] == (
        f"Could not save Session ID changes to {family.text_noun}: others have changed the same since:"
        f" '{LANG[family.path]}' {FIRST[family.path]}"
    )
    text = shown(api, stored.id)
    assert ("Eddard's" in text, "Jon's" in text, "Olly's" in text) == (True, True, False)
    assert [row["session_id"] for row in api.get("revisions").json] == [waiting.number]


def test_accepted_while_another_session_is_open_both_count(api: Any, stored: Any) -> None:
    family = api.family
    waiting = edited(api, stored.id, OLLY, edit(family, FIRST[family.path], "Olly's"))
    writing = start(api, stored.id, EDDARD)
    writing.save(edit(family, SECOND[family.path], "Eddard's"))
    assert _rcodes(api.post("accept", id=waiting.number, **EDDARD)) == [(waiting.number, 0)]
    assert writing.call("session_status")["rcode"] == 0
    writing.end()
    text = shown(api, stored.id)
    assert ("Olly's" in text, "Eddard's" in text) == (True, True)


def test_sessions_of_others_do_not_exist_and_administrators_are_told_to_ask_as_them(
    api: Any, stored: Any, add_lecture: Any
) -> None:
    session = edited(api, stored.id, JON, edit(api.family, FIRST[api.family.path], "x"))
    for interface in ("accept", "reject"):
        assert _rcodes(api.post(interface, id=session.number, **EDDARD, **OTHERS_KEY)) == [(session.number, 1)]
        assert _rcodes(api.post(interface, id=session.number, **EDDARD, **ADMIN)) == [(session.number, 2)]
    other_family = {"speech": "text", "text": "speech"}[api.family.path]
    answer = api.client.simulate_post(
        f"/api/{other_family}/accept", json={**api.credentials, "id": session.number, **EDDARD}
    )
    assert _rcodes(answer) == [(session.number, 2)]
    assert _rcodes(api.post("accept", id=session.number, **EDDARD, **ADMIN, su="tluser")) == [(session.number, 0)]


def test_the_list_of_sessions_is_numbers_and_commas(api: Any, stored: Any) -> None:
    for wrong in ("", "a", "1;2", "1,,2", "-1", "1" * 19, ",", "1.5", [1]):
        answer = api.post("accept", id=wrong, **EDDARD)
        assert (answer.status_code, answer.json["error"]["parameter"]) == (400, "id")
    assert _rcodes(api.post("accept", id="7,7", **EDDARD)) == [(7, 1), (7, 1)]


def test_only_full_confidence_revises(api: Any, stored: Any) -> None:
    session = edited(api, stored.id, OLLY, edit(api.family, FIRST[api.family.path], "x"))
    for interface in ("accept", "reject", "mark_revised"):
        answer = api.post(interface, id=str(session.number), session_id=session.number, **JON)
        assert (answer.status_code, answer.json["error"]["parameter"]) == (400, "author_conf")


# /mark_revised


def test_marked_is_not_applied_and_can_be_unmarked(api: Any, stored: Any) -> None:
    family = api.family
    session = edited(api, stored.id, JON, edit(family, FIRST[family.path], "Jon's"))
    revision = edited(api, stored.id, EDDARD, edit(family, FIRST[family.path], "Eddard's"))
    marked = _mark(api, stored.id, session, revision_session_id=revision.number)
    assert marked == {"rcode": 0, "rcode_description": "Session ID marked as revised."}
    told = _told(api, stored.id, session)
    assert (told["revised"], told["revised_via"], told["revised_in_session_id"]) == (
        True, "mark_revised", revision.number,
    )  # fmt: skip
    assert "Jon's" not in shown(api, stored.id)
    assert _mark(api, stored.id, session)["rcode"] == 6
    for _ in range(2):
        assert _mark(api, stored.id, session, unmark=1)["rcode"] == 0
    assert [row["session_id"] for row in api.get("revisions").json] == [session.number]
    assert _told(api, stored.id, session)["revised_in_session_id"] is None


def test_a_rejection_can_be_taken_back_an_acceptance_is_in_the_text(api: Any, stored: Any) -> None:
    family = api.family
    session = edited(api, stored.id, JON, edit(family, FIRST[family.path], "Jon's"))
    api.post("reject", id=session.number, **EDDARD)
    assert _mark(api, stored.id, session, unmark=1)["rcode"] == 0
    api.post("accept", id=session.number, **EDDARD)
    assert _mark(api, stored.id, session, unmark=1)["rcode"] == 6


def test_the_codes_of_mark_revised(api: Any, stored: Any, add_object: Any) -> None:
    family = api.family
    item = edit(family, FIRST[family.path], "x")
    add_object(external_id="second", hash_="0" * 21)
    add_object(external_id="theirs", hash_="1" * 21, username="other")
    session = edited(api, stored.id, JON, item)
    elsewhere = edited(api, "second", EDDARD, item)
    needless = edited(api, stored.id, EDDARD, item)
    still_open = start(api, stored.id)
    nobodys = Session(api, stored.id, JON, 999)
    for rcode, object_id, which, what in (
        (1, "none", session, {}),
        (2, stored.id, nobodys, {}),
        (3, stored.id, still_open, {}),
        (4, "second", session, {}),
        (5, stored.id, needless, {}),
        (7, stored.id, session, {"revision_session_id": 999}),
        (8, stored.id, session, {"revision_session_id": elsewhere.number}),
        (9, stored.id, session, {"revision_session_id": still_open.number}),
        (0, stored.id, session, {"revision_session_id": needless.number}),
    ):
        assert _mark(api, object_id, which, **what)["rcode"] == rcode
    assert _mark(api, "theirs", session, **OTHERS_KEY)["rcode"] == 2
