"""Writes DFXP 1.1 with the transLectures tags (manual, Appendix I); `dfxp` reads it."""

from __future__ import annotations

from collections.abc import Iterable

from tlp.captions import (
    ALL,
    CURRENT,
    FILTERED,
    ORIGINAL,
    Captions,
    Group,
    Made,
    Segment,
    Word,
    filtered,
)
from tlp.formats.cues import seconds
from tlp.formats.encoding import encode
from tlp.formats.xml import BLANKS, escaped, quoted

_HEADER = (
    '<?xml version="1.0" encoding="utf-8"?>\n<tt xml:lang={} xmlns="http://www.w3.org/2006/04/ttaf1"'
    ' xmlns:tts="http://www.w3.org/2006/10/ttaf1#style" xmlns:tl="translectures.eu">'
)


def write(captions: Captions, data_policy: int = CURRENT, filter_policy: int = FILTERED) -> bytes:
    """ALL gives `tl:c` and `tl:o`, also where they are the same; ORIGINAL and CURRENT give bare segments."""
    kept = filtered(captions, filter_policy)
    shown = kept.segments(data_policy)
    lines = [
        _HEADER.format(quoted(captions.language)),
        "<head>",
        _document(captions, captions.segments(data_policy)),
        "</head>",
        "<body>",
    ]
    if data_policy == ALL:
        lines += ["<tl:c>", *_segments(shown, captions.made), "</tl:c>"]
        lines += ["<tl:o>", *_segments(kept.segments(ORIGINAL), captions.made), "</tl:o>"]
    else:
        lines += _segments(shown, captions.made)
    return encode("\n".join([*lines, "</body>", "</tt>", ""]))


def _document(captions: Captions, shown: list[Segment]) -> str:
    last = captions.current[-1].end if captions.current else 0
    attributes = _named(v="1.1", vI=captions.media_id)
    attributes += _made(captions.made, Made())
    attributes += _times(captions.begin, last if captions.end is None else captions.end)
    attributes += _named(
        eT=captions.elapsed,
        mI=captions.model_id,
        pS=captions.processing_steps,
        aL=captions.audio_length,
        st=Captions(captions.language, current=shown, made=captions.made).status,
    )
    return f"<tl:d{attributes}/>"


def _segments(segments: Iterable[Segment], document: Made) -> Iterable[str]:
    for segment in segments:
        preserve = _edges_count(segment.items)
        flags = {"h": "1" if segment.highlight else None, "d": "1" if segment.deleted else None}
        tag = (
            f'<tl:s sI="{segment.id}"{_named(**flags, lI=segment.align_id)}{_made(segment.made, document)}'
            f"{_times(segment.begin, segment.end)}{_PRESERVE if preserve else ''}>"
        )
        inside = _items(segment.items, segment.made.within(document))
        yield f"{tag}{_laid_out(inside, preserve or _is_one_run(segment.items))}</tl:s>"


_PRESERVE = ' xml:space="preserve"'


def _edges_count(items: Iterable[Word | Group | str]) -> bool:
    """Whether a run begins or ends with white space, which readers take for layout unless told otherwise."""
    return any(
        item != item.strip(BLANKS) if isinstance(item, str) else isinstance(item, Group) and _edges_count(item.items)
        for item in items
    )


def _is_one_run(items: list[Word | Group | str]) -> bool:
    return not items or (len(items) == 1 and isinstance(items[0], str))


def _laid_out(parts: list[str], tight: bool) -> str:
    """One element a line, unless line breaks would become part of the text."""
    return "".join(parts) if tight else "\n".join(["", *parts, ""])


def _items(items: Iterable[Word | Group | str], above: Made) -> list[str]:
    """Each item as XML. Two runs side by side become one, as XML cannot tell them apart."""
    parts: list[str] = []
    after_run = False
    for item in items:
        if isinstance(item, str):
            if after_run:
                parts[-1] += f" {escaped(item)}"
            elif item:
                parts.append(escaped(item))
            after_run = after_run or bool(item)
        elif isinstance(item, Group):
            parts.append(_group(item, above))
            after_run = False
        elif item.text:  # a word without text says nothing, and readers refuse it
            tag = f"<tl:w{_made(item.made, above)}{_times(item.begin, item.end)}>"
            parts.append(f"{tag}{escaped(item.text)}</tl:w>")
            after_run = False
    return parts


def _group(group: Group, above: Made) -> str:
    inside = "".join(_items(group.items, group.made.within(above)))
    return f"<tl:g{_made(group.made, above)}{_times(group.begin, group.end)}>{inside}</tl:g>"


def _made(made: Made, above: Made) -> str:
    """What differs from what is inherited; a confidence always, as it is about this text only."""
    aC = None if made.author_conf is None or made.author_conf == above.author_conf else f"{made.author_conf:.2f}"
    cM = "" if made.confidence is None else f' cM="{made.confidence:.4f}"'
    if made.author_type is made.author_id is aC is made.word_seg_id is made.timestamp is None:
        return cM
    return (
        _named(
            aT=_unless(above.author_type, made.author_type),
            aI=_unless(above.author_id, made.author_id),
            aC=aC,
            wS=_unless(above.word_seg_id, made.word_seg_id),
            tS=_unless(above.timestamp, made.timestamp),
        )
        + cM
    )


def _unless(inherited: str | None, own: str | None) -> str | None:
    return None if own == inherited else own


def _times(begin: int | None, end: int | None) -> str:
    b = "" if begin is None else f' b="{seconds(begin)}"'
    return b if end is None else f'{b} e="{seconds(end)}"'


def _named(**values: str | None) -> str:
    return "".join(f" {name}={quoted(value)}" for name, value in values.items() if value is not None)
