"""No text that XML can hold is lost: what is written and read again is the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tlp.captions import ALL, AUTOMATIC, CURRENT, HUMAN, UNFILTERED, Captions, Group, Made, Segment, Word, plain
from tlp.formats import dfxp, srt, vtt

# Everything that XML 1.0 can hold, and the pieces that formats give a meaning to, more often than chance would.
HELD = st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
    lambda c: c >= " " or c in "\t\r\n"
)
ODD = st.sampled_from(
    [
        "-->",
        "<b>",
        "&amp;",
        "]]>",
        "<tl:w>",
        '"',
        "'",
        "\r\n",
        "\n\n",
        " ",
        "\u00a0",
        "😀",
        "שלום",
        "1\n",
        "WEBVTT",
        "{\\an8}",
    ]
)
TEXT = st.lists(HELD | ODD, min_size=1, max_size=8).map("".join)
MS = st.integers(0, 10**8)
SHARE = st.integers(0, 100).map(lambda n: n / 100)
MADE = st.builds(  # authors differ from the document's: a value that is inherited anyway is not written
    Made,
    st.none() | st.just(HUMAN),
    st.none() | TEXT.map("by {}".format),
    st.none() | SHARE.filter(lambda share: share != 0.5),
    st.none() | TEXT,
    st.none() | TEXT,
    st.none() | st.integers(0, 10000).map(lambda n: n / 10000),
)
ABOVE = Made(AUTOMATIC, "asr", 0.5)
WORD = st.builds(Word, TEXT, st.none() | MS, st.none() | MS, st.builds(Made, confidence=st.none() | SHARE))


def without_neighbouring_runs(items: list[Word | Group | str]) -> list[Word | Group | str]:
    """XML cannot tell two runs side by side from one."""
    return [item for i, item in enumerate(items) if not (i and isinstance(item, str) and isinstance(items[i - 1], str))]


GROUP = st.builds(
    Group, st.lists(WORD | TEXT, max_size=4).map(without_neighbouring_runs), st.none() | MS, st.none() | MS
)
ITEMS = st.lists(WORD | GROUP | TEXT, max_size=5).map(without_neighbouring_runs)
SEGMENT = st.builds(Segment, st.integers(), MS, MS, ITEMS, MADE, st.booleans(), st.booleans(), st.none() | TEXT)
SIDE = st.lists(SEGMENT, max_size=4)
CAPTIONS = st.builds(
    Captions,
    language=st.sampled_from(["en", "ca", "zh-Hant"]),
    current=SIDE,
    media_id=st.none() | TEXT,
    made=st.just(ABOVE),
    begin=MS,
    end=MS,
    elapsed=st.none() | TEXT,
    model_id=st.none() | TEXT,
    processing_steps=st.none() | TEXT,
    audio_length=st.none() | TEXT,
)


@settings(max_examples=300, deadline=None)
@given(CAPTIONS)
def test_dfxp_gives_back_exactly_what_was_written(captions: Captions):
    read = dfxp.read(dfxp.write(captions, CURRENT, UNFILTERED))
    assert read == captions
    assert read.end == captions.end


@settings(max_examples=100, deadline=None)
@given(CAPTIONS, SIDE)
def test_dfxp_gives_back_both_sides(captions: Captions, original: list[Segment]):
    captions.original = original if original != captions.current else None
    assert dfxp.read(dfxp.write(captions, ALL, UNFILTERED)) == captions


@settings(max_examples=200, deadline=None)
@given(CAPTIONS)
def test_dfxp_without_words_says_the_same_to_people(captions: Captions):
    quick = dfxp.read(dfxp.write(captions, CURRENT, UNFILTERED), words=False)
    assert [s.text for s in quick.current] == [s.text for s in captions.current]
    assert [plain(s) for s in quick.current] == [plain(s) for s in captions.current]


SPOKEN = (
    st.lists(HELD | st.sampled_from(["-->", "&", "😀", "שלום", "1"]), max_size=8)
    .map("".join)
    .filter(lambda t: not set(t) & set("<>{}"))
)
CUES = st.lists(st.tuples(MS, MS, SPOKEN), min_size=1, max_size=5).map(
    lambda cues: Captions("en", [Segment(i, min(a, b), max(a, b), [t]) for i, (a, b, t) in enumerate(cues, 1)])
)


def lines(captions: Captions) -> list[tuple[int, int, int, str]]:
    return [(s.id, s.begin, s.end, plain(s).strip()) for s in captions.current]


@settings(max_examples=200, deadline=None)
@given(CUES)
def test_srt_gives_back_the_same_cues_to_the_millisecond(captions: Captions):
    assert lines(srt.read(srt.write(captions))) == lines(captions)


@settings(max_examples=200, deadline=None)
@given(CUES)
def test_webvtt_gives_back_the_same_cues_to_the_millisecond(captions: Captions):
    assert lines(vtt.read(vtt.write(captions))) == lines(captions)
