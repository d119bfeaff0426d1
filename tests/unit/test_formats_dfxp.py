"""DFXP 1.1 as read and written: the examples of the manual's Appendix I and what they leave open."""

from __future__ import annotations

import pytest

from tlp.captions import (
    ALL,
    AUTOMATIC,
    CURRENT,
    EMPTY,
    FULLY_AUTOMATIC,
    HUMAN,
    ORIGINAL,
    PARTIALLY_HUMAN,
    UNFILTERED,
    Captions,
    Group,
    Made,
    Segment,
    Word,
)
from tlp.errors import FormatError
from tlp.formats import dfxp

TT = (
    '<?xml version="1.0" encoding="utf-8"?>\n<tt xml:lang="en" xmlns="http://www.w3.org/2006/04/ttaf1"'
    ' xmlns:tts="http://www.w3.org/2006/10/ttaf1#style" xmlns:tl="translectures.eu">'
)
AUTOMATIC_HEAD = """<tl:d aT="automatic" aI="UPV-v1.0" wS="UPV-v1.0" tS="2012-10-03T21:32:52" aC="0.56" cM="0.75"
     videoId="00505-Profesores_Alcoy.M03.B01" b="0.0" e="12.50"/>"""
AUTOMATIC_SIDE = """
      <tl:s sI="1" cM="0.75" b="0.00" e="3.20">
        <tl:w cM="0.85" b="0.00" e="0.75">most</tl:w>
        <tl:w cM="0.55" b="1.75" e="2.00">the </tl:w>
      </tl:s>
      <tl:s sI="2" cM="0.19" b="8.50" e="12.50">
        <tl:w cM="0.1" b="8.50" e="9.00">To</tl:w>
        <tl:w cM="0.2" b="9.00" e="10.00">solve</tl:w>
      </tl:s>
"""
SUPERVISED_SIDE = """
      <tl:s sI="1" aT="human" aC="0.81" cM="1.0" aI="John" b="0.17" e="3.32" tS="2012-10-04T13:31:45">
        most of you probably ventured into the problem set
      </tl:s>
      <tl:s sI="2" cM="0.19" b="8.5" e="12.50">
        <tl:w cM="0.1" b="8.5" e="9">To</tl:w>
        <tl:w cM="0.2" b="9" e="10">solve</tl:w>
      </tl:s>
"""


def file(body: str, head: str = "") -> bytes:
    return f"{TT}\n<head>{head}</head>\n<body>{body}</body>\n</tt>".encode()


def segments(body: str) -> list[Segment]:
    return dfxp.read(file(body)).current


def written(captions: Captions, data_policy: int = CURRENT, filter_policy: int = UNFILTERED) -> str:
    return dfxp.write(captions, data_policy, filter_policy).decode()


# Reading: the use cases of Appendix I


def test_an_automatic_transcription_is_read_with_words_times_and_confidences():
    captions = dfxp.read(file(f"<tl:c>{AUTOMATIC_SIDE}</tl:c><tl:o>{AUTOMATIC_SIDE}</tl:o>", AUTOMATIC_HEAD))
    assert captions.language == "en"
    assert captions.media_id == "00505-Profesores_Alcoy.M03.B01"
    assert captions.made == Made(AUTOMATIC, "UPV-v1.0", 0.56, "UPV-v1.0", "2012-10-03T21:32:52", 0.75)
    assert (captions.begin, captions.end, captions.status) == (0, 12500, FULLY_AUTOMATIC)
    assert captions.current[1] == Segment(
        2,
        8500,
        12500,
        [Word("To", 8500, 9000, Made(confidence=0.1)), Word("solve", 9000, 10000, Made(confidence=0.2))],
        Made(confidence=0.19),
    )
    assert captions.current[0].text == "most the"
    assert captions.original is None, "an original side that is the same as the current one is not kept twice"


def test_a_transcription_by_a_person_may_call_its_author_manual_as_the_manual_does():
    head = '<tl:d aT="manual" aI="Maria" aC="1.0" tS="2012-10-03T21:32:52" cM="1.0" b="0.0" e="12.50"/>'
    captions = dfxp.read(file('<tl:c><tl:s sI="1" b="0.00" e="3.20">\n  The solution is:\n </tl:s></tl:c>', head))
    assert captions.made.author_type == HUMAN
    assert captions.current[0].items == ["The solution is:"]


def test_a_supervised_transcription_keeps_both_sides_and_who_made_them():
    captions = dfxp.read(file(f"<tl:c>{SUPERVISED_SIDE}</tl:c><tl:o>{AUTOMATIC_SIDE}</tl:o>", AUTOMATIC_HEAD))
    first = captions.current[0]
    assert first.made == Made(HUMAN, "John", 0.81, None, "2012-10-04T13:31:45", 1.0)
    assert (first.begin, first.end) == (170, 3320)
    assert captions.segments(ORIGINAL)[0].text == "most the"
    assert captions.status == PARTIALLY_HUMAN


def test_a_group_is_read_with_its_words_and_runs():
    group = '<tl:g aT="human" aI="John Doe" b="2.7" e="3.5">the way <tl:w b="3" e="3.2">we</tl:w> train</tl:g>'
    (read,) = segments(f'<tl:s sI="1" b="0" e="15.6">so {group} </tl:s>')
    inside = ["the way", Word("we", 3000, 3200), "train"]
    assert read.items == ["so", Group(inside, 2700, 3500, Made(HUMAN, "John Doe"))]


def test_a_group_inside_a_group_is_refused():
    with pytest.raises(FormatError, match="line 4: <tl:g>"):
        segments('<tl:s sI="1" b="0" e="1"><tl:g><tl:g>a</tl:g></tl:g></tl:s>')


# Reading: what the appendix leaves open


def test_long_names_mean_the_same_as_short_ones():
    long = (
        '<tl:origin><tl:segment segmentId="7" begin="1" end="2"><tl:group authorType="human"><tl:word confMeasure="0.5"'
        ' begin="1" end="1.5" authorId="x" wordSegId="y" timeStamp="z" authorConf="0.25">a</tl:word></tl:group>'
        "</tl:segment></tl:origin><tl:current></tl:current>"
    )
    head = (
        '<tl:document videoId="v" elapsedTime="1" modelID="m" processingSteps="p" audioLength="9" status="fully_human"'
    )
    head += "/>"
    captions = dfxp.read(file(long, head))
    word = Word("a", 1000, 1500, Made(None, "x", 0.25, "y", "z", 0.5))
    assert captions.segments(ORIGINAL) == [Segment(7, 1000, 2000, [Group([word], made=Made(HUMAN))])]
    assert captions.current == []
    assert (captions.elapsed, captions.model_id, captions.processing_steps) == ("1", "m", "p")
    assert captions.audio_length == "9"


@pytest.mark.parametrize("name", ["o", "origin", "original"])
def test_every_name_of_the_original_side_is_known(name: str):
    side = f'<tl:{name}><tl:s sI="1" b="0" e="1">was</tl:s></tl:{name}>'
    captions = dfxp.read(file(f'<tl:c><tl:s sI="1" b="0" e="1">is</tl:s></tl:c>{side}'))
    assert [s.text for s in captions.segments(ORIGINAL)] == ["was"]


def test_an_original_side_alone_is_current_too():
    assert dfxp.read(file('<tl:o><tl:s sI="1" b="0" e="1">a</tl:s></tl:o>')).current[0].text == "a"


@pytest.mark.parametrize("version", ["", ' v="1.0"', ' v="1.1"'])
def test_the_version_attribute_does_not_decide_how_the_body_is_read(version: str):
    side = '<tl:s sI="1" b="0" e="1">a</tl:s>'
    assert dfxp.read(file(f"<tl:c>{side}</tl:c>", f"<tl:d{version}/>")) == dfxp.read(file(side, f"<tl:d{version}/>"))


def test_a_line_break_is_skipped_without_gluing_words_together():
    (read,) = segments('<tl:s sI="1" b="0" e="1">one<br/>two <tl:w>three</tl:w><br/></tl:s>')
    assert read.text == "one two three"


def test_saying_what_is_inherited_counts_as_saying_nothing():
    (read,) = dfxp.read(
        file(
            '<tl:s sI="1" aT="automatic" b="0" e="1"><tl:w aT="automatic" aI="b">a</tl:w></tl:s>',
            '<tl:d aT="automatic"/>',
        )
    ).current
    assert read.made == Made()
    assert read.words[0].made == Made(author_id="b")


def test_highlight_deleted_and_align_id_are_read():
    (read,) = segments('<tl:s sI="1" h="1" d="1" lI="4" b="0" e="1">a</tl:s>')
    assert (read.highlight, read.deleted, read.align_id) == (True, True, "4")


def test_a_segment_with_no_text_is_kept():
    assert segments('<tl:s sI="1" b="0" e="1"/>') == [Segment(1, 0, 1000)]


def test_the_language_that_the_caller_knows_wins():
    assert dfxp.read(file(""), "ca").language == "ca"
    assert dfxp.read(b'<tt xmlns="http://www.w3.org/2006/04/ttaf1"><body/></tt>').language == "und"


@pytest.mark.parametrize(
    ("seconds", "ms"),
    [("0.9996", 1000), ("8.505", 8505), ("9", 9000), ("1e1", 10000), ("2.0005", 2001), ("-0.5", -500)],
)
def test_times_are_rounded_once_to_the_millisecond(seconds: str, ms: int):
    assert segments(f'<tl:s sI="1" b="{seconds}" e="{seconds}"/>')[0].begin == ms


@pytest.mark.parametrize(
    ("body", "head", "reason"),
    [
        ('\n<tl:s b="0" e="1"/>', "", "line 5: .* sI"),
        ('\n<tl:s sI="one" b="0" e="1"/>', "", "line 5: sI='one'"),
        ('\n<tl:s sI="1" e="1"/>', "", "line 5: .* b and e"),
        ('\n<tl:s sI="1" b="0"/>', "", "line 5: .* b and e"),
        ('<tl:s sI="1" b="soon" e="1"/>', "", "line 4: b='soon'"),
        ('<tl:s sI="1" b="nan" e="1"/>', "", "b='nan'"),
        ('<tl:s sI="1" b="0" e="1e300"/>', "", "e='1e300'"),
        ('<tl:s sI="1" b="0" e="1_0"/>', "", "e='1_0'"),
        ('<tl:s sI="1" cM="high" b="0" e="1"/>', "", "cM='high'"),
        ('<tl:s sI="1" cM="inf" b="0" e="1"/>', "", "cM='inf'"),
        ('<tl:s sI="1" aT="robot" b="0" e="1"/>', "", "aT='robot'"),
        ('<tl:s sI="1" b="0" e="1">\n<tl:w/></tl:s>', "", "line 5: <tl:w> is empty"),
        ('<tl:s sI="1" b="0" e="1"><tl:x/></tl:s>', "", "<tl:x> is unknown"),
        ("<p>plain</p>", "", "is unknown"),
        ('<tl:w b="0" e="1">a</tl:w>', "", "where a segment must"),
        ('<tl:c/><tl:s sI="1" b="0" e="1"/>', "", "inside <tl:c> or <tl:o>"),
        ("<tl:c/><tl:c/>", "", "two <tl:c>"),
        ("<tl:a/>", "", "no alternative"),
        ("words without a time", "", "text outside its segments"),
        ("", '<tl:d st="half"/>', "line 3: st='half'"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_names_the_line(body: str, head: str, reason: str):
    with pytest.raises(FormatError, match=f"DFXP, .*{reason}"):
        dfxp.read(file(body, head))


def test_a_file_of_another_kind_is_an_error():
    with pytest.raises(FormatError, match="must be a <tt>"):
        dfxp.read(b"<html><body/></html>")


# Reading without words


def test_without_words_a_segment_is_one_run_and_all_else_is_the_same():
    data = file(f"<tl:c>{SUPERVISED_SIDE}</tl:c><tl:o>{AUTOMATIC_SIDE}</tl:o>", AUTOMATIC_HEAD)
    whole, quick = dfxp.read(data), dfxp.read(data, words=False)
    assert [len(segment.items) for segment in quick.current] == [1, 1]
    for segment in [*whole.current, *whole.segments(ORIGINAL), *quick.current, *quick.segments(ORIGINAL)]:
        segment.items = [segment.text]
    assert quick == whole


@pytest.mark.parametrize(
    "inside",
    [
        "<tl:w>a</tl:w><tl:w>b</tl:w>",
        "a<tl:w\n cM='1'>b</tl:w>",
        '<tl:w aI=">">a</tl:w> b',
        "<tl:w aI='x\">y'>a</tl:w> b",
        '<tl:w aI= "x" >a</tl:w> b',
        '<tl:word cM="1">a</tl:word>b',
        '<tl:w cM="1">a</tl:w><![CDATA[b]]>',
        '<!-- <tl:w cM="1"> --><tl:g><tl:w cM="1">a</tl:w>b</tl:g>',
        "a<br/>b",
    ],
)
def test_without_words_every_spelling_gives_the_same_text(inside: str):
    data = file(f'<tl:s sI="1" b="0" e="1">{inside}</tl:s>')
    assert dfxp.read(data).current[0].text == "a b"
    (quick,) = dfxp.read(data, words=False).current
    assert (quick.text, len(quick.items)) == ("a b", 1)


def test_without_words_a_broken_file_is_still_an_error():
    with pytest.raises(FormatError, match="not well-formed"):
        dfxp.read(file('<tl:s sI="1" b="0" e="1"><tl:w cM="1">a</tl:s>'), words=False)


# Writing


def test_the_layout_is_one_element_a_line_with_attributes_in_the_order_of_the_original():
    made = Made(AUTOMATIC, "asr", 0.5, "ws", "2020-01-01T00:00:00Z", 0.75)
    word = Word("hi & <you>", 0, 505, Made(HUMAN, "Ann", 0.123, "other", "later", 0.98765))
    captions = Captions(
        "en",
        [Segment(1, 0, 1000, [word, "there"], Made(confidence=0.75), True, True, "9"), Segment(2, 1000, 12500, ["ok"])],
        media_id='a"b',
        made=made,
        elapsed="3",
        model_id="m",
        processing_steps="p",
        audio_length="12.5",
    )
    assert written(captions).splitlines() == [
        '<?xml version="1.0" encoding="utf-8"?>',
        TT.splitlines()[1],
        "<head>",
        '<tl:d v="1.1" vI="a&quot;b" aT="automatic" aI="asr" aC="0.50" wS="ws" tS="2020-01-01T00:00:00Z" cM="0.7500"'
        ' b="0.00" e="12.50" eT="3" mI="m" pS="p" aL="12.5" st="fully_automatic"/>',
        "</head>",
        "<body>",
        '<tl:s sI="1" h="1" d="1" lI="9" cM="0.7500" b="0.00" e="1.00">',
        '<tl:w aT="human" aI="Ann" aC="0.12" wS="other" tS="later" cM="0.9877" b="0.00" e="0.505">'
        "hi &amp; &lt;you&gt;</tl:w>",
        "there",
        "</tl:s>",
        '<tl:s sI="2" b="1.00" e="12.50">ok</tl:s>',
        "</body>",
        "</tt>",
    ]


def test_an_inherited_value_is_left_out_and_a_confidence_never():
    same = Made(AUTOMATIC, "asr", 0.5, confidence=0.75)
    text = written(Captions("en", [Segment(1, 0, 1, ["a"], same)], made=same))
    assert '<tl:s sI="1" cM="0.7500" b="0.00" e="0.001">' in text


def test_policies_choose_the_side_and_all_gives_both():
    captions = Captions("en", [Segment(1, 0, 1000, ["is"], Made(HUMAN))], original=[Segment(1, 0, 1000, ["was"])])
    assert "is" in written(captions) and "was" not in written(captions) and "<tl:c>" not in written(captions)
    former = written(captions, ORIGINAL)
    assert ">was<" in former and ">is<" not in former and 'st="fully_automatic"' in former
    both = written(captions, ALL)
    assert both.index("<tl:c>") < both.index(">is<") < both.index("<tl:o>") < both.index(">was<")
    assert dfxp.read(both.encode()) == captions


def test_all_writes_the_original_side_also_where_it_is_the_same():
    assert written(Captions("en", [Segment(1, 0, 1000, ["a"])]), ALL).count(">a<") == 2


def test_filters_reach_words_and_the_empty_one_leaves_the_times():
    captions = Captions("en", [Segment(1, 0, 1000, [Word("<unk>"), Word("a")])])
    assert "unk" in written(captions) and "unk" not in dfxp.write(captions).decode()
    assert dfxp.read(dfxp.write(captions, filter_policy=EMPTY)).current == [Segment(1, 0, 1000)]


def test_the_end_of_the_document_is_that_of_the_last_segment_where_nobody_knows_better():
    assert dfxp.read(dfxp.write(Captions("en", [Segment(1, 0, 1230)]))).end == 1230
    assert dfxp.read(dfxp.write(Captions("en"))).end == 0


def test_words_without_text_are_not_written_and_neighbouring_runs_stay_apart():
    captions = Captions("en", [Segment(1, 0, 1, ["a", "", "b", Word(""), Word("c")])])
    assert dfxp.read(dfxp.write(captions)).current[0].items == ["a b", Word("c")]


def test_characters_that_xml_cannot_hold_are_replaced_visibly():
    captions = Captions("en\x00", [Segment(1, 0, 1, ["a\x07b\ud800c\uffff"])])
    read = dfxp.read(dfxp.write(captions))
    assert (read.language, read.current[0].text) == ("en\ufffd", "a\ufffdb\ufffdc\ufffd")


def test_white_space_at_the_edges_survives_and_is_announced_in_the_xml_way():
    captions = Captions("en", [Segment(1, 0, 1, [" a\n", Word(" b "), "\t", Group([" c"]), "\r"])])
    assert 'xml:space="preserve"' in written(captions)
    assert dfxp.read(dfxp.write(captions)) == captions
