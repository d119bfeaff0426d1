"""The alarms of docs/operations.md: they can be read, ask for metrics that there are, and each is explained."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml

from db import admin

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## Alarms\n")[2].partition("\n## ")[0]
BLOCK = re.search(r"```yaml\n(.*?)```", SECTION, re.S)
RULES: list[dict[str, Any]] = yaml.safe_load(BLOCK[1])["groups"][0]["rules"] if BLOCK else []
# name{labels} of every metric of the table, which test_metrics compares with what is served
METRICS = {
    name: set(filter(None, labels.split(",")))
    for name, labels in re.findall(r"^\| `(tlp_[a-z_]+)(?:\{([a-z,]+)\})?` \|", PAGE, re.M)
}
LABELS = re.compile(r'(\w+)(?:!~|=~|!=|=)"[^"]*"')


def test_there_is_an_alarm_for_whatever_can_go_wrong() -> None:
    assert {rule["alert"] for rule in RULES} == {
        "DatabaseUnreachable", "ServiceNotRunning", "UploadsStuck", "UploadsPutOff", "FailuresRising", "SystemFailing",
        "QueueGrowing", "NothingEnds", "DiskLow", "NotificationsFailing", "JobsLost", "SessionsStuck",
    }  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alarm_asks_for_metrics_and_labels_that_there_are_and_is_explained(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for"} and re.fullmatch(r"\d+m", rule.get("for", "0m"))
    asked = re.findall(r"\b(tlp_\w+|up)\b(?:\{([^}]*)\})?", rule["expr"])
    assert asked
    for name, selectors in asked:
        if name != "up":  # Prometheus' own
            assert name in METRICS, name
            assert {label for label in LABELS.findall(selectors)} <= METRICS[name], (name, selectors)
    grouped = {label for labels in re.findall(r"by \(([^)]*)\)", rule["expr"]) for label in re.split(r",\s*", labels)}
    assert all(any(label in METRICS.get(name, ()) for name, _ in asked) for label in grouped)
    assert rule["expr"].count("(") == rule["expr"].count(")")
    text = SECTION.partition(f"\n### {rule['alert']}\n")[2].partition("\n### ")[0]
    assert len(text.split()) > 25, f"{rule['alert']} is not explained"


def test_a_counter_is_asked_for_its_increase_only() -> None:
    for rule in RULES:
        counters = re.findall(r"(\w+\()?\b(tlp_\w+_total)", rule["expr"])
        assert all(function in ("increase(", "rate(") for function, _ in counters), rule["alert"]


STATEMENTS = re.findall(r"`((?:SELECT|UPDATE|INSERT|DELETE)\b[^`]*;)`", PAGE)


def test_the_database_understands_every_statement_that_is_given_to_operators(db: dict[str, Any]) -> None:
    assert len(STATEMENTS) > 20
    with closing(psycopg2.connect(**db)) as connection, connection.cursor() as cur:
        cur.execute("CREATE EXTENSION pgcrypto")
        for statement in STATEMENTS:
            cur.execute(f"EXPLAIN {statement.replace('…;', 'false;')}")


def test_every_command_that_is_given_to_operators_is_one() -> None:
    for words in re.findall(r"`db/admin\.py ([^`]+)`", PAGE):
        given = re.sub(r"\[[^]]*\]", "", words).replace("ID…", "1").replace("USER", "ada").split()
        assert admin.parser().parse_args(given).act, words
