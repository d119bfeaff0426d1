"""The demo's page: its files, and what the list of lectures gives away ([misc] demo_user)."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import SECRET
from falcon.testing import TestClient

from api.resources import demo

DEMO = pytest.mark.parametrize("sections", [{"misc": {"demo_user": "tluser"}}], ids=["demo"])


def lectures(client: TestClient) -> dict[str, Any]:
    return client.simulate_get("/demo/lectures.json").json


@pytest.mark.parametrize("path", ["/", "/player/js/page.js", "/player/lectures.html", "/demo/lectures.json"])
def test_without_a_demo_user_there_is_no_page(client: TestClient, path: str) -> None:
    assert client.simulate_get(path).status_code == 404


@DEMO
def test_the_page_and_what_it_is_made_of_are_served_with_their_types(client: TestClient) -> None:
    page = client.simulate_get("/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    for file, content_type in (("js/page.js", "text/javascript"), ("css/lectures.css", "text/css")):
        answer = client.simulate_get(f"/player/{file}")
        assert answer.headers["Content-Type"].startswith(content_type)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.content == (demo.PLAYER / file).read_bytes()


@DEMO
def test_a_file_that_the_browser_has_is_not_sent_again(client: TestClient) -> None:
    first = client.simulate_get("/player/js/page.js")
    assert first.headers["Cache-Control"] == "no-cache"
    again = client.simulate_get("/player/js/page.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.simulate_get("/player/js/page.js", headers={"If-None-Match": '"another"'})
    assert (other.status_code, other.content) == (200, first.content)


@DEMO
@pytest.mark.parametrize(
    "path",
    [
        "../config.ini.example",
        "..%2Fconfig.ini.example",
        "js/../../pyproject.toml",
        "%2Fetc%2Fpasswd",
        "//etc/passwd",
        "js",
        "js/",
        "",
        "js/page.js%00.css",
        "a" * 5000 + ".js",
        "..%5C..%5Cx.js",
        "%ED%A0%80.js",
    ],
)
def test_nothing_but_the_files_of_the_player_is_served(client: TestClient, path: str) -> None:
    assert client.simulate_get(f"/player/{path}").status_code == 404


@DEMO
def test_a_link_that_leads_out_of_the_player_is_not_followed(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "player"
    folder.mkdir()
    (folder / "own.json").write_text("{}")
    (tmp_path / "secret.json").write_text("{}")
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    monkeypatch.setattr(demo, "PLAYER", folder)
    assert client.simulate_get("/player/own.json").status_code == 200
    assert client.simulate_get("/player/link.json").status_code == 404


@DEMO
def test_the_list_gives_each_lecture_a_key_that_opens_it_alone(client: TestClient, add_lecture: Any) -> None:
    add_lecture(external_id="one", hash_="1" * 21)
    add_lecture(external_id="two", hash_="2" * 21)
    add_lecture(external_id="theirs", hash_="3" * 21, username="other")
    answer = client.simulate_get("/demo/lectures.json")
    listed = answer.json
    assert [lecture["id"] for lecture in listed["lectures"]] == ["two", "one"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert SECRET not in json.dumps(listed)
    _two, one = listed["lectures"]
    assert {key: one[key] for key in ("title", "language", "duration")} == {
        "title": "I do know nothing",
        "language": "en",
        "duration": 86,
    }
    credentials = {"user": listed["user"], "auth_token": one["request_key"], "expire": one["expire"]}
    calls = [
        ("speech/metadata", "one", 200),
        ("speech/langs", "one", 200),
        ("speech/metadata", "two", 401),
        ("speech/uploadslist", "", 401),
        ("speech/list", "", 401),
        ("text/metadata", "one", 401),
    ]
    given = [client.simulate_get(f"/api/{name}", params={**credentials, "id": id_}) for name, id_, _status in calls]
    assert [answer.status_code for answer in given] == [status for _name, _id, status in calls]


@DEMO
def test_a_key_lasts_some_hours(client: TestClient, add_lecture: Any) -> None:
    add_lecture()
    (lecture,) = lectures(client)["lectures"]
    assert 5 * 3600 < lecture["expire"] - time.time() <= 6 * 3600


@pytest.mark.parametrize(
    "sections", [{"misc": {"demo_user": "tluser"}, "authentication": {"max_key_lifetime": 30}}], ids=["half an hour"]
)
def test_a_key_never_lasts_longer_than_the_server_allows(client: TestClient, add_lecture: Any) -> None:
    add_lecture()
    listed = lectures(client)
    (lecture,) = listed["lectures"]
    assert lecture["expire"] - time.time() <= 30 * 60
    sent = {"user": listed["user"], "auth_token": lecture["request_key"], "expire": lecture["expire"]}
    assert client.simulate_get("/api/speech/langs", params={**sent, "id": lecture["id"]}).status_code == 200


@pytest.mark.parametrize("sections", [{"misc": {"demo_user": "nobody"}}], ids=["nobody"])
def test_a_demo_user_that_does_not_exist_is_told_in_words(client: TestClient) -> None:
    answer = client.simulate_get("/demo/lectures.json")
    assert answer.status_code == 404
    assert "demo_user" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    "sections", [{"media_urls": {"base_url": "https://media.example.org/tlp/"}}], ids=["other host"]
)
def test_the_page_may_play_media_of_the_host_that_the_configuration_names(instance: Any) -> None:
    policy = dict(part.split(" ", 1) for part in demo.content_policy(instance.config).split("; "))
    assert policy["media-src"].split() == ["'self'", "blob:", "https://media.example.org"]
    assert policy["connect-src"] == "'self'"
