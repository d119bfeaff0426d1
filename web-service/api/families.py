"""The data in which the two sub-APIs, /speech and /text, differ. All code is written once and reads it from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from tlp import manifest_documents, manifest_media
from tlp.captions import ORIGINAL, Captions
from tlp.db.rows import Row
from tlp.documents import Document
from tlp.formats import API_NUMBERS, DOCUMENT_API_NUMBERS, DOCUMENT_FORMATS, FORMATS
from tlp.manifest import Manifests

ORIGINAL_FORMAT = 0  # `format` of /text/get


class Written(NamedTuple):
    """A text in a format."""

    body: bytes
    content_type: str


@dataclass(frozen=True, eq=False)
class Family:
    """A sub-API: its path, the kind of its objects, and the names that its answers use."""

    path: str
    kind: str  # objects.kind and uploads.kind
    noun: str  # in sentences: "Media ID [m1] does not exist"
    file_noun: str  # what an object without files lacks
    text_noun: str  # what it has in each language
    mods_noun: str  # what the modifications of /mod are for
    received: str  # info of an upload that nobody has looked at yet
    system_kinds: tuple[str, ...]  # the lists of /systems
    language_key: str  # the object's own language in /langs
    has_tracks: bool  # audio tracks, in /langs and /metadata
    info_keys: tuple[str, ...]  # /metadata gives the same under each of these
    info_words: str  # rcode_description of /metadata
    file_lists: dict[str, tuple[int, ...]]  # lists of /metadata, each with the type codes of its files
    needed_list: str | None  # of these, the one without which there is no answer
    info: Callable[[Row, list[Row]], dict[str, Any]]  # of an object and its speakers, for /metadata
    listed: Callable[[Row], dict[str, Any]]  # an item of /list
    manifests: Manifests
    marked_format: int  # the `format` of /get that can highlight edits
    write: Callable[[Any, Row, dict[str, Any]], Written | None]  # model, object, parameters of /get; None: cannot be
    as_file: Callable[[dict[str, Any]], bool]  # whether this /get is for a file, as there may be one of the object
    as_sent: Callable[[Any, Row, dict[str, Any]], bool]  # of those: the file that the client sent answers it
    as_rebuilt: Callable[[Any, dict[str, Any]], bool]  # of those: the file that was rebuilt from the text answers it


def seconds(row: Row) -> int | None:
    """Length of a media in whole seconds, as the API gives it."""
    return None if row["duration_ms"] is None else round(row["duration_ms"] / 1000)


def _media_info(row: Row, speakers: list[Row]) -> dict[str, Any]:
    return {
        "language": row["language"],
        "title": row["title"],
        "category": row["topic"],
        "duration": seconds(row),
        "speakers": [{"name": speaker["name"]} for speaker in speakers],
    }


def _listed_media(row: Row) -> dict[str, Any]:
    return {
        "id": row["external_id"],
        "title": row["title"],
        "language": row["language"],
        "duration": seconds(row),
    }


def _document_info(row: Row, _speakers: list[Row]) -> dict[str, Any]:
    return {key: row[key] for key in ("title", "language", "format", "sentences", "words", "characters")}


def _listed_document(row: Row) -> dict[str, Any]:
    return {"id": row["external_id"], **_document_info(row, [])}


def _write_captions(captions: Captions, _object: Row, asked: dict[str, Any]) -> Written:
    format_ = FORMATS[API_NUMBERS[asked["format"]]]
    return Written(format_.write(captions, asked["sel_data_policy"], asked["seg_filt_policy"]), format_.CONTENT_TYPE)


def _write_document(document: Document, found: Row, asked: dict[str, Any]) -> Written | None:
    """In its original format a document is made anew where that format has a writer: plain text and HTML."""
    name = found["format"] if asked["format"] == ORIGINAL_FORMAT else DOCUMENT_API_NUMBERS[asked["format"]]
    if name not in DOCUMENT_FORMATS:
        return None
    return Written(
        DOCUMENT_FORMATS[name].write(document, asked["sel_data_policy"]), DOCUMENT_FORMATS[name].CONTENT_TYPE
    )


def _document_as_sent(document: Document, found: Row, asked: dict[str, Any]) -> bool:
    """The former text of a document in its own language is its file, and the current one until somebody edits it."""
    own = asked["lang"] == found["language"] and asked["version"] is None
    return own and (not _edited(document) or asked["sel_data_policy"] == ORIGINAL)


def _document_as_rebuilt(document: Document, asked: dict[str, Any]) -> bool:
    """A rebuilt file holds the current side of a version."""
    return not _edited(document) or asked["sel_data_policy"] != ORIGINAL


def _edited(document: Document) -> bool:
    return any(sentence.original is not None for sentence in document.sentences)


SPEECH = Family(
    path="speech",
    kind="speech",
    noun="Media",
    file_noun="media",
    text_noun="subtitles",
    mods_noun="subtitle languages",
    received="Video ingested, not processed yet.",
    system_kinds=("asr", "mt", "tts"),
    language_key="media_lang",
    has_tracks=True,
    info_keys=("mediainfo", "lectureinfo"),
    info_words="Media list and info available.",
    file_lists={"media": (0, 3, 6), "attachments": (1, 2)},
    needed_list="media",
    info=_media_info,
    listed=_listed_media,
    manifests=manifest_media,
    marked_format=0,
    write=_write_captions,
    as_file=lambda _: False,
    as_sent=lambda *_: False,
    as_rebuilt=lambda *_: False,
)
TEXT = Family(
    path="text",
    kind="text",
    noun="Document",
    file_noun="document",
    text_noun="translations",
    mods_noun="translations",
    received="Ingested, not processed yet.",
    system_kinds=("mt",),
    language_key="document_lang",
    has_tracks=False,
    info_keys=("info",),
    info_words="Document info available.",
    file_lists={"documents": (0,)},
    needed_list=None,
    info=_document_info,
    listed=_listed_document,
    manifests=manifest_documents,
    marked_format=2,
    write=_write_document,
    as_file=lambda asked: asked["format"] == ORIGINAL_FORMAT,
    as_sent=_document_as_sent,
    as_rebuilt=_document_as_rebuilt,
)
FAMILIES = (SPEECH, TEXT)
