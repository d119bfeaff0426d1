"""What the forms for players share: the cues of a file, and how a time is written. It writes no format itself."""

from __future__ import annotations

from collections.abc import Iterator

from tlp.captions import Captions, plain
from tlp.formats.xml import MAX_SECONDS

# Two numbers of a time for each cue: looked up, they take less than half of the time that formatting does.
_TWO, _THREE = tuple(f"{n:02d}" for n in range(60)), tuple(f"{n:03d}" for n in range(1000))


def cues(captions: Captions, data_policy: int, filter_policy: int) -> Iterator[tuple[int, int, int, str]]:
    """(id, begin, end, text on one line) of every segment, times in ms.

    Players know neither times before 0 nor cues that end before they begin; the model may hold both.
    """
    for segment in captions.segments(data_policy):
        begin = max(segment.begin, 0)
        yield segment.id, begin, max(segment.end, begin), plain(segment, filter_policy)


def possible(ms: int) -> int:
    """A time of a file as it is. Raises ValueError when no other format could hold it."""
    if ms >= MAX_SECONDS * 1000:
        raise ValueError(f"a time of {ms // 1000} seconds")
    return ms


def clock(ms: int, point: str) -> str:
    """HH:MM:SS,mmm with `point` before the milliseconds; hours take as many digits as they need."""
    seconds = ms // 1000
    minutes = seconds // 60
    return f"{minutes // 60:02d}:{_TWO[minutes % 60]}:{_TWO[seconds % 60]}{point}{_THREE[ms % 1000]}"


def seconds(ms: int) -> str:
    """Seconds with two decimals, as the original library wrote them, or with three where two would lose."""
    sign, ms = ("-", -ms) if ms < 0 else ("", ms)
    whole, part = divmod(ms, 1000)
    return f"{sign}{whole}.{part:03d}" if part % 10 else f"{sign}{whole}.{part // 10:02d}"
