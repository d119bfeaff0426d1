"""What edits do to subtitles: apply and show them, what they touch and cover, what changed. No database, no session.

`document_edits` has the same functions for documents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tlp.captions import HUMAN, Captions, Made, Segment, collapsed
from tlp.edits import Edits, SegmentEdit
from tlp.overlap import Taken, that_drop, union


def apply(captions: Captions, edits: Edits[SegmentEdit], author_id: str, author_conf: int, timestamp: str) -> Captions:
    """The captions with the edits in them: `author_conf` 0..100, `timestamp` ISO 8601. Twice is the same as once.

    Deleted and edited ids go; so do segments that an edit overlaps by more than 0.1 s (also another edit, saved
    before it). The original side stays; the first edit makes the current side the original one.
    """
    standing, taken = _standing(edits)
    made = Made(HUMAN, author_id, author_conf / 100, timestamp=timestamp, confidence=1.0)
    kept = _kept(captions, edits, taken)
    current = _in_time_order([*kept, *(_segment(edit, made) for edit in standing)])
    original = captions.original
    if original is None and current != captions.current:
        original = list(captions.current)
    return replace(captions, current=current, original=original, end=end_with(captions, current))


def end_with(captions: Captions, segments: Sequence[Segment]) -> int:
    """The end of the captions with other segments, ms. Where it is that of the media, it stays: voices are as long."""
    before, after = (each[-1].end if each else 0 for each in (captions.current, segments))
    return max(captions.end, after) if captions.end is not None and captions.end > before else after


def highlighted(
    captions: Captions, edits: Edits[SegmentEdit], author_id: str, author_conf: int, timestamp: str
) -> Captions:
    """The edits as people see them before they count (/speech/get with `session_id`), for DFXP only.

    Edited segments have `highlight`; those that go without an edit of the same id stay, marked `deleted`.
    """
    applied = apply(captions, edits, author_id, author_conf, timestamp)
    edited = {edit.id for edit in edits.items}
    shown = [replace(s, highlight=True) if s.id in edited else s for s in applied.current]
    present = {s.id for s in shown}
    gone = [replace(s, deleted=True) for s in captions.current if s.id not in present]
    return replace(applied, current=_in_time_order([*gone, *shown]))


def conflicts(base: Captions, current: Captions, edits: Edits[SegmentEdit]) -> list[int]:
    """The segments that others changed since `base`, which the author saw, and that the edits touch in `current`.

    Touched is what they edit, delete or drop by overlap. A segment that already is what its edit wants is no
    conflict, nor is one that is to go and is gone. Changed means text, times, or that a person made it.
    """
    standing, taken = _standing(edits)
    seen, now = _by_id(base), _by_id(current)
    wanted = {edit.id: [(collapsed(edit.text), edit.begin, edit.end)] for edit in standing}
    dropped = (s.id for s in current.current if taken.drops(s.begin, s.end))
    touched = {edit.id for edit in edits.items}.union(edits.deleted, dropped)
    return sorted(
        id
        for id in touched
        if now.get(id) != seen.get(id) and [state[:3] for state in now.get(id, [])] != wanted.get(id, [])
    )


def settled(base: Captions, current: Captions, edits: Edits[SegmentEdit]) -> tuple[Edits[SegmentEdit], list[int]]:
    """The edits that overwrite nothing that people changed since `base`, and the segments that the others would.

    What only a machine changed since is overwritten: a person's word counts more. A segment that is gone counts as
    changed by people. Edits that a later one of the same session overlaps are deletions of what they edited.
    """
    ids = {edit.id for edit in _standing(edits)[0]}
    standing = [edit for edit in edits.items if edit.id in ids]  # in their own order, which decides between them
    seen, now = _by_id(base), _by_id(current)
    theirs = {id for id in {*seen, *now} if now.get(id) != seen.get(id) and _of_people(now.get(id))}
    mine = [edit for edit in standing if edit.id not in theirs or _is_there(edit, now)]
    deleted = {edit.id for edit in edits.items if edit.id not in ids}.union(edits.deleted)
    own = {edit.id for edit in mine}
    lost = (deleted & theirs & now.keys()).union(ids - own)

    others = [s for s in current.current if s.id in theirs and s.id not in own]
    dropping = that_drop([(edit.begin, edit.end) for edit in mine], [(s.begin, s.end) for s in others])
    _, taken = _standing(Edits(tuple(mine)))
    kept = tuple(edit for place, edit in enumerate(mine) if place not in dropping)
    lost.update(s.id for s in others if taken.drops(s.begin, s.end))
    return Edits(kept, tuple(sorted(deleted - lost))), sorted(lost)


def statistics(base: Captions, edits: Edits[SegmentEdit], media_ms: int | None = None) -> dict[str, int | float]:
    """`edit_stats` of /speech/edit_history: del_segs, edit_segs, edit_time (seconds), edit_time_percent.

    The time is that of the edited segments, none counted twice. Deleted ones do not count: in the manual's
    /speech/revisions the edits of its /speech/mod example (87.96 to 91.37, two deletions) make 3.41 seconds.
    """
    standing, _ = _standing(edits)
    last = media_ms or max((edit.end for edit in standing), default=0)
    covered = sum(max(0, min(end, last) - begin) for begin, end in union((e.begin, e.end) for e in standing))
    return {
        "del_segs": len({s.id for s in base.current}.intersection(edits.deleted)),
        "edit_segs": len(standing),
        "edit_time": round(covered / 1000, 2),
        "edit_time_percent": round(100 * covered / media_ms, 2) if media_ms else 0.0,
    }


@dataclass(frozen=True, slots=True)
class Changes:
    """How one version differs from an earlier one: what translations and voices made from it must follow."""

    text: tuple[int, ...]  # ids that are new or say something else
    times: tuple[int, ...]  # ids that say the same at another time
    gone: tuple[int, ...]  # ids that are no longer there
    intervals: tuple[tuple[int, int], ...]  # ms: where any of these are or were

    def __bool__(self) -> bool:
        return bool(self.intervals)


def changed(before: Captions, after: Captions) -> Changes:
    """What is different in the current segments, made known by their ids. Who made them does not count."""
    old, new = _by_id(before), _by_id(after)
    different = [id for id in new if [s[:3] for s in new[id]] != [s[:3] for s in old.get(id, [])]]
    same_text = {id for id in different if [s[0] for s in new[id]] == [s[0] for s in old.get(id, [])]}
    gone = [id for id in old if id not in new]
    spans = (state[1:3] for id in (*different, *gone) for state in (*old.get(id, []), *new.get(id, [])))
    return Changes(
        tuple(id for id in different if id not in same_text),
        tuple(id for id in different if id in same_text),
        tuple(gone),
        tuple(union((min(span), max(span)) for span in spans)),
    )


def _standing(edits: Edits[SegmentEdit]) -> tuple[list[SegmentEdit], Taken]:
    """The edits that no later one overlaps, in time order, and the time they take."""
    taken = Taken(edit.begin for edit in edits.items)
    standing = []
    for edit in reversed(edits.items):
        if not taken.drops(edit.begin, edit.end):
            taken.add(edit.begin, edit.end)
            standing.append(edit)
    return sorted(standing, key=lambda edit: edit.begin), taken


def _kept(captions: Captions, edits: Edits[SegmentEdit], taken: Taken) -> list[Segment]:
    leaving = {edit.id for edit in edits.items}.union(edits.deleted)
    return [s for s in captions.current if s.id not in leaving and not taken.drops(s.begin, s.end)]


def _segment(edit: SegmentEdit, made: Made) -> Segment:
    return Segment(edit.id, edit.begin, edit.end, [edit.text] if edit.text else [], replace(made))


def _in_time_order(segments: Iterable[Segment]) -> list[Segment]:
    return sorted(segments, key=lambda segment: segment.begin)


State = tuple[str, int, int, bool]  # text, begin, end, made by a person
States = dict[int, list[State]]


def _by_id(captions: Captions) -> States:
    """What is said under each id; files may use an id twice."""
    found: defaultdict[int, list[State]] = defaultdict(list)
    for s in captions.current:
        found[s.id].append((s.text, s.begin, s.end, captions.author_type(s) == HUMAN))
    return dict(found)


def _of_people(states: list[State] | None) -> bool:
    return not states or any(human for *_, human in states)


def _is_there(edit: SegmentEdit, now: States) -> bool:
    """Whether the segment already is what its edit wants."""
    return [state[:3] for state in now.get(edit.id, [])] == [(collapsed(edit.text), edit.begin, edit.end)]
