"""/metrics: who may read it, and that Prometheus can."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
from exposition import read
from openapi_checks import SPEC
from scraping import ADMIN, USER, basic

from api.exposition import Metric, text
from api.routes import PREFIXES
from tlp import auth

# Who may read it


@pytest.mark.parametrize("prefix", PREFIXES)
def test_an_administrator_reads_it_with_parameters_or_as_prometheus_does(client: Any, prefix: str) -> None:
    for sent in ({"params": ADMIN}, {"headers": basic(**{"user": "root", "token": ADMIN["auth_token"]})}):
        answer = client.simulate_get(f"{prefix}/metrics", **sent)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert read(answer.text)["tlp_sessions_open"].value(author="human") == 0


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "metrics are for administrators"),
        ({"params": USER}, "metrics are for administrators"),
        ({"params": {**ADMIN, "su": "tluser"}}, "metrics are for administrators"),
        ({"params": {"user": "root"}}, "unknown user or wrong auth_token"),
        ({"params": {"user": "root", "auth_token": USER["auth_token"]}}, "unknown user or wrong auth_token"),
        ({"params": {"user": "nobody", "auth_token": ADMIN["auth_token"]}}, "unknown user or wrong auth_token"),
        ({"headers": basic("root", "wrong")}, "unknown user or wrong auth_token"),
        ({"headers": basic("root", "")}, "unknown user or wrong auth_token"),
        ({"headers": basic("", "x")}, "metrics are for administrators"),
        ({"headers": basic("tluser", USER["auth_token"])}, "metrics are for administrators"),
        ({"headers": {"Authorization": "Bearer " + ADMIN["auth_token"]}}, "metrics are for administrators"),
        ({"headers": {"Authorization": "Basic ***"}}, "metrics are for administrators"),
        ({"headers": {"Authorization": "Basic /w=="}}, "metrics are for administrators"),
        # the header decides, not what stands beside it
        ({"headers": basic("tluser", USER["auth_token"]), "params": ADMIN}, "metrics are for administrators"),
    ],
)
def test_everybody_else_is_refused_with_words_and_told_how_to_ask(client: Any, sent: Any, words: str) -> None:
    answer = client.simulate_get("/metrics", **sent)
    assert answer.status_code == 401
    assert answer.json["error"]["message"].startswith(words)
    assert answer.headers["www-authenticate"].startswith("Basic realm=")
    assert "tlp_" not in answer.text


def test_a_request_key_and_a_disabled_administrator_are_refused(client: Any, instance: Any) -> None:
    expire = str(int(time.time()) + 60)
    key = auth.basic_key_v2(ADMIN["auth_token"], auth.KeyFields("metrics", "", expire, "root"))
    assert (
        client.simulate_get("/metrics", params={"user": "root", "auth_token": key, "expire": expire}).status_code == 401
    )
    instance.run(lambda cur: cur.execute("UPDATE users SET enabled = false WHERE username = 'root'"))
    assert client.simulate_get("/metrics", params=ADMIN).status_code == 401


def test_nothing_but_get_and_head_is_answered_and_no_log_has_the_key(client: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    assert client.simulate_post("/metrics", params=ADMIN).status_code == 405
    assert client.simulate_head("/metrics", headers=basic("root", ADMIN["auth_token"])).status_code == 200
    assert ADMIN["auth_token"] not in caplog.text
    assert "root HEAD /metrics 200" in caplog.text


def test_it_is_in_the_openapi_document() -> None:
    operation = SPEC["paths"]["/metrics"]["get"]
    assert {"basic": []} in operation["security"] and SPEC["components"]["securitySchemes"]["basic"][
        "scheme"
    ] == "basic"


# The format


def test_labels_are_escaped_so_that_the_reader_gets_them_back() -> None:
    odd = 'a "quoted" \\n back\\slash,\nand {a line} = "1"'
    metric = Metric("odd", "gauge", "Two\nlines and a \\.")
    metric.add(1.5, name=odd, other="ñ", empty="")
    found = read(text([metric]))["odd"]
    assert found.value(name=odd, other="ñ", empty="") == 1.5
    assert found.help == "Two\\nlines and a \\\\."


def test_numbers_of_any_size_are_read_back() -> None:
    metric = Metric("numbers", "gauge", "Numbers.")
    values = [0, 1, -1, 10**15, 0.1, 1e-9, 1.5e300, float("inf"), float("-inf")]
    for place, value in enumerate(values):
        metric.add(value, place=str(place))
    found = read(text([metric]))["numbers"]
    assert [found.value(place=str(place)) for place in range(len(values))] == values


@pytest.mark.parametrize(
    "wrong",
    ['# TYPE a gauge\na{b="c"d} 1\n', "# HELP a x\n# TYPE a gauge\na 1\na 2\n", "# HELP a x\n# TYPE a gauge\na 1,5\n",
     '# HELP a x\n# TYPE a gauge\na{b="\\t"} 1\n', "# HELP a x\n# TYPE a counter\na 1\n"],
)  # fmt: skip
def test_the_reader_of_these_tests_is_strict(wrong: str) -> None:
    with pytest.raises((AssertionError, KeyError, ValueError)):
        read(wrong)
