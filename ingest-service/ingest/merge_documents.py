"""A translated document follows its source: after an edit of a sentence, and when a new file takes the old one's place.

Pure: documents in, documents out. Sentences of a translation have the ids of their source. `merge` has the same
functions for subtitles.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tlp import inline
from tlp.captions import AUTOMATIC, Made, collapsed
from tlp.documents import Document, Sentence, Wording


def translation(source: Document, made: Document) -> Document:
    """What a system made of `source`: its wordings beside the sentences of the source, whatever else it changed.

    A sentence that the system has left out is not translated.
    """
    wordings = {s.id: s.current for s in made.sentences}

    def one(sentence: Sentence, marks: Collection[int]) -> Sentence:
        found = wordings.get(sentence.id)
        if found is None:
            return _translated(sentence, None)
        return _translated(sentence, _automatic(replace(found, items=_only(found.items, marks)), made.made))

    blocks = [replace(b, sentences=[one(s, b.marks) for s in b.sentences]) for b in source.blocks]
    head = {**_head(made), "made": replace(made.made, author_type=AUTOMATIC), "source_language": source.language}
    return replace(source, blocks=blocks, **head)


def untranslated(source: Document, language: str) -> Document:
    """The document with no sentence of it translated yet."""
    document = _each(source, lambda sentence: _translated(sentence, None))
    return replace(document, language=language, source_language=source.language, made=Made(author_type=AUTOMATIC))


# After an edit


def emptied(document: Document) -> Document:
    """The same without sentences: seen from there, everything is new."""
    return replace(document, blocks=[])


def to_translate(old: Document, source: Document, changes: Collection[int]) -> Document:
    """The part of the source whose text is new, without the sentences that people have translated."""
    wanted = set(changes) - {s.id for s in old.sentences if old.supervised(s)}
    blocks = [replace(b, sentences=[s for s in b.sentences if s.id in wanted]) for b in source.blocks]
    return replace(source, blocks=[block for block in blocks if block.sentences])


def says_something(document: Document) -> bool:
    """Whether there is any text to translate."""
    return any(s.current and s.current.text for s in document.sentences)


def merged(old: Document, source: Document, changes: Collection[int], fresh: Document | None) -> Document:
    """The translation `old` brought up to date. `fresh`: the translation of what `to_translate` gave, if anything.

    Sentences that people made stay as they are, beside the new source.
    """
    before = {s.id: s for s in old.sentences}
    wordings = {s.id: _automatic(s.current, fresh.made) for s in fresh.sentences if s.current} if fresh else {}

    def one(sentence: Sentence) -> Sentence:
        known = before.get(sentence.id)
        if known and (sentence.id not in changes or old.supervised(known)):
            return replace(_translated(sentence, known.current), original=known.original)
        return _translated(sentence, wordings.get(sentence.id))

    return replace(_each(source, one), **_head(old))


# When a new file takes the place of the old one


def same_sentences(old: Document, new: Document) -> dict[int, int]:
    """For sentences of `new`, a document in its own language, those of `old` that say the same: new id → old id.

    A sentence that people have corrected in `old` is the same as what the file said, too. Repeated ones are taken in
    order.
    """
    known: defaultdict[str, deque[int]] = defaultdict(deque)
    for sentence in old.sentences:
        for text in {wording.text for wording in (sentence.current, sentence.original) if wording}:
            known[text].append(sentence.id)
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for sentence in new.sentences:
        ids = known[sentence.current.text] if sentence.current else deque()
        while ids and ids[0] in taken:
            ids.popleft()
        if ids:
            pairs[sentence.id] = ids.popleft()
            taken.add(pairs[sentence.id])
    return pairs


def carried(new: Document, old: Document, pairs: Mapping[int, int], people_only: bool = True) -> Document:
    """The translation `new` with what `old` has for the same sentences: what people made, or everything.

    `pairs`: of `same_sentences`. Marks are found again in the words, as those of the two files may differ.
    """
    before = {s.id: s for s in old.sentences if s.current and (old.supervised(s) or not people_only)}

    def one(sentence: Sentence) -> Sentence:
        known = before.get(pairs.get(sentence.id, -1))
        if known is None or known.current is None:
            return sentence
        current = _placed(known.current, sentence, known)
        original = _placed(known.original, sentence, known) if known.original else sentence.current or Wording()
        kept = replace(current, made=known.current.made.within(old.made))
        return replace(sentence, current=kept, original=original if old.supervised(known) else None)

    return _each(new, one)


def _placed(wording: Wording, sentence: Sentence, known: Sentence) -> Wording:
    """A wording with the marks of the new file: the same numbers where the source has not changed at all."""
    source = sentence.source or []
    if inline.tagged(source) == inline.tagged(known.source or []):
        return wording
    return replace(wording, items=inline.carried(collapsed(wording.text), source))


# Many small documents in one run of a system


def joined(documents: list[Document]) -> Document:
    """One document of all the sentences; `parted` finds them again. Not empty; all in the same language."""
    numbers = iter(range(1, 1 + sum(1 for document in documents for _ in document.sentences)))
    blocks = [
        replace(block, sentences=[replace(s, id=next(numbers)) for s in block.sentences])
        for document in documents
        for block in document.blocks
    ]
    return replace(documents[0], blocks=blocks)


def parted(made: Document, documents: list[Document]) -> Iterator[Document]:
    """The wordings of a document that was made from `joined(documents)`, with the ids of each of them."""
    wordings = {s.id: s for s in made.sentences}
    number = 0
    for document in documents:
        sentences = []
        for sentence in document.sentences:
            number += 1
            if number in wordings:
                sentences.append(replace(wordings[number], id=sentence.id))
        yield replace(made, blocks=[replace(made.blocks[0], sentences=sentences)] if made.blocks else [])


def _translated(sentence: Sentence, wording: Wording | None) -> Sentence:
    source = sentence.current.items if sentence.current else []
    return replace(sentence, source=source, current=wording, original=None, highlight=False)


def _automatic(wording: Wording, made: Made) -> Wording:
    return replace(wording, made=replace(wording.made.within(made), author_type=AUTOMATIC))


def _head(document: Document) -> dict[str, Any]:
    """What a translation says of itself as a whole."""
    names = ("language", "source_language", "made", "elapsed", "model_id", "processing_steps")
    return {name: getattr(document, name) for name in names}


def _only(items: inline.Items, marks: Collection[int]) -> inline.Items:
    """The items without spans whose numbers mean nothing."""
    kept: inline.Items = []
    for item in items:
        if isinstance(item, str):
            kept.append(item)
        else:
            inside = _only(item.items, marks)
            kept += [inline.Span(item.number, inside)] if item.number in marks else inside
    return inline.tidy(kept)


def _each(document: Document, change: Callable[[Sentence], Sentence]) -> Document:
    blocks = [replace(block, sentences=[change(s) for s in block.sentences]) for block in document.blocks]
    return replace(document, blocks=blocks)
