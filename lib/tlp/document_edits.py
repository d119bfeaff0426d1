"""What edits do to documents: apply and show them, what they touch and cover, what changed. No database, no session.

`caption_edits` has the same functions for subtitles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tlp import inline
from tlp.captions import HUMAN, Made, collapsed
from tlp.documents import Document, Sentence, Wording
from tlp.edits import Edits, SentenceEdit


def apply(document: Document, edits: Edits[SentenceEdit], author_id: str, author_conf: int, timestamp: str) -> Document:
    """The document with the edits in it: `author_conf` 0..100, `timestamp` ISO 8601. Twice is the same as once.

    The original side stays; the first edit of a sentence makes its current text the original one. Marks are found
    again in the new text (`inline.written`). A sentence that the document does not have is passed over.
    """
    made = Made(HUMAN, author_id, author_conf / 100, timestamp=timestamp, confidence=1.0)
    texts = {edit.id: edit.text for edit in edits.items}

    def edited(sentence: Sentence) -> Sentence:
        if sentence.id not in texts:
            return sentence
        wording = Wording(_items(sentence, texts[sentence.id]), replace(made))
        return replace(sentence, current=wording, original=sentence.original or sentence.current or Wording())

    return _each(document, edited)


def highlighted(
    document: Document, edits: Edits[SentenceEdit], author_id: str, author_conf: int, timestamp: str
) -> Document:
    """The edits as people see them before they count (/text/get with `session_id`): edited sentences `highlight`."""
    ids = {edit.id for edit in edits.items}
    applied = apply(document, edits, author_id, author_conf, timestamp)
    return _each(applied, lambda s: replace(s, highlight=True) if s.id in ids else s)


def conflicts(base: Document, current: Document, edits: Edits[SentenceEdit]) -> list[int]:
    """The edited sentences that others changed since `base`, or that `current` no longer has.

    A sentence that already is what its edit wants is no conflict. Changed means text, or that a person made it.
    """
    seen, now = _by_id(base), {s.id: s for s in current.sentences}
    return sorted(edit.id for edit in edits.items if _conflict(edit, seen.get(edit.id), current, now.get(edit.id)))


def settled(base: Document, current: Document, edits: Edits[SentenceEdit]) -> tuple[Edits[SentenceEdit], list[int]]:
    """The edits that overwrite nothing that people changed since `base`, and the sentences that the others would.

    What only a machine changed since is overwritten: a person's word counts more. A sentence that is gone counts as
    changed by people.
    """
    now = {s.id: s for s in current.sentences}
    lost = {id for id in conflicts(base, current, edits) if id not in now or current.supervised(now[id])}
    return Edits(tuple(edit for edit in edits.items if edit.id not in lost)), sorted(lost)


State = tuple[str, bool]  # text with its marks, made by a person


def _conflict(edit: SentenceEdit, seen: State | None, current: Document, sentence: Sentence | None) -> bool:
    if sentence is None:
        return True
    wanted = inline.tagged(_items(sentence, edit.text))
    state = _state(current, sentence)
    return state != seen and collapsed(state[0]) != collapsed(wanted)


def statistics(base: Document, edits: Edits[SentenceEdit], media_ms: int | None = None) -> dict[str, int | float]:
    """`edit_stats` of /text/edit_history: edit_sents, edit_sents_percent. Documents have no `media_ms`."""
    ids = {s.id for s in base.sentences}
    edited = len(ids.intersection(edit.id for edit in edits.items))
    return {"edit_sents": edited, "edit_sents_percent": round(100 * edited / len(ids), 2) if ids else 0.0}


def changed(before: Document, after: Document) -> list[int]:
    """The sentences of `after` whose current text is new or says something else. Who made it does not count."""
    old, new = _by_id(before), _by_id(after)
    return [id for id, state in new.items() if id not in old or old[id][0] != state[0]]


def _items(sentence: Sentence, text: str) -> inline.Items:
    """An edit's text with the marks of what it replaces, or of the source where nothing was translated."""
    source = sentence.source or []
    sides = [source, *(wording.items for wording in (sentence.current, sentence.original) if wording)]
    known = set().union(*map(inline.numbers, sides))
    return inline.written(text, sentence.current.items if sentence.current else source, known)


def _each(document: Document, change: Callable[[Sentence], Sentence]) -> Document:
    blocks = [replace(block, sentences=[change(s) for s in block.sentences]) for block in document.blocks]
    return replace(document, blocks=blocks)


def _by_id(document: Document) -> dict[int, State]:
    return {s.id: _state(document, s) for s in document.sentences}


def _state(document: Document, sentence: Sentence) -> State:
    return inline.tagged(sentence.current.items) if sentence.current else "", document.supervised(sentence)
