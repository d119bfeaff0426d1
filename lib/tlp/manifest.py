"""The manifest of an upload (manual, Appendix E, Manifest JSON): from what clients send to the one form we keep.

Nothing outside this module reads a raw manifest. Every complaint is a ParameterError that names the key by its path.
Whether a system exists is asked by whoever has the database: `requested_systems` lists them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from tlp.config import FileFormats
from tlp.errors import ParameterError
from tlp.manifest_fields import Field
from tlp.strict_json import json_from_base64, json_from_text

MEDIA, SLIDES, DOCUMENT, THUMBNAIL, SUBTITLES, AUDIOTRACK = range(6)
REGENERATE = ("tx", "tl", "tts")
_MD5 = re.compile(r"[0-9a-f]{32}", re.ASCII)
_MAX_ATTACHMENTS = 1000
_MAX_LIST = 100


@dataclass(frozen=True)
class Known:
    """What a manifest may name on this server."""

    languages: Collection[str]
    formats: Collection[str]  # codes of the table file_formats
    allowed: FileFormats

    def formats_for(self, type_code: int) -> list[str]:
        """Formats that the configuration allows for a type of file and that the platform knows."""
        a = self.allowed
        by_type = {
            MEDIA: a.allowed_video_formats + a.allowed_audio_formats,
            SLIDES: a.allowed_slides_text_formats + a.allowed_slides_video_formats,
            DOCUMENT: a.allowed_docs_formats,
            THUMBNAIL: a.allowed_thumbnail_formats,
            SUBTITLES: a.allowed_caption_formats,
            AUDIOTRACK: a.allowed_audio_formats,
        }
        return [code for code in by_type[type_code] if code in self.formats]


@dataclass(frozen=True)
class SystemWish:
    """A system that a manifest asks for by its id, and what it must be able to do."""

    path: str
    sid: int
    kind: str  # asr, mt or tts
    language: str  # what comes out of it


def opened(raw: Any, max_depth: int) -> dict[str, Any]:
    """The manifest as a dict from any of its three forms: a JSON object, JSON text, base64 of JSON text."""
    if isinstance(raw, str):
        reader = json_from_text if raw.lstrip()[:1] in ("{", "[", '"', "") else json_from_base64
        raw = reader(raw, "manifest", max_depth)
    if not isinstance(raw, dict):
        raise ParameterError("'manifest' must be a JSON object", "manifest")
    return raw


def new_media(raw: dict[str, Any], known: Known) -> dict[str, Any]:
    """The manifest of /speech/ingest/new, checked, with every key present. Raises ParameterError."""
    root = Field(raw, "manifest")
    metadata = _metadata(root["metadata"], known)
    test_mode = root["test_mode"].boolean(False)
    media = _media(root["media"], known)
    if media is None and not test_mode:
        raise ParameterError("manifest.media is missing: name a file of the package or give a url", "manifest.media")
    return {
        "media": media,
        "attachments": [
            _attachment(item, known, metadata["language"]) for item in root["attachments"].items(_MAX_ATTACHMENTS)
        ],
        "metadata": metadata,
        "requested_langs": _requested_langs(root["requested_langs"], known),
        "generate": root["generate"].boolean(True),
        "re-generate": _regenerate(root["re-generate"]),
        "force": root["force"].boolean(False),
        "test_mode": test_mode,
        "email": [item.email() for item in root["email"].items(_MAX_LIST, one=str)],
        "callback": _callback(root["callback"]),
    }


def named_files(manifest: dict[str, Any]) -> list[str]:
    """The files that a package must hold for a normalised manifest."""
    media = [manifest["media"]] if manifest["media"] else []
    return [item["filename"] for item in media + manifest["attachments"] if item["filename"]]


def requested_systems(manifest: dict[str, Any]) -> list[SystemWish]:
    """Every system that a normalised manifest asks for by id."""
    wishes = []
    for language, outputs in manifest["requested_langs"].items():
        path = f"manifest.requested_langs.{language}"
        kinds = {"sub": "asr" if language == manifest["metadata"]["language"] else "mt", "tts": "tts"}
        wishes += [
            SystemWish(f"{path}.{output}.sid", options["sid"], kinds[output], language)
            for output, options in outputs.items()
            if "sid" in options
        ]
        wishes += [
            SystemWish(f"{path}.sub.tlpath[{number}].sid", hop["sid"], "mt", hop["l"])
            for number, hop in enumerate(outputs.get("sub", {}).get("tlpath", []))
            if "sid" in hop
        ]
    return wishes


def _metadata(field: Field, known: Known) -> dict[str, Any]:
    return {
        "external_id": field["external_id"].text(required=True, limit=255),
        "language": _language(field["language"], known),
        "title": field["title"].text(required=True),
        "topic": field["topic"].text(),
        "keywords": field["keywords"].joined_text(),
        "date": field["date"].text(limit=100),
        "speakers": [_speaker(item) for item in field["speakers"].items(_MAX_LIST, one=dict)],
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
    slides, url = field["slides"].boolean(False), field["url"].url()
    if url:  # the other fields are ignored then (manual, Appendix E)
        return {"filename": None, "fileformat": None, "md5": None, "slides": slides, "url": url}
    return {**_file(field, known, MEDIA), "slides": slides, "url": None}


def _file(field: Field, known: Known, type_code: int) -> dict[str, Any]:
    name = field["filename"].text(required=True, limit=255) or ""
    if name in (".", "..") or set(name) & set("/\\") or not name.isprintable():
        raise field["filename"].error("must be a plain file name: packages hold no folders")
    code = (field["fileformat"].text(required=True, limit=20) or "").lower().lstrip(".")
    allowed = known.formats_for(type_code)
    if code not in allowed:
        raise field["fileformat"].error(f"'{code}' is not allowed for type code {type_code}: {', '.join(allowed)}")
    md5 = (field["md5"].text(required=True, limit=64) or "").lower()
    if not _MD5.fullmatch(md5):
        raise field["md5"].error("must be an MD5 checksum: 32 hexadecimal digits")
    return {"filename": name, "fileformat": code, "md5": md5}


def _attachment(field: Field, known: Known, spoken: str) -> dict[str, Any]:
    type_code = field["type_code"].integer()
    if type_code is None or not MEDIA <= type_code <= AUDIOTRACK:
        raise field["type_code"].error("must be a type code from 0 to 5")
    language = None
    if field["language"].given or type_code == SUBTITLES:
        language = _language(field["language"], known)
    elif type_code == AUDIOTRACK:
        language = spoken
    human = field["human"].boolean(True)
    return {**_file(field, known, type_code), "type_code": type_code, "language": language, "human": human}


def _requested_langs(field: Field, known: Known) -> dict[str, Any]:
    wanted: dict[str, dict[str, dict[str, Any]]] = {}
    for code in field.keys(len(known.languages)):
        language, outputs = _language_code(code, field[code], known), field[code]
        wanted[language] = {key: {} for key in ("sub", "tts") if key in outputs.keys()}  # noqa: SIM118
        for key, options in wanted[language].items():
            options.update(_options(outputs[key], key, language, known))
    return wanted


def _options(field: Field, output: str, language: str, known: Known) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if (sid := field["sid"].integer()) is not None:
        options["sid"] = sid
    if output == "sub" and field["lma"].given:
        options["lma"] = field["lma"].boolean(True)
    if output == "sub" and field["tlpath"].given:
        options["tlpath"] = [_hop(item, known) for item in field["tlpath"].items(10)]
        if not options["tlpath"] or options["tlpath"][-1]["l"] != language:
            raise field["tlpath"].error(f"must end with the requested language '{language}'")
    return options


def _hop(field: Field, known: Known) -> dict[str, Any]:
    hop: dict[str, Any] = {"l": _language(field["l"], known)}
    if (sid := field["sid"].integer()) is not None:
        hop["sid"] = sid
    return hop


def _regenerate(field: Field) -> list[str]:
    if isinstance(field.raw, bool):
        return list(REGENERATE) if field.raw else []
    words = [item.text(required=True, limit=10) or "" for item in field.items(_MAX_LIST, one=str)]
    for number, word in enumerate(words):
        if word not in REGENERATE:
            raise ParameterError(f"{field.path}[{number}] must be one of {', '.join(REGENERATE)}", field.path)
    return list(dict.fromkeys(words))


def _callback(field: Field) -> dict[str, Any] | None:
    if not field.given:
        return None
    url = field["url"].url()
    if not url:
        raise field["url"].error("is missing")
    return {"url": url, "params": field["params"].raw}


def _language(field: Field, known: Known) -> str:
    return _language_code(field.text(required=True, limit=20) or "", field, known)


def _language_code(code: str, field: Field, known: Known) -> str:
    for form in (code, code.lower()):
        if form in known.languages:
            return form
    raise field.error(f"'{code[:20]}' is no language code that this server knows")
