"""What is too large is a 400 that names what it is and says how much is taken; the limits are the configuration's."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"
CREDENTIALS = {"user": "tluser", "auth_token": SECRET}
LIMITS = {"limits": {"max_body": 2000, "max_json_depth": 6, "max_list": 20, "max_package": 1000}}
LONG = {"x": list(range(21))}
DEEP: dict[str, Any] = {"x": [[[[[[1]]]]]]}
pytestmark = pytest.mark.parametrize("sections", [LIMITS])


def _error(answer: Any) -> tuple[int, str, str]:
    return answer.status_code, answer.json["error"]["parameter"], answer.json["error"]["message"]


@pytest.mark.parametrize(("too_much", "words"), [(LONG, "21 items; at most 20"), (DEEP, "deeper than 6 levels")])
def test_json_too_long_or_too_deep_is_refused_in_every_form(client: Any, too_much: dict[str, Any], words: str) -> None:
    text = json.dumps({**CREDENTIALS, **too_much})
    path = "/api/speech/systems"
    for name, answer in {
        "body": client.simulate_post(path, body=text, headers={"Content-Type": "application/json"}),
        "data": client.simulate_get(path, params={"data": base64.b64encode(text.encode()).decode()}),
        "json": client.simulate_post(
            "/api/speech/ingest/new",
            body=f'--b\r\nContent-Disposition: form-data; name="json"\r\n\r\n{text}\r\n--b--\r\n',
            headers={"Content-Type": "multipart/form-data; boundary=b"},
        ),
    }.items():
        status, parameter, message = _error(answer)
        assert (status, parameter) == (400, name)
        assert words in message


def test_a_long_list_inside_a_parameter_is_refused_by_its_name(client: Any) -> None:
    manifest = base64.b64encode(json.dumps({"a": [[1] * 21]}).encode()).decode()
    answer = client.simulate_post("/api/speech/ingest/new", json={**CREDENTIALS, "manifest": manifest})
    assert _error(answer)[:2] == (400, "manifest")
    mods = json.dumps({"en": {"txt": [1] * 21}})
    sent = {**CREDENTIALS, "id": "m", "session_id": 1, "author_id": "a", "author_conf": 1, "mods": mods}
    assert _error(client.simulate_post("/api/speech/mod", json=sent))[:2] == (400, "mods")


def test_what_just_fits_is_taken(client: Any) -> None:
    fits = {**CREDENTIALS, "x": list(range(20)), "y": [[[[1]]]]}
    assert client.simulate_post("/api/speech/systems", json=fits).status_code == 200


def test_a_large_body_is_refused(client: Any) -> None:
    answer = client.simulate_post("/api/speech/systems", json={**CREDENTIALS, "x": "y" * 2000})
    assert _error(answer)[:2] == (400, "body")
    assert "2000 bytes" in answer.text


def test_a_text_parameter_that_is_too_long_is_refused_by_its_name(client: Any) -> None:
    answer = client.simulate_get("/api/speech/langs", params={**CREDENTIALS, "id": "x" * 1025})
    assert _error(answer)[:2] == (400, "id")
