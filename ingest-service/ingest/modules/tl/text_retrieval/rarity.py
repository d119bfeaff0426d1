"""How rare a word is in a language, 0 (everybody says it) to 1 (in no list): from wordfreq's lists, where installed.

wordfreq's lists are a snapshot of 2021 (CC-BY-SA 4.0). Without them long words and names count as rare.
"""

from __future__ import annotations

from collections.abc import Callable

COMMON, UNKNOWN = 4.2, 1.5  # on wordfreq's Zipf scale: once in 60 000 words, once in 30 million


def scale(language: str) -> Callable[[str], float]:
    """The function for a language (ISO 639-1)."""
    try:
        import wordfreq
    except ImportError:
        return by_shape
    if language not in wordfreq.available_languages("best"):
        return by_shape

    def rarity(word: str) -> float:
        return between((COMMON - wordfreq.zipf_frequency(word, language)) / (COMMON - UNKNOWN))

    return rarity


def by_shape(word: str) -> float:
    """By length alone: in every language that writes words, what is said often is short."""
    return between((len(word) - 5) / 7)


def between(value: float) -> float:
    return max(0.0, min(1.0, value))
