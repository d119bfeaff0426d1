"""Checks answers against the OpenAPI document, whoever asked: the type, the status and the body of each."""

from __future__ import annotations

from typing import Any

import falcon.testing
from jsonschema import Draft202012Validator

from api.openapi.document import document
from api.routes import PREFIXES, served

SPEC = document(tuple(served()), "/api")
_LONGEST_FIRST = sorted(PREFIXES, key=len, reverse=True)


def check(method: str, path: str, answer: falcon.testing.Result) -> str | None:
    """The interface of the document that answered, None for other addresses. Raises AssertionError in words."""
    prefix = next(prefix for prefix in _LONGEST_FIRST if path.startswith(prefix))
    name = path[len(prefix) :].partition("?")[0]
    operation = SPEC["paths"].get(name, {}).get("get" if method == "HEAD" else method.lower())
    if operation is None:
        return None
    response = _resolved(operation["responses"].get(str(answer.status_code)))
    assert response is not None, f"{method} {path}: HTTP {answer.status_code} is not in the document"
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if "content" in response and method != "HEAD":
        _check_body(f"{method} {path}", kind, response["content"], answer)
    return f"{method} {name}"


def _check_body(call: str, kind: str, content: dict[str, Any], answer: falcon.testing.Result) -> None:
    known = [name for name in (kind, f"{kind.partition('/')[0]}/*", "*/*") if name in content]
    assert known, f"{call}: {answer.status_code} has the type {kind}, the document says {list(content)}"
    if kind != "application/json":
        return
    schema = {"components": SPEC["components"], **content[kind]["schema"]}
    errors = sorted(Draft202012Validator(schema).iter_errors(answer.json), key=lambda error: len(error.context or []))
    assert not errors, f"{call}: {errors[0].message[:2000]} {[e.message for e in errors[0].context or []][:6]}"


def _resolved(response: dict[str, Any] | None) -> dict[str, Any] | None:
    if response is None or "$ref" not in response:
        return response
    found: dict[str, Any] = SPEC["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return found
