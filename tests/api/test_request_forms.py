"""Every interface takes its parameters in every form of Appendix D, and whatever is wrong is a 400 that names it."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import falcon.testing
import pytest
from calls import KNOWN, READING, interfaces
from editing import EDDARD, FIRST, edit, mods, start

from api.families import FAMILIES, Family
from api.routes import served

SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _data(params: dict[str, Any], padding: bool = True) -> str:
    text = base64.b64encode(json.dumps(params).encode()).decode()
    return text if padding else text.rstrip("=")


# Each way to send a dict of parameters to an address.
FORMS = {
    "GET parameters": lambda c, path, p: c.simulate_get(path, params=p),
    "GET data": lambda c, path, p: c.simulate_get(path, query_string=urlencode({"data": _data(p)})),
    "GET data without padding": lambda c, path, p: c.simulate_get(path, query_string="data=" + _data(p, False)),
    "GET data unescaped": lambda c, path, p: c.simulate_get(
        path, query_string="data=" + _data({**p, "client": ">>>???"})
    ),
    "POST JSON": lambda c, path, p: c.simulate_post(path, json=p),
    "POST JSON without a type": lambda c, path, p: c.simulate_post(path, body=json.dumps(p)),
    "POST JSON under the type of a form": lambda c, path, p: c.simulate_post(path, body=json.dumps(p), headers=FORM),
    "POST form": lambda c, path, p: c.simulate_post(path, body=urlencode(p), headers=FORM),
    "POST form data": lambda c, path, p: c.simulate_post(path, body=urlencode({"data": _data(p)}), headers=FORM),
    "POST with GET parameters": lambda c, path, p: c.simulate_post(path, params=p),
}
# Those that change something are called once, by their own tests.
SEVERAL = {**READING, "uploadslist": {}, "status": {}, "systems": {}, "revisions": {}}
both = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)


@both
@pytest.mark.parametrize("prefix", ["/api", "/api/v3"])
def test_every_interface_answers_in_every_form(api: Any, stored: Any, family: Family, prefix: str) -> None:
    for interface, params in interfaces(family, SEVERAL):
        sent = {**api.credentials, "client": "libtlp-3.2.0", **params}
        path = f"{prefix}/{family.path}/{interface.name}"
        answers = {name: send(api.client, path, sent) for name, send in FORMS.items()}
        assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(FORMS, 200), path
        assert len({answer.content for answer in answers.values()}) == 1, path


@both
def test_head_is_answered_where_calling_changes_nothing(api: Any, stored: Any, family: Family) -> None:
    for interface, params in interfaces(family, KNOWN):
        path, sent = f"/api/{family.path}/{interface.name}", {**api.credentials, **params}
        answer = api.client.simulate_head(path, params=sent)
        assert answer.content == b""
        assert answer.status_code == (200 if interface.name in SEVERAL else 400), interface.name


@both
def test_attack_looking_at_a_link_with_head_does_nothing(api: Any, stored: Any, family: Family, instance: Any) -> None:
    def head(interface: str, **params: Any) -> int:
        sent = {**api.credentials, "id": stored.id, "author_id": "ann", "author_conf": 100, **params}
        return int(api.client.simulate_head(f"/api/{family.path}/{interface}", params=sent).status_code)

    assert head("start_session") == 400
    assert instance.rows("SELECT id FROM sessions") == []
    session = start(api, stored.id, EDDARD)
    item = json.dumps(mods(family, edit(family, FIRST[family.path], "x")))
    assert head("mod", **EDDARD, session_id=session.number, mods=item) == 400
    assert instance.rows("SELECT session_id FROM session_edits") == []
    assert head("end_session", **EDDARD, session_id=session.number) == 400
    assert head("lock", lock=1) == 400
    assert head("ingest/delete") == 400
    assert instance.rows("SELECT ended_at FROM sessions") == [{"ended_at": None}]
    assert instance.rows("SELECT locked, deleted_at FROM objects") == [{"locked": False, "deleted_at": None}]


@both
def test_a_missing_parameter_is_named(api: Any, family: Family) -> None:
    for interface, params in interfaces(family, KNOWN):
        for required in (param.name for param in interface.own_params if param.required):
            answer = api.post(interface.name, **{name: value for name, value in params.items() if name != required})
            assert (answer.status_code, answer.json["error"]["parameter"]) == (400, required)
            assert required in answer.json["error"]["message"]


@both
@pytest.mark.parametrize("missing", ["user", "auth_token"])
def test_without_credentials_the_missing_one_is_named(api: Any, family: Family, missing: str) -> None:
    for interface, params in interfaces(family, KNOWN):
        answer = api.post(interface.name, **{**params, missing: None})
        assert (answer.status_code, answer.json["error"]["parameter"]) == (400, missing)


def test_the_table_of_calls_has_every_interface() -> None:
    assert {interface.name for _, interface in served()} - set(KNOWN) == set()


def test_key_is_another_name_of_auth_token(api: Any) -> None:
    assert api.get("list", auth_token=None, key=SECRET).status_code == 200


MALFORMED: list[tuple[str, dict[str, Any], str]] = [
    ("get", {"id": "m", "lang": "en", "format": "five"}, "format"),
    ("get", {"id": "m", "lang": "en", "format": 9}, "format"),
    ("get", {"id": "m", "lang": "en", "format": True}, "format"),
    ("get", {"id": "m", "lang": "en", "seg_filt_policy": -2}, "seg_filt_policy"),
    ("get", {"id": "m", "lang": "en", "session_id": "1.5"}, "session_id"),
    ("get", {"id": "m", "lang": "en", "pending_revs": "perhaps"}, "pending_revs"),
    ("audiotrack", {"id": "m", "lang": "en", "aid": "9" * 30}, "aid"),
    ("audiotrack", {"id": "m", "lang": "en", "aid": "٤"}, "aid"),
    ("ingest/delete", {"id": "m", "mode": "gently"}, "mode"),
    ("langs", {"id": ["m"]}, "id"),
    ("langs", {"id": {"a": 1}}, "id"),
    ("langs", {"id": "x" * 2000}, "id"),
    ("langs", {"id": 1.5}, "id"),
]


def test_a_malformed_value_is_named(api: Any) -> None:
    for interface, params, name in MALFORMED:
        answer = api.post(interface, **params)
        assert (answer.status_code, answer.json["error"]["parameter"]) == (400, name)


BAD_BODIES = {
    "no JSON": b"{",
    "a list": b"[1, 2]",
    "a number that is none": b'{"user": NaN}',
    "too deep": b'{"user": ' + b"[" * 40 + b"]" * 40 + b"}",
    "far too deep": b'{"user": ' + b"[" * 100000,
    "a huge number": b'{"user": ' + b"9" * 5000 + b"}",
    "not UTF-8": b'{"user": "\xff\xfe"}',
    "half a character": b'{"user": "\\ud800"}',
    "a NUL": b'{"user": "tl\\u0000user"}',
}


def test_a_broken_body_is_a_400_that_says_why(client: falcon.testing.TestClient) -> None:
    for name, body in BAD_BODIES.items():
        answer = client.simulate_post("/api/speech/list", body=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, name
        assert len(answer.json["error"]["message"]) > 10


def test_broken_data_is_a_400(client: falcon.testing.TestClient) -> None:
    for code in ("%%%", "e30", "W10", "aGVsbG8", "////", "eyJ1c2VyIjo="):
        assert client.simulate_get("/api/speech/list", query_string=f"data={code}").status_code == 400


def test_the_same_parameter_twice_is_a_400(client: falcon.testing.TestClient) -> None:
    answer = client.simulate_get("/api/speech/langs", query_string="id=a&id=b&user=u&auth_token=t")
    assert (answer.status_code, answer.json["error"]["parameter"]) == (400, "id")


@pytest.mark.parametrize("sections", [{"limits": {"max_body": 1000}}])
def test_a_body_beyond_the_limit_is_a_400(client: falcon.testing.TestClient) -> None:
    answer = client.simulate_post("/api/speech/list", body=b"{" + b" " * 2000 + b"}")
    assert answer.status_code == 400
    assert "1000 bytes" in answer.json["error"]["message"]


def test_an_id_of_digits_may_come_as_a_number(api: Any, add_lecture: Any) -> None:
    add_lecture(external_id="4711")
    assert api.post("langs", id=4711).json["rcode"] == 0


def test_a_package_is_refused_where_none_is_taken(client: falcon.testing.TestClient) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n'
    body = head % b"json" + b"{}\r\n" + head % b"pkg" + b"x\r\n--b--\r\n"
    answer = client.simulate_post(
        "/api/speech/list", body=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert (answer.status_code, answer.json["error"]["parameter"]) == (400, "pkg")


def test_mounted_at_api_by_mod_wsgi_the_paths_come_without_the_prefix(client: falcon.testing.TestClient) -> None:
    credentials = {"user": "tluser", "auth_token": SECRET}
    for path in ("/speech/list", "/v3/speech/list"):
        answer = client.simulate_get(path, params=credentials, root_path="/api")
        assert (answer.status_code, answer.json) == (200, [])


def test_other_methods_are_refused_in_the_shape_of_errors(client: falcon.testing.TestClient) -> None:
    answer = client.simulate_put("/api/speech/list")
    assert answer.status_code == 405
    assert answer.json["error"]["request_id"] == answer.headers["x-request-id"]
    assert answer.json["message"] == answer.json["error"]["message"]


def test_pages_of_other_sites_may_call_with_a_token_and_read_nothing_else(client: falcon.testing.TestClient) -> None:
    health = client.simulate_get("/health", headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in health.headers
    answer = client.simulate_get("/api/speech/list", headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    assert "POST" in client.simulate_options("/api/speech/list", headers=asked).headers["access-control-allow-methods"]
