"""Text that no engine may touch (code, fields, words in another language) under names while an engine has its sentence.

An engine would translate what stands there and move its parts about. It gets a name as short as `X1` for each, which
engines copy as they copy names, and which says where the text belongs in the translation. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from tlp import inline
from tlp.documents import translatable
from tlp.inline import Items, Span

_LETTERS = "XZKQWVJ"


@dataclass(frozen=True)
class Masked:
    """A sentence as an engine gets it; `kept`: what stands under each number, and `names` the name it has instead."""

    items: Items
    kept: Mapping[int, str] = field(default_factory=dict)
    names: Mapping[str, int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What the engine gets."""
        return inline.plain(self.items)

    @property
    def translatable(self) -> bool:
        """Whether anything is left for an engine."""
        return translatable(inline.text(_without(self.items, self.kept) if self.kept else self.items))

    def restored(self, items: Items) -> Items:
        """The items of a translation with the kept text in its spans, and wherever else an engine wrote a name."""
        return [
            self._said(item) if isinstance(item, str) else Span(item.number, self.restored(item.items))
            for item in items
        ]

    def _said(self, run: str) -> str:
        for name, number in self.names.items():
            run = self.kept[number].join(re.split(rf"\b{name}\b", run))
        return run


def masked(items: Items, fixed: Collection[int]) -> Masked:
    """The items with a name in the place of each `fixed` span in which there are letters; numbers need none."""
    if not inline.numbers(items).intersection(fixed):
        return Masked(items)
    said = inline.text(items)
    letter = next((each for each in _LETTERS if not re.search(rf"{each}\d", said)), None)
    if letter is None:
        return Masked(items)
    kept: dict[int, str] = {}
    named = _named(items, fixed, letter, kept)
    return Masked(named, kept, {f"{letter}{place}": number for place, number in enumerate(kept, 1)})


def _named(items: Items, fixed: Collection[int], letter: str, kept: dict[int, str]) -> Items:
    made: Items = []
    for item in items:
        if isinstance(item, str):
            made.append(item)
        elif item.number not in fixed:
            made.append(Span(item.number, _named(item.items, fixed, letter, kept)))
        elif item.number in kept or len(item.items) != 1 or not translatable(inline.text(item.items)):
            made.append(item)
        else:
            text = inline.text(item.items)
            kept[item.number] = text.strip()
            made.append(Span(item.number, [text.replace(text.strip(), f"{letter}{len(kept)}")]))
    return made


def _without(items: Items, kept: Collection[int]) -> Items:
    return [
        item if isinstance(item, str) else Span(item.number, _without(item.items, kept))
        for item in items
        if isinstance(item, str) or item.number not in kept
    ]
