"""How much of a document has been translated. Pure."""

from __future__ import annotations

from tlp.documents import FIXED, Document, Sentence, count_words
from tlp.masking import masked

_SAME = 0.9  # of the translated sentences: with more of them equal to their source it is the same file back
_NAME = 3  # words: longer sentences are no names, and are not the same in two languages


def wanted(document: Document) -> list[Sentence]:
    """The sentences in which there is something to translate: not those of numbers, addresses and code only."""
    found = []
    for block in document.blocks:
        fixed = frozenset(number for number, mark in block.marks.items() if mark.kind in FIXED)
        found += [sentence for sentence in block.sentences if masked(sentence.source or [], fixed).translatable]
    return found


def share(document: Document) -> float:
    """Translated sentences / sentences to translate, 0..1; 1 where there is nothing to translate.

    A sentence of a few words may be equal to its source (a name); where nearly all are equal, none of them counts as
    translated, and a longer one that is equal never does. What people have left as it is counts.
    """
    asked = wanted(document)
    done = [sentence for sentence in asked if sentence.current is not None and sentence.current.text]
    same = [sentence for sentence in done if _same(sentence) and not document.supervised(sentence)]
    if len(same) <= _SAME * len(done):
        same = [sentence for sentence in same if count_words(sentence.source_text) > _NAME]
    return (len(done) - len(same)) / len(asked) if asked else 1.0


def _same(sentence: Sentence) -> bool:
    return sentence.current is not None and sentence.current.text.casefold() == sentence.source_text.casefold()
