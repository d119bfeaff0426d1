"""Whatever is sent, the answer is one of those that clients understand, and never a 500."""

from __future__ import annotations

import json
from typing import Any

import falcon.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.routes import served

SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        [
            "MEDIA-ID-1234",
            "DOCUMENT-ID-1234",
            "en",
            "es",
            "\0",
            "\ud800",
            "'; DROP TABLE users; --",
            "%s",
            "%(id)s",
            "\u202e",
        ]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
CALLS = st.sampled_from(tuple(served())).flatmap(
    lambda pair: st.tuples(
        st.just(f"{pair[0].path}/{pair[1].name}"),
        st.fixed_dictionaries({}, optional={param.name: VALUES for param in pair[1].params}),
    )
)
ONCE = settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@ONCE
@given(call=CALLS, known=st.booleans())
def test_any_json_body_is_answered_in_words(client: Any, lecture: Any, document: Any, call: Any, known: bool) -> None:
    name, params = call
    credentials = {"user": "tluser", "auth_token": SECRET, "su": None} if known else {}
    body = json.dumps({**params, **credentials})
    answer = client.simulate_post(f"/api/{name}", body=body)
    assert answer.status_code in (200, 400, 401, 419)
    if answer.status_code != 200:
        assert answer.json["error"]["message"]


@ONCE
@given(query=st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=60), body=st.binary(max_size=80))
def test_any_query_and_body_are_answered_in_words(client: falcon.testing.TestClient, query: str, body: bytes) -> None:
    query = query.replace("#", "").replace("?", "")
    for kind in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "x"):
        answer = client.simulate_post(
            "/api/speech/ingest/new", query_string=query, body=b"--b\r\n" + body, headers={"Content-Type": kind}
        )
        assert answer.status_code in (400, 401)
    assert client.simulate_get("/api/speech/get", query_string=query).status_code in (400, 401)


@ONCE
@given(text=st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=30))
def test_any_range_and_condition_is_answered(client: Any, api: Any, lecture: Any, text: str) -> None:
    headers = {"Range": f"bytes={text}", "If-Range": text, "If-Modified-Since": text, "Authorization": text}
    params = {**api.credentials, "id": lecture.id, "lang": "es", "aid": lecture.track}
    answer = client.simulate_get("/api/speech/audiotrack", params=params, headers=headers)
    assert answer.status_code in (200, 206, 304, 416)
