"""What is to be said of captions, and when: the order in which a track is made. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tlp.captions import Captions
from tlp.errors import FormatError
from tlp.voice.text import speakable

_LONGEST = 24 * 3600 * 1000  # ms of a track


@dataclass(frozen=True)
class Line:
    """Something to say: where it begins and what its speech should not reach, in ms."""

    id: int
    text: str
    begin: int
    until: int
    last: bool


def lines(captions: Captions) -> list[Line]:
    """What is to be said, in the order of its begins. Raises FormatError for times beyond 24 hours."""
    said = [(s, text) for s in sorted(captions.current, key=lambda s: s.begin) if (text := speakable(s))]
    end = end_of(captions)
    if end > _LONGEST:
        raise FormatError(f"the captions end after {end // 3_600_000} hours; a track lasts 24 at most")
    untils = [segment.begin for segment, _ in said[1:]] + [end]
    return [
        Line(segment.id, text, max(0, segment.begin), untils[at], last=at == len(said) - 1)
        for at, (segment, text) in enumerate(said)
    ]


def end_of(captions: Captions) -> int:
    """Where the captions end, in ms."""
    return max(captions.end or 0, *(s.end for s in captions.current), *(s.begin for s in captions.current), 0)
