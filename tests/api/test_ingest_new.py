"""/speech/ingest/new: what becomes an upload, what is refused, and what is left on the disk."""

from __future__ import annotations

import base64
import json
import re
import select
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from packaged import PACKAGE, multipart

MD5 = "05b59346bc3fe5d3eac7a0dcd0022fb6"
METADATA = {
    "external_id": "9abc7230fe36a18b885c",
    "language": "en",
    "title": "To know something or not to know nothing: A brief essay about knowledge.",
    "speakers": [{"speaker_name": "Kit Harington", "speaker_id": "kit1234"}],
}
BY_URL: dict[str, Any] = {"media": {"url": "http://my-media-server.com/path/to/my/video.mp4"}, "metadata": METADATA}
BY_PACKAGE: dict[str, Any] = {
    "media": {"fileformat": "mp4", "md5": MD5, "filename": "main_media.mp4"},
    "attachments": [{"filename": "awesome_slides.wmv", "fileformat": "wmv", "type_code": 1, "md5": MD5}],
    "requested_langs": {"es": {"sub": {}, "tts": {}}, "en": {"sub": {}}},
    "metadata": METADATA,
}


def _with_package(api: Any, manifest: Any = None, package: bytes = PACKAGE, more: str = "", **rest: Any) -> Any:
    sent = json.dumps({**api.credentials, "manifest": manifest or BY_PACKAGE}).encode()
    pkg = '; filename="p.zip"\r\nContent-Type: application/zip'
    parts = [("json", more + "\r\nContent-Type: application/json", sent), ("pkg", pkg, package)]
    return api.client.simulate_post("/api/speech/ingest/new", **multipart(parts, **rest))


def _upload(instance: Any) -> dict[str, Any]:
    (row,) = instance.rows("SELECT * FROM uploads")
    return row


def test_the_manuals_first_example_by_url(api: Any, instance: Any) -> None:
    answer = api.post("ingest/new", manifest=BY_URL, debug=True).json
    assert (answer["rcode"], answer["rcode_description"]) == (0, "Ingestion complete")
    assert re.fullmatch(r"up-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer["id"])
    assert re.fullmatch(r"[0-9a-f]{21}", answer["hash"])
    row = _upload(instance)
    wanted = {
        "id": answer["id"], "hash": answer["hash"], "kind": "speech", "operation": "new",
        "external_id": "9abc7230fe36a18b885c", "state": "received", "status_code": 0, "package": None,
    }  # fmt: skip
    assert {key: row[key] for key in wanted} == wanted
    assert row["manifest"]["media"]["url"] == BY_URL["media"]["url"]
    assert list(instance.uploads.iterdir()) == []


def test_the_manuals_second_example_with_a_package(api: Any, instance: Any) -> None:
    answer = _with_package(api).json
    row = _upload(instance)
    assert row["package"] == f"{answer['id']}/package.zip"
    assert (instance.uploads / row["package"]).read_bytes() == PACKAGE
    assert [path.name for path in (instance.uploads / answer["id"]).iterdir()] == ["package.zip"]


def test_the_json_part_may_be_a_file_part(api: Any, instance: Any) -> None:
    assert _with_package(api, more='; filename="manifest.json"').json["rcode"] == 0


def test_the_parameters_may_be_parts_of_their_own(api: Any, instance: Any) -> None:
    fields = {**api.credentials, "manifest": json.dumps(BY_PACKAGE)}
    parts = [(name, "", text.encode()) for name, text in fields.items()]
    assert (
        api.client.simulate_post("/api/speech/ingest/new", **multipart([*parts, ("pkg", "", PACKAGE)])).json["rcode"]
        == 0
    )
    assert _upload(instance)["package"]


def test_multipart_without_a_package_is_fine_for_media_by_url(api: Any, instance: Any) -> None:
    sent = json.dumps({**api.credentials, "manifest": BY_URL}).encode()
    answer = api.client.simulate_post("/api/v3/speech/ingest/new", **multipart([("json", "", sent)]))
    assert answer.json["rcode"] == 0


@pytest.mark.parametrize("form", [json.dumps, lambda m: base64.b64encode(json.dumps(m).encode()).decode()])
def test_the_manifest_may_be_json_text_or_base64(api: Any, instance: Any, form: Any) -> None:
    assert api.post("ingest/new", manifest=form(BY_URL)).json["rcode"] == 0
    assert _upload(instance)["manifest"]["metadata"]["title"] == METADATA["title"]


def test_a_test_mode_upload_needs_no_media(api: Any, instance: Any) -> None:
    assert api.post("ingest/new", manifest={"metadata": METADATA, "test_mode": True}).json["rcode"] == 0
    assert _upload(instance)["test_mode"] is True


def test_the_ingest_service_is_woken(api: Any, instance: Any) -> None:
    connection = psycopg2.connect(**_keywords(instance))
    connection.autocommit = True
    connection.cursor().execute("LISTEN tlp_ingest")
    upload = api.post("ingest/new", manifest=BY_URL).json["id"]
    select.select([connection], [], [], 60)
    connection.poll()
    assert [notice.payload for notice in connection.notifies] == [upload]
    connection.close()


def _keywords(instance: Any) -> dict[str, Any]:
    s = instance.storage
    return {"dbname": s.db_name, "user": s.db_user, "password": s.db_passwd, "host": s.db_host, "port": s.db_port}


def test_a_second_upload_of_the_same_id_under_way_gets_the_same_hash(api: Any) -> None:
    first, second = (api.post("ingest/new", manifest=BY_URL).json for _ in range(2))
    assert first["hash"] == second["hash"]
    assert first["id"] != second["id"]


def test_an_id_that_exists_is_a_400_that_points_to_update(api: Any, lecture: Any) -> None:
    manifest = {**BY_URL, "metadata": {**METADATA, "external_id": lecture.id}}
    answer = api.post("ingest/new", manifest=manifest)
    assert answer.status_code == 400
    assert "/ingest/update" in answer.json["error"]["message"]
    assert answer.json["error"]["parameter"] == "manifest.metadata.external_id"


def test_the_id_of_another_user_is_free(api: Any, add_lecture: Any) -> None:
    add_lecture(external_id="theirs", username="other")
    manifest = {**BY_URL, "metadata": {**METADATA, "external_id": "theirs"}}
    assert api.post("ingest/new", manifest=manifest).json["rcode"] == 0


def test_a_file_that_is_named_without_a_package_is_a_400(api: Any, instance: Any) -> None:
    answer = api.post("ingest/new", manifest=BY_PACKAGE)
    assert (answer.status_code, answer.json["error"]["parameter"]) == (400, "pkg")
    assert "main_media.mp4" in answer.json["error"]["message"]
    assert instance.rows("SELECT id FROM uploads") == []


def test_what_is_wrong_in_a_manifest_is_named_by_its_path(api: Any, instance: Any) -> None:
    for changed, path in (
        ({"media": None}, "manifest.media"),
        ({"metadata": {**METADATA, "language": "tlh"}}, "manifest.metadata.language"),
        ({"metadata": {**METADATA, "title": ""}}, "manifest.metadata.title"),
        ({"media": {"url": "file:///etc/passwd"}}, "manifest.media.url"),
        ({"requested_langs": {"es": {"sub": {"sid": 99}}}}, "manifest.requested_langs.es.sub.sid"),
    ):
        answer = api.post("ingest/new", manifest={**BY_URL, **changed})
        assert (answer.status_code, answer.json["error"]["parameter"]) == (400, path)
    assert instance.rows("SELECT id FROM uploads") == []


def test_systems_are_asked_for_by_an_id_that_fits(api: Any, three_systems: dict[str, int]) -> None:
    good = {
        "en": {"sub": {"sid": three_systems["asr"]}},
        "es": {"sub": {"sid": three_systems["mt"]}, "tts": {"sid": three_systems["tts"]}},
    }
    assert api.post("ingest/new", manifest={**BY_URL, "requested_langs": good}).json["rcode"] == 0
    for wanted in (
        {"en": {"sub": {"sid": three_systems["mt"]}}},
        {"en": {"sub": {"sid": three_systems["gone"]}}},
        {"fr": {"sub": {"sid": three_systems["mt"]}}},
        {"en": {"tts": {"sid": three_systems["tts"]}}},
        {"ca": {"sub": {"tlpath": [{"l": "es", "sid": 99}, {"l": "ca"}]}}},
    ):
        answer = api.post("ingest/new", manifest={**BY_URL, "requested_langs": wanted})
        assert answer.status_code == 400
        assert answer.json["error"]["parameter"].startswith("manifest.requested_langs.")


def test_get_is_a_400_that_says_post(api: Any) -> None:
    answer = api.get("ingest/new", manifest=json.dumps(BY_URL))
    assert answer.status_code == 400
    assert "POST" in answer.json["error"]["message"]


# Packages that are no packages


@pytest.mark.parametrize("sections", [{"limits": {"max_package": 100000}}])
def test_a_package_beyond_the_limit_is_a_400_and_leaves_nothing(api: Any, instance: Any) -> None:
    answer = _with_package(api)
    assert (answer.status_code, answer.json["error"]["parameter"]) == (400, "pkg")
    assert "100000 bytes" in answer.json["error"]["message"]
    _nothing_is_left(instance)


def _nothing_is_left(instance: Any) -> None:
    assert instance.rows("SELECT id FROM uploads") == []
    assert list(instance.uploads.iterdir()) == []


def test_an_upload_that_is_cut_off_leaves_nothing(api: Any, instance: Any) -> None:
    assert _with_package(api, end=b"").status_code == 400
    _nothing_is_left(instance)


def test_a_package_is_not_stored_in_the_place_of_a_mount_point_that_is_away(api: Any, instance: Any) -> None:
    away = instance.uploads.rename(instance.uploads.with_name("away"))
    try:
        assert _with_package(api).status_code == 500
        assert not instance.uploads.exists()
    finally:
        away.rename(instance.uploads)
    assert instance.rows("SELECT id FROM uploads") == []


def test_a_part_after_the_package_is_a_400(api: Any, instance: Any) -> None:
    sent = json.dumps({**api.credentials, "manifest": BY_PACKAGE}).encode()
    parts = [("json", "", sent), ("pkg", "", PACKAGE), ("pkg", "", PACKAGE)]
    assert api.client.simulate_post("/api/speech/ingest/new", **multipart(parts)).status_code == 400
    _nothing_is_left(instance)


def test_a_package_before_its_manifest_is_a_400_and_is_not_read(api: Any, instance: Any) -> None:
    sent = json.dumps({**api.credentials, "manifest": BY_PACKAGE}).encode()
    parts = [("pkg", "", PACKAGE), ("json", "", sent)]
    answer = api.client.simulate_post("/api/speech/ingest/new", **multipart(parts))
    assert answer.status_code == 400
    _nothing_is_left(instance)


def test_a_package_of_a_stranger_is_not_stored(api: Any, instance: Any) -> None:
    api.credentials["auth_token"] = "wrong"
    assert _with_package(api).status_code == 401
    _nothing_is_left(instance)


def test_a_package_whose_manifest_is_wrong_is_not_stored(api: Any, instance: Any) -> None:
    assert _with_package(api, manifest={**BY_PACKAGE, "metadata": {}}).status_code == 400
    _nothing_is_left(instance)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "multipart/form-data"},
        {"Content-Type": "multipart/form-data; boundary="},
        {"Content-Type": "multipart/form-data; boundary=" + "x" * 100},
        {"Content-Type": "multipart/form-data; boundary=ünï"},
        {"Content-Type": "multipart/form-data; boundary=other"},
    ],
)
def test_a_form_without_a_usable_boundary_is_a_400(api: Any, headers: dict[str, str]) -> None:
    body = multipart([("json", "", b"{}")])["body"]
    assert api.client.simulate_post("/api/speech/ingest/new", body=body, headers=headers).status_code == 400


def test_a_store_that_cannot_be_written_is_a_500_that_tells_no_path(api: Any, instance: Any) -> None:
    instance.run(lambda cur: cur.execute("UPDATE mount_points SET path = '/proc/nowhere' WHERE name = 'uploads'"))
    answer = _with_package(api)
    assert answer.status_code == 500
    assert "/proc" not in answer.text
    assert instance.rows("SELECT id FROM uploads") == []


def test_attack_ids_and_names_of_clients_are_no_paths(api: Any, instance: Any) -> None:
    evil = "../../../tmp/evil; rm -rf $(id) '\"<script>"
    manifest = {**BY_PACKAGE, "metadata": {**METADATA, "external_id": evil, "title": evil}}
    upload = _with_package(api, manifest=manifest).json["id"]
    assert [path.name for path in Path(instance.uploads).iterdir()] == [upload]
    assert api.get("uploadslist", object_id=evil).json[0]["object_id"] == evil
