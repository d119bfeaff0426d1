"""/text/ingest/new and update: several documents in one upload, against the examples of the manual (Appendix F)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from packaged import PACKAGE, multipart

from api.families import TEXT, Family

MD5 = "05b59346bc3fe5d3eac7a0dcd0022fb6"
TITLE = "To know something or not to know nothing: A brief essay about knowledge."
NEW: dict[str, Any] = {
    "language": "en",
    "documents": [
        {
            "external_id": "9abc7230fe36a18b885c",
            "title": TITLE,
            "url": "http://my-document-server.com/path/to/my/document.html",
        }
    ],
    "requested_langs": {"ca": {}, "es": {}},
}
SEVERAL: dict[str, Any] = {
    "language": "en",
    "documents": [
        {"external_id": "d1", "title": "One", "filename": "one.docx", "fileformat": "docx", "md5": MD5},
        {"external_id": "d2", "title": "Two", "url": "http://example.org/two.txt"},
    ],
}


@pytest.fixture
def family() -> Family:
    return TEXT


def _documents(instance: Any, upload_id: str) -> list[tuple[str, str]]:
    query = f"SELECT external_id, hash FROM upload_documents WHERE upload_id = '{upload_id}' ORDER BY position"
    return [(row["external_id"], row["hash"]) for row in instance.rows(query)]


def _with_package(api: Any, manifest: dict[str, Any], operation: str = "new") -> Any:
    sent = json.dumps({**api.credentials, "manifest": manifest}).encode()
    return api.client.simulate_post(
        f"/api/text/ingest/{operation}", **multipart([("json", "", sent), ("pkg", "", PACKAGE)])
    )


def test_the_manuals_example_of_new_documents(api: Any, instance: Any) -> None:
    sent = {"user": "tluser", "key": api.credentials["auth_token"], "manifest": NEW}
    answer = api.client.simulate_post("/api/text/ingest/new", json=sent).json
    assert (answer["rcode"], answer["rcode_description"]) == (0, "Ingestion complete")
    (row,) = instance.rows("SELECT * FROM uploads")
    wanted = {
        "id": answer["id"], "hash": answer["hash"], "kind": "text", "operation": "new", "status_code": 0,
        "external_id": "9abc7230fe36a18b885c", "info": "Ingested, not processed yet.", "package": None,
    }  # fmt: skip
    assert {key: row[key] for key in wanted} == wanted
    assert _documents(instance, answer["id"]) == [("9abc7230fe36a18b885c", answer["hash"])]


@pytest.mark.parametrize("form", [json.dumps, lambda m: base64.b64encode(json.dumps(m).encode()).decode().rstrip("=")])
def test_the_manifest_may_be_json_text_or_base64(api: Any, instance: Any, form: Any) -> None:
    assert api.post("ingest/new", manifest=form(NEW)).json["rcode"] == 0
    assert instance.rows("SELECT manifest FROM uploads")[0]["manifest"]["documents"][0]["title"] == TITLE


def test_several_documents_come_in_one_package_and_have_a_hash_each(api: Any, instance: Any) -> None:
    answer = _with_package(api, SEVERAL).json
    (row,) = instance.rows("SELECT * FROM uploads")
    assert (row["external_id"], row["hash"], row["package"]) == ("d1", answer["hash"], f"{answer['id']}/package.zip")
    (first, first_hash), (second, second_hash) = _documents(instance, answer["id"])
    assert (first, first_hash, second) == ("d1", answer["hash"], "d2")
    assert second_hash != first_hash


def test_uploadslist_has_a_line_for_each_document_and_finds_any(api: Any) -> None:
    several, one = _with_package(api, SEVERAL).json["id"], api.post("ingest/new", manifest=NEW).json["id"]
    listed = api.get("uploadslist").json
    assert [(item["id"], item["object_id"]) for item in listed] == [
        (one, "9abc7230fe36a18b885c"), (several, "d1"), (several, "d2"),
    ]  # fmt: skip
    assert [item["id"] for item in api.get("uploadslist", object_id="d2").json] == [several]
    assert [item["object_id"] for item in api.get("uploadslist", object_id=several).json] == ["d1", "d2"]


def test_status_tells_of_the_whole_upload(api: Any) -> None:
    upload = _with_package(api, SEVERAL).json["id"]
    answer = api.get("status", id=upload).json
    assert (answer["rcode"], answer["status_code"], answer["error_code"]) == (0, 0, None)
    assert answer["info"] == answer["status_info"] == "Ingested, not processed yet."
    assert api.get("status", id="up-1234").json == {
        "rcode": 1,
        "rcode_description": "Upload ID [ up-1234 ] does not exist.",
    }


def test_a_document_under_way_keeps_its_hash_wherever_it_stands(api: Any, instance: Any) -> None:
    first = _with_package(api, SEVERAL).json["id"]
    known = dict(_documents(instance, first))
    later = {"language": "en", "documents": [{"external_id": "d2", "title": "t", "url": "http://example.org/2.txt"}]}
    assert api.post("ingest/new", manifest=later).json["hash"] == known["d2"]


def test_an_id_that_exists_anywhere_in_the_list_is_a_400_that_points_to_update(api: Any, document: Any) -> None:
    manifest = {**NEW, "documents": [*NEW["documents"], {**NEW["documents"][0], "external_id": document.id}]}
    answer = api.post("ingest/new", manifest=manifest)
    assert (answer.status_code, answer.json["error"]["parameter"]) == (400, "manifest.documents[1].external_id")
    assert answer.json["message"] == f"Document ID [{document.id}] exists already: use /ingest/update to change it"


def test_a_file_that_is_named_without_a_package_is_a_400(api: Any, instance: Any) -> None:
    answer = api.post("ingest/new", manifest=SEVERAL)
    assert (answer.status_code, answer.json["error"]["parameter"]) == (400, "pkg")
    assert instance.rows("SELECT id FROM uploads") == []


def test_a_package_whose_manifest_is_wrong_leaves_nothing(api: Any, instance: Any) -> None:
    assert _with_package(api, {**SEVERAL, "language": "xx"}).status_code == 400
    assert list(instance.uploads.iterdir()) == []


def test_systems_are_asked_for_by_an_id_that_translates_into_the_language(
    api: Any, three_systems: dict[str, int]
) -> None:
    good = {**NEW, "requested_langs": {"es": {"sid": three_systems["mt"]}}}
    assert api.post("ingest/new", manifest=good).json["rcode"] == 0
    for language, sid in (("ca", three_systems["mt"]), ("en", three_systems["asr"]), ("es", 99)):
        answer = api.post("ingest/new", manifest={**NEW, "requested_langs": {language: {"sid": sid}}})
        path = f"manifest.requested_langs.{language}.sid"
        assert (answer.status_code, answer.json["error"]["parameter"]) == (400, path)


# update


def test_the_manuals_example_of_translating_anew(api: Any, instance: Any, add_object: Any) -> None:
    add_object(external_id="DOCUMENT-ID-1234")
    add_object(external_id="DOCUMENT-ID-5678", hash_="0" * 21)
    ids = ["DOCUMENT-ID-1234", "DOCUMENT-ID-5678"]
    manifest = {"documents": [{"external_id": each} for each in ids], "re-generate": True}
    answer = api.post("ingest/update", manifest=manifest).json
    assert answer["rcode"] == 0
    assert [name for name, _ in _documents(instance, answer["id"])] == ids
    other = api.post("ingest/update", manifest={"re-generate": ids}).json
    assert _documents(instance, other["id"]) == _documents(instance, answer["id"])


def test_the_manuals_example_of_a_new_version(api: Any, instance: Any, add_object: Any) -> None:
    add_object(external_id="9abc7230fe36a18b885c")
    document = {**NEW["documents"][0], "title": f"{TITLE} (NEW VERSION)"}
    answer = api.post("ingest/update", manifest={"documents": [document], "requested_langs": {"ca": {}, "es": {}}})
    assert answer.json["rcode"] == 0
    (row,) = instance.rows("SELECT manifest, operation FROM uploads")
    assert (row["operation"], row["manifest"]["language"]) == ("update", None)
    assert row["manifest"]["requested_langs"] == {"ca": {}, "es": {}}


def test_a_new_version_may_come_in_a_package(api: Any, instance: Any, add_object: Any) -> None:
    for number in (1, 2):
        add_object(external_id=f"d{number}", hash_=str(number) * 21)
    answer = _with_package(api, SEVERAL, "update").json
    assert _documents(instance, answer["id"]) == [("d1", "1" * 21), ("d2", "2" * 21)]
    assert (instance.uploads / answer["id"] / "package.zip").read_bytes() == PACKAGE


def test_one_unknown_document_refuses_the_whole_update(api: Any, instance: Any, document: Any) -> None:
    manifest = {"documents": [{"external_id": document.id}, {"external_id": "absent"}], "re-generate": True}
    answer = api.post("ingest/update", manifest=manifest)
    assert (answer.status_code, answer.json["error"]["parameter"]) == (400, "manifest.documents[1].external_id")
    assert instance.rows("SELECT id FROM uploads") == []


def test_get_is_a_400_that_says_post(api: Any) -> None:
    for operation in ("new", "update"):
        answer = api.get(f"ingest/{operation}", manifest=json.dumps(NEW))
        assert (answer.status_code, "POST" in answer.json["message"]) == (400, True)
