"""Manifests (manual, Appendix E) as clients send them, and as nobody should."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlp import config, manifest, manifest_media
from tlp.errors import ParameterError
from tlp.manifest import Known
from tlp.strict_json import JsonLimits

LIMITS = JsonLimits(32, 1000)
LANGUAGES = ("en", "es", "ca", "et", "fr", "pt-BR")
FORMATS = ("mp4", "wmv", "mp3", "wav", "pdf", "txt", "jpg", "srt", "dfxp", "trs")
MD5 = "05b59346bc3fe5d3eac7a0dcd0022fb6"
TITLE = "To know something or not to know nothing: A brief essay about knowledge."

MINIMAL: dict[str, Any] = {
    "media": {"url": "http://my-media-server.com/path/to/my/video.mp4"},
    "metadata": {
        "external_id": "9abc7230fe36a18b885c",
        "language": "en",
        "title": TITLE,
        "speakers": [{"speaker_name": "Kit Harington", "speaker_id": "kit1234"}],
    },
}
WITH_FILES: dict[str, Any] = {
    "media": {"fileformat": "mp4", "md5": MD5, "filename": "main_media.mp4"},
    "attachments": [{"filename": "awesome_slides.wmv", "fileformat": "wmv", "type_code": 1, "md5": MD5}],
    "requested_langs": {"es": {"sub": {}, "tts": {}}, "en": {"sub": {}}},
    "metadata": MINIMAL["metadata"],
}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    empty = tmp_path_factory.mktemp("manifest") / "config.ini"
    empty.write_text("")
    return Known(LANGUAGES, FORMATS, config.load(empty).file_formats)


def _with(path: str, value: Any, base: dict[str, Any] = WITH_FILES) -> dict[str, Any]:
    changed = copy.deepcopy(base)
    *inside, last = path.split(".")
    target: Any = changed
    for key in inside:
        target = target[int(key)] if key.isdigit() else target[key]
    target[int(last) if last.isdigit() else last] = value
    return changed


def test_the_manuals_first_example_becomes_a_manifest_with_every_key(known: Known) -> None:
    assert manifest_media.new(MINIMAL, known) == {
        "media": {"filename": None, "fileformat": None, "md5": None, "slides": False, "url": MINIMAL["media"]["url"]},
        "attachments": [],
        "metadata": {
            "external_id": "9abc7230fe36a18b885c", "language": "en", "title": TITLE,
            "topic": None, "keywords": None, "date": None,
            "speakers": [
                {
                    "speaker_id": "kit1234", "speaker_name": "Kit Harington", "speaker_gender": None,
                    "speaker_email": None,
                },
            ],
        },
        "requested_langs": {}, "generate": True, "re-generate": [], "force": False, "test_mode": False, "email": [],
        "callback": None,
    }  # fmt: skip


def test_the_manuals_second_example_names_two_files_of_its_package(known: Known) -> None:
    made = manifest_media.new(WITH_FILES, known)
    assert manifest_media.named_files(made) == ["main_media.mp4", "awesome_slides.wmv"]
    assert made["attachments"][0] == {
        "filename": "awesome_slides.wmv", "fileformat": "wmv", "md5": MD5, "type_code": 1, "language": None,
        "human": True,
    }  # fmt: skip
    assert made["requested_langs"] == {"es": {"sub": {}, "tts": {}}, "en": {"sub": {}}}


def test_the_manuals_requests_of_languages(known: Known) -> None:
    path = {"tlpath": [{"l": "en"}, {"l": "es", "sid": 3}, {"l": "ca"}]}
    wanted = {"ca": {"sub": path}, "et": {"sub": {"lma": False, "sid": "22"}}, "en": {"sub": None, "tts": {"sid": 54}}}
    made = manifest_media.new(_with("requested_langs", wanted), known)
    assert made["requested_langs"] == {
        "ca": {"sub": path},
        "et": {"sub": {"sid": 22, "lma": False}},
        "en": {"sub": {}, "tts": {"sid": 54}},
    }
    assert [(wish.kind, wish.sid, wish.language) for wish in manifest_media.requested_systems(made, None)] == [
        ("mt", 3, "es"), ("mt", 22, "et"), ("tts", 54, "en"),
    ]  # fmt: skip


def test_a_sid_for_the_spoken_language_is_a_speech_recognition_system(known: Known) -> None:
    made = manifest_media.new(_with("requested_langs", {"en": {"sub": {"sid": 1}}}), known)
    assert [wish.kind for wish in manifest_media.requested_systems(made, None)] == ["asr"]


@pytest.mark.parametrize(
    "form",
    [
        lambda m: m,
        json.dumps,
        lambda m: json.dumps(m, indent=1),
        lambda m: base64.b64encode(json.dumps(m).encode()).decode(),
        lambda m: base64.b64encode(json.dumps(m).encode()).decode().rstrip("="),
        lambda m: base64.encodebytes(json.dumps(m).encode()).decode(),
        lambda m: base64.urlsafe_b64encode(json.dumps(m).encode()).decode(),
    ],
)
def test_a_manifest_is_an_object_or_json_or_base64_of_json(form: Any) -> None:
    sent = _with("metadata.title", "¿Sabes? >>>~~~ ñandú 🎓")
    assert manifest.opened(form(sent), LIMITS) == sent


@pytest.mark.parametrize("raw", [None, 1, [], "", "null", "[]", '"x"', "%%%", "{", "aGVsbG8="])
def test_what_is_no_manifest_is_refused_by_name(raw: Any) -> None:
    with pytest.raises(ParameterError) as error:
        manifest.opened(raw, LIMITS)
    assert error.value.parameter == "manifest"


@pytest.mark.parametrize(
    ("path", "value", "kept"),
    [
        ("metadata.speakers", None, []),
        ("metadata.external_id", 4711, "4711"),
        ("metadata.language", "EN", "en"),
        ("metadata.keywords", ["a", "b"], "a, b"),
        ("media.slides", 1, True),
        ("media.fileformat", ".MP4", "mp4"),
        ("media.md5", MD5.upper(), MD5),
        ("attachments.0.type_code", "1", 1),
        ("attachments.0.human", False, False),
        ("re-generate", "tl", ["tl"]),
        ("re-generate", ["tl", "tts", "tl"], ["tl", "tts"]),
        ("re-generate", True, ["tx", "tl", "tts"]),
        ("re-generate", False, []),
        ("force", 1, True),
        ("generate", False, False),
        ("test_mode", "true", True),
        ("email", "ann@example.org", ["ann@example.org"]),
        ("email", None, []),
        ("callback", {"url": "https://example.org/done", "params": {"a": 1}}, None),
    ],
)
def test_the_ways_in_which_clients_write_the_same(known: Known, path: str, value: Any, kept: Any) -> None:
    made: Any = manifest_media.new(_with(path, value), known)
    for key in path.split("."):
        made = made[int(key)] if key.isdigit() else made[key]
    assert made == (value if kept is None else kept)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("media", None),
        ("media", []),
        ("media.filename", "../../etc/passwd"),
        ("media.filename", "/etc/passwd"),
        ("media.filename", "a\\b"),
        ("media.filename", ".."),
        ("media.filename", "a\nb"),
        ("media.filename", ""),
        ("media.fileformat", "exe"),
        ("media.fileformat", "../mp4"),
        ("media.fileformat", "pdf"),
        ("media.fileformat", "mkv"),
        ("media.md5", "xyz"),
        ("media.url", "file:///etc/passwd"),
        ("media.url", "ftp://example.org/a.mp4"),
        ("media.url", "concat:http://a|http://b"),
        ("media.url", "http://"),
        ("media.url", "http://[::1"),
        ("media.url", "http://example.org:99999/"),
        ("media.url", "http://example.org/\nHost: x"),
        ("media.slides", "maybe"),
        ("metadata", None),
        ("metadata.external_id", ""),
        ("metadata.external_id", "x" * 256),
        ("metadata.title", "  "),
        ("metadata.title", ["a"]),
        ("metadata.language", "xx"),
        ("metadata.language", None),
        ("metadata.speakers", ["Kit"]),
        ("metadata.speakers.0.speaker_gender", "X"),
        ("metadata.speakers.0.speaker_id", None),
        ("metadata.speakers.0.speaker_email", "a@b\nBcc: everybody@example.org"),
        ("attachments", {"a": 1}),
        ("attachments.0.type_code", 6),
        ("attachments.0.type_code", True),
        ("attachments.0.type_code", None),
        ("attachments.0.fileformat", "mp3"),
        ("attachments.0.language", "xx"),
        ("requested_langs", ["es"]),
        ("requested_langs", {"xx": {}}),
        ("requested_langs.es", "sub"),
        ("requested_langs.es.sub", {"sid": "two"}),
        ("requested_langs.es.sub", {"sid": -1}),
        ("requested_langs.es.sub", {"sid": 10**12}),
        ("requested_langs.es.sub", {"tlpath": []}),
        ("requested_langs.es.sub", {"tlpath": [{"l": "ca"}]}),
        ("requested_langs.es.sub", {"tlpath": [{"l": "xx"}, {"l": "es"}]}),
        ("requested_langs.es.sub", {"tlpath": "es"}),
        ("re-generate", ["all"]),
        ("generate", "perhaps"),
        ("email", ["nobody"]),
        ("email", ["a@example.org\r\nBcc: b@example.org"]),
        ("email", [f"a{n}@example.org" for n in range(101)]),
        ("callback", {"url": "gopher://example.org"}),
        ("callback", {"url": "https://ann:word@example.org/"}),
        ("callback", {}),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_named_by_its_path(known: Known, path: str, value: Any) -> None:
    with pytest.raises(ParameterError) as error:
        manifest_media.new(_with(path, value), known)
    first = path.split(".")[0]
    assert str(error.value.parameter).startswith(f"manifest.{first}")
    assert str(error.value.parameter) in str(error.value)


def test_subtitles_need_a_language_and_a_voice_takes_the_spoken_one(known: Known) -> None:
    subtitles = {"filename": "a.srt", "fileformat": "srt", "md5": MD5, "type_code": 4}
    with pytest.raises(ParameterError, match="language"):
        manifest_media.new(_with("attachments", [subtitles]), known)
    voice = {"filename": "a.mp3", "fileformat": "mp3", "md5": MD5, "type_code": 5}
    assert manifest_media.new(_with("attachments", [voice]), known)["attachments"][0]["language"] == "en"


def test_test_mode_needs_no_media(known: Known) -> None:
    made = manifest_media.new(_with("test_mode", True, {"metadata": MINIMAL["metadata"]}), known)
    assert (made["media"], made["test_mode"]) == (None, True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
PATHS = [
    "media", "media.url", "metadata", "metadata.title", "metadata.speakers", "attachments", "attachments.0",
    "requested_langs", "requested_langs.es", "requested_langs.es.sub", "re-generate", "email", "callback",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(PATHS), value=JSON)
def test_any_json_anywhere_is_accepted_or_refused_in_words(known: Known, path: str, value: Any) -> None:
    try:
        manifest_media.new(_with(path, value), known)
    except ParameterError as error:
        assert str(error).startswith("manifest.")
