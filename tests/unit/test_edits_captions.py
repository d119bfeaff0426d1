"""What edits do to subtitles: as the original library did, statistics as the manual defines them, conflicts."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlp.caption_edits import Changes, apply, changed, conflicts, highlighted, statistics
from tlp.captions import (
    ALL,
    AUTOMATIC,
    FULLY_AUTOMATIC,
    FULLY_HUMAN,
    HUMAN,
    PARTIALLY_HUMAN,
    UNFILTERED,
    Captions,
    Made,
    Segment,
    Word,
)
from tlp.edits import Edits, SegmentEdit, segment_edits
from tlp.formats import dfxp

NOW = "2015-07-04T21:23:07Z"
BY = ("jsnow21", 90, NOW)


def base() -> Captions:
    """The text of the manual's Appendix I: segment 1 by a person, segment 2 by a system."""
    words = [Word("To", 8500, 9000, Made(confidence=0.1)), Word("solve", 9000, 12500, Made(confidence=0.2))]
    return Captions(
        "en",
        [
            Segment(1, 170, 3320, ["most of you probably ventured"], Made(HUMAN, "John", 0.81, confidence=1.0)),
            Segment(2, 8500, 12500, list(words), Made(confidence=0.19)),
        ],
        original=[Segment(1, 0, 3200, ["most of you are"]), Segment(2, 8500, 12500, list(words))],
        made=Made(AUTOMATIC, "UPV-v1.0"),
        end=12500,
    )


def edits(*items: tuple[int, float, float, str], deleted: tuple[int, ...] = ()) -> Edits[SegmentEdit]:
    txt = [{"sI": id, "b": b, "e": e, "t": t} for id, b, e, t in items]
    return segment_edits({"txt": txt, "del": list(deleted)})


def ids(captions: Captions) -> list[int]:
    return [segment.id for segment in captions.current]


def test_the_captions_are_as_long_as_they_were_unless_an_edit_ends_later():
    longer = replace(base(), end=60000)
    assert apply(longer, edits((2, 8.5, 12, "shorter")), *BY).end == 60000
    assert apply(longer, edits(deleted=(2,)), *BY).end == 60000
    assert apply(longer, edits((9, 59, 61, "new")), *BY).end == 61000


def test_a_new_segment_between_two_keeps_both_in_order():
    found = apply(base(), edits((9, 4, 6, "new")), *BY)
    assert ids(found) == [1, 9, 2]
    assert [found.current[0], found.current[2]] == base().current
    assert found.status == PARTIALLY_HUMAN


def test_a_new_segment_drops_the_one_it_overlaps():
    found = apply(base(), edits((9, 8.0, 9.0, "new")), *BY)
    assert ids(found) == [1, 9]
    assert (found.status, found.end) == (FULLY_HUMAN, 9000)


def test_contact_up_to_a_tenth_of_a_second_is_tolerated():
    assert ids(apply(base(), edits((9, 7.0, 8.55, "new")), *BY)) == [1, 9, 2]
    assert ids(apply(base(), edits((9, 7.0, 8.6, "new")), *BY)) == [1, 9, 2]
    assert ids(apply(base(), edits((9, 7.0, 8.601, "new")), *BY)) == [1, 9]
    assert ids(apply(base(), edits((9, 12.4, 14, "new")), *BY)) == [1, 2, 9]
    assert ids(apply(base(), edits((9, 12.399, 14, "new")), *BY)) == [1, 9]


def test_a_new_segment_drops_one_that_it_covers_and_one_that_it_is_inside_of():
    assert ids(apply(base(), edits((9, 8, 13, "new")), *BY)) == [1, 9]
    assert ids(apply(base(), edits((9, 10, 10.01, "new")), *BY)) == [1, 9]
    assert ids(apply(base(), edits((9, 0, 13, "new")), *BY)) == [9]


def test_deleting_the_automatic_segment_leaves_a_fully_human_file():
    found = apply(base(), edits(deleted=(2,)), *BY)
    assert (ids(found), found.status, found.end) == ([1], FULLY_HUMAN, 3320)


def test_deleting_everything_leaves_an_empty_automatic_file_that_ends_at_0():
    found = apply(base(), edits(deleted=(1, 2)), *BY)
    assert (ids(found), found.status, found.end) == ([], FULLY_AUTOMATIC, 0)
    assert dfxp.read(dfxp.write(found, ALL, UNFILTERED)).original == base().original


def test_an_edited_segment_is_the_persons_with_their_confidence():
    found = apply(base(), edits((2, 8.5, 12.5, " To solve this ")), *BY)
    made = Made(HUMAN, "jsnow21", 0.9, timestamp=NOW, confidence=1.0)
    assert found.current[1] == Segment(2, 8500, 12500, ["To solve this"], made)
    assert found.status == FULLY_HUMAN
    assert not base().current[1].highlight


def test_an_edit_may_move_its_own_segment_over_where_it_was():
    assert ids(apply(base(), edits((2, 0, 0.2, "first")), *BY)) == [2, 1]


def test_a_segment_emptied_by_a_person_stays_with_its_time():
    found = apply(base(), edits((2, 8.5, 12.5, "")), *BY)
    assert (found.current[1].items, found.current[1].end) == ([], 12500)


def test_the_first_edit_of_an_automatic_version_keeps_it_as_the_original():
    automatic = replace(base(), original=None)
    once = apply(automatic, edits((2, 8.5, 12.5, "a")), *BY)
    assert once.original == base().current
    assert apply(once, edits((1, 0, 3, "b")), *BY).original == base().current
    assert automatic.original is None


def test_the_original_side_is_not_touched_by_edits():
    assert apply(base(), edits((2, 8.5, 12.5, "a"), deleted=(1,)), *BY).original == base().original


def test_deleting_what_is_not_there_changes_nothing():
    untouched = replace(base(), original=None)
    assert apply(untouched, edits(deleted=(77,)), *BY) == untouched


def test_of_two_edits_on_the_same_time_the_one_saved_later_stays():
    seven, six = SegmentEdit(7, 5000, 7000, "seven"), SegmentEdit(6, 4000, 6000, "six")
    assert ids(apply(base(), Edits((seven, six)), *BY)) == [1, 6, 2]
    assert ids(apply(base(), Edits((six, seven)), *BY)) == [1, 7, 2]


def test_highlighted_marks_edited_segments_and_keeps_deleted_ones_marked():
    shown = highlighted(base(), edits((9, 4, 6, "new"), deleted=(1,)), *BY)
    assert [(s.id, s.highlight, s.deleted) for s in shown.current] == [
        (1, False, True),
        (9, True, False),
        (2, False, False),
    ]
    written = dfxp.write(shown, filter_policy=UNFILTERED).decode()
    assert '<tl:s sI="1" d="1"' in written
    assert '<tl:s sI="9" h="1"' in written


def test_highlighted_also_shows_what_an_edit_would_drop_as_deleted():
    shown = highlighted(base(), edits((9, 8.0, 9.0, "new")), *BY)
    assert [(s.id, s.deleted) for s in shown.current] == [(1, False), (9, False), (2, True)]


def test_an_edited_segment_shows_its_new_form_only():
    shown = highlighted(base(), edits((2, 8.5, 12.5, "new")), *BY)
    assert [(s.id, s.text) for s in shown.current if s.highlight] == [(2, "new")]
    assert len(shown.current) == 2


def test_untouched_versions_have_no_conflict():
    assert conflicts(base(), base(), edits((2, 8.5, 12.5, "a"), (9, 2, 4, "b"), deleted=(1,))) == []


@pytest.mark.parametrize(
    ("theirs", "mine", "found"),
    [
        (edits((2, 8.5, 12.5, "theirs")), edits((2, 8.5, 12.5, "mine")), [2]),  # both edited
        (edits((2, 8.5, 12.5, "theirs")), edits(deleted=(2,)), [2]),  # deleted what they edited
        (edits(deleted=(2,)), edits((2, 8.5, 12.5, "mine")), [2]),  # edited what they deleted
        (edits((2, 8.5, 12.5, "theirs")), edits((9, 8, 9, "mine")), [2]),  # would drop what they edited
        (edits((8, 4, 6, "theirs")), edits((9, 5, 7, "mine")), [8]),  # would drop what they added
        (edits((9, 4, 6, "theirs")), edits((9, 14, 16, "mine")), [9]),  # the same new id
        (edits((2, 8.5, 12.5, "To solve")), edits((2, 8.5, 12.5, "mine")), [2]),  # they confirmed it as it was
        (edits((2, 8.5, 12.5, "same")), edits((2, 8.5, 12.5, "same")), []),  # both wanted the same
        (edits(deleted=(2,)), edits(deleted=(2,)), []),
        (edits(deleted=(2,)), edits((9, 8, 9, "mine")), []),  # what it would drop is gone already
        (edits((1, 0.17, 3.32, "theirs")), edits((2, 8.5, 12.5, "mine")), []),  # elsewhere
        (edits((8, 4, 6, "theirs")), edits((9, 6.05, 7, "mine")), []),  # beside it
    ],
)
def test_what_others_changed_meanwhile_and_the_edits_touch_is_a_conflict(theirs: Edits, mine: Edits, found: list[int]):
    assert conflicts(base(), apply(base(), theirs, "other", 100, NOW), mine) == found


def test_edits_applied_already_are_no_conflict():
    mine = edits((2, 8.5, 12.5, "a\nb"), (9, 2, 4, "c"), deleted=(7,))
    assert conflicts(base(), apply(base(), mine, *BY), mine) == []


def test_statistics_are_those_of_the_manual_example():
    media = replace(base(), current=[*base().current, Segment(3, 0, 1), Segment(7, 0, 1), Segment(16, 80000, 86000)])
    found = statistics(media, edits((16, 87.96, 91.37, "You know nothing"), deleted=(3, 7)), 173_100)
    assert found == {"del_segs": 2, "edit_segs": 1, "edit_time": 3.41, "edit_time_percent": 1.97}


def test_time_that_two_edits_share_counts_once_and_never_more_than_the_media():
    shared = edits((7, 4, 6, "a"), (8, 5.95, 8, "b"))
    assert statistics(base(), shared, 8000) == {
        "del_segs": 0,
        "edit_segs": 2,
        "edit_time": 4.0,
        "edit_time_percent": 50.0,
    }
    assert statistics(base(), edits((7, 0, 20, "a")), 10_000)["edit_time_percent"] == 100
    assert statistics(base(), edits((7, 30, 40, "a")), 10_000)["edit_time"] == 0


def test_an_unknown_length_gives_no_percentage_and_unknown_deleted_ids_do_not_count():
    found = statistics(base(), edits((7, 4, 6, "a"), deleted=(1, 99)), None)
    assert found == {"del_segs": 1, "edit_segs": 1, "edit_time": 2.0, "edit_time_percent": 0.0}


def test_changes_name_new_texts_new_times_and_what_is_gone():
    before = replace(base(), current=[*base().current, Segment(3, 13000, 14000, ["bye"]), Segment(4, 20000, 21000)])
    after = apply(
        before, edits((2, 9, 12.5, "To solve"), (3, 13, 14, "good bye"), (5, 15, 16, "new"), deleted=(4,)), *BY
    )
    assert changed(before, after) == Changes(
        (3, 5), (2,), (4,), ((8500, 12500), (13000, 14000), (15000, 16000), (20000, 21000))
    )


def test_confirming_a_segment_as_it_is_changes_nothing_to_make_again():
    assert not changed(base(), apply(base(), edits((2, 8.5, 12.5, "To solve")), *BY))
    assert changed(base(), apply(base(), edits((2, 8.5, 12.5, "To solve it")), *BY)).text == (2,)


# What the original library does, letter for letter.
def overlap(edit: SegmentEdit, s: Segment) -> bool:
    eb, ee, b, e = edit.begin, edit.end, s.begin, s.end
    return (eb < b and ee > b + 100) or (eb >= b and ee <= e) or (eb < e - 100 and ee > e)


TIME = st.integers(0, 3000)
SEGMENTS = st.lists(st.tuples(TIME, st.integers(-50, 800)), max_size=12).map(
    lambda spans: [Segment(i, b, b + d, [f"s{i}"]) for i, (b, d) in enumerate(sorted(spans))]
)
EDIT = st.tuples(st.integers(0, 15), TIME, st.integers(10, 800))
EDITS = st.builds(
    lambda items, deleted: Edits(
        tuple(SegmentEdit(id, b, b + d, f"e{id}") for id, b, d in items),
        tuple(sorted(deleted - {id for id, _, _ in items})),
    ),
    st.lists(EDIT, max_size=8, unique_by=lambda item: item[0]),
    st.sets(st.integers(0, 15), max_size=4),
)
CAPTIONS = st.builds(Captions, st.just("en"), SEGMENTS)


@settings(max_examples=300, deadline=None)
@given(CAPTIONS, EDITS)
def test_what_is_applied_twice_is_as_if_applied_once(captions: Captions, some: Edits):
    once = apply(captions, some, *BY)
    assert apply(once, some, *BY) == once


@settings(max_examples=300, deadline=None)
@given(CAPTIONS, EDITS)
def test_edits_leave_no_overlap_beyond_tolerance_and_touch_nothing_else(captions: Captions, some: Edits):
    found = apply(captions, some, *BY)
    mine = [s for s in found.current if s.made.author_id == "jsnow21"]
    for edit in mine:
        for other in found.current:
            assert other is edit or min(edit.end, other.end) - max(edit.begin, other.begin) <= 100
    assert [s.begin for s in found.current] == sorted(s.begin for s in found.current)
    standing = [e for e in some.items if e.id in {s.id for s in mine}]
    gone = {e.id for e in some.items}.union(some.deleted)
    assert [s for s in found.current if s.made.author_id is None] == [
        s for s in captions.current if s.id not in gone and not any(overlap(e, s) for e in standing)
    ]
    assert found.end == (found.current[-1].end if found.current else 0)


@settings(deadline=None)
@given(CAPTIONS, EDITS)
def test_highlighted_without_the_deleted_is_what_apply_gives(captions: Captions, some: Edits):
    shown = highlighted(captions, some, *BY)
    plain = [replace(s, highlight=False) for s in shown.current if not s.deleted]
    assert plain == apply(captions, some, *BY).current
    assert {s.id for s in captions.current} <= {s.id for s in shown.current}


@settings(deadline=None)
@given(CAPTIONS, EDITS)
def test_no_edit_conflicts_with_the_version_it_was_made_on_or_with_itself(captions: Captions, some: Edits):
    assert conflicts(captions, captions, some) == []
    assert conflicts(captions, apply(captions, some, *BY), some) == []


@settings(deadline=None)
@given(CAPTIONS, EDITS, EDITS)
def test_without_conflicts_nothing_that_others_changed_is_lost(captions: Captions, theirs: Edits, mine: Edits):
    current = apply(captions, theirs, "other", 100, NOW)
    if not conflicts(captions, current, mine):
        after = {s.id: (s.text, s.begin, s.end) for s in apply(current, mine, *BY).current}
        for s in current.current:
            if s.made.author_id == "other":
                assert after[s.id] == (s.text, s.begin, s.end)


@settings(deadline=None)
@given(CAPTIONS, EDITS)
def test_statistics_never_exceed_the_media(captions: Captions, some: Edits):
    found = statistics(captions, some, 2000)
    assert 0 <= found["edit_time_percent"] <= 100
    assert 0 <= found["edit_time"] <= 2


def test_the_most_edits_on_ten_hours_are_applied_within_a_second_even_all_in_one_place():
    long = Captions("en", [Segment(i, i * 2000, i * 2000 + 1900, ["x"]) for i in range(18_000)])
    crowded = Edits(tuple(SegmentEdit(30_000 + i, i % 100, 100 + i // 100, "y") for i in range(20_000)))
    started = time.process_time()
    apply(long, crowded, *BY)
    assert time.process_time() - started < 1
