"""/status shows how far the callback of an upload is (docs/notifications.md)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from api.families import FAMILIES
from tlp.db import notifications

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}"
URL = "https://example.org/done"


@pytest.fixture(params=FAMILIES, ids=lambda family: family.path)
def family(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def upload(api: Any, instance: Any) -> str:
    """An upload in test mode that asks for a callback."""
    return _new(api, callback={"url": URL, "params": {"job": 7}})


def test_parameters_with_a_number_that_no_database_can_keep_are_refused_in_words(api: Any) -> None:
    callback = '"callback": {"url": "https://example.org/done", "params": {"size": -1e999}}'
    answer = api.post("ingest/new", manifest=f"{{{callback}}}")
    assert answer.status_code == 400
    assert "-1e999 is no number that can be kept" in answer.json["message"]


def _new(api: Any, **keys: Any) -> str:
    if api.family.path == "speech":
        manifest: dict[str, Any] = {"metadata": {"external_id": "m1", "language": "en", "title": "A lecture"}}
    else:
        manifest = {"language": "en", "documents": [{"external_id": "d1", "title": "A page"}]}
    answer = api.post("ingest/new", manifest={**manifest, **keys, "test_mode": True})
    assert answer.status_code == 200, answer.json
    return str(answer.json["id"])


def _notify(instance: Any, upload: str, **marks: Any) -> None:
    """The row that the Ingest Service adds at the end, then what its sender marks."""

    def work(cur: Any) -> None:
        row = {"id": "nt-1", "upload_id": upload, "channel": "callback", "event": "finished", "target": URL}
        notifications.add(cur, {**row, "receiver": "example.org", "body": "{}"})
        notifications.claim(cur, "callback")
        if "failed" in marks:
            notifications.mark_failed(cur, "nt-1", *marks["failed"])
        if "sent" in marks:
            notifications.mark_sent(cur, "nt-1")

    instance.run(work)


def _callback(api: Any, upload: str) -> dict[str, Any]:
    answer: dict[str, Any] = api.get("status", id=upload).json["callback"]
    return answer


def test_without_a_callback_status_says_nothing_of_one(api: Any) -> None:
    assert "callback" not in api.get("status", id=_new(api)).json


def test_before_the_upload_ends_its_callback_waits(api: Any, upload: str) -> None:
    waiting = {"state": "waiting", "attempts": 0, "last_error": None, "next_try": None}
    assert _callback(api, upload) == waiting


def test_a_callback_that_failed_says_why_and_when_it_is_tried_again(api: Any, instance: Any, upload: str) -> None:
    _notify(instance, upload, failed=("example.org answered 503", 60))
    found = _callback(api, upload)
    assert re.fullmatch(STAMP, found.pop("next_try"))
    assert found == {"state": "waiting", "attempts": 1, "last_error": "example.org answered 503"}


def test_a_callback_that_arrived_is_delivered(api: Any, instance: Any, upload: str) -> None:
    _notify(instance, upload, sent=True)
    assert _callback(api, upload) == {"state": "delivered", "attempts": 1, "last_error": None, "next_try": None}


def test_a_callback_that_was_given_up_keeps_its_reason_and_can_be_sent_again(
    api: Any, instance: Any, upload: str
) -> None:
    _notify(instance, upload, failed=("it cannot be sent there", None))
    given_up = {"state": "given_up", "attempts": 1, "last_error": "it cannot be sent there", "next_try": None}
    assert _callback(api, upload) == given_up
    assert instance.run(lambda cur: notifications.send_again(cur, upload)) == 1
    assert _callback(api, upload)["state"] == "waiting"
