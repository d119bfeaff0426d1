"""What the end of a word says about the sentence it stands in."""

from __future__ import annotations

SENTENCE, CLAUSE = ".?!…。？！", ",;:–—،、"
CLOSING = "\"'»”’)]"  # may follow the punctuation that counts
# What stands before a name; its full stop ends no sentence.
_TITLES = frozenset({"mr", "mrs", "ms", "dr", "dra", "prof", "st", "sr", "sra", "srta", "d", "dña", "m", "mme", "vs"})


def ends_sentence(word: str) -> bool:
    """Whether a sentence ends with this word."""
    bare = word.rstrip(CLOSING)
    return bare.endswith(tuple(SENTENCE)) and bare[:-1].lower() not in _TITLES


def ends_clause(word: str) -> bool:
    """Whether a clause, but no sentence, ends with this word."""
    return word.rstrip(CLOSING).endswith(tuple(CLAUSE))
