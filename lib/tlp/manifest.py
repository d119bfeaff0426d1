"""What the manifests of media and of documents share (manual, Appendices E and F, Manifest JSON).

`manifest_media` and `manifest_documents` turn what clients send into the one form that we keep; nothing else reads
a raw manifest. Both have the functions of `Manifests`. Every complaint is a ParameterError that names the key by its
path. Whether an object or a system exists is asked by whoever has the database.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from tlp.config import FileFormats
from tlp.errors import ParameterError
from tlp.manifest_fields import Field
from tlp.strict_json import JsonLimits, json_from_base64, json_from_text

MEDIA, SLIDES, DOCUMENT, THUMBNAIL, SUBTITLES, AUDIOTRACK = range(6)  # type codes of files
MAX_ITEMS = 1000
_MAX_LIST = 100
_MD5 = re.compile(r"[0-9a-f]{32}", re.ASCII)
_NO_FILE = {"filename": None, "fileformat": None, "md5": None}


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
class Target:
    """An object that a manifest is about."""

    path: str
    external_id: str


@dataclass(frozen=True)
class SystemWish:
    """A system that a manifest asks for by its id, and what it must be able to do."""

    path: str
    sid: int
    kind: str  # asr, mt or tts
    language: str  # what comes out of it


class Manifests(Protocol):
    """What the module of a kind of manifest offers."""

    def new(self, raw: dict[str, Any], known: Known) -> dict[str, Any]:
        """The manifest of ingest/new, checked, with every key present. Raises ParameterError."""

    def update(self, raw: dict[str, Any], known: Known) -> dict[str, Any]:
        """The manifest of ingest/update; None: what the object has stays."""

    def targets(self, manifest: dict[str, Any]) -> list[Target]:
        """The objects a checked manifest is about, at least one."""

    def named_files(self, manifest: dict[str, Any]) -> list[str]:
        """The files that a package must hold for it."""

    def requested_systems(self, manifest: dict[str, Any], language: str | None) -> list[SystemWish]:
        """Every system it asks for by id. `language`: the object's, where an update does not say."""


def opened(raw: Any, limits: JsonLimits) -> dict[str, Any]:
    """The manifest as a dict from any of its three forms: a JSON object, JSON text, base64 of JSON text."""
    if isinstance(raw, str):
        reader = json_from_text if raw.lstrip()[:1] in ("{", "[", '"', "") else json_from_base64
        raw = reader(raw, "manifest", limits)
    if not isinstance(raw, dict):
        raise ParameterError("'manifest' must be a JSON object", "manifest")
    return raw


def file(field: Field, known: Known, type_code: int) -> dict[str, Any]:
    """A file of the package: filename, fileformat (allowed for the type code), md5."""
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


def source(field: Field, known: Known, type_code: int) -> dict[str, Any]:
    """A file of the package, or a `url`; with a url the other fields are ignored, as the manual says."""
    url = field["url"].url()
    return {**_NO_FILE, "url": url} if url else {**file(field, known, type_code), "url": None}


def options(root: Field, words: tuple[str, ...]) -> dict[str, Any]:
    """What every manifest may say; `words`: what `re-generate` may name."""
    return {
        "generate": root["generate"].boolean(True),
        "re-generate": _regenerate(root["re-generate"], words),
        "force": root["force"].boolean(False),
        "test_mode": root["test_mode"].boolean(False),
        "email": [item.email() for item in root["email"].items(_MAX_LIST, one=str)],
        "callback": _callback(root["callback"]),
    }


def translation(field: Field, language: str, known: Known) -> dict[str, Any]:
    """The options of a translation into a language: `sid` and `tlpath`, each only where given."""
    wanted = system_id(field)
    if field["tlpath"].given:
        wanted["tlpath"] = [{"l": language_of(hop["l"], known), **system_id(hop)} for hop in field["tlpath"].items(10)]
        if not wanted["tlpath"] or wanted["tlpath"][-1]["l"] != language:
            raise field["tlpath"].error(f"must end with the requested language '{language}'")
    return wanted


def system_id(field: Field) -> dict[str, Any]:
    """The option `sid`, where given."""
    sid = field["sid"].integer()
    return {} if sid is None else {"sid": sid}


def wishes(path: str, options: dict[str, Any], kind: str, language: str) -> list[SystemWish]:
    """The systems that the options of one output name."""
    found = [SystemWish(f"{path}.sid", options["sid"], kind, language)] if "sid" in options else []
    for number, hop in enumerate(options.get("tlpath", [])):
        found += [SystemWish(f"{path}.tlpath[{number}].sid", hop["sid"], "mt", hop["l"])] if "sid" in hop else []
    return found


def language_of(field: Field, known: Known) -> str:
    """The language a field names. Raises ParameterError for one that this server does not know."""
    return language_code(field.text(required=True, limit=20) or "", field, known)


def language_code(code: str, field: Field, known: Known) -> str:
    """A language code as the server writes it; `field` is blamed when there is none."""
    for form in (code, code.lower()):
        if form in known.languages:
            return form
    raise field.error(f"'{code[:20]}' is no language code that this server knows")


def _regenerate(field: Field, allowed: tuple[str, ...]) -> list[str]:
    if field.raw in (True, False):
        return list(allowed) if field.raw else []
    words = [item.text(required=True, limit=10) or "" for item in field.items(_MAX_LIST, one=str)]
    for number, word in enumerate(words):
        if word not in allowed:
            raise ParameterError(f"{field.path}[{number}] must be one of {', '.join(allowed)}", field.path)
    return list(dict.fromkeys(words))


def _callback(field: Field) -> dict[str, Any] | None:
    if not field.given:
        return None
    url = field["url"].url()
    if not url:
        raise field["url"].error("is missing")
    return {"url": url, "params": field["params"].raw}
