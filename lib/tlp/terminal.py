"""Texts on a terminal: in columns of a width, and with nothing in them that moves the cursor. Knows no table."""

from __future__ import annotations

import unicodedata


def wide(text: str) -> int:
    """How many columns of a terminal a text takes: those of East Asia are two wide."""
    return sum(_columns(c) for c in printable(text))


def cut(text: str, width: int) -> str:
    """A text in one line of at most so many columns, `…` at its end where something is left out."""
    text = printable(text)
    if wide(text) <= width:
        return text
    kept, used = [], 0
    for c in text:
        if (used := used + _columns(c)) > width - 1:
            break
        kept.append(c)
    return "".join(kept).rstrip() + "…"


def padded(text: str, width: int) -> str:
    """A text of exactly so many columns. An id is shown by its beginning, without a mark, so that it can be copied."""
    short = text[:width] if text.startswith("up-") else cut(text, width)
    return short + " " * (width - wide(short))


def printable(text: str) -> str:
    """What a client sent must not move the cursor."""
    return "".join(c if c.isprintable() else " " for c in text)


def _columns(c: str) -> int:
    if unicodedata.combining(c):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def wrapped(text: str, width: int, most: int = 100) -> list[str]:
    """The lines of a text of any length; what does not fit into `most` of them is left out."""
    lines: list[str] = []
    for word in printable(text).split():
        if lines and wide(lines[-1]) + 1 + wide(word) <= width:
            lines[-1] += f" {word}"
        elif len(lines) == most:
            return [*lines[:-1], cut(f"{lines[-1]} {word}", width)]
        else:
            lines.append(cut(word, width))
    return lines
