"""Requests made from the OpenAPI document, right ones and wrong ones, against the service as it runs.

None may end in a 500, take over a second, answer otherwise than the document says, or cost memory for good.
TLP_FUZZ_EXAMPLES makes a run longer.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import requests
import schemathesis
from gunicorn_server import Server
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = int(os.environ.get("TLP_FUZZ_EXAMPLES", "2"))
LONGEST = 1.0  # seconds for an answer
GROWTH = 24 * 2**20  # bytes of the worker over the second half of the run
# Put over what was generated, as chosen by the test, so that calls get past the first checks.
KNOWN: dict[str, Any] = {
    "id": "MEDIA-ID-1234", "lang": "en", "aid": 1, "session_id": 1, "version": 1, "format": 2,
    "author_id": "ann", "author_conf": 100,
}  # fmt: skip
CREDENTIALS = {"user": "tluser", "auth_token": "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"}
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_no_generated_request_fails_hangs_or_costs_memory(server: Server, lecture: Any, three_systems: Any) -> None:
    operations = _operations(server)
    with requests.Session() as session:
        for operation in operations:
            _try(operation, session)
        half = server.memory()
        for operation in operations:
            _try(operation, session)
    assert server.memory() - half < GROWTH


def _operations(server: Server) -> list[Any]:
    schema = schemathesis.openapi.from_url(f"{server.url}/api/openapi.json")
    return [found.ok() for found in schema.get_all_operations()]


def _try(operation: Any, session: requests.Session) -> None:
    for mode in GenerationMode:

        @BOUNDED
        @given(case=operation.as_strategy(generation_mode=mode), put=st.sets(st.sampled_from(sorted(KNOWN))))
        def call(case: Any, put: set[str]) -> None:
            case.query = {**(case.query or {}), **CREDENTIALS}
            for place in (case.query, case.body):
                if isinstance(place, dict):
                    place.update({name: KNOWN[name] for name in put & place.keys()})
                    for name in CREDENTIALS:
                        place.pop(name, None) if place is case.body else None
            answer = case.call(session=session, timeout=30)
            for _ in range(4):  # the machine may have been busy: a request that hangs does it again and again
                if answer.elapsed > LONGEST:
                    answer = case.call(session=session, timeout=30)
            assert answer.elapsed <= LONGEST, case.as_curl_command()
            case.validate_response(answer, checks=CHECKS)

        call()


def test_the_fuzz_run_would_notice_a_failure(server: Server, instance: Any) -> None:
    instance.run(lambda cur: cur.execute("ALTER TABLE systems RENAME TO away"))
    try:
        operation = next(operation for operation in _operations(server) if operation.path == "/speech/systems")
        with requests.Session() as session, pytest.raises(BaseException, match="Server error"):
            _try(operation, session)
    finally:
        instance.run(lambda cur: cur.execute("ALTER TABLE away RENAME TO systems"))
