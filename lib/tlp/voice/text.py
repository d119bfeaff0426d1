"""What of a segment is said: one line of plain text, safe to hand to any engine. Knows no engine."""

from __future__ import annotations

import re
import unicodedata

from tlp.captions import Segment, plain

_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_LINK = re.compile(r"\b(?:https?://|www\.)(\S+)")
_LONGEST = 2000  # characters: more than any caption; an engine may fail on less than a whole book


def speakable(segment: Segment) -> str:
    """The words of a segment as people would say them; "" where there is no letter or digit.

    Special tokens, markup, control characters and pictures go; so do square brackets, in which espeak-ng
    expects phonemes.
    """
    if segment.deleted:
        return ""
    text = _LINK.sub(r"\1", _TAG.sub(" ", plain(segment)))
    text = "".join(c if _said(c) else " " for c in unicodedata.normalize("NFC", text))
    text = " ".join(text.split())[:_LONGEST]
    return text if any(c.isalnum() for c in text) else ""


def _said(character: str) -> bool:
    if character in "[]<>{}|\\^~":
        return False
    category = unicodedata.category(character)
    return not category.startswith("C") and (category != "So" or character in "°©®")
