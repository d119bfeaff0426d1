"""What the elements and attributes of HTML are for a translator (HTML Living Standard). No code."""

from __future__ import annotations

from tlp import documents


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Elements inside a line of text; any other parts paragraphs (buttons too: what is on one stays on it).
INLINE = _words(
    "a abbr acronym audio b basefont bdi bdo big br canvas cite code data del dfn em embed font i iframe img "
    "input ins kbd label map mark math meter nobr object output picture progress q rp rt ruby s samp select small span "
    "strike strong sub sup svg textarea time tt u var video wbr"
)
# Nothing in them is read as running text, or a program reads it.
OPAQUE = _words(
    "audio canvas embed iframe img input map math meter object picture progress rp rt script select style svg template "
    "textarea video wbr area base link meta noframes"
)
CODE = frozenset(("code", "kbd", "samp", "var", "pre", "tt"))
# Links side by side with nothing but blanks between them are a menu: each is translated by itself.
MENU = frozenset(("a", "label"))
ATTRIBUTES = ("alt", "title", "placeholder", "aria-label")
BUTTONS = frozenset(("submit", "button", "reset"))
# Names of <meta> whose content people read.
META = frozenset(("description", "og:title", "og:description", "twitter:title", "twitter:description"))
MARKS = {
    "b": documents.BOLD, "strong": documents.BOLD, "i": documents.ITALIC, "em": documents.ITALIC,
    "u": documents.UNDERLINE, "ins": documents.UNDERLINE, "s": documents.STRIKE, "strike": documents.STRIKE,
    "del": documents.STRIKE, "sup": documents.SUPERSCRIPT, "sub": documents.SUBSCRIPT, "img": documents.IMAGE,
    "picture": documents.IMAGE, "svg": documents.IMAGE,
}  # fmt: skip
KINDS = {
    "li": documents.ITEM, "dt": documents.ITEM, "dd": documents.ITEM, "td": documents.CELL, "th": documents.CELL,
    "caption": documents.CAPTION, "figcaption": documents.CAPTION, "legend": documents.CAPTION,
    "header": documents.HEADER, "footer": documents.FOOTER,
}  # fmt: skip
HEADINGS = {f"h{level}": level for level in range(1, 7)}
