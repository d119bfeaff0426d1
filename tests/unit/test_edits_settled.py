"""Which edits may go into a text that people have changed since: the others would overwrite somebody's words."""

from __future__ import annotations

import gc
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlp.caption_edits import apply, conflicts, settled
from tlp.captions import HUMAN, Captions, Made, Segment
from tlp.edits import Edits, SegmentEdit
from tlp.overlap import Taken, that_drop

NOW = "2015-07-04T21:23:07Z"
BY = ("jsnow21", 90, NOW)
OTHER = ("other", 100, NOW)


def base() -> Captions:
    return Captions("en", [Segment(n, 2000 * n, 2000 * n + 1500, [f"s{n}"]) for n in (1, 2, 3)])


def edits(*items: tuple[int, int, int, str], deleted: tuple[int, ...] = ()) -> Edits[SegmentEdit]:
    return Edits(tuple(SegmentEdit(*item) for item in items), deleted)


ONE, TWO = (1, 2000, 3500, "mine"), (2, 4000, 5500, "mine")


@pytest.mark.parametrize(
    ("theirs", "mine", "kept", "lost"),
    [
        (edits((1, 2000, 3500, "theirs")), edits(ONE, TWO), edits(TWO), [1]),
        (edits((1, 2000, 3500, "mine")), edits(ONE, TWO), edits(ONE, TWO), []),
        (edits((1, 2000, 3500, "theirs")), edits(TWO, deleted=(1, 3)), edits(TWO, deleted=(3,)), [1]),
        (edits(deleted=(1,)), edits(ONE, TWO), edits(TWO), [1]),
        (edits(deleted=(1,)), edits(TWO, deleted=(1,)), edits(TWO, deleted=(1,)), []),
        (edits((8, 2500, 3000, "theirs")), edits(ONE, TWO), edits(TWO), [1]),  # theirs dropped segment 1
        (edits((8, 3600, 3900, "theirs")), edits((9, 3550, 3950, "over it"), TWO), edits(TWO), [8]),
        (edits((8, 3600, 3900, "theirs")), edits((8, 8000, 8500, "the same new id"), TWO), edits(TWO), [8]),
        # of two edits on the same time the later stands; when it waits the earlier one does not come back
        (
            edits((1, 2000, 3500, "theirs")),
            edits((9, 8000, 9000, "early"), (1, 8200, 9200, "late")),
            edits(deleted=(9,)),
            [1],
        ),
    ],
)
def test_edits_of_what_people_changed_wait_and_the_others_count(
    theirs: Edits, mine: Edits, kept: Edits, lost: list[int]
):
    assert settled(base(), apply(base(), theirs, *OTHER), mine) == (kept, lost)


def test_what_only_a_machine_changed_is_overwritten():
    current = base()
    current.current[0] = Segment(1, 2000, 3500, ["transcribed again"])
    assert settled(base(), current, edits(ONE)) == (edits(ONE), [])


SPANS = st.lists(st.tuples(st.integers(0, 3000), st.integers(-50, 800)), max_size=12)
CAPTIONS = SPANS.map(
    lambda spans: Captions(
        "en",
        [Segment(i, b, b + d, [f"s{i}"], Made(HUMAN) if i % 3 else Made()) for i, (b, d) in enumerate(sorted(spans))],
    )
)
EDITS = st.builds(
    lambda items, deleted: Edits(
        tuple(SegmentEdit(id, b, b + d, f"e{id % 2}") for id, b, d in items),
        tuple(sorted(deleted - {id for id, _, _ in items})),
    ),
    st.lists(
        st.tuples(st.integers(0, 15), st.integers(0, 3000), st.integers(10, 800)), max_size=8, unique_by=lambda i: i[0]
    ),
    st.sets(st.integers(0, 15), max_size=4),
)


def states(captions: Captions, author: str | None = None) -> set[tuple[int, str, int, int]]:
    return {(s.id, s.text, s.begin, s.end) for s in captions.current if author in (None, s.made.author_id)}


@settings(max_examples=400, deadline=None)
@given(CAPTIONS, EDITS, EDITS)
def test_nothing_that_people_changed_meanwhile_is_lost(captions: Captions, theirs: Edits, mine: Edits):
    current = apply(captions, theirs, *OTHER)
    kept, _ = settled(captions, current, mine)
    assert states(current, "other") <= states(apply(current, kept, *BY))


@settings(max_examples=400, deadline=None)
@given(CAPTIONS, EDITS, EDITS)
def test_without_conflicts_all_edits_count(captions: Captions, theirs: Edits, mine: Edits):
    current = apply(captions, theirs, *OTHER)
    if not conflicts(captions, current, mine):
        kept, lost = settled(captions, current, mine)
        assert (states(apply(current, kept, *BY)), lost) == (states(apply(current, mine, *BY)), [])


@settings(deadline=None)
@given(CAPTIONS, EDITS)
def test_on_the_text_that_its_author_saw_every_edit_counts(captions: Captions, mine: Edits):
    kept, lost = settled(captions, captions, mine)
    assert (apply(captions, kept, *BY), lost) == (apply(captions, mine, *BY), [])


@settings(deadline=None)
@given(SPANS, SPANS)
def test_intervals_that_drop_are_found_as_one_by_one(intervals: list[tuple[int, int]], segments: list[tuple[int, int]]):
    mine = [(b, b + max(d, 10)) for b, d in intervals]
    known = [(b, b + d) for b, d in segments]

    def drops(span: tuple[int, int]) -> bool:
        taken = Taken([span[0]])
        taken.add(*span)
        return any(taken.drops(*segment) for segment in known)

    assert that_drop(mine, known) == {place for place, span in enumerate(mine) if drops(span)}


def seconds_to_settle(count: int) -> float:
    """Processor time for so many segments that two people have corrected, all of them."""
    whole = Captions("en", [Segment(n, 2000 * n, 2000 * n + 1900, ["x"]) for n in range(count)])
    theirs = Edits(tuple(SegmentEdit(n, 2000 * n, 2000 * n + 1900, "theirs") for n in range(count)))
    mine = Edits(tuple(SegmentEdit(20_000 + n, 2000 * n + 50, 2000 * n + 1800, "mine") for n in range(count)))
    current = apply(whole, theirs, *OTHER)
    gc.collect()
    gc.disable()  # it would go through what all other tests have left
    try:
        began = time.process_time()
        kept, lost = settled(whole, current, mine)
        took = time.process_time() - began
    finally:
        gc.enable()
    assert (len(kept.items), len(lost)) == (0, count)
    return took


def test_ten_hours_that_two_people_corrected_whole_are_settled_in_ten_times_what_one_takes():
    one, ten = (min(seconds_to_settle(count) for _ in range(3)) for count in (1_800, 18_000))
    print(f"settled in {1000 * one:.0f} and {1000 * ten:.0f} ms")
    assert ten < 30 * one  # where each segment was compared with all others, it was a hundred times
    assert ten < 3
