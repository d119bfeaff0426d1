"""DFXP 1.0: alternatives of a segment become the current and the original side of 1.1."""

from __future__ import annotations

import pytest

from tlp.captions import ORIGINAL
from tlp.formats import dfxp

HEAD = '<tl:d aT="automatic" aI="asr" tS="2012-01-01T00:00:00"/>'


def sides(body: str) -> tuple[str, str]:
    data = f'<tt xmlns:tl="translectures.eu"><head>{HEAD}</head><body>{body}</body></tt>'.encode()
    assert [s.text for s in dfxp.read(data, words=False).current] == [s.text for s in dfxp.read(data).current]
    captions = dfxp.read(data)
    return captions.current[0].text, captions.segments(ORIGINAL)[0].text


def alternatives(*attributes: str) -> str:
    inside = "".join(f'<tl:s sI="1" b="0" e="1" {a}>{chr(97 + i)}</tl:s>' for i, a in enumerate(attributes))
    return f"<tl:a>{inside}</tl:a>"


@pytest.mark.parametrize(
    ("body", "best"),
    [
        (alternatives("", 'aT="human" aC="0.5"', 'aT="human" aC="0.9"'), "c"),
        (
            alternatives(
                'aT="human" aC="0.9" tS="2013-01-01T00:00:00"', 'aT="human" aC="0.9" tS="2014-01-01T00:00:00Z"'
            ),
            "b",
        ),
        (alternatives('aT="human" aC="0" tS="2015-01-01T00:00:00"', 'cM="0.1"'), "b"),
        (alternatives('aT="human" aC="0"', 'aT="human" aC="0.1"', 'cM="1"'), "b"),
        (alternatives('cM="0.4"', 'cM="0.6"', ""), "b"),
        (alternatives('aT="human" aC="0" tS="2015-01-01T00:00:00"'), "a"),
    ],
)
def test_current_is_the_most_trusted_person_else_the_surest_system(body: str, best: str):
    assert sides(body)[0] == best


@pytest.mark.parametrize(
    ("body", "oldest"),
    [
        (alternatives('aT="human" tS="2013-01-01T00:00:00"', 'cM="0.5"'), "b"),
        (alternatives('tS="2012-01-01T02:00:00+03:00"', 'tS="2012-01-01T00:00:00Z"'), "a"),
        (alternatives('tS="unknown"', 'tS="1999-01-01T00:00:00"'), "a"),
    ],
)
def test_original_is_the_oldest_alternative_and_the_document_dates_those_without(body: str, oldest: str):
    assert sides(body)[1] == oldest


def test_segments_without_alternatives_are_on_both_sides():
    alone = '<tl:s sI="2" b="2" e="3">z</tl:s>'
    assert sides(alone + alternatives('aT="human"')) == ("z", "z")


def test_alternatives_inside_a_segment_are_chosen_in_the_same_way():
    group = '<tl:a><tl:g cM="0.5">was</tl:g><tl:g aT="human" aC="1" tS="2013-01-01T00:00:00">is</tl:g></tl:a>'
    assert sides(f'<tl:s sI="1" b="0" e="1">it {group} so</tl:s>') == ("it is so", "it was so")
