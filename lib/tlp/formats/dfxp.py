"""DFXP with the transLectures tags, 1.0 and 1.1: how the platform keeps subtitles (manual, Appendix I).

This module reads; `dfxp_writer` writes. What is accepted and what is written stands in docs/formats.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from tlp.captions import AUTOMATIC, HUMAN, STATUS_CODES, Captions, Group, Made, Segment, Word
from tlp.errors import FormatError
from tlp.formats import xml
from tlp.formats.alternatives import best, oldest
from tlp.formats.dfxp_names import LONG_ATTRIBUTES, TAGS
from tlp.formats.dfxp_writer import write
from tlp.formats.encoding import decode

__all__ = ["CONTENT_TYPE", "read", "write"]

CONTENT_TYPE = "application/ttml+xml; charset=utf-8"

Items = list[Word | Group | str]
Attributes = dict[str, str]
Choose = Callable[[list[tuple[Made, etree._Element]]], etree._Element]

_AUTHOR_TYPES = {AUTOMATIC: AUTOMATIC, HUMAN: HUMAN, "manual": HUMAN}  # "manual": an example of Appendix I
_INHERITED = {
    "aT": "author_type",
    "aI": "author_id",
    "aC": "author_conf",
    "wS": "word_seg_id",
    "tS": "timestamp",
}
# Asked of every word and segment: a view of the keys would have to be made each time.
_SEGMENT = frozenset(("sI", "b", "e", "cM"))  # all that most segments say
_INHERITS, _LONG = frozenset(_INHERITED), frozenset(LONG_ATTRIBUTES)

# A word as we and the original library write it; any other spelling is left to the XML parser. A ">" after a
# closing quote ends a tag, and a quote that follows neither "=" nor a space is a closing one.
_WORD = re.compile(r"""<tl:w [^<>']*>(?<=[^=\s]">)([^<]+)</tl:w>""")


def read(data: bytes, language: str | None = None, *, words: bool = True) -> Captions:
    """The captions of a file; `language` wins over its `xml:lang`. Raises FormatError that names the line.

    With `words=False` each segment holds its text as one run: all that forms for players need, several times
    faster, and blind to mistakes in the attributes of words.
    """
    text = decode(data, "DFXP")
    return _captions(text if words else _without_words(text), language, words)


def _without_words(text: str) -> str:
    """The same file with its words as plain text: a tenth of the elements, and of the parsing time."""
    if "<!" in text:  # words inside a comment or CDATA are none
        return text
    return " ".join(_WORD.split(text))


def _captions(text: str, language: str | None, words: bool) -> Captions:
    root = xml.parse(text, "DFXP")
    body = root.find("{*}body")
    if etree.QName(root).localname != "tt" or body is None:
        raise _error(root, "the file must be a <tt> with a <body>")
    captions = _document(root)
    captions.language = language or root.get(xml.LANG) or "und"
    current, original = _sides(body)
    captions.current = _Side(captions.made, best, words).segments(current)
    if original is not current or body.find(".//{*}a") is not None or body.find(".//{*}alt") is not None:
        before = _Side(captions.made, oldest, words).segments(original)
        captions.original = None if before == captions.current else before
    return captions


def _sides(body: etree._Element) -> tuple[etree._Element, etree._Element]:
    """The elements that hold the current and the original segments: one for both where there is only one."""
    found: dict[str, etree._Element] = {}
    for child in body:
        kind = _kind(child)
        if kind in found and kind in "co":
            raise _error(child, f"there are two <{_shown(child)}>")
        found[kind] = child
    if not found.keys() & {"c", "o"}:
        return body, body
    if alien := found.keys() - {"c", "o", "br"}:
        raise _error(found[alien.pop()], "segments must stand inside <tl:c> or <tl:o> where the file has these")
    current = found["c"] if "c" in found else found["o"]
    return current, found.get("o", current)


def _document(root: etree._Element) -> Captions:
    """The captions without segments, from the document tag in the head; without one nothing is known."""
    tag = next((e for e in root.iterfind("{*}head/*") if TAGS.get(e.tag) == "d"), None)
    if tag is None:
        return Captions("")
    attributes = _attributes(tag)
    if attributes.get("st", "fully_automatic") not in STATUS_CODES:
        raise _error(tag, f"st='{attributes['st']}' is none of {', '.join(STATUS_CODES)}")
    return Captions(
        "",
        media_id=attributes.get("vI"),
        made=_made(tag, attributes, Made()),
        begin=_time(tag, attributes, "b") or 0,
        end=_time(tag, attributes, "e"),
        elapsed=attributes.get("eT"),
        model_id=attributes.get("mI"),
        processing_steps=attributes.get("pS"),
        audio_length=attributes.get("aL"),
    )


@dataclass(frozen=True)
class _Side:
    """How to read one side of a file: what segments inherit, which alternative counts, and how much is wanted."""

    document: Made
    choose: Choose
    words: bool

    def segments(self, parent: etree._Element) -> list[Segment]:
        _refuse_text(parent)
        kinds = ((_kind(e), e) for e in parent)
        return [self.segment(e) if k == "s" else self.alternative(e) for k, e in kinds if k != "br"]

    def alternative(self, element: etree._Element) -> Segment:
        found = self.chosen(element, self.document)
        if _kind(found) != "s":
            raise _error(found, f"<{_shown(found)}> stands where a segment must")
        return self.segment(found)

    def chosen(self, element: etree._Element, above: Made) -> etree._Element:
        """The element itself, or of alternatives the one that counts on this side."""
        if _kind(element) != "a":
            return element
        if not len(element):
            raise _error(element, f"<{_shown(element)}> holds no alternative")
        _refuse_text(element)
        return self.choose([(_made(e, _attributes(e), above).within(above), e) for e in element])

    def segment(self, element: etree._Element) -> Segment:
        attributes = _attributes(element)
        begin, end = _times(element, attributes)
        made = _made(element, attributes, self.document)
        segment = Segment(_id(element, attributes), begin, end, [], made)
        if not _SEGMENT.issuperset(attributes):
            segment.highlight, segment.deleted = attributes.get("h") == "1", attributes.get("d") == "1"
            segment.align_id = attributes.get("lI")
        preserve = _preserves(attributes)
        if not len(element):
            _add_run(segment.items, element.text, preserve)
            return segment
        segment.items = self.items(element, made.within(self.document), preserve)
        if not self.words:
            segment.items = [text] if (text := segment.text) else []
        return segment

    def items(self, parent: etree._Element, above: Made, preserve: bool) -> Items:
        """Words, groups and runs in reading order; white space at the edges of a run is layout."""
        items: Items = []
        _add_run(items, parent.text, preserve)
        for child in parent:
            if _kind(child) != "br":
                items.append(self.item(self.chosen(child, above), above, preserve))
            _add_run(items, child.tail, preserve)
        return items

    def item(self, element: etree._Element, above: Made, preserve: bool) -> Word | Group:
        kind, attributes = _kind(element), _attributes(element)
        made = _made(element, attributes, above)
        begin, end = _time(element, attributes, "b"), _time(element, attributes, "e")
        if kind == "w" and element.text and not len(element):
            return Word(element.text, begin, end, made)
        if kind == "g":
            inside = self.items(element, made.within(above), preserve or _preserves(attributes))
            flat = [i for i in inside if not isinstance(i, Group)]
            if len(flat) == len(inside):
                return Group(flat, begin, end, made)
        raise _error(element, f"<{_shown(element)}> is empty, or stands where it may not")


def _add_run(items: Items, text: str | None, preserve: bool) -> None:
    run = text if preserve or not text else text.strip(xml.BLANKS)
    if not run:
        return
    if items and isinstance(items[-1], str):  # only a line break stood between
        items[-1] += f"\n{run}"
    else:
        items.append(run)


def _refuse_text(parent: etree._Element) -> None:
    """Text outside segments has no time and would be lost."""
    for text in (parent.text, *(child.tail for child in parent)):
        if text and text.strip(xml.BLANKS):
            raise _error(parent, f"<{_shown(parent)}> has text outside its segments")


def _preserves(attributes: Attributes) -> bool:
    return attributes.get(xml.PRESERVE) == "preserve"


def _attributes(element: etree._Element) -> Attributes:
    """The attributes under their short names."""
    attributes: Attributes = dict(element.items())  # type: ignore[arg-type]
    if _LONG.isdisjoint(attributes):
        return attributes
    return {LONG_ATTRIBUTES.get(name, name): value for name, value in attributes.items()}


def _made(element: etree._Element, attributes: Attributes, above: Made) -> Made:
    """What the element says itself. Saying what is inherited anyway counts as saying nothing."""
    made = Made(confidence=_number(element, attributes, "cM"))
    if _INHERITS.isdisjoint(attributes):
        return made
    for name, field in _INHERITED.items():
        if name in attributes:
            value = _read_made[name](element, attributes, name) if name in _read_made else attributes[name]
            if value != getattr(above, field):
                setattr(made, field, value)
    return made


def _author_type(element: etree._Element, attributes: Attributes, name: str) -> str:
    value = attributes[name]
    if value not in _AUTHOR_TYPES:
        raise _error(element, f"{name}='{value}' is neither {AUTOMATIC} nor {HUMAN}")
    return _AUTHOR_TYPES[value]


def _number(element: etree._Element, attributes: Attributes, name: str) -> float | None:
    value = attributes.get(name)
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _error(element, f"{name}='{value}' is no number")
    return number


def _times(element: etree._Element, attributes: Attributes) -> tuple[int, int]:
    """Begin and end of a segment, which must say both."""
    try:
        return xml.milliseconds(attributes["b"]), xml.milliseconds(attributes["e"])
    except (KeyError, ValueError):
        for name in ("b", "e"):
            _time(element, attributes, name)
        raise _error(element, "a segment needs b and e, its times in seconds") from None


def _time(element: etree._Element, attributes: Attributes, name: str) -> int | None:
    value = attributes.get(name)
    try:
        return None if value is None else xml.milliseconds(value)
    except ValueError:
        raise _error(element, f"{name}='{value}' is no time in seconds") from None


def _id(element: etree._Element, attributes: Attributes) -> int:
    try:
        return int(attributes["sI"])
    except KeyError:
        raise _error(element, "a segment needs sI, its number") from None
    except ValueError:
        raise _error(element, f"sI='{attributes['sI']}' is no whole number") from None


def _kind(element: etree._Element) -> str:
    """The short name of the tag, or "br"; anything else is no DFXP of ours."""
    kind = TAGS.get(element.tag)
    if kind is not None:
        return kind
    if etree.QName(element).localname == "br":
        return "br"
    raise _error(element, f"<{_shown(element)}> is unknown here; the tags are those of the namespace translectures.eu")


def _shown(element: etree._Element) -> str:
    return f"{element.prefix}:{etree.QName(element).localname}" if element.prefix else str(element.tag)


def _error(element: etree._Element, message: str) -> FormatError:
    return FormatError(f"DFXP, line {element.sourceline}: {message}")


_read_made = {"aT": _author_type, "aC": _number}
