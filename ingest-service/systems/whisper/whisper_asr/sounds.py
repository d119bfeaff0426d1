"""How a word sounds, roughly and in no language in particular: enough to tell what may be the same word misheard."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# One letter for what people and recognisers write in several ways. In this order.
_SAME = (
    ("ph", "f"), ("ck", "k"), ("qu", "k"), ("ch", "k"), ("sc", "s"), ("x", "ks"), ("c", "k"), ("q", "k"), ("z", "s"),
    ("y", "i"), ("w", "v"), ("h", ""), ("oo", "u"), ("ee", "i"),
)  # fmt: skip
_TWICE = re.compile(r"(.)\1+")


@lru_cache(maxsize=8192)
def fold(word: str) -> str:
    """Letters only, without accents and case, one sign a sound; letters beyond the Latin ones stay as they are."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if c.isalnum())
    for written, sound in _SAME:
        plain = plain.replace(written, sound)
    return _TWICE.sub(r"\1", plain)
