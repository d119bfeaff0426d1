"""How words become captions that people can read."""

import textwrap
import time

from hypothesis import given
from hypothesis import strategies as st

from tlp.captions import Word
from tlp.readability import Rules, captions, segments

RULES = Rules()


def speak(text: str, pauses: dict[str, int] | None = None, word_ms: int = 300) -> list[Word]:
    """Words of equal length one after the other; `pauses` gives the silence after a word."""
    words, now = [], 0
    for token in text.split():
        words.append(Word(token, now, now + word_ms))
        now += word_ms + (pauses or {}).get(token, 0)
    return words


def texts(words: list[Word], rules: Rules = RULES) -> list[str]:
    return [" ".join(word.text for word in group) for group in captions(words, rules)]


@st.composite
def speeches(draw: st.DrawFn) -> list[Word]:
    words, now = [], 0
    parts = st.tuples(
        st.text("abc.,?", min_size=1, max_size=60), st.integers(10, 9000), st.sampled_from([0, 0, 0, 350, 2000])
    )
    for text, length, pause in draw(st.lists(parts, max_size=80)):
        words.append(Word(text, now, now + length))
        now += length + pause
    return words


@given(speeches())
def test_no_word_is_lost_changed_or_reordered(words):
    assert [word for group in captions(words, RULES) for word in group] == words


@given(speeches())
def test_a_caption_of_several_words_fits_two_lines_and_seven_seconds(words):
    for group in captions(words, RULES):
        lines = textwrap.wrap(" ".join(w.text for w in group), RULES.line_chars, break_long_words=False)
        assert len(group) == 1 or len(lines) <= RULES.lines
        assert len(group) == 1 or group[-1].end - group[0].begin <= RULES.longest


@given(speeches())
def test_no_caption_stays_through_a_long_pause(words):
    for group in captions(words, RULES):
        assert all(b.begin - a.end < RULES.pause for a, b in zip(group, group[1:], strict=False))


def test_a_long_run_is_cut_where_its_sentences_end():
    first = "Today we are going to talk about networks and about routers."
    second = "Every router keeps a table with the addresses of its neighbours."
    assert texts(speak(f"{first} {second}")) == [first, second]


def test_a_sentence_too_long_for_a_caption_is_cut_at_a_comma():
    words = speak(
        "When a packet arrives at the router of the network, it looks at the address and then it finds the line.",
        word_ms=250,
    )
    assert texts(words)[0].endswith("network,")


def test_a_breath_is_a_better_cut_than_the_middle_of_a_phrase():
    words = speak(
        "when a packet arrives at the router of the network it looks at the address and then it finds the line",
        {"network": 400},
        word_ms=250,
    )
    assert texts(words)[0].endswith("network")


def test_two_short_sentences_share_a_caption():
    assert texts(speak("Any questions? No. Then we go on.")) == ["Any questions? No. Then we go on."]


def test_punctuation_inside_quotes_counts():
    first = "He said to all of the people who were in the room: “stop it.”"
    second = "Then he went out of the room and nobody saw him again that day."
    assert texts(speak(f"{first} {second}")) == [first, second]


def test_a_title_before_a_name_does_not_end_a_sentence():
    words = speak("Please press four to mark this message as urgent. And Mr. John Dashwood had then much leisure.")
    assert texts(words) == [
        "Please press four to mark this message as urgent.",
        "And Mr. John Dashwood had then much leisure.",
    ]


def test_no_single_word_is_left_over_where_an_even_cut_fits():
    words = speak(" ".join(["abcdefg"] * 11), word_ms=250)
    assert [len(group) for group in captions(words, RULES)] in ([5, 6], [6, 5])


def test_no_words_give_no_captions():
    assert captions([], RULES) == []


def test_the_limits_are_the_ones_given():
    narrow = Rules(lines=1, line_chars=12)
    assert all(len(text) <= 12 for text in texts(speak("one two three four five six seven"), narrow))


def test_no_caption_ends_with_an_article_where_another_cut_fits():
    words = speak("you will see that the packet goes to the router of the other network of the house", word_ms=400)
    for group in captions(words, Rules(lines=1), "en")[:-1]:
        assert group[-1].text not in {"the", "of", "to"}


def test_a_long_phrase_is_cut_before_a_word_that_joins_its_parts():
    words = speak(
        "the machine that you see here sends all of its packets while the other machine only waits", word_ms=350
    )
    assert "while" in [group[0].text for group in captions(words, Rules(lines=1), "en")]


def test_a_short_caption_stays_for_reading_where_a_pause_allows_it():
    [first, second] = segments(speak("Yes. Now we go on.", {"Yes.": 3000}), RULES)
    assert (first.begin, first.end) == (0, 1000)
    assert first.words[-1].end == 300
    assert second.begin == 3300


def test_a_caption_that_stays_leaves_the_gap_before_the_next():
    [first, _] = segments(speak("Yes. Now we go on.", {"Yes.": 600}), Rules(pause=500))
    assert first.end == 900 - RULES.gap


def test_the_last_caption_ends_with_the_recording_at_the_latest():
    [only] = segments(speak("Yes."), RULES, until=400)
    assert only.end == 400


@given(speeches())
def test_every_caption_covers_its_words_and_ends_before_the_next_begins(words):
    made = segments(words, RULES, "en")
    assert [word for segment in made for word in segment.words] == words
    assert all(s.begin == s.words[0].begin and s.end >= s.words[-1].end for s in made)
    assert all(a.end <= b.begin for a, b in zip(made, made[1:], strict=False))


def test_an_hour_of_words_is_cut_in_a_second():
    text = " ".join(["Then the router looks at its table, and it sends the packet on."] * 700)
    words = speak(text, word_ms=380)
    started = time.process_time()
    captions(words, RULES, "en")
    assert time.process_time() - started < 1.5
