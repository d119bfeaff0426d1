"""What the forms of documents for readers share: which blocks make a table or a list, and what a sentence shows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from tlp.documents import CELL, ITEM, Block, Document, Sentence
from tlp.inline import Items

_WIDEST = 100  # columns
Row = list[list[Block]]  # cells, each with its blocks


def groups(blocks: list[Block]) -> Iterator[tuple[str, list[Block]]]:
    """The blocks in order: the cells of a run together, list items too, any other block by itself."""
    for kind, run in groupby(blocks, lambda block: block.kind):
        if kind in (CELL, ITEM):
            yield kind, list(run)
        else:
            yield from ((kind, [block]) for block in run)


def tables(cells: list[Block]) -> list[list[Row]]:
    """The tables in a run of cells: a cell before the one it follows begins another table. Gaps are empty cells."""
    found: list[list[Row]] = []
    last: tuple[int, int] | None = None
    for cell in cells:
        place = cell.row or 0, cell.column or 0
        if last is None or place < last:
            found.append([[*_gap(place[1]), [cell]]])
        elif place == last:
            found[-1][-1][-1].append(cell)
        elif place[0] == last[0]:
            found[-1][-1] += [*_gap(place[1] - last[1] - 1), [cell]]
        else:
            found[-1].append([*_gap(place[1]), [cell]])
        last = place
    return found


def _gap(count: int) -> Row:
    """Cells without text that stand before the next one; a number that no table reaches says nothing."""
    return [[] for _ in range(count)] if 0 < count < _WIDEST else []


def shown(document: Document, sentence: Sentence) -> tuple[Items, str]:
    """The text of a sentence and its language: the source where it is not translated."""
    if sentence.current is None and sentence.source is not None:
        return sentence.source, document.source_language or document.language
    return (sentence.current.items if sentence.current else []), document.language
