"""How much of a document has been translated. Pure."""

from __future__ import annotations

from tlp.documents import Document, Sentence, translatable

_SAME = 0.9  # of the translated sentences: with more of them equal to their source it is the same file back


def share(document: Document) -> float:
    """Translated sentences / sentences to translate, 0..1; 1 where there is nothing to translate.

    A sentence may be equal to its source (a name); where nearly all are, those count as not translated.
    """
    wanted = [sentence for sentence in document.sentences if translatable(sentence.source_text)]
    done = [sentence for sentence in wanted if sentence.current is not None and sentence.current.text]
    same = sum(_same(sentence) and not document.supervised(sentence) for sentence in done)
    counted = len(done) - same if same > _SAME * len(done) else len(done)
    return counted / len(wanted) if wanted else 1.0


def _same(sentence: Sentence) -> bool:
    return sentence.current is not None and sentence.current.text.casefold() == sentence.source_text.casefold()
