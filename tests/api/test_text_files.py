"""/text/get of documents as files: rebuilt in each language, current after edits, and never an older text unsaid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stored_documents import CATALAN, HASH, add_text, source, translated

from api.families import TEXT, Family
from tlp.db import documents, objects

CATALAN_FILE = b"PK the document in Catalan"


@pytest.fixture
def family() -> Family:
    return TEXT


def rebuilt(instance: Any, document: Any, version: int, language: str = "ca", format_: str = "docx") -> None:
    """A rebuilt file as the Ingest Service stores it."""
    name = f"{HASH[0]}/{HASH}/{language}-{version}.{format_}"
    path = Path(instance.media) / name
    path.write_bytes(CATALAN_FILE)
    values = {"language": language, "format": format_, "path": name, "size": 26, "content_version": version}
    instance.run(lambda cur: documents.add_rebuilt(cur, document.object_id, values))


def get(api: Any, **params: Any) -> Any:
    return api.get("get", **{"id": "DOCUMENT-ID-1234", "lang": "ca", **params})


def edit(instance: Any, document: Any) -> None:
    edited = translated("ca", "Jo no sé res", *CATALAN[1:], people=1, former="No sé res")
    instance.run(lambda cur: add_text(cur, document.object_id, edited))


def test_a_translation_in_its_original_format_is_the_rebuilt_file(api: Any, instance: Any, document: Any) -> None:
    rebuilt(instance, document, 1)
    for params in ({}, {"format": 0}, {"sel_data_policy": 1}, {"version": 1}):
        answer = get(api, **params)
        assert answer.content == CATALAN_FILE
        assert answer.headers["content-type"].endswith("wordprocessingml.document")
        assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''DOCUMENT-ID-1234.ca.docx"


def test_a_file_of_another_format_says_so(api: Any, instance: Any, document: Any) -> None:
    instance.run(lambda cur: cur.execute("UPDATE objects SET format = 'pdf'"))
    rebuilt(instance, document, 1)
    assert get(api).headers["content-disposition"].endswith("DOCUMENT-ID-1234.ca.docx")


def test_until_an_edit_is_in_the_file_it_is_rcode_4_in_words_and_the_text_is_there(
    api: Any, instance: Any, document: Any
) -> None:
    rebuilt(instance, document, 1)
    edit(instance, document)
    answer = get(api)
    assert answer.json == {
        "rcode": 4,
        "rcode_description": "Document ID [DOCUMENT-ID-1234] is being made anew in language [ca], as its text has "
        "changed: ask for it again later",
    }
    assert get(api, format=3).text.startswith("Jo no sé res\n")
    assert get(api, version=1).content == CATALAN_FILE
    rebuilt(instance, document, 2)
    assert get(api).content == CATALAN_FILE


def test_the_same_holds_for_formats_that_can_be_written_from_the_text(api: Any, instance: Any, document: Any) -> None:
    instance.run(lambda cur: cur.execute("UPDATE objects SET format = 'txt'"))
    assert get(api).text.startswith("No sé res\n")  # no file: written from the text
    rebuilt(instance, document, 1, format_="txt")
    assert get(api).content == CATALAN_FILE
    edit(instance, document)
    assert get(api).json["rcode"] == 4
    assert get(api, sel_data_policy=1).text.startswith("No sé res\n")


def test_the_document_in_its_own_language_is_rebuilt_once_it_is_edited(api: Any, instance: Any, document: Any) -> None:
    sent = get(api, lang="en").content
    instance.run(lambda cur: add_text(cur, document.object_id, source(edited=True)))
    rebuilt(instance, document, 2, language="en")
    assert get(api, lang="en").content == CATALAN_FILE
    assert get(api, lang="en", sel_data_policy=1).content == sent


def test_edits_that_do_not_count_yet_are_in_no_file(api: Any, instance: Any, document: Any) -> None:
    rebuilt(instance, document, 1)
    assert get(api, pending_revs=1).json["rcode"] == 4
    assert get(api, pending_revs=1, format=3).text.startswith(CATALAN[0])


def test_metadata_shows_the_file_that_was_sent_and_not_what_was_made_of_it(
    api: Any, instance: Any, document: Any
) -> None:
    rebuilt(instance, document, 1)
    values = {"type_code": documents.CONVERTED, "format": "docx", "path": "4/x.docx"}
    instance.run(lambda cur: objects.add_file(cur, document.object_id, values))
    assert [file["type_code"] for file in api.get("metadata", id=document.id).json["documents"]] == [0]
