"""Which parts of a track must be said anew after its captions were edited, and how the new parts go into the old track.

Pure. Between two lines that have not changed, everything from the end of the one to the begin of the other is an
island: what has changed in it is said into a short track of its own, whose frames take the place of the old ones.
Where the new words need more room than an island has, it takes the next line in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tlp.captions import Captions, Segment
from tlp.voice import lines as order
from tlp.voice.lines import Line
from tlp.voice.mp3 import Frames

Places = Mapping[int, tuple[int, int]]  # segment id: where its speech begins and ends in the track, ms

MOST = 0.5  # of all lines; where more have changed, the whole track is made anew
_MARGIN = 12  # frames of silence between two islands of the short track
_LONGER = 1.1  # than the voice has taken for as many characters before: room wanted for new words
_FALLBACK_PACE = 80.0  # ms a character


@dataclass(frozen=True)
class Island:
    """Lines to say anew, and the frames of the old track whose place their speech takes."""

    first: int  # of the lines: those from `first` up to, not including, `last`
    last: int
    begin: int  # of the frames, likewise
    end: int


@dataclass(frozen=True)
class Stay:
    """A line that stays as it was said: its number, and where its speech is, in ms."""

    line: int
    begin: int
    end: int


def islands(old: Captions, new: Captions, places: Places, track: Frames, wider: int = 0) -> list[Island] | None:
    """The islands of an edit; None where the whole track had better be made anew.

    `wider`: lines that each island takes in beyond those that it seems to need.
    """
    if abs(order.end_of(old) - order.end_of(new)) > 1000 * track.seconds:
        return None
    before, after = order.lines(old), order.lines(new)
    staying, gone = _compared(before, after, places)
    found = _between(after, staying, gone, _pace(before, places), track, wider)
    said = sum(island.last - island.first for island in found)
    return found if said <= MOST * len(after) and all(_separable(island, track) for island in found) else None


def _compared(before: list[Line], after: list[Line], places: Places) -> tuple[list[Stay], list[int]]:
    """The lines that stay, in order; and the begins (ms) of the old speech that goes."""
    known = {(line.begin, line.until, line.text): line for line in before if line.id in places}
    staying: list[Stay] = []
    for at, line in enumerate(after):
        same = known.pop((line.begin, line.until, line.text), None)
        if same is not None and (not staying or places[same.id][0] >= staying[-1].end):
            staying.append(Stay(at, *places[same.id]))
        elif same is not None:
            known[line.begin, line.until, line.text] = same
    return staying, [places[line.id][0] for line in known.values()]


def _pace(before: list[Line], places: Places) -> float:
    """Milliseconds a character, of this voice."""
    said = [(places[line.id][1] - places[line.id][0], len(line.text)) for line in before if line.id in places]
    characters = sum(length for _, length in said)
    return sum(time for time, _ in said) / characters if characters else _FALLBACK_PACE


def _between(
    after: list[Line], staying: list[Stay], gone: Sequence[int], pace: float, track: Frames, wider: int
) -> list[Island]:
    edge = Stay(-1, 0, 0)
    beyond = Stay(len(after), round(1000 * track.count * track.seconds), 0)
    found: list[Island] = []
    rest, extra = [*staying, beyond], 0
    left, taken = edge, False
    for right in rest:
        lines = after[left.line + 1 : right.line]
        changed = taken or lines or any(left.end <= begin < right.begin for begin in gone)
        room = right.begin - max(left.end, lines[0].begin if lines else left.end)
        wanted = sum(len(line.text) for line in lines) * pace * _LONGER
        if changed and right is not beyond and (wanted > room or extra < wider):
            extra, taken = extra + 1, True
            continue  # `right` is said anew too
        if changed:
            found.append(_island(left, right, track, right is beyond))
        left, taken, extra = right, False, 0
    return found


def _island(left: Stay, right: Stay, track: Frames, last: bool) -> Island:
    begin = math.ceil((left.end / 1000 + track.delay) / track.seconds) if left.line >= 0 else 0
    end = math.floor((right.begin / 1000 - track.seconds + track.delay) / track.seconds)
    return Island(left.line + 1, right.line, begin, track.count if last else min(end, track.count))


def _separable(island: Island, track: Frames) -> bool:
    return island.begin < island.end and (island.end == track.count or track.stands_alone(island.end))


def part(new: Captions, found: list[Island], track: Frames) -> Captions:
    """The captions of the short track: the lines of each island one island after the other, at whole frames."""
    after, starts = order.lines(new), offsets(found)
    segments = []
    for island, start in zip(found, starts, strict=True):
        shift = 1000 * track.seconds * (start - island.begin)
        earliest = math.ceil(1000 * track.seconds * start)
        for line in after[island.first : island.last]:
            begin = max(earliest, round(line.begin + shift))
            segments.append(Segment(line.id, begin, max(begin, round(line.until + shift)), [line.text]))
    end = math.ceil(1000 * track.seconds * (starts[-1] + found[-1].end - found[-1].begin + _MARGIN))
    return Captions(new.language, segments, end=end)


def offsets(found: list[Island]) -> list[int]:
    """The frame of the short track at which each island begins."""
    starts, at = [], 0
    for island in found:
        starts.append(at)
        at += island.end - island.begin + _MARGIN
    return starts


def fits(new: Captions, found: list[Island], track: Frames, said: Places) -> bool:
    """Whether the speech of each island ends before its island does. `said`: the places in the short track."""
    after = order.lines(new)
    for island, start in zip(found, offsets(found), strict=True):
        if island.end == track.count:
            continue
        end = 1000 * ((start + island.end - island.begin) * track.seconds - track.delay)
        if any(line.id in said and said[line.id][1] > end for line in after[island.first : island.last]):
            return False
    return True


def joined(track: Frames, short: Frames, found: list[Island]) -> bytes | None:
    """The old track with the islands in it, as long as before; None where the two do not go together."""
    if short.kind != track.kind:
        return None
    pieces, at = [track.data[: track.at[0]]], 0
    for island, start in zip(found, offsets(found), strict=True):
        last = start + island.end - island.begin
        if last > short.count or not short.stands_alone(start):
            return None
        pieces += [track.cut(at, island.begin), short.cut(start, last)]
        at = island.end
    return b"".join([*pieces, track.cut(at, track.count)])


def places(
    old: Captions, new: Captions, before: Places, found: list[Island], track: Frames, said: Places
) -> dict[int, tuple[int, int]]:
    """Where each line's speech is in the joined track."""
    after, anew = order.lines(new), {}
    for island, start in zip(found, offsets(found), strict=True):
        shift = 1000 * track.seconds * (start - island.begin)
        for line in after[island.first : island.last]:
            if line.id in said:
                begin, end = said[line.id]
                anew[line.id] = round(begin - shift), round(end - shift)
    replaced = {n for island in found for n in range(island.first, island.last)}
    stay, _ = _compared(order.lines(old), after, before)
    return {after[s.line].id: (s.begin, s.end) for s in stay if s.line not in replaced} | anew
