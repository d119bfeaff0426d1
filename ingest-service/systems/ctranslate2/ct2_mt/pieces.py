"""Cuts a text into pieces a model can take, and joins their translations. Pure; it knows no model.

Models are trained on sentences: two in one input lose words, and beyond some hundred tokens they lose the thread.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

# After . ! ? or …, closing quotes, white space, and before something that can begin a sentence. A full stop after three
# letters or fewer is taken for an abbreviation (Dr., etc.).
_SENTENCE_END = re.compile(r"(?:(?<=[!?…])|(?<=\w{4}\.)|(?<=[.!?…]['\"»”’)\]]))\s+(?=[¿¡\"'«“‘(\[]*[^\W_a-zß-öø-ÿ])")
_BREAKS = (re.compile(r"[;:](?=\s)"), re.compile(r",(?=\s)"), re.compile(r"(?=\s)"))


class Piece(NamedTuple):
    """A part of a text, and what stood between it and the part before."""

    text: str
    gap: str


def cut(text: str, too_long: Callable[[str], bool]) -> list[Piece]:
    """The sentences of a text, those that are too long cut again where it hurts least. Never an empty piece."""
    found: list[Piece] = []
    for sentence in _SENTENCE_END.split(text.strip()):
        if sentence:
            found += _shortened(Piece(sentence, " " if found else ""), too_long)
    return found


def _shortened(piece: Piece, too_long: Callable[[str], bool]) -> list[Piece]:
    text = piece.text
    if len(text) < 2 or not too_long(text):
        return [piece]
    at = _middle(text)
    left, right = text[:at].rstrip(), text[at:].lstrip()
    gap = " " if len(left) + len(right) < len(text) else ""
    return _shortened(Piece(left, piece.gap), too_long) + _shortened(Piece(right, gap), too_long)


def _middle(text: str) -> int:
    """Where to cut: the strongest break in the middle half, the one nearest to the middle; else the very middle."""
    middle, reach = len(text) / 2, len(text) / 4
    for pattern in _BREAKS:
        places = [match.end() for match in pattern.finditer(text) if abs(match.end() - middle) <= reach]
        if places:
            return min(places, key=lambda place: abs(place - middle))
    return len(text) // 2


def join(parts: list[tuple[Piece, str]]) -> str:
    """The translated pieces as one text."""
    return "".join(piece.gap + text.strip() for piece, text in parts).strip()
