"""What is to be said of captions, and when: the order in which a track is made. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from tlp.captions import Captions
from tlp.errors import FormatError
from tlp.voice.text import speakable

_LONGEST = 24 * 3600 * 1000  # ms of a track


@dataclass(frozen=True)
class Line:
    """Something to say: where it begins and what its speech should not reach, in ms.

    `number`: the place of its segment in the captions, from 0.
    """

    id: int
    text: str
    begin: int
    until: int
    last: bool
    number: int = field(default=-1, compare=False)


def lines(captions: Captions) -> list[Line]:
    """What is to be said, in the order of its begins. Raises FormatError for times beyond 24 hours."""
    texts = [(number, segment, speakable(segment)) for number, segment in enumerate(captions.current)]
    said = sorted((one for one in texts if one[2]), key=lambda one: one[1].begin)
    end = end_of(captions)
    if end > _LONGEST:
        raise FormatError(f"the captions end after {end // 3_600_000} hours; a track lasts 24 at most")
    untils = [segment.begin for _, segment, _ in said[1:]] + [end]
    return [
        Line(segment.id, text, max(0, segment.begin), untils[at], at == len(said) - 1, number)
        for at, (number, segment, text) in enumerate(said)
    ]


def end_of(captions: Captions) -> int:
    """Where the captions end, in ms."""
    return max(captions.end or 0, *(s.end for s in captions.current), *(s.begin for s in captions.current), 0)
