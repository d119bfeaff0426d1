"""Manifests of documents (manual, Appendix F) and of updates of media (Appendix E)."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlp import config, manifest_documents, manifest_media
from tlp.errors import ParameterError
from tlp.manifest import Known, Manifests, Target

MD5 = "a86fae8e7af6fd6786efa876fa0e4212"
TITLE = "To know something or not to know nothing: A brief essay about knowledge."
URL = "http://my-document-server.com/path/to/my/document.html"
BY_URL: dict[str, Any] = {
    "language": "en",
    "documents": [{"external_id": "9abc7230fe36a18b885c", "title": TITLE, "url": URL}],
    "requested_langs": {"ca": {}, "es": {}},
}
BY_PACKAGE: dict[str, Any] = {
    "language": "en",
    "documents": [
        {"external_id": "d1", "title": "One", "filename": "one.docx", "fileformat": "docx", "md5": MD5},
        {"external_id": "d2", "title": "Two", "filename": "two.txt", "fileformat": "TXT", "md5": MD5.upper()},
    ],
    "requested_langs": {"ca": {"tlpath": [{"l": "en"}, {"l": "es", "sid": 3}, {"l": "ca"}]}, "es": None},
}
AGAIN: dict[str, Any] = {
    "documents": [{"external_id": "DOCUMENT-ID-1234"}, {"external_id": "DOCUMENT-ID-5678"}],
    "re-generate": True,
}
NO_OPTIONS = {"generate": True, "re-generate": [], "force": False, "test_mode": False, "email": [], "callback": None}
NO_FILE = {"filename": None, "fileformat": None, "md5": None, "url": None}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    empty = tmp_path_factory.mktemp("manifest") / "config.ini"
    empty.write_text("")
    formats = ("mp4", "wmv", "mp3", "txt", "html", "doc", "docx", "srt")
    return Known(("en", "es", "ca", "fr"), formats, config.load(empty).file_formats)


def _with(base: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(base)
    *inside, last = path.split(".")
    target: Any = changed
    for key in inside:
        target = target[int(key)] if key.isdigit() else target[key]
    target[int(last) if last.isdigit() else last] = value
    return changed


# New documents


def test_the_manuals_example_of_new_documents_has_every_key(known: Known) -> None:
    assert manifest_documents.new(BY_URL, known) == {
        "language": "en",
        "documents": [{"external_id": "9abc7230fe36a18b885c", "title": TITLE, **NO_FILE, "url": URL}],
        "requested_langs": {"ca": {}, "es": {}},
        **NO_OPTIONS,
    }


def test_several_documents_name_the_files_of_one_package(known: Known) -> None:
    made = manifest_documents.new(BY_PACKAGE, known)
    assert manifest_documents.named_files(made) == ["one.docx", "two.txt"]
    assert made["documents"][1] == {
        "external_id": "d2", "title": "Two", "filename": "two.txt", "fileformat": "txt", "md5": MD5, "url": None,
    }  # fmt: skip
    assert manifest_documents.targets(made) == [
        Target("manifest.documents[0].external_id", "d1"), Target("manifest.documents[1].external_id", "d2"),
    ]  # fmt: skip


def test_options_of_languages_stand_directly_under_them(known: Known) -> None:
    made = manifest_documents.new(_with(BY_PACKAGE, "requested_langs.fr", {"sid": "22"}), known)
    assert made["requested_langs"]["ca"]["tlpath"][1] == {"l": "es", "sid": 3}
    assert made["requested_langs"]["es"] == {}
    wishes = manifest_documents.requested_systems(made, None)
    assert [(wish.path, wish.kind, wish.sid, wish.language) for wish in wishes] == [
        ("manifest.requested_langs.ca.tlpath[1].sid", "mt", 3, "es"),
        ("manifest.requested_langs.fr.sid", "mt", 22, "fr"),
    ]


def test_with_a_url_the_fields_of_a_file_are_ignored(known: Known) -> None:
    made = manifest_documents.new(_with(BY_URL, "documents.0.fileformat", "exe"), known)
    assert made["documents"][0]["fileformat"] is None


def test_test_mode_needs_no_file(known: Known) -> None:
    sent = {"language": "en", "documents": {"external_id": "d", "title": "t"}, "test_mode": True}
    assert manifest_documents.new(sent, known)["documents"][0] == {"external_id": "d", "title": "t", **NO_FILE}


@pytest.mark.parametrize(
    ("path", "value", "kept"),
    [
        ("re-generate", True, ["tl"]),
        ("re-generate", 1, ["tl"]),
        ("re-generate", 0, []),
        ("re-generate", False, []),
        ("re-generate", "tl", ["tl"]),
        ("re-generate", ["tl", "tl"], ["tl"]),
        ("email", "ann@example.org", ["ann@example.org"]),
        ("force", 1, True),
        ("generate", False, False),
        ("language", "EN", "en"),
    ],
)
def test_the_ways_in_which_clients_write_the_same(known: Known, path: str, value: Any, kept: Any) -> None:
    assert manifest_documents.new(_with(BY_PACKAGE, path, value), known)[path] == kept


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("language", None, "language"),
        ("language", "xx", "language"),
        ("documents", None, "documents"),
        ("documents", [], "documents"),
        ("documents", "d1", "documents"),
        ("documents", [{"external_id": f"d{n}", "title": "t", "url": URL} for n in range(1001)], "documents"),
        ("documents.0", "d1", "documents[0]"),
        ("documents.0.external_id", "", "documents[0].external_id"),
        ("documents.0.external_id", "x" * 256, "documents[0].external_id"),
        ("documents.1.external_id", "d1", "documents[1].external_id"),
        ("documents.0.title", None, "documents[0].title"),
        ("documents.0.filename", "../../etc/passwd", "documents[0].filename"),
        ("documents.0.filename", None, "documents[0].filename"),
        ("documents.0.fileformat", "mp4", "documents[0].fileformat"),
        ("documents.0.md5", "xyz", "documents[0].md5"),
        ("documents.0.url", "file:///etc/passwd", "documents[0].url"),
        ("documents.0", {"external_id": "d1", "title": "One"}, "documents[0]"),
        ("requested_langs", ["es"], "requested_langs"),
        ("requested_langs.es", "sub", "requested_langs.es"),
        ("requested_langs.es", {"sid": "two"}, "requested_langs.es.sid"),
        ("requested_langs.es", {"tlpath": [{"l": "ca"}]}, "requested_langs.es.tlpath"),
        ("requested_langs.xx", {}, "requested_langs.xx"),
        ("re-generate", ["tts"], "re-generate"),
        ("email", ["a@example.org\r\nBcc: b@example.org"], "email[0]"),
    ],
)
def test_what_cannot_be_is_refused_and_named_by_its_path(known: Known, path: str, value: Any, named: str) -> None:
    with pytest.raises(ParameterError) as error:
        manifest_documents.new(_with(BY_PACKAGE, path, value), known)
    assert error.value.parameter == f"manifest.{named}"
    assert str(error.value).startswith(f"manifest.{named}")


# Updates of documents


def test_the_manuals_example_of_translating_anew_needs_ids_only(known: Known) -> None:
    made = manifest_documents.update(AGAIN, known)
    assert (made["language"], made["re-generate"]) == (None, ["tl"])
    assert made["documents"][1] == {"external_id": "DOCUMENT-ID-5678", "title": None, **NO_FILE}


def test_ids_in_re_generate_are_the_documents(known: Known) -> None:
    sent = {"re-generate": ["DOCUMENT-ID-1234", "DOCUMENT-ID-5678"]}
    assert manifest_documents.update(sent, known) == manifest_documents.update(AGAIN, known)


def test_the_manuals_example_of_a_new_version_has_no_language(known: Known) -> None:
    sent = {key: value for key, value in BY_URL.items() if key != "language"}
    made = manifest_documents.update(sent, known)
    assert (made["language"], made["documents"][0]["url"]) == (None, URL)


@pytest.mark.parametrize("wish", [{"requested_langs": {"fr": {}}}, {"test_mode": True}, {"re-generate": "tl"}])
def test_an_update_may_ask_for_more_without_a_file(known: Known, wish: dict[str, Any]) -> None:
    assert manifest_documents.update({"documents": [{"external_id": "d"}], **wish}, known)["documents"]


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"documents": [{"external_id": "d"}]}, "manifest.documents[0]"),
        ({"documents": [{"title": "t"}], "re-generate": True}, "manifest.documents[0].external_id"),
        ({"re-generate": True}, "manifest.documents"),
        ({"re-generate": [{"a": 1}]}, "manifest.documents[0].external_id"),
        ({"documents": [{"external_id": "d"}], "re-generate": ["d"]}, "manifest.re-generate"),
        ({}, "manifest.documents"),
    ],
)
def test_an_update_of_nothing_is_refused(known: Known, sent: dict[str, Any], named: str) -> None:
    with pytest.raises(ParameterError) as error:
        manifest_documents.update(sent, known)
    assert error.value.parameter == named


# Updates of media


def test_the_manuals_update_of_media_needs_its_id_only(known: Known) -> None:
    sent = {"metadata": {"external_id": "9abc7230fe36a18b885c"}, "re-generate": ["tl", "tts"]}
    nothing = dict.fromkeys(("language", "title", "topic", "keywords", "date", "speakers"))
    assert manifest_media.update(sent, known) == {
        "media": None, "attachments": [], "requested_langs": {},
        "metadata": {"external_id": "9abc7230fe36a18b885c", **nothing}, **NO_OPTIONS, "re-generate": ["tl", "tts"],
    }  # fmt: skip


def test_the_manuals_re_recording_names_its_file(known: Known) -> None:
    speaker = {
        "speaker_email": "kit@got.com",
        "speaker_name": "Kit Harington",
        "speaker_gender": "M",
        "speaker_id": "k",
    }
    sent = {
        "media": {"filename": "main_media_NEW_VERSION.mp4", "fileformat": "mp4", "md5": MD5},
        "metadata": {"external_id": "9abc", "language": "en", "title": "(NEW VERSION)", "speakers": [speaker]},
    }
    made = manifest_media.update(sent, known)
    assert manifest_media.named_files(made) == ["main_media_NEW_VERSION.mp4"]
    assert made["metadata"]["speakers"] == [speaker]


@pytest.mark.parametrize(("speakers", "kept"), [(None, None), ([], [])])
def test_speakers_that_are_not_given_stay_and_an_empty_list_removes_them(
    known: Known, speakers: Any, kept: Any
) -> None:
    made = manifest_media.update({"metadata": {"external_id": "m", "speakers": speakers}}, known)
    assert made["metadata"]["speakers"] == kept


def test_an_attached_voice_speaks_the_medias_language_when_nobody_says(known: Known) -> None:
    voice = {"filename": "a.mp3", "fileformat": "mp3", "md5": MD5, "type_code": 5}
    made = manifest_media.update({"metadata": {"external_id": "m"}, "attachments": [voice]}, known)
    assert made["attachments"][0]["language"] is None


def test_a_system_for_the_medias_own_language_transcribes_in_an_update_too(known: Known) -> None:
    sent = {"metadata": {"external_id": "m"}, "requested_langs": {"en": {"sub": {"sid": 1}}, "es": {"sub": {"sid": 2}}}}
    made = manifest_media.update(sent, known)
    assert [wish.kind for wish in manifest_media.requested_systems(made, "en")] == ["asr", "mt"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
PATHS = [
    "documents", "documents.0", "documents.0.external_id", "documents.0.url", "requested_langs", "requested_langs.ca",
    "requested_langs.ca.tlpath", "re-generate", "email", "language", "callback",
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(path=st.sampled_from(PATHS), value=JSON)
def test_any_json_anywhere_is_accepted_or_refused_in_words(known: Known, path: str, value: Any) -> None:
    kinds: tuple[tuple[Manifests, dict[str, Any]], ...] = (
        (manifest_documents, _with(BY_PACKAGE, path, value)),
        (manifest_media, {"metadata": {"external_id": "m"}, path.split(".")[0]: value}),
    )
    for kind, sent in kinds:
        for read in (kind.new, kind.update):
            try:
                read(sent, known)
            except ParameterError as error:
                assert str(error).startswith("manifest.")
