"""A part of captions or of a document, whole segments or whole blocks, to be translated by itself. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from tlp.captions import Captions
from tlp.documents import Document

Span = tuple[int, int]
T = TypeVar("T", Captions, Document)


def weights(text: Captions | Document) -> list[int]:
    """How much there is to translate in each of the units that stay whole: segments, or the sentences of blocks."""
    if isinstance(text, Captions):
        return [1] * len(text.current)
    return [len(block.sentences) for block in text.blocks]


def spans(of: Sequence[int], parts: int) -> list[Span]:
    """First and (excluded) last unit of at most `parts` parts of about the same weight; none of them is empty."""
    total, done, edges = sum(of), 0, [0]
    for number, weight in enumerate(of, 1):
        done += weight
        if done * parts >= total * len(edges) and number < len(of) and len(edges) < parts:
            edges.append(number)
    return list(zip(edges, [*edges[1:], len(of)], strict=True))


def cut(text: T, span: Span) -> T:
    """The part: its units as they are in the whole, ids and times too."""
    first, last = span
    if isinstance(text, Captions):
        return replace(text, current=text.current[first:last], original=None)
    return replace(text, blocks=text.blocks[first:last])
