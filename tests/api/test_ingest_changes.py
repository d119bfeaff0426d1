"""/ingest/update, delete and cancel of media and documents, against the examples of the manual (Appendices E and F)."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from packaged import PACKAGE, multipart

from api.families import FAMILIES, SPEECH, TEXT, Family

MD5 = "a86fae8e7af6fd6786efa876fa0e4212"
both = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)
media = pytest.mark.parametrize("family", [SPEECH], ids=["speech"])
documents = pytest.mark.parametrize("family", [TEXT], ids=["text"])


def _uploads(instance: Any) -> list[dict[str, Any]]:
    return list(instance.rows("SELECT * FROM uploads ORDER BY uploaded_on"))


def _again(family: Family, *external_ids: str) -> dict[str, Any]:
    """A manifest that asks for translations anew."""
    if family is SPEECH:
        return {"metadata": {"external_id": external_ids[0]}, "re-generate": ["tl"]}
    return {"documents": [{"external_id": each} for each in external_ids], "re-generate": True}


def _another(family: Family, external_id: str) -> dict[str, Any]:
    """A manifest of a new object."""
    url = "http://example.org/a"
    if family is SPEECH:
        return {"media": {"url": url}, "metadata": {"external_id": external_id, "language": "en", "title": "t"}}
    return {"language": "en", "documents": [{"external_id": external_id, "title": "t", "url": url}]}


# update


@both
def test_an_update_is_an_upload_of_the_object(api: Any, instance: Any, stored: Any, family: Family) -> None:
    answer = api.post("ingest/update", manifest=_again(family, stored.id)).json
    (row,) = _uploads(instance)
    (known,) = instance.rows("SELECT hash FROM objects")
    assert answer == {
        "rcode": 0, "rcode_description": "Ingestion complete", "id": row["id"], "hash": known["hash"],
    }  # fmt: skip
    wanted = {"operation": "update", "kind": family.kind, "external_id": stored.id, "hash": known["hash"]}
    assert {key: row[key] for key in wanted} == wanted
    assert row["manifest"]["re-generate"] == ["tl"]


@media
def test_the_manuals_update_that_generates_anew(api: Any, instance: Any, add_object: Any) -> None:
    add_object(external_id="9abc7230fe36a18b885c")
    manifest = {"metadata": {"external_id": "9abc7230fe36a18b885c"}, "re-generate": ["tl", "tts"]}
    answer = api.client.simulate_post(
        "/api/speech/ingest/update",
        json={"user": "tluser", "key": api.credentials["auth_token"], "manifest": manifest},
    )
    assert answer.json["rcode"] == 0
    assert _uploads(instance)[0]["manifest"]["re-generate"] == ["tl", "tts"]


@media
def test_the_manuals_re_recording_comes_with_a_package(api: Any, instance: Any, add_object: Any) -> None:
    add_object(external_id="9abc7230fe36a18b885c")
    manifest = {
        "media": {"filename": "main_media_NEW_VERSION.mp4", "fileformat": "mp4", "md5": MD5},
        "metadata": {
            "external_id": "9abc7230fe36a18b885c",
            "language": "en",
            "title": "To know something or not to know nothing: A brief essay about knowledge. (NEW VERSION)",
            "speakers": [
                {
                    "speaker_email": "kit@got.com", "speaker_name": "Kit Harington", "speaker_gender": "M",
                    "speaker_id": "kit1234",
                }
            ],
        },
    }  # fmt: skip
    sent = json.dumps({**api.credentials, "manifest": manifest}).encode()
    pkg = ("pkg", '; filename="p.zip"\r\nContent-Type: application/zip', PACKAGE)
    form = multipart([("json", "\r\nContent-Type: application/json", sent), pkg])
    answer = api.client.simulate_post("/api/speech/ingest/update", **form).json
    (row,) = _uploads(instance)
    assert (row["id"], row["package"]) == (answer["id"], f"{answer['id']}/package.zip")
    assert (instance.uploads / row["package"]).read_bytes() == PACKAGE


@both
def test_what_is_updated_must_exist_and_be_the_users(api: Any, instance: Any, family: Family, add_object: Any) -> None:
    add_object(external_id="theirs", username="other")
    path = {"speech": "manifest.metadata.external_id", "text": "manifest.documents[0].external_id"}[family.path]
    for name in ("theirs", "absent"):
        answer = api.post("ingest/update", manifest=_again(family, name))
        assert (answer.status_code, answer.json["error"]["parameter"]) == (400, path)
        assert answer.json["message"] == f"{family.noun} ID [{name}] does not exist: use /ingest/new"
    assert _uploads(instance) == []


@media
def test_an_update_asks_for_systems_that_fit_the_media(api: Any, stored: Any, three_systems: dict[str, int]) -> None:
    base = {"metadata": {"external_id": stored.id}}
    fit = {"en": {"sub": {"sid": three_systems["asr"]}}, "es": {"sub": {"sid": three_systems["mt"]}}}
    assert api.post("ingest/update", manifest={**base, "requested_langs": fit}).json["rcode"] == 0
    wrong = {"en": {"sub": {"sid": three_systems["mt"]}}}
    answer = api.post("ingest/update", manifest={**base, "requested_langs": wrong})
    assert (answer.status_code, answer.json["error"]["parameter"]) == (400, "manifest.requested_langs.en.sub.sid")


# delete


@both
@pytest.mark.parametrize(("sent", "mode"), [({}, "soft"), ({"mode": "soft"}, "soft"), ({"mode": "hard"}, "hard")])
def test_the_manuals_examples_of_delete(
    api: Any, instance: Any, stored: Any, family: Family, sent: dict[str, str], mode: str
) -> None:
    answer = api.get("ingest/delete", id=stored.id, **sent).json
    (row,) = _uploads(instance)
    (known,) = instance.rows("SELECT hash, deleted_at FROM objects")
    assert (answer["rcode"], answer["id"], answer["hash"]) == (0, row["id"], known["hash"])
    assert (row["operation"], row["kind"], row["external_id"]) == ("delete", family.kind, stored.id)
    assert (row["manifest"], row["package"], row["test_mode"]) == ({"mode": mode}, None, False)
    assert known["deleted_at"] is None  # the Ingest Service deletes
    assert api.get("status", id=answer["id"]).json["status_code"] == 0


@both
def test_what_is_deleted_must_exist_and_be_the_users(api: Any, instance: Any, family: Family, add_object: Any) -> None:
    add_object(external_id="theirs", username="other")
    for name in ("theirs", "absent"):
        answer = api.post("ingest/delete", id=name)
        assert (answer.status_code, answer.json["error"]["parameter"]) == (400, "id")
        assert answer.json["message"] == f"{family.noun} ID [{name}] does not exist"
    assert _uploads(instance) == []


@both
def test_a_mode_that_is_none_deletes_nothing(api: Any, instance: Any, stored: Any) -> None:
    answer = api.post("ingest/delete", id=stored.id, mode="HARD")
    assert (answer.status_code, answer.json["error"]["parameter"]) == (400, "mode")
    assert _uploads(instance) == []


# cancel


@both
def test_the_manuals_example_of_cancel(api: Any, instance: Any, family: Family) -> None:
    first = api.post("ingest/new", manifest=_another(family, "a")).json
    answer = api.get("ingest/cancel", id=first["id"]).json
    assert re.fullmatch(r"up-[0-9a-f-]{36}", answer["id"])
    assert (answer["rcode"], answer["hash"]) == (0, first["hash"])
    row = _uploads(instance)[1]
    assert (row["id"], row["operation"], row["manifest"]) == (answer["id"], "cancel", {"upload": first["id"]})


@both
def test_a_cancellation_is_listed_under_the_upload_it_is_about(api: Any, family: Family) -> None:
    first = api.post("ingest/new", manifest=_another(family, "a")).json["id"]
    second = api.post("ingest/cancel", id=first).json["id"]
    listed = api.get("uploadslist", object_id=first).json
    assert [(item["id"], item["object_id"]) for item in listed] == [(second, first), (first, "a")]


@both
def test_an_upload_that_does_not_exist_or_is_another_users_cannot_be_cancelled(
    api: Any, instance: Any, family: Family
) -> None:
    theirs = api.post("ingest/new", manifest=_another(family, "a")).json["id"]
    instance.run(
        lambda cur: cur.execute("UPDATE uploads SET user_id = (SELECT id FROM users WHERE username = 'other')")
    )
    for name in (theirs, "up-1234"):
        answer = api.post("ingest/cancel", id=name)
        assert (answer.status_code, answer.json["error"]["parameter"]) == (400, "id")
        assert answer.json["message"] == f"Upload ID [{name}] does not exist"


@both
def test_an_upload_of_the_other_family_cannot_be_cancelled(api: Any, client: Any, family: Family) -> None:
    other = next(each for each in FAMILIES if each is not family)
    sent = {**api.credentials, "manifest": _another(other, "a")}
    upload = client.simulate_post(f"/api/{other.path}/ingest/new", json=sent).json["id"]
    assert api.post("ingest/cancel", id=upload).status_code == 400


@both
def test_a_finished_upload_cannot_be_cancelled(api: Any, instance: Any, family: Family) -> None:
    upload = api.post("ingest/new", manifest=_another(family, "a")).json["id"]
    instance.run(lambda cur: cur.execute("UPDATE uploads SET finished_at = now(), status_code = 101"))
    answer = api.post("ingest/cancel", id=upload)
    assert (answer.status_code, len(_uploads(instance))) == (400, 1)
    assert "finished" in answer.json["message"]


@both
def test_an_object_that_has_the_name_of_a_cancelled_upload_gets_a_hash_of_its_own(api: Any, family: Family) -> None:
    first = api.post("ingest/new", manifest=_another(family, "a")).json
    api.post("ingest/cancel", id=first["id"])
    assert api.post("ingest/new", manifest=_another(family, first["id"])).json["hash"] != first["hash"]
