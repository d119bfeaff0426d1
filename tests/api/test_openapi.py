"""The OpenAPI document: valid, served wherever the API is, and complete. test_openapi_calls checks that it is true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import falcon.testing
import pytest
from openapi_checks import SPEC
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.families import Family
from api.openapi.answers import ANSWERS
from api.params import EXPIRE, TOKEN, USER
from api.routes import served

SERVED = list(served())
NAMES = [f"{family.path}/{interface.name}" for family, interface in SERVED]
PAGE = Path(__file__).resolve().parents[2] / "web-service" / "api" / "openapi" / "page"


def test_the_document_is_valid_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(SPEC).validate()
    assert SPEC["openapi"].startswith("3.1")


def test_every_interface_of_the_table_has_its_answer_written_down() -> None:
    assert sorted({interface.name for _, interface in SERVED} - set(ANSWERS)) == []


def test_no_answer_is_written_down_for_an_interface_that_is_not_there() -> None:
    assert sorted(set(ANSWERS) - {interface.name for _, interface in SERVED}) == []


@pytest.mark.parametrize(("family", "interface"), SERVED, ids=NAMES)
def test_the_document_has_every_method_and_parameter(family: Family, interface: Any) -> None:
    operations = SPEC["paths"][f"/{family.path}/{interface.name}"]
    assert sorted(operations) == sorted(method.lower() for method in interface.methods)
    body = SPEC["components"]["schemas"][f"{family.path}.{interface.name.replace('/', '.')}"]
    assert list(body["properties"]) == [param.name for param in interface.params]
    if "get" in operations:
        schemes = {USER.name, TOKEN.name, EXPIRE.name}
        in_query = {parameter["name"] for parameter in operations["get"]["parameters"]}
        assert in_query == {p.name for p in interface.params if p.where == "any"} - schemes | {"data"}
    closed = [alternative for alternative in operations["post"]["security"] if EXPIRE.name in alternative]
    assert bool(closed) == interface.request_key


@pytest.mark.parametrize(
    ("address", "script_name", "server"),
    [("/api/openapi.json", "", "/api"), ("/api/v3/openapi.json", "", "/api/v3"), ("/openapi.json", "/api", "/api")],
)
def test_the_document_names_the_address_at_which_it_was_asked_for(
    client: falcon.testing.TestClient, address: str, script_name: str, server: str
) -> None:
    answer = client.simulate_get(address, root_path=script_name)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == {**json.loads(json.dumps(SPEC)), "servers": [{"url": server}]}


def test_the_page_to_try_it_is_served_with_its_files_and_nothing_else(client: falcon.testing.TestClient) -> None:
    page = client.simulate_get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    for name in re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text):
        assert client.simulate_get(f"/api/{name}").status_code == 200
    assert client.simulate_get("/api/docs/request.js").headers["content-type"].startswith("text/javascript")
    for name in ("nothing", "%2e%2e%2fanswers.py", "page.js.map"):
        assert client.simulate_get(f"/api/docs/{name}").status_code == 404
    assert sorted(file.name for file in PAGE.iterdir()) == ["index.html", "page.css", "page.js", "request.js"]
