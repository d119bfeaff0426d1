"""Which looks say that text is a program's and not a person's. It knows no format."""

from __future__ import annotations

import re

_FONTS = re.compile(
    r"courier|consol|menlo|monaco|mono\b|monospace|typewriter|\bcode\b",
    re.IGNORECASE,
)
_STYLES = re.compile(  # names of styles, and their ids, which have no blanks
    r"(?:html ?|inline ?)?code|html ?(?:preformatted|keyboard|sample|typewriter)|preformatted ?text"
    r"|verbatim(?: ?char)?|source ?(?:code|text)|code ?(?:block|char)",
    re.IGNORECASE,
)


def monospaced(font: str) -> bool:
    """Whether each letter of the font has the same width: in a text in another font it is used for code."""
    return bool(_FONTS.search(font))


def of_code(style: str) -> bool:
    """Whether a style is one that programs and people set on code, by its name."""
    return bool(_STYLES.fullmatch(style.strip()))
