"""A translation follows its corrected source: what changed is taken from a new translation, what people wrote stays.

Pure: captions in, captions out. Segments of a translation have the ids of their source.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tlp.caption_edits import Changes, end_with
from tlp.captions import AUTOMATIC, HUMAN, Captions, Made, Segment
from tlp.overlap import Taken


def emptied(captions: Captions) -> Captions:
    """The same without segments: seen from there, everything is new."""
    return replace(captions, current=[], original=None)


def says_something(captions: Captions) -> bool:
    """Whether there is anything to translate."""
    return bool(captions.current)


def to_translate(old: Captions, source: Captions, changes: Changes) -> Captions:
    """The part of the source whose text is new, without the segments that people have translated."""
    wanted = set(changes.text) - _held(old)
    return replace(source, current=[s for s in source.current if s.id in wanted], original=None)


def merged(old: Captions, source: Captions, changes: Changes, fresh: Captions | None) -> Captions:
    """The translation `old` brought up to date. `fresh`: the translation of what `to_translate` gave, if anything.

    Segments made by people stay as they are, times too. A new segment that one of them covers is left out, by the
    rule by which an edit drops what it overlaps. Automatic segments whose source is gone go, and times follow.
    """
    held = _held(old)
    change = _Change(held, source, changes, fresh or Captions(old.language))
    current = change.applied(old.current, lambda segment: old.author_type(segment) == HUMAN)
    original = None if old.original is None else change.applied(old.original, lambda segment: segment.id in held)
    return replace(old, current=current, original=original, end=end_with(old, current))


def _held(captions: Captions) -> set[int]:
    return {s.id for s in captions.current if captions.author_type(s) == HUMAN}


class _Change:
    def __init__(self, held: set[int], source: Captions, changes: Changes, fresh: Captions) -> None:
        self._held = held
        self._leaving = set(changes.text) | set(changes.gone)
        self._times = {s.id: (s.begin, s.end) for s in source.current if s.id in changes.times}
        self._fresh = [_automatic(s, fresh.made) for s in fresh.current]

    def applied(self, segments: list[Segment], stays: Callable[[Segment], bool]) -> list[Segment]:
        """One side of the captions with the change in it."""
        kept = [s for s in segments if stays(s)]
        taken = Taken(s.begin for s in kept)
        for s in kept:
            taken.add(s.begin, s.end)
        left = [self._moved(s) for s in segments if not stays(s) and s.id not in self._leaving]
        new = [s for s in self._fresh if s.id not in self._held and not taken.drops(s.begin, s.end)]
        return sorted([*kept, *left, *new], key=lambda s: s.begin)

    def _moved(self, segment: Segment) -> Segment:
        begin, end = self._times.get(segment.id, (segment.begin, segment.end))
        return segment if (begin, end) == (segment.begin, segment.end) else replace(segment, begin=begin, end=end)


def _automatic(segment: Segment, made: Made) -> Segment:
    return replace(segment, made=replace(segment.made.within(made), author_type=AUTOMATIC))
