"""Who gets in (manual, Appendix D): secret keys, request keys where they are allowed, and what strangers learn."""

from __future__ import annotations

import hashlib
import logging
import time
from typing import Any

import falcon.testing
import pytest
from calls import AUTHOR, CLOSED, FOR_AUTHORS, KNOWN, READING, interfaces

from api.families import FAMILIES, Family
from api.routes import served
from tlp import auth

SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"
NAMES = ("theirs", "absent")
ADMIN = {"user": "root", "auth_token": "the-administrators-secret-key"}
both = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)


def _key(version: int, scope: str, object_id: str, expire: int | str, full: bool = False) -> dict[str, str]:
    fields = auth.KeyFields(scope, object_id, str(expire), "tluser", "ann", "50")
    makers = {
        (1, False): auth.basic_key,
        (1, True): auth.full_key,
        (2, False): auth.basic_key_v2,
        (2, True): auth.full_key_v2,
    }
    return {"auth_token": makers[version, full](SECRET, fields), "expire": str(expire)}


@both
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("version", [1, 2])
def test_a_request_key_opens_what_the_manual_opens(
    api: Any, stored: Any, family: Family, version: int, full: bool
) -> None:
    for interface, params in interfaces(family, READING):
        key = _key(version, interface.key_scope(family), params.get("id", ""), int(time.time()) + 60, full)
        assert api.get(interface.name, **params, **key).status_code == 200
        assert api.post(interface.name, **params, **key).status_code == 200


@both
@pytest.mark.parametrize("version", [1, 2])
def test_a_request_key_does_not_open_the_others(api: Any, stored: Any, family: Family, version: int) -> None:
    for interface, params in interfaces(family, CLOSED):
        for object_id in (params.get("id", ""), ""):
            for full in (False, True):
                key = _key(version, interface.key_scope(family), object_id, int(time.time()) + 60, full)
                assert api.post(interface.name, **AUTHOR, **params, **key).status_code == 401, interface.name


def test_the_manuals_list_of_closed_interfaces_is_the_tables() -> None:
    closed = {interface.name for _, interface in served() if not interface.request_key}
    assert closed == {interface.name for _, interface in served()} & set(CLOSED)


@both
@pytest.mark.parametrize("version", [1, 2])
def test_an_expired_key_is_419_authentication_timeout(api: Any, stored: Any, family: Family, version: int) -> None:
    for interface, params in interfaces(family, READING, FOR_AUTHORS):
        answer = api.post(
            interface.name,
            **params,
            **_key(version, interface.key_scope(family), params.get("id", ""), int(time.time()) - 1, True),
        )
        assert answer.status == "419 Authentication Timeout"
        assert answer.json["error"]["code"] == 419


@both
@pytest.mark.parametrize("version", [1, 2])
def test_attack_a_key_of_another_object_opens_nothing(api: Any, stored: Any, family: Family, version: int) -> None:
    for interface, params in interfaces(family, READING, FOR_AUTHORS):
        key = _key(version, interface.key_scope(family), "another-object", int(time.time()) + 60, True)
        assert api.post(interface.name, **params, **key).status_code == 401, interface.name


@both
def test_attack_a_version_2_key_opens_nothing_of_the_other_family_and_no_sessions(
    api: Any, stored: Any, family: Family
) -> None:
    for interface, params in interfaces(family, READING, FOR_AUTHORS):
        for scope in {"speech", "text", "speech-sessions", "text-sessions"} - {interface.key_scope(family)}:
            key = _key(2, scope, params.get("id", ""), int(time.time()) + 60, True)
            assert api.post(interface.name, **params, **key).status_code == 401, (interface.name, scope)


@pytest.mark.parametrize(
    "wrong",
    [
        {"auth_token": SECRET + "x"},
        {"auth_token": "x"},
        {"auth_token": "ñ" * 40},
        {"auth_token": "v2:" + "0" * 64, "expire": "1999999999"},
        {"auth_token": "0" * 40, "expire": "1999999999"},
        {"auth_token": hashlib.sha1(b"").hexdigest(), "expire": ""},
        {"user": "nobody"},
        {"user": "nobody", "auth_token": "0" * 40, "expire": "1999999999"},
        {"user": "TLUSER"},
        {"user": "other"},
    ],
)
@both
def test_nobody_else_gets_in_anywhere(api: Any, stored: Any, family: Family, wrong: dict[str, str]) -> None:
    for interface, params in interfaces(family, KNOWN):
        answer = api.post(interface.name, **{**params, **wrong})
        assert answer.status_code == 401
        assert answer.json["error"]["message"] == "unknown user or wrong auth_token"


def test_a_key_for_one_object_lists_nothing(api: Any, lecture: Any) -> None:
    key = _key(2, "speech", "MEDIA-ID-1234", int(time.time()) + 60)
    assert api.get("list", id="MEDIA-ID-1234", **key).status_code == 401


def test_attack_a_key_with_digits_moved_from_the_id_to_expire(api: Any, add_lecture: Any) -> None:
    add_lecture(external_id="media-123")
    soon = int(time.time()) + 60
    issued = _key(1, "speech", "media-1234", soon)
    assert api.get("langs", id="media-123", auth_token=issued["auth_token"], expire=f"4{soon}").status_code == 401


@pytest.mark.parametrize("sections", [{"authentication": {"max_key_lifetime": 10}}])
def test_the_longest_life_of_a_key_is_kept(api: Any, lecture: Any) -> None:
    for minutes, status in ((9, 200), (11, 401)):
        key = _key(2, "speech", "MEDIA-ID-1234", int(time.time()) + 60 * minutes)
        assert api.get("langs", id="MEDIA-ID-1234", **key).status_code == status


def test_by_default_a_key_lives_30_days_at_most(api: Any, lecture: Any) -> None:
    for days, status in ((29.9, 200), (30.1, 401)):
        for version in (1, 2):
            key = _key(version, "speech", "MEDIA-ID-1234", int(time.time() + 86400 * days))
            answer = api.get("langs", id="MEDIA-ID-1234", **key)
            assert answer.status_code == status
    assert "further away than this server allows" in answer.json["message"]


def test_a_disabled_user_is_an_unknown_one(api: Any, instance: Any) -> None:
    instance.run(lambda cur: cur.execute("UPDATE users SET enabled = false"))
    assert api.get("list").status_code == 401


# What one user learns of another's


@both
def test_an_object_of_another_user_and_a_missing_one_look_the_same(api: Any, family: Family, add_object: Any) -> None:
    add_object(external_id="theirs", username="other")
    for interface, params in interfaces(family, READING, FOR_AUTHORS, {"status": {}, "ingest/delete": {}}):
        if "id" in params and not interface.about_sessions:
            theirs, nobodys = (_unnumbered(api.post(interface.name, **{**params, "id": name})) for name in NAMES)
            assert theirs.replace("theirs", "absent") == nobodys, interface.name
            assert '"rcode": 0' not in theirs


def _unnumbered(answer: Any) -> str:
    return answer.text.replace(answer.headers["x-request-id"], "")


@both
def test_lists_hold_the_users_own_only(api: Any, add_object: Any) -> None:
    add_object(external_id="theirs", username="other")
    assert api.get("list").json == []
    assert api.get("uploadslist", object_id="theirs").json == []


@both
def test_the_hash_must_be_that_of_the_object(api: Any, stored: Any, instance: Any, family: Family) -> None:
    (row,) = instance.rows("SELECT hash FROM objects")
    assert api.get("langs", id=stored.id, hash=row["hash"]).json["rcode"] == 0
    assert api.get("ingest/delete", id=stored.id, hash=row["hash"]).json["rcode"] == 0
    for interface, params in interfaces(family, READING):
        if "id" in params:
            assert api.get(interface.name, **params, hash="0" * 21).json["rcode"] == 1, interface.name
    assert api.get("ingest/delete", id=stored.id, hash="0" * 21).status_code == 400


# su


@both
def test_an_administrator_acts_as_another_user_and_it_is_logged(api: Any, stored: Any, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    assert api.get("list", **ADMIN).json == []
    assert [item["id"] for item in api.get("list", **ADMIN, su="tluser").json] == [stored.id]
    assert "administrator root acts as tluser" in caplog.text


def test_su_is_for_administrators_with_their_secret_key(api: Any, lecture: Any) -> None:
    assert api.get("list", su="other").status_code == 401
    assert api.get("list", su="tluser").status_code == 200
    key = _key(2, "speech", lecture.id, int(time.time()) + 60)
    assert api.get("langs", id=lecture.id, su="other", **key).status_code == 401
    assert api.get("list", **ADMIN, su="nobody").status_code == 401


# What the logs keep


def test_attack_tokens_are_in_no_log_line_and_no_answer(api: Any, lecture: Any, instance: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    key = _key(2, "speech", lecture.id, int(time.time()) + 60)
    api.get("langs", id=lecture.id)
    api.get("langs", id=lecture.id, **key)
    api.get("langs", id=lecture.id, auth_token=SECRET[:-1] + "x")
    api.post("ingest/new", manifest={"metadata": {}})
    instance.run(lambda cur: cur.execute("ALTER TABLE contents RENAME TO away"))
    broken = api.get("langs", id=lecture.id)
    instance.run(lambda cur: cur.execute("ALTER TABLE away RENAME TO contents"))
    assert broken.status_code == 500
    for secret in (SECRET, key["auth_token"], SECRET[:-1] + "x"):
        assert secret not in caplog.text
        assert secret not in broken.text


def test_attack_a_path_cannot_write_a_line_of_its_own_into_the_log(
    client: falcon.testing.TestClient, caplog: Any
) -> None:
    caplog.set_level(logging.INFO)
    client.simulate_get("/api/x%0A2026-01-01 INFO api.access: root")
    lines = [record.getMessage() for record in caplog.records if record.name == "api.access"]
    assert lines
    assert all("\n" not in line for line in lines)


def test_the_access_log_has_id_user_method_path_status_and_time(api: Any, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    answer = api.get("list")
    line = next(record.getMessage() for record in caplog.records if record.name == "api.access")
    assert line.startswith(f"{answer.headers['x-request-id']} tluser GET /api/speech/list 200 ")
    assert line.endswith(" ms")
