"""The manifest of a media upload (manual, Appendix E): a module of the kind `tlp.manifest.Manifests`."""

from __future__ import annotations

from typing import Any

from tlp.manifest import (
    AUDIOTRACK,
    MAX_ITEMS,
    MEDIA,
    SUBTITLES,
    Known,
    SystemWish,
    Target,
    file,
    language_code,
    language_of,
    options,
    source,
    system_id,
    translation,
    wishes,
)
from tlp.manifest_fields import Field

REGENERATE = ("tx", "tl", "tts")
_MAX_SPEAKERS = 100


def new(raw: dict[str, Any], known: Known) -> dict[str, Any]:
    """The manifest of /speech/ingest/new, checked, with every key present. Raises ParameterError."""
    made = _manifest(raw, known, new=True)
    if made["media"] is None and not made["test_mode"]:
        raise Field(None, "manifest.media").error("is missing: name a file of the package or give a url")
    return made


def update(raw: dict[str, Any], known: Known) -> dict[str, Any]:
    """The manifest of /speech/ingest/update: only `metadata.external_id` is needed.

    `media` None: the media stays, else it is a re-recording. In `metadata` None is no change, for `speakers` too.
    The `language` of an attached voice is None where neither it nor the metadata tells: it is the media's.
    """
    return _manifest(raw, known, new=False)


def targets(manifest: dict[str, Any]) -> list[Target]:
    """The media."""
    return [Target("manifest.metadata.external_id", manifest["metadata"]["external_id"])]


def named_files(manifest: dict[str, Any]) -> list[str]:
    """The files that a package must hold for a checked manifest."""
    media = [manifest["media"]] if manifest["media"] else []
    return [item["filename"] for item in media + manifest["attachments"] if item["filename"]]


def requested_systems(manifest: dict[str, Any], language: str | None) -> list[SystemWish]:
    """Every system that a checked manifest asks for by id; `language`: the media's, where it does not say."""
    spoken = manifest["metadata"]["language"] or language
    found = []
    for lang, outputs in manifest["requested_langs"].items():
        kinds = {"sub": "asr" if lang == spoken else "mt", "tts": "tts"}
        for output, wanted in outputs.items():
            found += wishes(f"manifest.requested_langs.{lang}.{output}", wanted, kinds[output], lang)
    return found


def _manifest(raw: dict[str, Any], known: Known, new: bool) -> dict[str, Any]:
    root = Field(raw, "manifest")
    metadata = _metadata(root["metadata"], known, new)
    return {
        "media": _media(root["media"], known),
        "attachments": [
            _attachment(item, known, metadata["language"]) for item in root["attachments"].items(MAX_ITEMS)
        ],
        "metadata": metadata,
        "requested_langs": _requested_langs(root["requested_langs"], known),
        **options(root, REGENERATE),
    }


def _metadata(field: Field, known: Known, new: bool) -> dict[str, Any]:
    speakers = [_speaker(item) for item in field["speakers"].items(_MAX_SPEAKERS, one=dict)]
    return {
        "external_id": field["external_id"].text(required=True, limit=255),
        "language": language_of(field["language"], known) if new or field["language"].given else None,
        "title": field["title"].text(required=new),
        "topic": field["topic"].text(),
        "keywords": field["keywords"].joined_text(),
        "date": field["date"].text(limit=100),
        "speakers": speakers if new or field["speakers"].given else None,
    }


def _speaker(field: Field) -> dict[str, Any]:
    gender = field["speaker_gender"].text(limit=10)
    if gender is not None and gender.upper() not in ("M", "F"):
        raise field["speaker_gender"].error("must be M or F")
    return {
        "speaker_id": field["speaker_id"].text(required=True, limit=255),
        "speaker_name": field["speaker_name"].text(),
        "speaker_gender": gender.upper() if gender else None,
        "speaker_email": field["speaker_email"].email() if field["speaker_email"].given else None,
    }


def _media(field: Field, known: Known) -> dict[str, Any] | None:
    if not field.given or field.raw == {}:
        return None
    return {**source(field, known, MEDIA), "slides": field["slides"].boolean(False)}


def _attachment(field: Field, known: Known, spoken: str | None) -> dict[str, Any]:
    type_code = field["type_code"].integer()
    if type_code is None or not MEDIA <= type_code <= AUDIOTRACK:
        raise field["type_code"].error("must be a type code from 0 to 5")
    language = None
    if field["language"].given or type_code == SUBTITLES:
        language = language_of(field["language"], known)
    elif type_code == AUDIOTRACK:
        language = spoken
    human = field["human"].boolean(True)
    return {**file(field, known, type_code), "type_code": type_code, "language": language, "human": human}


def _requested_langs(field: Field, known: Known) -> dict[str, Any]:
    wanted: dict[str, dict[str, dict[str, Any]]] = {}
    for code in field.keys(len(known.languages)):
        language, outputs = language_code(code, field[code], known), field[code]
        named = outputs.keys()
        wanted[language] = {key: read(outputs[key], language, known) for key, read in _READ.items() if key in named}
    return wanted


def _subtitles(field: Field, language: str, known: Known) -> dict[str, Any]:
    adaptation = {"lma": field["lma"].boolean(True)} if field["lma"].given else {}
    return {**translation(field, language, known), **adaptation}


def _voice(field: Field, _language: str, _known: Known) -> dict[str, Any]:
    return system_id(field)


_READ = {"sub": _subtitles, "tts": _voice}
