"""The interfaces of /text that read, against the examples of the manual (Appendix F)."""

from __future__ import annotations

from typing import Any

import falcon.testing
import pytest
from lxml import etree, html
from stored_documents import CATALAN, HASH, TITLE, add_text, source, translated

from api.families import TEXT, Family
from tlp.formats import DOCUMENT_FORMATS

NONE = None


@pytest.fixture
def family() -> Family:
    return TEXT


def _get(api: Any, **params: Any) -> falcon.testing.Result:
    return api.get("get", **{"id": "DOCUMENT-ID-1234", "lang": "ca", **params})


# /systems, /list


def test_systems_lists_machine_translation_only(api: Any, three_systems: dict[str, int]) -> None:
    assert api.get("systems").json == {
        "mt": [
            {
                "source_lang": "en", "target_lang": "es", "id": three_systems["mt"],
                "name": "English-Spanish MT System", "description": "",
            }
        ],
    }  # fmt: skip


def test_list_gives_what_the_manual_lists(api: Any, document: Any) -> None:
    assert api.get("list").json == [
        {
            "id": "DOCUMENT-ID-1234", "title": TITLE, "language": "en", "format": "docx",
            "sentences": 3, "words": 13, "characters": 64,
        }
    ]  # fmt: skip


def test_media_are_no_documents_and_documents_no_media(client: Any, api: Any, document: Any, lecture: Any) -> None:
    for path, known, unknown in (("text", document.id, lecture.id), ("speech", lecture.id, document.id)):
        answers = [client.simulate_get(f"/api/{path}/list", params=api.credentials).json]
        assert [[item["id"] for item in listed] for listed in answers] == [[known]]
        langs = client.simulate_get(f"/api/{path}/langs", params={**api.credentials, "id": unknown})
        assert langs.json["rcode"] == 1


def test_a_document_and_a_media_may_have_the_same_id(api: Any, add_lecture: Any, document: Any) -> None:
    add_lecture(external_id=document.id)
    assert api.get("metadata", id=document.id).json["info"]["format"] == "docx"


def test_documents_have_no_audiotrack(api: Any, document: Any) -> None:
    assert api.get("audiotrack", id=document.id, lang="ca", aid=1).status_code == 404


# /metadata


def test_metadata_of_a_document_that_does_not_exist(api: Any) -> None:
    assert api.get("metadata", id="1234-abcd").json == {
        "rcode": 1,
        "rcode_description": "Document ID [ 1234-abcd ] does not exist or has no document",
    }


def test_metadata_gives_info_and_where_the_file_is(client: Any, api: Any, document: Any) -> None:
    answer = api.get("metadata", id=document.id).json
    (file,) = answer.pop("documents")
    assert answer == {
        "rcode": 0,
        "rcode_description": "Document info available.",
        "info": {
            "title": TITLE, "language": "en", "format": "docx", "sentences": 3, "words": 13, "characters": 64,
        },
    }  # fmt: skip
    assert (file["type_code"], file["media_format"], file["is_url"]) == (0, "docx", True)
    location = file["location"].removeprefix("http://falconframework.org")
    sent = client.simulate_get(location)
    assert (sent.status_code, sent.headers["content-disposition"][:10]) == (200, "attachment")


def test_metadata_of_a_document_without_a_file_is_there(api: Any, instance: Any, document: Any) -> None:
    instance.run(lambda cur: cur.execute("DELETE FROM files"))
    answer = api.get("metadata", id=document.id).json
    assert (answer["rcode"], answer["documents"]) == (0, [])


# /langs


def test_langs_of_a_document_that_does_not_exist(api: Any) -> None:
    assert api.get("langs", id="1234-abcd").json == {
        "rcode": 1,
        "rcode_description": "ID 1234-abcd does not exist or has no translations",
    }


def test_langs_tells_the_four_states_of_supervision(api: Any, instance: Any, document: Any) -> None:
    def more(cur: Any) -> None:
        add_text(cur, document.object_id, translated("es", NONE, NONE, NONE))
        add_text(cur, document.object_id, translated("fr", "Rien", "Elle m'a dit.", "Jean.", people=1))
        add_text(cur, document.object_id, translated("et", "Ei midagi", "Ta ütles.", "Jon.", people=3))

    instance.run(more)
    answer = api.get("langs", id=document.id).json
    assert {key: answer[key] for key in ("rcode", "rcode_description", "document_lang", "locked")} == {
        "rcode": 0, "rcode_description": "Language list available.", "document_lang": "en", "locked": False,
    }  # fmt: skip
    assert answer["langs"][1] == {"lang_code": "ca", "lang_name": "Català", "sup_status": 1, "sup_ratio": 0}
    states = {lang["lang_code"]: (lang["sup_status"], lang["sup_ratio"]) for lang in answer["langs"]}
    assert states == {"en": (1, 0), "ca": (1, 0), "es": (0, 0), "fr": (2, 20), "et": (3, 100)}


# /get


def test_get_dtlx_as_in_the_manuals_example(api: Any, document: Any) -> None:
    answer = _get(api, format=2)
    assert answer.headers["content-type"].split(";")[0] == "application/xml"
    read = DOCUMENT_FORMATS["dtlx"].read(answer.content)
    assert [sentence.current.text for sentence in read.sentences if sentence.current] == list(CATALAN)
    assert next(sentence.source_text for sentence in read.sentences) == TITLE


def test_get_html_is_a_page_in_which_the_text_is_only_text(api: Any, document: Any) -> None:
    answer = _get(api, format=1)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = html.document_fromstring(answer.content)
    assert page.xpath("string(//h1)") == CATALAN[0]
    assert page.xpath("string(//p)").strip() == " ".join(CATALAN[1:])
    assert page.xpath("//snow") == []


def test_get_text_is_a_line_a_block(api: Any, document: Any) -> None:
    answer = _get(api, format=3)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == f"{CATALAN[0]}\n{CATALAN[1]} {CATALAN[2]}\n"


def test_sel_data_policy_chooses_former_or_current_and_both_in_dtlx(api: Any, instance: Any, document: Any) -> None:
    edited = translated("ca", "Jo no sé res", *CATALAN[1:], people=1, former="No sé res")
    instance.run(lambda cur: add_text(cur, document.object_id, edited))
    first = [_get(api, format=3, sel_data_policy=policy).text.split("\n")[0] for policy in (0, 1, 2)]
    assert first == ["Jo no sé res", "No sé res", "Jo no sé res"]
    sides = [_get(api, format=2, sel_data_policy=policy).content for policy in (0, 1, 2)]
    marks = [(b"Jo no s" in side, b">No s" in side) for side in sides]
    assert marks == [(True, True), (False, True), (True, False)]


@pytest.mark.parametrize("name", ["html", "txt"])
def test_the_original_format_is_made_anew_for_html_and_text(api: Any, instance: Any, document: Any, name: str) -> None:
    instance.run(lambda cur: cur.execute("UPDATE objects SET format = %s", (name,)))
    number = {"html": 1, "txt": 3}[name]
    original, wanted = _get(api), _get(api, format=number)
    assert (original.content, original.headers["content-type"]) == (wanted.content, wanted.headers["content-type"])


def test_the_original_format_that_cannot_be_made_is_rcode_4(api: Any, document: Any) -> None:
    for params in ({}, {"format": 0}, {"format": "0", "sel_data_policy": 1}):
        assert _get(api, **params).json == {
            "rcode": 4,
            "rcode_description": "Document ID [DOCUMENT-ID-1234] is not available to be downloaded in its original "
            "format [docx]",
        }


def test_the_document_in_its_own_language_is_the_file_that_came(api: Any, instance: Any, document: Any) -> None:
    sent = (instance.media / HASH[0] / HASH / "document.docx").read_bytes()
    answer = _get(api, lang="en")
    assert answer.content == sent
    assert answer.headers["content-type"].endswith("wordprocessingml.document")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''DOCUMENT-ID-1234.docx"
    part = api.client.simulate_get(
        "/api/text/get", params={**api.credentials, "id": document.id, "lang": "en"}, headers={"Range": "bytes=5-9"}
    )
    assert (part.status_code, part.content) == (206, sent[5:10])


def test_after_an_edit_the_file_that_came_is_the_former_text_only(api: Any, instance: Any, document: Any) -> None:
    instance.run(lambda cur: add_text(cur, document.object_id, source(edited=True)))
    assert _get(api, lang="en").json["rcode"] == 4
    assert _get(api, lang="en", sel_data_policy=1).headers["content-disposition"].startswith("attachment")


def test_a_document_whose_file_is_gone_or_elsewhere_is_rcode_4(api: Any, instance: Any, document: Any) -> None:
    (instance.media / HASH[0] / HASH / "document.docx").unlink()
    assert _get(api, lang="en").json["rcode"] == 4
    elsewhere = "UPDATE files SET path = NULL, url = 'https://example.org/d.docx'"
    instance.run(lambda cur: cur.execute(elsewhere))
    assert _get(api, lang="en").json["rcode"] == 4


def test_get_of_what_does_not_exist_is_json_with_rcode_1(api: Any, document: Any) -> None:
    assert _get(api, id="DOCUMENT-ID-0").json == {
        "rcode": 1,
        "rcode_description": "Document ID [DOCUMENT-ID-0] does not exist",
    }
    missing = _get(api, lang="fr", format=2)
    assert (missing.status_code, missing.headers["content-type"]) == (200, "application/json")
    assert missing.json["rcode"] == 1


def test_get_with_a_session_that_does_not_exist_is_rcode_2(api: Any, document: Any) -> None:
    assert _get(api, format=2, session_id=327).json["rcode"] == 2


@pytest.mark.parametrize(
    ("params", "name"),
    [({"format": 4}, "format"), ({"format": "docx"}, "format"), ({"sel_data_policy": 3}, "sel_data_policy")],
)
def test_a_format_or_policy_that_is_none_is_a_400(api: Any, document: Any, params: dict[str, Any], name: str) -> None:
    answer = _get(api, **params)
    assert (answer.status_code, answer.json["error"]["parameter"]) == (400, name)


def test_attack_text_of_a_document_is_no_markup_of_the_answer(api: Any, instance: Any, document: Any) -> None:
    evil = "<script>alert(1)</script> ]]> a --> b \u202eevil & \U0001f393"
    instance.run(lambda cur: add_text(cur, document.object_id, translated("es", evil, evil, NONE)))
    assert b"<script>" not in _get(api, lang="es", format=1).content
    read = etree.fromstring(_get(api, lang="es", format=2).content)
    assert [element.tag for element in read.iter("{*}script")] == []
    assert evil in _get(api, lang="es", format=3).content.decode()
