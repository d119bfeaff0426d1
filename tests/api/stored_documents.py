"""Documents as the Ingest Service leaves them: DTLX in the database, the file that the client sent under media."""

from __future__ import annotations

from typing import Any

from tlp.captions import HUMAN, Made
from tlp.db import contents, objects, users
from tlp.documents import HEADING, LINK, PARAGRAPH, STATUS_CODES, Block, Document, Mark, Sentence, Wording
from tlp.formats import DOCUMENT_FORMATS
from tlp.inline import Span

ID = "DOCUMENT-ID-1234"
HASH = "433e11c295c51b94a074a"
TITLE = "I do know nothing"


def source(edited: bool = False) -> Document:
    """The document in its own language: a heading, and a paragraph of two sentences with a link."""
    said = Wording(["She told me: ", Span(1, ["you know nothing"]), "."])
    if edited:
        corrected = Wording(["She said: you know nothing."], Made(HUMAN, "jsnow21", 0.9))
        first = Sentence(16, current=corrected, original=said)
    else:
        first = Sentence(16, current=said)
    paragraph = Block(PARAGRAPH, [first, Sentence(17, current=Wording(["John <Snow> & co."]))])
    paragraph.marks = {1: Mark(LINK, "https://example.org/")}
    heading = Block(HEADING, [Sentence(1, current=Wording([TITLE]))], level=1)
    return Document("en", [heading, paragraph], document_id=ID, title=TITLE, format="docx")


def translated(language: str, *texts: str | None, people: int = 0, former: str | None = None) -> Document:
    """The translation of its sentences, None where there is none; the first `people` are by a person."""
    made, numbers = source(), iter(range(len(texts)))
    for block in made.blocks:
        for sentence in block.sentences:
            at = next(numbers)
            sentence.source = sentence.current.items if sentence.current else []
            text = texts[at]
            by = Made(HUMAN, "jsnow21", 0.9) if at < people else Made()
            sentence.current = None if text is None else Wording([text], by)
            sentence.original = Wording([former]) if former and at < people else None
    made.language, made.source_language = language, "en"
    return made


CATALAN = ("No sé res", "Em va dir: no saps res.", "John <Snow> i companyia.")


def add_text(cur: Any, object_id: int, document: Document) -> None:
    """Store a document as a version, with the status and ratio that it has."""
    body = DOCUMENT_FORMATS["dtlx"].write(document, 0).decode()
    status = {"status": STATUS_CODES[document.status], "sup_ratio": document.supervised_ratio}
    contents.add_version(cur, object_id, document.language, {"body": body, "origin": "mt", **status})


def stored_document(
    cur: Any, external_id: str = ID, username: str = "tluser", hash_: str = HASH, format_: str = "docx"
) -> int:
    """A document with one translation; returns the id of its row."""
    owner = users.by_name(cur, username)
    assert owner
    counts = source().counts
    values = {
        "user_id": owner["id"], "kind": "text", "external_id": external_id, "hash": hash_, "language": "en",
        "title": TITLE, "format": format_, **counts._asdict(),
    }  # fmt: skip
    object_id = objects.create(cur, values)
    path = f"{hash_[0]}/{hash_}/document.{format_}"
    objects.add_file(cur, object_id, {"type_code": 0, "format": format_, "path": path})
    add_text(cur, object_id, source())
    add_text(cur, object_id, translated("ca", *CATALAN))
    return object_id
