"""Request keys and edit sessions: nobody does more than the API client let them (manual, Appendix G; docs/adr)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from editing import EDDARD, FIRST, JON, edit, edited, mods, shown, start

from api.families import FAMILIES, Family
from tlp import auth

pytestmark = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)

SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"


def _key(scope: str, object_id: str, author: dict[str, Any] | None = None, version: int = 2) -> dict[str, str]:
    """A request key as the API client makes it, a full one for an author."""
    expire = str(int(time.time()) + 60)
    who = (author["author_id"], str(author["author_conf"])) if author else (None, None)
    fields = auth.KeyFields(scope, object_id, expire, "tluser", *who)
    make = {
        (1, False): auth.basic_key,
        (1, True): auth.full_key,
        (2, False): auth.basic_key_v2,
        (2, True): auth.full_key_v2,
    }[version, author is not None]
    return {"auth_token": make(SECRET, fields), "expire": expire}


def _scope(family: Family, interface: str) -> str:
    """As docs/api.md has it."""
    return f"{family.path}-sessions" if interface in ("accept", "reject") else family.path


def _calls(api: Any, object_id: str, session: int, waiting: int) -> list[tuple[str, dict[str, Any]]]:
    """Every interface for which it matters who the author is."""
    one = {"id": object_id, "session_id": session}
    item = edit(api.family, FIRST[api.family.path], "Attack")
    return [
        ("start_session", {"id": object_id}),
        ("session_status", one),
        ("mod", {**one, "mods": mods(api.family, item)}),
        ("end_session", {**one, "force": 1}),
        ("lock", {"id": object_id, "lock": 1}),
        ("mark_revised", {"id": object_id, "session_id": waiting}),
        ("accept", {"id": str(waiting)}),
        ("reject", {"id": str(waiting)}),
        ("restore", {"id": object_id, "lang": "en", "version": 1}),
    ]


@pytest.mark.parametrize("version", [1, 2])
def test_attack_a_basic_key_claims_an_author(api: Any, stored: Any, version: int) -> None:
    waiting = edited(api, stored.id, JON, edit(api.family, FIRST[api.family.path], "Attack")).number
    session = start(api, stored.id)
    for interface, params in _calls(api, stored.id, session.number, waiting):
        for claimed in (EDDARD, JON):
            answer = api.post(
                interface, **params, **claimed, **_key(_scope(api.family, interface), params["id"], version=version)
            )
            assert answer.status_code == 401, interface
    assert session.call("session_status")["rcode"] == 0
    assert "Attack" not in shown(api, stored.id)


@pytest.mark.parametrize("version", [1, 2])
def test_attack_a_key_for_confidence_0_claims_100(api: Any, stored: Any, version: int) -> None:
    waiting = edited(api, stored.id, JON, edit(api.family, FIRST[api.family.path], "Attack")).number
    session = start(api, stored.id)
    eve = {"author_id": "eve", "author_conf": 0}
    for interface, params in _calls(api, stored.id, session.number, waiting):
        for claimed in ({**eve, "author_conf": 100}, EDDARD, JON):
            answer = api.post(
                interface, **params, **claimed, **_key(_scope(api.family, interface), params["id"], eve, version)
            )
            assert answer.status_code == 401, interface
    assert [row["session_id"] for row in api.get("revisions").json] == [waiting]
    assert session.call("session_status")["rcode"] == 0


def test_attack_the_key_of_an_object_named_like_a_session_revises_it_not(
    api: Any, stored: Any, add_object: Any
) -> None:
    """Who may edit the media "8" as a trusted author must not revise session 8, which may be about any object."""
    waiting = edited(api, stored.id, JON, edit(api.family, FIRST[api.family.path], "Attack")).number
    add_object(external_id=str(waiting), hash_="0" * 21)
    key = _key(api.family.path, str(waiting), EDDARD)
    for interface in ("accept", "reject"):
        assert api.post(interface, id=str(waiting), **EDDARD, **key).status_code == 401, interface
    assert [row["session_id"] for row in api.get("revisions").json] == [waiting]
    assert api.post("lock", id=str(waiting), lock=1, **EDDARD, **key).json["rcode"] == 0
    key = _key(f"{api.family.path}-sessions", str(waiting), EDDARD)
    assert api.post("lock", id=str(waiting), lock=0, **EDDARD, **key).status_code == 401
    assert api.post("accept", id=str(waiting), **EDDARD, **key).json[0]["rcode"] == 0


def test_attack_digits_moved_from_the_author_to_the_confidence_grant_nothing(api: Any, stored: Any) -> None:
    """`eve10` with 0 has the version 1 key of `eve` with 100 (security, hole 2)."""
    waiting = edited(api, stored.id, JON, edit(api.family, FIRST[api.family.path], "Attack")).number
    issued, claimed = {"author_id": "eve10", "author_conf": 0}, {"author_id": "eve", "author_conf": 100}
    for interface, params in (
        ("lock", {"id": stored.id, "lock": 1}),
        ("mark_revised", {"id": stored.id, "session_id": waiting}),
        ("accept", {"id": str(waiting)}),
        ("reject", {"id": str(waiting)}),
    ):
        answer = api.post(
            interface, **params, **claimed, **_key(_scope(api.family, interface), params["id"], issued, version=1)
        )
        assert answer.status_code == 401, interface
        assert "confidence of 0" in answer.json["message"]
    started = api.post(
        "start_session", id=stored.id, **claimed, **_key(api.family.path, stored.id, issued, version=1)
    ).json
    assert (started["rcode"], started["author_conf"]) == (0, 0)
    session = {"id": stored.id, "session_id": started["session_id"], **claimed}
    key = _key(api.family.path, stored.id, issued, version=1)
    item = edit(api.family, FIRST[api.family.path], "Attack")
    assert api.post("mod", **session, mods=mods(api.family, item), **key).json["rcode"] == 0
    assert api.post("end_session", **session, **key).json["rcode"] == 0
    assert "Attack" not in shown(api, stored.id)
    assert len(api.get("revisions").json) == 2


def test_an_author_whose_key_is_capped_is_told_so_and_the_log_says_why(api: Any, stored: Any, caplog: Any) -> None:
    key = _key(api.family.path, stored.id, JON, version=1)  # jsnow21 with 90 has the key of jsnow2190 with 0
    started = api.post("start_session", id=stored.id, **JON, **key).json
    words = "This request key grants a confidence of 0, not 90: what is edited may have to wait for revision."
    assert (started["author_conf"], words in started["rcode_description"]) == (0, True)
    assert started["rcode_description"].startswith("Session started. ")
    session = {"id": stored.id, "session_id": started["session_id"], **JON}
    assert words in api.post("end_session", **session, **key).json["rcode_description"]
    lines = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(lines) == 2, "one a request"
    assert "user tluser" in lines[0]
    assert "claims author_conf 90 and is granted 0" in lines[0]
    assert "cap_ambiguous_confidence" in lines[0]
    assert key["auth_token"] not in "".join(lines)


def test_who_is_granted_what_they_claim_reads_the_manuals_words(api: Any, stored: Any, caplog: Any) -> None:
    key = _key(api.family.path, stored.id, JON, version=2)
    assert api.post("start_session", id=stored.id, **JON, **key).json["rcode_description"] == "Session started."
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("sections", [{"authentication": {"cap_ambiguous_confidence": "no"}}])
def test_a_full_key_does_a_whole_session(api: Any, stored: Any, version: int) -> None:
    def call(interface: str, **params: Any) -> Any:
        return api.post(
            interface, **{**params, **EDDARD, **_key(_scope(api.family, interface), params["id"], EDDARD, version)}
        ).json

    started = call("start_session", id=stored.id)
    one = {"id": stored.id, "session_id": started["session_id"]}
    item = edit(api.family, FIRST[api.family.path], "Winter has come")
    assert call("mod", **one, mods=mods(api.family, item))["rcode"] == 0
    assert call("session_status", **one)["rcode"] == 0
    assert call("end_session", **one)["rcode"] == 0
    assert "Winter has come" in shown(api, stored.id)
    assert call("lock", id=stored.id, lock=0)["rcode"] == 0
    waiting = edited(api, stored.id, JON, item).number
    assert call("accept", id=str(waiting))[0]["rcode"] == 0


def test_a_key_of_one_object_opens_no_session_of_another(api: Any, stored: Any, add_object: Any) -> None:
    add_object(external_id="second", hash_="0" * 21)
    session = start(api, stored.id, EDDARD)
    key = _key(api.family.path, "second", EDDARD)
    one = {"session_id": session.number, **EDDARD, **key}
    assert api.post("session_status", id=stored.id, **one).status_code == 401
    assert api.post("session_status", id="second", **one).json["rcode"] == 2
    assert api.post("end_session", id="second", **one, force=1).json["rcode"] == 2
    assert session.call("session_status")["rcode"] == 0


def test_reading_interfaces_take_either_half_and_revisions_takes_no_key(api: Any, stored: Any) -> None:
    lang = {"speech": "en", "text": "ca"}[api.family.path]
    for author in (None, JON):
        key = _key(api.family.path, stored.id, author)
        assert api.get("edit_history", id=stored.id, **key).json["rcode"] == 0
        assert api.get("versions", id=stored.id, lang=lang, **key).json["rcode"] == 0
        assert api.get("revisions", id=stored.id, **key).status_code == 401


def test_attack_markup_in_edits_and_names_is_text_everywhere(api: Any, stored: Any) -> None:
    family = api.family
    evil = "</tl:s><script>alert(1)</script> ]]> --> \u202e\x07 <s1>"
    named = {"author_id": 'a"><x>', "author_name": "<b>", "author_conf": 100}
    edited(api, stored.id, named, edit(family, FIRST[family.path], evil))
    form = {"speech": 0, "text": 2}[family.path]
    for policy in (0, 1, 2):
        lang = {"speech": "en", "text": "ca"}[family.path]
        answer = api.get("get", id=stored.id, lang=lang, format=form, sel_data_policy=policy)
        assert "<script" not in answer.text
        assert "<x>" not in answer.text
    # what was written can be read, edited and shown again
    edited(api, stored.id, EDDARD, edit(family, FIRST[family.path], "clean"))
    assert "alert" not in shown(api, stored.id)
    assert api.get("edit_history", id=stored.id).json["edit_history"][1]["author_id"] == 'a"><x>'
