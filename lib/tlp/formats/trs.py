"""Transcriber files, a format of attached subtitles (manual, Appendix E, file formats). Read only."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from tlp.captions import CURRENT, FILTERED, HUMAN, Captions, Made, Segment, collapsed
from tlp.errors import FormatError
from tlp.formats import xml

CONTENT_TYPE = "application/xml; charset=utf-8"

_NOTHING_SAID = frozenset({"[sonido de fondo]", "[background noise]"})


def read(data: bytes, language: str | None = None) -> Captions:
    """A segment from each `Sync` to the next one or the end of its `Turn`, by a human author, ids from 1.

    What stands between `Event extent="begin"` and `extent="end"` was not said, and is left out.
    Raises FormatError that names the line.
    """
    root = xml.parse(data, "TRS")
    if root.tag != "Trans":
        raise FormatError(f"TRS, line {root.sourceline}: the file must begin with <Trans>, not <{root.tag}>")
    captions = Captions(language or root.get(xml.LANG) or "und", made=Made(author_type=HUMAN))
    spans = [span for turn in root.iter("Turn") for span in _spans(turn)]
    for number, (begin, end, text) in enumerate(spans, 1):
        items = [] if text in _NOTHING_SAID else [text]
        captions.current.append(Segment(number, begin, end, [item for item in items if item]))
    return captions


def _spans(turn: etree._Element) -> Iterator[tuple[int, int, str]]:
    """(begin, end, text) of each `Sync` of a turn; text before the first one belongs to none and is refused."""
    syncs = turn.findall("Sync")
    before = [turn.text, *(e.tail for e in (syncs[0].itersiblings(preceding=True) if syncs else turn))]
    if collapsed(" ".join(text or "" for text in before)):
        raise FormatError(f"TRS, line {turn.sourceline}: a <Turn> has text before its first <Sync>")
    ends = [_ms(sync, "time") for sync in syncs[1:]] + ([_ms(turn, "endTime")] if syncs else [])
    skipping = False
    for sync, end in zip(syncs, ends, strict=True):
        said = [] if skipping else [sync.tail or ""]
        for element in sync.itersiblings():
            if element.tag == "Sync":
                break
            if element.tag == "Event" and element.get("extent") in ("begin", "end"):
                skipping = element.get("extent") == "begin"
            if not skipping:
                said.append(element.tail or "")
        yield _ms(sync, "time"), end, collapsed(" ".join(said))


def _ms(element: etree._Element, name: str) -> int:
    try:
        return xml.milliseconds(element.get(name, ""))
    except ValueError:
        where = f"TRS, line {element.sourceline}: <{element.tag}>"
        raise FormatError(f"{where} needs '{name}', a number of seconds") from None


def write(captions: Captions, data_policy: int = CURRENT, filter_policy: int = FILTERED) -> bytes:
    """Always raises FormatError: TRS only comes in."""
    raise FormatError("TRS is read, never written; ask for dfxp, ttml, srt, vtt or text")
