"""The two kinds of text that people edit, subtitles and translated documents, under the same names.

It chooses among the pure functions of each; it knows no session and no database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from tlp import caption_edits, captions, document_edits, documents
from tlp.captions import ALL, UNFILTERED
from tlp.edits import (
    Edits,
    SegmentEdit,
    SentenceEdit,
    segment_edits,
    sentence_edits,
    unpacked_segments,
    unpacked_sentences,
)
from tlp.formats import DOCUMENT_FORMATS, FORMATS, dfxp

# A Captions or a Document: what `read` of a kind gives, its other functions take.
Text = Any
# Of an author: id and confidence 0..100; then the time of the edit, ISO 8601.
Apply = Callable[[Text, Edits[Any], str, int, str], Text]


@dataclass(frozen=True)
class TextKind:
    """What can be done with a kind of text. The modules that the functions come from describe them."""

    read: Callable[[str], Text]  # the body of a content version
    read_plain: Callable[[str], Text]  # the same, much faster, for formats that show no more than text
    write: Callable[[Text], str]
    parse: Callable[[object], Edits[Any]]  # one language of /mod
    unpack: Callable[[dict[str, list[Any]]], Edits[Any]]  # of what `tlp.edits.packed` gave
    edit: Callable[[int, int | None, int | None, str], SegmentEdit | SentenceEdit]  # id, begin, end, text
    apply: Apply
    highlighted: Apply
    conflicts: Callable[[Text, Text, Edits[Any]], list[int]]
    settled: Callable[[Text, Text, Edits[Any]], tuple[Edits[Any], list[int]]]
    ids: Callable[[Text], frozenset[int]] | None  # what can be edited; None: an id that is not there is something new
    statistics: Callable[[Text, Edits[Any], int | None], dict[str, int | float]]
    changed: Callable[[Text, Text], object]  # false when nothing is
    named: Callable[[Text, str, str], Text]  # the same as the text of an object (its external id) in a language
    status_codes: dict[str, int]  # sup_status of /langs

    def edits(self, rows: Iterable[tuple[int, int | None, int | None, str | None]]) -> Edits[Any]:
        """The edits in saved rows: id, begin, end (ms), text or None for a deletion; the latest last."""
        kept = list(rows)
        items = tuple(self.edit(id, begin, end, text) for id, begin, end, text in kept if text is not None)
        return Edits(items, tuple(sorted(id for id, _, _, text in kept if text is None)))

    def values(self, text: Text) -> dict[str, Any]:
        """What a content version says of a text: body, status, sup_ratio."""
        return {
            "body": self.write(text),
            "status": self.status_codes[text.status],
            "sup_ratio": text.supervised_ratio,
        }


def _segment(id: int, begin: int | None, end: int | None, text: str) -> SegmentEdit:
    return SegmentEdit(id, begin or 0, end or 0, text)


def _sentence(id: int, _begin: int | None, _end: int | None, text: str) -> SentenceEdit:
    return SentenceEdit(id, text)


TEXTS = {
    "speech": TextKind(
        read=lambda body: FORMATS["dfxp"].read(body.encode()),
        read_plain=lambda body: dfxp.read(body.encode(), words=False),
        write=lambda text: FORMATS["dfxp"].write(text, ALL, UNFILTERED).decode(),
        parse=segment_edits,
        unpack=unpacked_segments,
        edit=_segment,
        apply=caption_edits.apply,
        highlighted=caption_edits.highlighted,
        conflicts=caption_edits.conflicts,
        settled=caption_edits.settled,
        ids=None,
        statistics=caption_edits.statistics,
        changed=caption_edits.changed,
        named=lambda text, id, language: replace(text, media_id=id, language=language),
        status_codes=captions.STATUS_CODES,
    ),
    "text": TextKind(
        read=lambda body: DOCUMENT_FORMATS["dtlx"].read(body.encode()),
        read_plain=lambda body: DOCUMENT_FORMATS["dtlx"].read(body.encode()),
        write=lambda text: DOCUMENT_FORMATS["dtlx"].write(text, ALL).decode(),
        parse=sentence_edits,
        unpack=unpacked_sentences,
        edit=_sentence,
        apply=document_edits.apply,
        highlighted=document_edits.highlighted,
        conflicts=document_edits.conflicts,
        settled=document_edits.settled,
        ids=lambda document: frozenset(sentence.id for sentence in document.sentences),
        statistics=document_edits.statistics,
        changed=document_edits.changed,
        named=lambda text, id, language: replace(text, document_id=id, language=language),
        status_codes=documents.STATUS_CODES,
    ),
}
