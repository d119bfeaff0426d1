"""The manifest of an upload of documents (manual, Appendix F): a module of the kind `tlp.manifest.Manifests`."""

from __future__ import annotations

from typing import Any

from tlp.manifest import (
    DOCUMENT,
    MAX_ITEMS,
    Known,
    SystemWish,
    Target,
    language_code,
    language_of,
    options,
    source,
    translation,
    wishes,
)
from tlp.manifest_fields import Field

REGENERATE = ("tl",)
_SOURCE = ("filename", "fileformat", "md5", "url")


def new(raw: dict[str, Any], known: Known) -> dict[str, Any]:
    """The manifest of /text/ingest/new, checked, with every key present. Raises ParameterError.

    A document: external_id, title, and filename, fileformat, md5 or url; in test mode it may be without a file.
    """
    made = _manifest(Field(raw, "manifest"), known, new=True)
    for number, document in enumerate(made["documents"]):
        if not _has_file(document) and not made["test_mode"]:
            raise _document_error(number, "names no file: give filename, fileformat and md5 of the package, or a url")
    return made


def update(raw: dict[str, Any], known: Known) -> dict[str, Any]:
    """The manifest of /text/ingest/update; `language` and `title` None: no change. No file: the document stays.

    `re-generate` true, or a list of document ids instead of `documents`, is ["tl"]: translate anew.
    """
    made = _manifest(Field(_with_documents(raw), "manifest"), known, new=False)
    for number, document in enumerate(made["documents"]):
        wanted = made["re-generate"] or made["requested_langs"] or made["test_mode"] or document["title"]
        if not _has_file(document) and not wanted:
            raise _document_error(number, "has nothing to update: name a file, or set re-generate")
    return made


def targets(manifest: dict[str, Any]) -> list[Target]:
    """The documents, in order."""
    documents = enumerate(manifest["documents"])
    return [Target(f"manifest.documents[{number}].external_id", each["external_id"]) for number, each in documents]


def named_files(manifest: dict[str, Any]) -> list[str]:
    """The files that a package must hold for a checked manifest."""
    return [document["filename"] for document in manifest["documents"] if document["filename"]]


def requested_systems(manifest: dict[str, Any], language: str | None) -> list[SystemWish]:
    """Every system that a checked manifest asks for by id: MT always."""
    wanted = manifest["requested_langs"].items()
    return [wish for lang, its in wanted for wish in wishes(f"manifest.requested_langs.{lang}", its, "mt", lang)]


def _with_documents(raw: dict[str, Any]) -> dict[str, Any]:
    """The manual also speaks of "document IDs in the re-generate option", in place of `documents`."""
    ids = raw.get("re-generate")
    if raw.get("documents") or not isinstance(ids, list) or not ids:
        return raw
    return {**raw, "documents": [{"external_id": each} for each in ids], "re-generate": True}


def _manifest(root: Field, known: Known, new: bool) -> dict[str, Any]:
    language = root["language"]
    return {
        "language": language_of(language, known) if new or language.given else None,
        "documents": _documents(root["documents"], known, new),
        "requested_langs": _requested_langs(root["requested_langs"], known),
        **options(root, REGENERATE),
    }


def _documents(field: Field, known: Known, new: bool) -> list[dict[str, Any]]:
    documents = [_document(item, known, new) for item in field.items(MAX_ITEMS, one=dict)]
    if not documents:
        raise field.error("is missing: list at least one document")
    seen = set()
    for number, document in enumerate(documents):
        if document["external_id"] in seen:
            raise _document_error(number, "has the id of another one of the list", ".external_id")
        seen.add(document["external_id"])
    return documents


def _document(field: Field, known: Known, new: bool) -> dict[str, Any]:
    has_file = any(field[key].given for key in _SOURCE)
    return {
        "external_id": field["external_id"].text(required=True, limit=255),
        "title": field["title"].text(required=new),
        **(source(field, known, DOCUMENT) if has_file else dict.fromkeys(_SOURCE)),
    }


def _requested_langs(field: Field, known: Known) -> dict[str, Any]:
    wanted = {}
    for code in field.keys(len(known.languages)):
        language = language_code(code, field[code], known)
        wanted[language] = translation(field[code], language, known)
    return wanted


def _has_file(document: dict[str, Any]) -> bool:
    return bool(document["filename"] or document["url"])


def _document_error(number: int, words: str, key: str = "") -> Exception:
    return Field(None, f"manifest.documents[{number}]{key}").error(words)
