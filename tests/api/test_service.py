"""The service around the interfaces: health, unknown addresses, defects, a database that goes away."""

from __future__ import annotations

import logging
from typing import Any

import pytest


def test_health_is_ready_with_database_and_room(client: Any) -> None:
    answer = client.simulate_get("/health")
    assert (answer.status_code, answer.json["status"], answer.json["database"]) == (200, "ready", "ok")
    assert answer.json["uploads_free_bytes"] > 0
    assert client.simulate_get("/health/live").json == {"status": "alive"}


def test_health_without_the_uploads_folder_is_503(client: Any, instance: Any) -> None:
    instance.run(lambda cur: cur.execute("DELETE FROM mount_points WHERE name = 'uploads'"))
    answer = client.simulate_get("/health")
    assert (answer.status_code, answer.json["status"]) == (503, "not ready")


@pytest.mark.parametrize("path", ["/api", "/api/speech", "/api/speech/nothing", "/nowhere", "/api/speech/list/"])
def test_an_unknown_address_is_a_404_page(client: Any, path: str) -> None:
    answer = client.simulate_get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert client.simulate_post(path, json={}).status_code == 404


@pytest.mark.parametrize("sections", [{"misc": {"html_msg": "<p>Hi there!</p>"}}])
def test_the_page_of_the_configuration_is_shown_at_unknown_addresses(client: Any) -> None:
    assert client.simulate_get("/api/speech/nothing").text == "<p>Hi there!</p>"


def test_a_defect_is_a_500_that_is_logged_with_its_request_id(api: Any, instance: Any, caplog: Any) -> None:
    instance.run(lambda cur: cur.execute("ALTER TABLE systems RENAME TO away"))
    answer = api.get("systems")
    instance.run(lambda cur: cur.execute("ALTER TABLE away RENAME TO systems"))
    assert answer.status_code == 500
    request_id = answer.json["error"]["request_id"]
    assert "systems" not in answer.json["error"]["message"]
    failures = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [request_id in record.getMessage() for record in failures] == [True]
    assert failures[0].exc_info is not None
    assert api.get("systems").status_code == 200


def test_a_request_id_of_the_caller_is_kept_when_it_is_harmless(client: Any) -> None:
    kept = client.simulate_get("/health/live", headers={"X-Request-ID": "abc-12345678"})
    made = client.simulate_get("/health/live", headers={"X-Request-ID": "x" * 100})
    assert kept.headers["x-request-id"] == "abc-12345678"
    assert len(made.headers["x-request-id"]) == 16


def test_a_database_that_was_restarted_costs_no_call(api: Any, instance: Any, caplog: Any) -> None:
    assert api.get("list").status_code == 200
    instance.run(
        lambda cur: cur.execute(
            """
            SELECT pg_terminate_backend(pid)
              FROM pg_stat_activity
             WHERE application_name = 'tlp web service'
               AND datname = current_database()
            """
        )
    )
    assert api.get("list").status_code == 200
    assert "opening another" in caplog.text


def test_a_database_that_stays_away_is_a_500_in_words(instance: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    import falcon.testing

    from api import database
    from api.app import create_app

    monkeypatch.setattr(database, "_PATIENCE", 0.2)
    away = replace(instance.config, storage=replace(instance.storage, db_port=1))
    client = falcon.testing.TestClient(create_app(away))
    answer = client.simulate_get("/api/speech/list", params={"user": "tluser", "auth_token": "x"})
    assert answer.status_code == 500
    assert answer.json["error"]["message"].startswith("The database does not answer")
    assert client.simulate_get("/health").status_code == 503
    assert client.simulate_get("/health/live").status_code == 200
