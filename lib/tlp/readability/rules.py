"""The numbers that say what is readable, and the words of each language that should not end a line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_WORDS = Path(__file__).with_name("words.json")
_EDGES = "\"'«»“”„‘’¿¡([{)}]"


@dataclass(frozen=True)
class Rules:
    """What people can read. Times in milliseconds."""

    line_chars: int = 42
    lines: int = 2
    chars_a_second: int = 20
    shortest: int = 1000
    longest: int = 7000
    pause: int = 1500
    gap: int = 80

    @property
    def chars(self) -> int:
        """Of a full caption."""
        return self.lines * self.line_chars

    def needed(self, chars: int) -> int:
        """How long a caption of so many characters should be on the screen."""
        return min(self.longest, max(self.shortest, chars * 1000 // self.chars_a_second))


@dataclass(frozen=True)
class SmallWords:
    """Of a language: those that belong to what follows (articles, prepositions), and those that join phrases."""

    before: frozenset[str] = frozenset()
    joins: frozenset[str] = frozenset()

    def binds(self, word: str) -> bool:
        """Whether a line should not end with this word."""
        return word.strip(_EDGES).lower() in self.before

    def opens(self, word: str) -> bool:
        """Whether a line may well begin with this word."""
        return word.strip(_EDGES).lower() in self.joins


@cache
def small_words(language: str) -> SmallWords:
    """Those of a language; none for one that has no list."""
    found = all_small_words().get(language, {})
    return SmallWords(frozenset(found.get("before", ())), frozenset(found.get("joins", ())))


@cache
def all_small_words() -> dict[str, dict[str, list[str]]]:
    """language: {"before": […], "joins": […]}, as the player gets it too."""
    read = json.loads(_WORDS.read_text(encoding="utf-8"))
    return {language: {kind: words.split() for kind, words in lists.items()} for language, lists in read.items()}
