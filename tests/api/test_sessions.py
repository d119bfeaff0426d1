"""Edit sessions (manual, /start_session, /session_status, /end_session, /lock): one at a time, and whose it is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from editing import EDDARD, FIRST, JON, OLLY, Session, edit, start

from api.families import FAMILIES
from tlp.db import sessions

pytestmark = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)

STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}")


def _computer(instance: Any, object_id: int) -> int:
    author = {"id": "ingest-service", "name": "Ingest Service", "conf": 100, "type": "computer"}
    return int(instance.run(lambda cur: sessions.start(cur, object_id, author))["id"])


# /start_session


def test_a_session_starts_as_in_the_manual(api: Any, stored: Any) -> None:
    answer = api.get("start_session", id=stored.id, author_id="jsnow21", author_conf=90, author_name="John Snow").json
    assert STAMP.fullmatch(answer["started_at"])
    assert answer["last_update"] == answer["started_at"]
    assert {key: answer[key] for key in list(answer)[:7]} == {
        "rcode": 0, "rcode_description": "Session started.", "session_id": 1, "author_id": "jsnow21",
        "author_name": "John Snow", "author_conf": 90, "author_type": "human",
    }  # fmt: skip


def test_its_author_continues_it_and_somebody_else_is_shown_whose_it_is(api: Any, stored: Any) -> None:
    first = start(api, stored.id)
    again = api.post("start_session", id=stored.id, **JON).json
    assert (again["session_id"], again["rcode_description"]) == (first.number, "Session continued.")
    refused = api.post("start_session", id=stored.id, **EDDARD).json
    noun = api.family.noun.lower()
    assert refused["rcode"] == 4
    assert refused["rcode_description"] == (
        f"Cannot start mod session: there exist an open mod session for the given {noun} ID."
    )
    assert (refused["session_id"], refused["author_id"], refused["author_name"], refused["author_conf"]) == (
        first.number, "jsnow21", "John Snow", 90,
    )  # fmt: skip


def test_a_continued_session_keeps_the_lowest_confidence_it_was_continued_with(api: Any, stored: Any) -> None:
    start(api, stored.id, {**JON, "author_conf": 90})
    for claimed, kept in ((100, 90), (40, 40), (100, 40)):
        answer = api.post("start_session", id=stored.id, author_id="jsnow21", author_conf=claimed).json
        assert (answer["author_conf"], answer["author_name"]) == (kept, "John Snow")


@pytest.mark.parametrize("sections", [{"sessions": {"inactivity": 30}}])
def test_an_author_who_comes_back_after_a_long_silence_restarts_the_session(
    api: Any, stored: Any, instance: Any
) -> None:
    first = start(api, stored.id)
    instance.run(lambda cur: cur.execute("UPDATE sessions SET last_alive = now() - interval '31 minutes'"))
    assert instance.run(lambda cur: sessions.silent(cur, 30)) == [first.number]
    again = api.post("start_session", id=stored.id, **JON).json
    assert (again["session_id"], again["rcode_description"]) == (first.number, "Session restarted.")
    assert instance.run(lambda cur: sessions.silent(cur, 30)) == []


def test_there_is_nothing_to_edit_in_what_does_not_exist_or_has_no_text(api: Any, stored: Any, instance: Any) -> None:
    missing = api.post("start_session", id="none", **JON).json
    assert missing == {"rcode": 1, "rcode_description": f"{api.family.noun} ID [none] does not exist"}
    instance.run(lambda cur: cur.execute("DELETE FROM contents"))
    empty = api.post("start_session", id=stored.id, **JON).json
    assert (empty["rcode"], set(empty)) == (2, {"rcode", "rcode_description"})


def test_a_locked_object_is_for_authors_of_full_confidence(api: Any, stored: Any) -> None:
    text = api.family.text_noun.capitalize()
    locked = api.get("lock", id=stored.id, lock=1, author_id="lord_stark1", author_conf=100).json
    assert locked == {"rcode": 0, "rcode_description": f"{text} successfully locked."}
    assert api.get("langs", id=stored.id).json["locked"] is True
    assert api.post("start_session", id=stored.id, **{**JON, "author_conf": 99}).json["rcode"] == 3
    assert start(api, stored.id, EDDARD).end()["rcode"] == 0
    unlocked = api.post("lock", id=stored.id, lock=0, **EDDARD).json
    assert unlocked == {"rcode": 0, "rcode_description": f"{text} successfully unlocked."}
    start(api, stored.id)


def test_a_lock_stops_what_others_are_about_to_save(api: Any, stored: Any) -> None:
    session = start(api, stored.id)
    api.post("lock", id=stored.id, lock=1, **EDDARD)
    refused = session.save(edit(api.family, FIRST[api.family.path], "x"))
    assert (refused["rcode"], "locked" in refused["rcode_description"]) == (3, True)


def test_only_authors_of_full_confidence_lock(api: Any, stored: Any) -> None:
    answer = api.post("lock", id=stored.id, lock=1, **JON)
    assert (answer.status_code, answer.json["error"]["parameter"]) == (400, "author_conf")
    assert api.get("langs", id=stored.id).json["locked"] is False
    assert api.post("lock", id="none", lock=1, **EDDARD).json["rcode"] == 1


def test_authors_are_named_and_their_confidence_is_0_to_100(api: Any, stored: Any) -> None:
    for sent, wrong in (
        ({"author_conf": 1}, "author_id"),
        ({"author_id": "", "author_conf": 1}, "author_id"),
        ({"author_id": "a"}, "author_conf"),
        ({"author_id": "a", "author_conf": 101}, "author_conf"),
        ({"author_id": "a", "author_conf": -1}, "author_conf"),
        ({"author_id": "a", "author_conf": "high"}, "author_conf"),
    ):
        answer = api.post("start_session", id=stored.id, **sent)
        assert (answer.status_code, answer.json["error"]["parameter"]) == (400, wrong)


# /session_status


def test_status_notes_that_the_author_is_there_and_by_default_at_work(api: Any, stored: Any) -> None:
    session = start(api, stored.id)
    first = session.call("session_status")
    assert (first["rcode"], first["rcode_description"]) == (0, "Session alive.")
    assert first["started_at"] < first["last_update"] <= first["last_alive"]
    assert [first[key] for key in ("ended_at", "ended_by_id", "ended_by_name", "ended_by_type")] == [None] * 4
    only_alive = session.call("session_status", alive=1)
    assert only_alive["last_update"] == first["last_update"]
    assert only_alive["last_alive"] > first["last_alive"]
    at_work = api.get("session_status", id=stored.id, session_id=session.number, alive=0, **JON).json
    assert at_work["last_update"] > first["last_update"]
    assert session.call("session_status", alive=2).get("error", {}).get("parameter") == "alive"


def test_status_of_a_session_that_somebody_else_ended(api: Any, stored: Any) -> None:
    session = start(api, stored.id)
    assert Session(api, stored.id, EDDARD, session.number).end(force=1)["rcode"] == 0
    status = session.call("session_status")
    assert (status["rcode"], status["rcode_description"]) == (4, f"Session ID {session.number} is closed.")
    assert STAMP.fullmatch(status["ended_at"])
    assert [status[key] for key in ("ended_by_id", "ended_by_name", "ended_by_type")] == [
        "lord_stark1", "Eddard Stark", "human",
    ]  # fmt: skip


def test_status_is_told_to_the_author_only(api: Any, stored: Any) -> None:
    session = start(api, stored.id)
    assert session.call("session_status", author_id="olly666")["rcode"] == 3
    assert session.call("session_status", author_conf=89)["rcode"] == 3


@pytest.mark.parametrize("interface", ["session_status", "mod", "end_session"])
def test_a_session_is_found_with_its_own_object_only(
    api: Any, stored: Any, add_object: Any, instance: Any, interface: str
) -> None:
    add_object(external_id="second", hash_="0" * 21)
    add_object(external_id="theirs", hash_="1" * 21, username="other")
    session = start(api, stored.id)
    assert session.call(interface, mods={}, session_id=99)["rcode"] == 1
    assert session.call(interface, mods={}, session_id=-1)["rcode"] == 1
    assert session.call(interface, mods={}, id="second")["rcode"] == 2
    assert session.call(interface, mods={}, id="none")["rcode"] == 2
    assert session.call(interface, mods={}, hash="0" * 21)["rcode"] == 2
    theirs = {"user": "other", "auth_token": "another-secret-key-1234567890"}
    stranger, nobodys = (session.call(interface, mods={}, session_id=n, **theirs) for n in (session.number, 99))
    assert stranger["rcode_description"].replace(f"ID {session.number} ", "ID 99 ") == nobodys["rcode_description"]


# /end_session


def test_a_session_ends_as_in_the_manual_and_ending_it_again_is_no_error(api: Any, stored: Any) -> None:
    session = start(api, stored.id)
    assert api.get("end_session", id=stored.id, session_id=session.number, **JON).json == {
        "rcode": 0,
        "rcode_description": "Session succesfully closed.",
    }
    assert session.end()["rcode"] == 0
    assert start(api, stored.id, EDDARD).number != session.number


def test_a_session_is_ended_by_its_author_or_by_force_with_no_less_confidence(api: Any, stored: Any) -> None:
    session = start(api, stored.id)
    for author, force, rcode in (
        (EDDARD, 0, 4),
        (OLLY, 1, 4),
        ({**JON, "author_conf": 89}, 0, 4),
        ({**JON, "author_conf": 89}, 1, 4),
        ({**OLLY, "author_conf": 90}, 1, 0),
    ):
        assert Session(api, stored.id, author, session.number).end(force=force)["rcode"] == rcode
    session = start(api, stored.id)
    assert Session(api, stored.id, {**JON, "author_conf": 100}, session.number).end()["rcode"] == 0


def test_nobody_joins_or_ends_a_session_of_the_ingest_service(api: Any, stored: Any, instance: Any) -> None:
    number = _computer(instance, stored.object_id)
    same = {"author_id": "ingest-service", "author_conf": 100}
    refused = api.post("start_session", id=stored.id, **same).json
    assert (refused["rcode"], refused["author_type"], refused["session_id"]) == (4, "computer", number)
    session = Session(api, stored.id, same, number)
    assert session.end(force=1)["rcode"] == 3
    assert session.call("session_status")["rcode"] == 3
    assert session.save(edit(api.family, FIRST[api.family.path], "x"))["rcode"] == 3
