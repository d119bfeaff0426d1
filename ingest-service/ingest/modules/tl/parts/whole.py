"""What the parts of a recording or text became, as one again: as if it had never been divided. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tlp.captions import Captions, Group, Made, Segment, Word
from tlp.documents import Document


def heard(parts: Sequence[tuple[int, Captions]]) -> Captions:
    """Captions of parts of a recording, each with its begin (ms) in it: times from the begin of the recording.

    Segments are numbered on from the first one. Not empty; in order.
    """
    segments = [_moved(segment, begin) for begin, captions in parts for segment in captions.current]
    first = segments[0].id if segments else 0
    renumbered = [replace(segment, id=first + number) for number, segment in enumerate(segments)]
    begin, last = parts[-1]
    whole = _joined([captions for _, captions in parts], renumbered)
    return replace(whole, end=begin + (last.end or 0), audio_length=_sum([one.audio_length for _, one in parts]))


def translated(parts: Sequence[Captions]) -> Captions:
    """Translations of parts of captions, segment for segment. Not empty; in order."""
    segments = [segment for captions in parts for segment in captions.current]
    return replace(_joined(parts, segments), end=parts[-1].end)


def document(parts: Sequence[Document]) -> Document:
    """Translations of parts of a document, block for block. Not empty; in order."""
    made = _made([(part.made, sum(1 for _ in part.sentences)) for part in parts])
    blocks = [block for part in parts for block in part.blocks]
    return replace(parts[0], blocks=blocks, made=made, elapsed=_sum([part.elapsed for part in parts]))


def _joined(parts: Sequence[Captions], segments: list[Segment]) -> Captions:
    return replace(
        parts[0],
        current=segments,
        original=None,
        made=_made([(part.made, len(part.current)) for part in parts]),
        elapsed=_sum([part.elapsed for part in parts]),
    )


def _moved(segment: Segment, by: int) -> Segment:
    items = [item if isinstance(item, str) else _later(item, by) for item in segment.items]
    return replace(segment, begin=segment.begin + by, end=segment.end + by, items=items)


def _later(item: Word | Group, by: int) -> Word | Group:
    begin, end = (None if time is None else time + by for time in (item.begin, item.end))
    if isinstance(item, Group):
        inside: Iterator[Word | str] = (i if isinstance(i, str) else _word(i, by) for i in item.items)
        return replace(item, begin=begin, end=end, items=list(inside))
    return replace(item, begin=begin, end=end)


def _word(word: Word, by: int) -> Word:
    begin, end = (None if time is None else time + by for time in (word.begin, word.end))
    return replace(word, begin=begin, end=end)


def _made(parts: Sequence[tuple[Made, int]]) -> Made:
    """The maker, as the last part has it; its confidence is the mean, each part as heavy as it is long."""
    known = [(made.confidence, weight) for made, weight in parts if made.confidence is not None and weight]
    mean = sum(c * weight for c, weight in known) / sum(weight for _, weight in known) if known else None
    return replace(parts[-1][0], confidence=mean)


def _sum(seconds: Sequence[str | None]) -> str | None:
    """Of seconds as the formats have them; None where a part does not say."""
    try:
        return f"{sum(float(one) for one in seconds if one is not None):.3f}" if None not in seconds else None
    except ValueError:
        return None
