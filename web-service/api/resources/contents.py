"""The text of an object in the language and format that were asked for (manual, Appendices E and F, /get)."""

from __future__ import annotations

from typing import Any

from api.answers import File, Text
from api.call import Call
from api.params import Param
from api.resources import versions
from tlp.captions import CURRENT, FILTERED
from tlp.db import documents, objects
from tlp.db.rows import Row
from tlp.errors import ReturnCode
from tlp.formats import API_NUMBERS, DOCUMENT_API_NUMBERS

_ORIGINAL = 0  # of the formats of documents: the one that the document came in
_MAIN_FILE = 0  # type code

MEDIA = (
    Param("format", "int", default=0, choices=tuple(API_NUMBERS), about="0 DFXP, 1 plain DFXP, 2 SRT, 3 VTT, 4 text"),
    Param("sel_data_policy", "int", default=CURRENT, choices=(0, 1, 2), about="0 all (DFXP only), 1 former, 2 current"),
    Param("seg_filt_policy", "int", default=FILTERED, choices=(-1, 0, 1), about="-1 no text, 0 all words, 1 filtered"),
    *versions.SHOWN,
)
DOCUMENTS = (
    Param(
        "format",
        "int",
        default=_ORIGINAL,
        choices=(_ORIGINAL, *DOCUMENT_API_NUMBERS),
        about="0 original, 1 HTML, 2 DTLX, 3 text",
    ),
    Param("sel_data_policy", "int", default=CURRENT, choices=(0, 1, 2), about="0 all (DTLX only), 1 former, 2 current"),
    *versions.SHOWN,
)
# With the version these decide what is written, and nothing else does.
_WRITTEN_BY = ("format", "sel_data_policy", "seg_filt_policy")


def get(call: Call) -> Text | File:
    """Give the subtitles of a media, or a document or its translation, in a language."""
    found, family = call.object(), call.family
    if found is None:
        raise ReturnCode(1, f"{family.noun} ID [{call['id']}] does not exist")
    lasting = versions.lasting_key(call, found)
    in_memory = lasting and not family.as_file(call.values)
    asked = (lasting, found["format"], *(call.values.get(name) for name in _WRITTEN_BY)) if in_memory else None
    if asked and (kept := call.services.texts.get(asked)):
        return kept
    model = versions.wanted(call, found, call["format"] == family.marked_format, lasting)
    if model is None:
        raise ReturnCode(1, f"{family.noun} ID [{call['id']}] has no {family.text_noun} in language [{call['lang']}]")
    file = _file(call, found, model, lasting) if family.as_file(call.values) else None
    if file:
        return file
    written = _written(call, found, model)
    if asked:
        call.services.texts.put(asked, written)
    return written


def _file(call: Call, found: Row, model: Any, lasting: tuple[int, int] | None) -> File | None:
    """The file that was sent, or the one rebuilt from this text.

    Raises ReturnCode 4 where the text has been corrected and its file is still to come: the older one would be wrong.
    """
    family = call.family
    sent = _sent_file(call, found) if family.as_sent(model, found, call.values) else None
    row = None if sent or lasting is None else documents.rebuilt(call.cur, found["id"], call["lang"])
    if row is None or lasting is None or not family.as_rebuilt(model, call.values):
        return sent
    if row["content_version"] == lasting[1]:
        tables = call.services.reference.tables(call.cur)
        path = tables.storage.path("media", row["path"])
        return File(path, tables.content_type(row["format"]), _name(call, found, row["format"]))
    if call["version"] is None:
        words = f"is being made anew in language [{call['lang']}], as its text has changed: ask for it again later"
        raise ReturnCode(4, f"{family.noun} ID [{call['id']}] {words}")
    return None


def _name(call: Call, found: Row, extension: str) -> str:
    """What a browser saves a file as: translations of a document do not take the place of each other or of it."""
    language = "" if call["lang"] == found["language"] else f".{call['lang']}"
    return f"{call['id']}{language}.{extension}"


def _sent_file(call: Call, found: Row) -> File | None:
    """The file that the client sent, where it is kept here."""
    tables = call.services.reference.tables(call.cur)
    for file in objects.files(call.cur, found["id"]):
        path = tables.storage.path("media", file["path"]) if file["path"] else None
        if path and file["type_code"] == _MAIN_FILE and path.is_file():
            return File(path, tables.content_type(file["format"]), f"{call['id']}.{file['format']}")
    return None


def _written(call: Call, found: Row, model: Any) -> Text:
    written = call.family.write(model, found, call.values)
    if written is None:
        words = f"is not available to be downloaded in its original format [{found['format']}]"
        raise ReturnCode(4, f"{call.family.noun} ID [{call['id']}] {words}")
    return Text(written.body, written.content_type)
