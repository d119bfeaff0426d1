"""A translation that follows its corrected source: whatever changes, what people wrote stays."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ingest.merge import merged, to_translate
from tlp.caption_edits import changed
from tlp.captions import AUTOMATIC, HUMAN, Captions, Made, Segment


def captions(language: str, segments: dict[int, str], human: set[int] = frozenset(), step: int = 1000) -> Captions:  # type: ignore[assignment]
    made = [Segment(i, step * i, step * i + 900, [t], Made(HUMAN if i in human else None)) for i, t in segments.items()]
    return Captions(language, sorted(made, key=lambda s: s.begin))


def translated(part: Captions) -> Captions:
    """What an engine would make of it."""
    new = [Segment(s.id, s.begin, s.end, [f"new {s.text}"]) for s in part.current]
    return Captions("es", new, made=Made(AUTOMATIC, "engine"))


def follow(old: Captions, before: Captions, after: Captions) -> Captions:
    changes = changed(before, after)
    return merged(old, after, changes, translated(to_translate(old, after, changes)))


def texts(captions: Captions) -> dict[int, str]:
    return {s.id: s.text for s in captions.current}


TEXTS = st.dictionaries(st.integers(0, 12), st.sampled_from(["a", "b", "c"]), max_size=10)


@given(TEXTS, TEXTS, st.sets(st.integers(0, 12)), st.sets(st.integers(0, 12)))
def test_what_people_wrote_stays_and_all_else_is_what_the_source_says_now(before, after, human, only_old):
    old = captions("es", {i: f"old {t}" for i, t in before.items()}, human)
    result = follow(old, captions("en", before), captions("en", after))
    held = {s.id for s in old.current if old.author_type(s) == HUMAN}
    assert [s for s in result.current if s.id in held] == [s for s in old.current if s.id in held]
    for id in before.keys() | after.keys() - held:
        if id in held:
            continue
        same = id in before and before[id] == after.get(id)
        expected = f"old {before[id]}" if same else f"new {after[id]}" if id in after else None
        assert texts(result).get(id) == expected
    assert all(result.author_type(s) == AUTOMATIC for s in result.current if s.id not in held)
    assert [s.begin for s in result.current] == sorted(s.begin for s in result.current)


@given(TEXTS, TEXTS, st.sets(st.integers(0, 12)))
def test_following_twice_changes_nothing_more(before, after, human):
    old, then, now = captions("es", before, human), captions("en", before), captions("en", after)
    once = follow(old, then, now)
    assert follow(once, now, now) == once


def test_a_translation_stays_as_long_as_the_media_is():
    old, before, after = captions("es", {1: "a"}), captions("en", {1: "a"}), captions("en", {1: "x"})
    assert follow(replace(old, end=60000), before, after).end == 60000
    assert follow(replace(old, end=1000), before, after).end == 1900


def test_only_what_is_new_and_not_held_by_people_is_given_to_the_engine():
    before, after = captions("en", {1: "a", 2: "b", 3: "c"}), captions("en", {1: "x", 2: "y", 3: "c", 4: "z"})
    old = captions("es", {1: "a", 2: "b", 3: "c"}, human={2})
    assert texts(to_translate(old, after, changed(before, after))) == {1: "x", 4: "z"}


def test_a_new_segment_in_the_time_of_one_that_people_wrote_is_left_out():
    before = captions("en", {1: "a b", 3: "c"})
    after = Captions("en", [Segment(7, 1000, 1400, ["a"]), Segment(8, 1450, 1900, ["b"]), before.current[1]])
    old = captions("es", {1: "lo que dijo", 3: "c"}, human={1})
    assert texts(follow(old, before, after)) == {1: "lo que dijo", 3: "c"}


def test_the_automatic_original_under_the_work_of_people_follows_where_people_did_not_work():
    old = captions("es", {1: "persona", 2: "b"}, human={1})
    old.original = captions("es", {1: "a", 2: "b"}).current
    result = follow(old, captions("en", {1: "a", 2: "b"}), captions("en", {1: "x", 2: "y"}))
    assert texts(result) == {1: "persona", 2: "new y"}
    assert [s.text for s in result.original or []] == ["a", "new y"]


def test_the_author_of_a_new_segment_is_the_engine_also_in_a_file_that_a_person_sent():
    old = captions("es", {1: "a", 2: "b"})
    old.made = Made(HUMAN, "ada")
    old.current[0].made = Made(AUTOMATIC)
    result = follow(old, captions("en", {1: "a"}), captions("en", {1: "x"}))
    assert (result.current[0].made.author_type, result.current[0].made.author_id) == (AUTOMATIC, "engine")
    assert result.author_type(result.current[1]) == HUMAN
