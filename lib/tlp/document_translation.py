"""A document through an MT engine: its sentences as texts, each text once, and the document of their translations.

It knows no engine and no file. Sentences go to the engine as bare text, whole, for the best translation; the phrases
under marks go with them, so that each mark finds its words again (`tlp.placing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tlp import inline
from tlp.captions import AUTOMATIC, Made
from tlp.documents import FIXED, LOOSE, Block, Document, Mark, Sentence, Wording, translatable
from tlp.inline import Items
from tlp.placing import Rules, phrases, placed

_MOST_MARKS = 200
Answers = Mapping[str, tuple[str, float | None]]  # text → its translation and confidence


def texts(document: Document) -> list[str]:
    """What the engine must translate, in reading order: each different sentence once, then phrases under marks."""
    sentences: dict[str, None] = {}
    parts: dict[str, None] = {}
    for block in document.blocks:
        fixed = _numbers(block.marks, FIXED)
        for sentence in block.sentences:
            if sentence.current and translatable(sentence.current.text) and not _crowded(sentence.current.items):
                sentences[sentence.current.text] = None
                parts.update(dict.fromkeys(phrases(sentence.current.items, fixed)))
    return list(sentences | parts)


def translated(document: Document, language: str, answers: Answers, made: Made) -> Document:
    """The document in another language, its current side as the source of it. What has no answer has no `current`."""
    phrase = {text: answer for text, (answer, _) in answers.items()}
    blocks = []
    for block in document.blocks:
        rules = Rules(phrase, _numbers(block.marks, FIXED), _numbers(block.marks, LOOSE))
        blocks.append(_block(block, answers, rules))
    return replace(
        document, language=language, source_language=document.language, blocks=blocks, made=made, elapsed=None,
        model_id=None, processing_steps=None,
    )  # fmt: skip


def _block(block: Block, answers: Answers, rules: Rules) -> Block:
    return replace(block, sentences=[_sentence(sentence, answers, rules) for sentence in block.sentences])


def _sentence(sentence: Sentence, answers: Answers, rules: Rules) -> Sentence:
    source = sentence.current
    return Sentence(
        sentence.id,
        source=source.items if source else None,
        current=_wording(source.items, source.text, answers, rules) if source else None,
        gap=sentence.gap,
    )


def _wording(items: Items, text: str, answers: Answers, rules: Rules) -> Wording | None:
    """The translation with its marks; numbers and addresses as they are; None where the engine gave nothing."""
    if not translatable(text):
        return Wording(items)
    new, confidence = ("", None) if _crowded(items) else answers.get(text, ("", None))
    return Wording(placed(items, new, rules), Made(confidence=confidence)) if new else None


def _crowded(items: Items) -> bool:
    """Whether there are more marks than any sentence has: looking for them all would take for ever."""
    return len(inline.numbers(items)) > _MOST_MARKS


def _numbers(marks: dict[int, Mark], kinds: frozenset[str]) -> frozenset[int]:
    return frozenset(number for number, mark in marks.items() if mark.kind in kinds)


def author(system: str, timestamp: str, answers: Answers) -> Made:
    """The maker of a translated document, with the mean of the confidences that are known."""
    known = [confidence for _, confidence in answers.values() if confidence is not None]
    return Made(AUTOMATIC, system, timestamp=timestamp, confidence=sum(known) / len(known) if known else None)
