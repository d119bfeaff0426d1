"""Cuts the captions of any recogniser for reading (`tlp.readability`). No word is lost, changed or moved in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from tlp.captions import Captions, Group, Made, Segment, Word
from tlp.readability import Rules, broken, captions, segments


def worded(segment: Segment) -> Segment:
    """The same segment whose items are words alone: groups opened, runs of text taken apart."""
    return replace(segment, items=[*_words(segment.items, Made())])


def _words(items: list[Word | Group | str], above: Made) -> Iterator[Word]:
    for item in items:
        if isinstance(item, Group):
            yield from _words([*item.items], item.made.within(above))
        elif isinstance(item, Word):
            yield item if above == Made() else replace(item, made=item.made.within(above))
        else:
            yield from (Word(text, made=replace(above)) for text in item.split())


def recut(heard: Captions, rules: Rules) -> list[Segment]:
    """The segments, cut anew; their items must be words. Numbered from 1, unless all cuts are where they were.

    Where words have times, the limits of the old segments do not count. Where they have none, a segment is kept, or
    cut as if its characters were spoken evenly when it is too long.
    """
    made: list[Segment] = []
    runs = [(timed, [*run]) for timed, run in groupby(heard.current, key=_timed)]
    for place, (timed, run) in enumerate(runs):
        begin = runs[place + 1][1][0].begin - rules.gap if place + 1 < len(runs) else heard.end
        if timed:
            made += _joined(run, rules, heard.language, begin)
        else:
            made += [part for segment in run for part in _parts(segment, rules, heard.language)]
    same = [len(segment.items) for segment in made] == [len(segment.items) for segment in heard.current]
    ids = [segment.id for segment in heard.current] if same else range(1, len(made) + 1)
    return [replace(segment, id=number) for number, segment in zip(ids, made, strict=True)]


def _timed(segment: Segment) -> bool:
    """Whether its words have times that run forward within it."""
    words = segment.words
    times = [t for w in words for t in (w.begin, w.end)]
    if not times or any(t is None for t in times):
        return False
    begins = [w.begin or 0 for w in words]
    return begins == sorted(begins) and all((w.begin or 0) <= (w.end or 0) for w in words)


def _joined(run: list[Segment], rules: Rules, language: str, until: int | None) -> list[Segment]:
    """Captions of the words of several segments; a segment that begins before the last word ends stands by itself."""
    made: list[Segment] = []
    stretches: list[list[Segment]] = []
    for segment in run:
        last = stretches[-1][-1].words[-1] if stretches else None
        if last is None or (segment.words[0].begin or 0) < (last.begin or 0):
            stretches.append([])
        stretches[-1].append(segment)
    for place, stretch in enumerate(stretches):
        words = [word for segment in stretch for word in segment.words]
        made += segments(words, rules, language, until if place + 1 == len(stretches) else stretch[-1].end)
        _keep_confidence(made, stretch)
    return made


def _keep_confidence(made: list[Segment], old: list[Segment]) -> None:
    """Where words do not say how sure they are, what their segment said is kept."""
    said = {id(word): segment.made.confidence for segment in old for word in segment.words}
    for segment in made:
        if segment.made.confidence is None:
            segment.made.confidence = said.get(id(segment.words[0]))


def _parts(segment: Segment, rules: Rules, language: str) -> list[Segment]:
    """A segment without times of words: itself, or its parts when it is more than can be read at once."""
    words = segment.words
    fits = len(broken(segment.text, rules, language)) <= rules.lines and segment.end - segment.begin <= rules.longest
    if fits or len(words) < 2 or segment.end <= segment.begin:
        return [segment]
    total, said, spoken = sum(len(w.text) + 1 for w in words), 0, []
    for word in words:
        begin, said = said, said + len(word.text) + 1
        times = [segment.begin + (segment.end - segment.begin) * at // total for at in (begin, said)]
        spoken.append(Word(word.text, times[0], times[1]))
    parts, place = [], 0
    for group in captions(spoken, rules, language):
        begin, end = group[0].begin or 0, group[-1].end or 0
        items = words[place : place + len(group)]
        parts.append(replace(segment, begin=begin, end=end, items=[*items]))
        place += len(group)
    return parts
