"""A document through an MT engine: its sentences as texts, each text once, and the document of their translations.

It knows no engine and no file. Sentences go to the engine as bare text, whole, for the best translation; the phrases
under marks go with them, so that each mark finds its words again (`tlp.placing`). What must stay as it is goes under a
name (`tlp.masking`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tlp import inline
from tlp.captions import AUTOMATIC, Made
from tlp.documents import FIXED, LOOSE, Block, Document, Mark, Sentence, Wording, translatable
from tlp.inline import Items
from tlp.masking import masked
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
            if sentence.current is None or _crowded(sentence.current.items):
                continue
            shown = masked(sentence.current.items, fixed)
            if shown.translatable:
                sentences[shown.text] = None
                parts.update(dict.fromkeys(phrases(shown.items, fixed)))
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
        current=_wording(source.items, answers, rules) if source else None,
        gap=sentence.gap,
    )


def _wording(items: Items, answers: Answers, rules: Rules) -> Wording | None:
    """The translation with its marks; numbers, addresses, code as they are; None where the engine gave nothing."""
    if _crowded(items):
        return Wording(items) if not translatable(inline.text(items)) else None
    shown = masked(items, rules.fixed)
    if not shown.translatable:
        return Wording(items)
    new, confidence = answers.get(shown.text, ("", None))
    return Wording(shown.restored(placed(shown.items, new, rules)), Made(confidence=confidence)) if new else None


def _crowded(items: Items) -> bool:
    """Whether there are more marks than any sentence has: looking for them all would take for ever."""
    return len(inline.numbers(items)) > _MOST_MARKS


def _numbers(marks: dict[int, Mark], kinds: frozenset[str]) -> frozenset[int]:
    return frozenset(number for number, mark in marks.items() if mark.kind in kinds)


def author(system: str, timestamp: str, answers: Answers) -> Made:
    """The maker of a translated document, with the mean of the confidences that are known."""
    known = [confidence for _, confidence in answers.values() if confidence is not None]
    return Made(AUTOMATIC, system, timestamp=timestamp, confidence=sum(known) / len(known) if known else None)
