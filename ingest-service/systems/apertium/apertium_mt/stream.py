"""Apertium's stream format: a text goes in as one block, its words come back with what the dictionaries knew.

Reserved characters are escaped with a backslash. The characters that are marks only in the output (`*`, `@`, `#` for
unknown words) or that some stage swallows (`~`, `+`) travel as private-use characters, so a mark is never confused
with text. Pure text in, text out; it starts no process.
"""

from __future__ import annotations

import re
from typing import NamedTuple

RESERVED = frozenset("[]{}^$/\\@<>")
MARKS = frozenset("*@#")
_DISGUISES = {char: chr(0xE000 + ord(char)) for char in "*#~+"}
_DISGUISED = {disguise: char for char, disguise in _DISGUISES.items()}
# A blank of our own stands before the full stop that ends every block: else "a" and the stop are an abbreviation.
# It bears the number of the block: an answer that has lost its place is known.
_END = "[;{}]"
_TAIL = ".[]"
_ESCAPES = str.maketrans({char: "\\" + char for char in RESERVED} | _DISGUISES)
_PLAIN = re.compile(r"[^\[\]\\" + "".join(MARKS) + "".join(_DISGUISED) + "]*")
_UNREADABLE = re.compile("[" + "".join(_DISGUISED) + "\x00-\x08\x0b\x0c\x0e-\x1b\ud800-\udfff]")


class StreamError(ValueError):
    """The answer is not the one to the block that was sent."""


class Token(NamedTuple):
    """A word of the translation; not known: some dictionary lacked it, and it may stand in another language."""

    text: str
    known: bool


def encode(text: str, number: int = 0) -> bytes:
    """The block for a text, without its NUL; white space is collapsed, control characters are dropped."""
    clean = " ".join(_UNREADABLE.sub("", text).split())
    return (clean.translate(_ESCAPES) + _END.format(number) + _TAIL).encode("utf-8")


def decode(block: bytes, number: int = 0) -> list[Token]:
    """The words of an answer, without marks. Raises StreamError when its end is not that of the block of the number."""
    answer = block.decode("utf-8", errors="replace")
    body, end, _ = answer.rpartition(_END.format(number))
    if not end:
        raise StreamError(f"Apertium's answer does not end as it should: {answer[-60:]!r}")
    if _PLAIN.fullmatch(body):
        return [Token(word, True) for word in body.split()]
    tokens: list[Token] = []
    word, known = "", True
    for char, escaped in _characters(body):
        if char.isspace():
            if word:
                tokens.append(Token(word, known))
            word, known = "", True
        elif char in MARKS and not escaped:
            known = False
        else:
            word += _DISGUISED.get(char, char)
    return [*tokens, Token(word, known)] if word else tokens


def _characters(body: str) -> list[tuple[str, bool]]:
    """Each character with whether it was escaped; blanks of the engine's own (`[...]`) are left out."""
    found: list[tuple[str, bool]] = []
    inside = False
    chars = iter(body)
    for char in chars:
        if char == "\\":
            char, escaped = next(chars, ""), True
        else:
            escaped = False
        if not escaped and char in "[]":
            inside = char == "["
        elif not inside and char:
            found.append((char, escaped))
    return found
