"""What a recogniser wrote and nobody said: what goes, what is marked, what stays for somebody may have said it."""

from __future__ import annotations

import math
import wave
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.modules.tl.asr.hallucinations import MARKED, Finding, Settings, clean
from ingest.modules.tl.asr.loops import loops
from ingest.modules.tl.asr.loudness import STEP, Loudness, threshold
from ingest.modules.tl.asr.phrases import COURTESY, CREDIT, LIKE_CREDIT, Phrases, token
from tlp.captions import Made, Segment, Word
from tlp.errors import ConfigError, MediaError

REMOVE = Settings()


def said(number: int, begin: int, text: str, confidence: float = 0.9, word_ms: int = 300) -> Segment:
    words = [
        Word(token_, begin + n * word_ms, begin + (n + 1) * word_ms, Made(confidence=confidence))
        for n, token_ in enumerate(text.split())
    ]
    return Segment(number, begin, words[-1].end or 0, [*words], Made(confidence=confidence))


def loud(*stretches: tuple[int, bool]) -> Loudness:
    """Silent or not for so many seconds each."""
    return Loudness([silent for seconds, silent in stretches for _ in range(seconds * 1000 // STEP)])


ALWAYS = loud((3600, False))


def cleaned(
    *segments: Segment, loudness: Loudness | None = ALWAYS, settings: Settings = REMOVE, language: str = "en"
) -> tuple[list[str], list[Finding]]:
    kept, findings = clean([*segments], Phrases.of(language), loudness, settings)
    return [segment.text for segment in kept], findings


LECTURE = [said(1, 0, "Today we talk about routers."), said(2, 2000, "They have tables."), said(3, 3500, "Good.")]


# Silence


def test_text_over_silence_goes_and_is_reported_with_its_time():
    ghost = said(4, 30_000, "We will be right back.")
    sound = loud((6, False), (54, True))
    texts, [found] = cleaned(*LECTURE, ghost, loudness=sound)
    assert texts == [segment.text for segment in LECTURE]
    assert found == Finding(30_000, 31_500, "We will be right back.", "over silence", True)


def test_text_at_the_edge_of_silence_stays_for_times_are_not_exact():
    texts, found = cleaned(*LECTURE, said(4, 6200, "Right."), loudness=loud((6, False), (54, True)))
    assert (texts[-1], found) == ("Right.", [])


def test_a_sentence_over_silence_goes_from_a_segment_that_goes_on_with_speech():
    words = said(4, 5_000, "And so it ends. Nobody says this now.", word_ms=1000)
    texts, [found] = cleaned(*LECTURE, words, loudness=loud((8, False), (60, True)))
    assert (texts[-1], found.text) == ("And so it ends.", "Nobody says this now.")


def test_a_recording_without_any_sound_keeps_no_text():
    texts, [found] = cleaned(*LECTURE, loudness=loud((60, True)))
    assert (texts, found.removed) == ([], True)


def test_when_most_of_the_text_would_go_its_times_are_not_believed_and_it_is_only_marked():
    shifted = [said(n, 30_000 + n * 2000, "This was said earlier.") for n in range(1, 9)]
    texts, findings = cleaned(said(1, 0, "Hello."), *shifted, loudness=loud((10, False), (60, True)))
    assert len(texts) == 9
    assert not any(found.removed for found in findings)


def test_without_a_recording_nothing_is_over_silence():
    assert cleaned(*LECTURE, loudness=None) == ([segment.text for segment in LECTURE], [])


# Known phrases


def test_an_honest_thank_you_stays_as_it_is():
    thanks = said(4, 9000, "Thank you.")
    kept, findings = clean([*LECTURE, thanks], Phrases.of("en"), ALWAYS, REMOVE)
    assert (kept[-1], findings) == (thanks, [])


def test_a_thank_you_over_silence_goes():
    texts, [found] = cleaned(*LECTURE, said(4, 20_000, "Thank you."), loudness=loud((6, False), (54, True)))
    assert (texts[-1], found.text) == ("Good.", "Thank you.")


def test_a_courtesy_that_stands_alone_and_is_unsure_is_marked():
    kept, [found] = clean([*LECTURE, said(4, 9000, "Thanks for watching!", 0.2)], Phrases.of("en"), ALWAYS, REMOVE)
    assert not found.removed
    assert [word.made.confidence for word in kept[-1].words] == [MARKED] * 3
    assert kept[-1].made.confidence == pytest.approx(MARKED)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Subtitles by the Amara.org community"),
        ("es", "Subtítulos realizados por la comunidad de Amara.org"),
        ("ca", "Subtítols per la comunitat d'Amara.org"),
        ("fr", "Sous-titrage Société Radio-Canada"),
        ("it", "Sottotitoli creati dalla comunità Amara.org"),
        ("pt", "Legendas pela comunidade Amara.org"),
        ("de", "Untertitel der Amara.org-Community"),
        ("ca", "¡Subtítulos realizados por la comunidad de Amara.org!"),
        ("en", "Thank you. Subtitles by the Amara.org community."),
    ],
)
def test_a_credit_that_stands_alone_goes_in_every_language(language, text):
    texts, findings = cleaned(*LECTURE, said(4, 9000, text), language=language)
    assert "Amara" not in " ".join(texts) and "Radio" not in " ".join(texts)
    assert findings[-1].removed


def test_a_credit_among_speech_is_only_marked():
    credit = said(4, 4000, "Subtitles by the Amara.org community.")
    texts, [found] = cleaned(*LECTURE, credit, said(5, 6000, "And so on."))
    assert credit.text in texts
    assert not found.removed


def test_a_credit_in_two_segments_is_one():
    texts, findings = cleaned(*LECTURE, said(4, 9000, "Subtitles by the"), said(5, 10_300, "Amara.org community"))
    assert texts == [segment.text for segment in LECTURE]
    assert [found.text for found in findings] == ["Subtitles by the Amara.org community"]


def test_a_sentence_that_only_begins_like_a_credit_stays():
    sentence = "Untertitel von Filmen lernen Systeme auswendig, und deshalb schreiben sie diese überall hin."
    assert cleaned(*LECTURE, said(4, 9000, sentence), language="de") == ([*[s.text for s in LECTURE], sentence], [])


def test_a_phrase_within_a_sentence_stays():
    sentence = "He wrote thanks for watching at the end of it."
    assert cleaned(said(1, 0, sentence, 0.2)) == ([sentence], [])


def test_phrases_of_another_language_but_english_are_courtesies_of_nobody():
    assert Phrases.of("en").kind(["gracias"]) is None
    assert Phrases.of("es").kind(["gracias"]) == COURTESY
    assert Phrases.of("es").kind(["thank", "you"]) == COURTESY
    assert Phrases.of("en").kind([token(w) for w in ["Untertitel", "von", "Stephanie", "Geiges"]]) == LIKE_CREDIT
    assert Phrases.of("xx").kind([token(w) for w in ["Subtitles", "by", "the", "Amara.org", "community"]]) == CREDIT


def test_phrases_of_the_installation_are_added(tmp_path):
    path = tmp_path / "own.json"
    path.write_text('{"en": {"credits": ["Lecture hall seven welcomes you"]}}')
    assert (
        Phrases.of("en", str(path)).kind([token(w) for w in ["Lecture", "hall", "seven", "welcomes", "you."]]) == CREDIT
    )


def test_a_list_of_phrases_that_is_none_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "own.json"
    path.write_text("no list")
    with pytest.raises(ConfigError, match="own.json is not a list of phrases"):
        Phrases.of("en", str(path))


# Loops


def test_a_loop_is_heardonce():
    loop = said(4, 5000, " ".join(["It was the spring of hope."] * 20), word_ms=200)
    texts, [found] = cleaned(*LECTURE, loop)
    assert texts[3:] == ["It was the spring of hope."]
    assert (found.reason, found.removed) == ("repeated 20 times", True)


def test_a_loop_over_several_segments_is_one():
    segments = [said(n, 5000 + 2000 * n, "And then we go on.") for n in range(20)]
    texts, [found] = cleaned(*segments)
    assert texts == ["And then we go on."]
    assert found.text.count("on.") == 19


def test_a_refrain_that_people_may_sing_is_marked_and_stays():
    loop = said(4, 5000, " ".join(["It was the spring of hope."] * 5))
    texts, [found] = cleaned(*LECTURE, loop)
    assert texts[3] == loop.text
    assert not found.removed


@pytest.mark.parametrize("text", ["No no no no no, wait.", "Very very very good.", "Tick tock tick tock tick tock."])
def test_what_people_repeat_stays(text):
    assert cleaned(said(1, 0, text)) == ([text], [])


def test_the_words_of_a_loop_that_take_no_time_are_nobodys():
    words = [Word("go", 5000, 5010, Made(confidence=0.9)) for _ in range(9)]
    texts, [found] = cleaned(*LECTURE, Segment(4, 5000, 5400, [*words]))
    assert (texts[-1], found.removed) == ("go", True)


@given(st.lists(st.sampled_from(["a", "b", ""]), max_size=60))
def test_loops_never_overlap_and_say_what_they_claim(tokens):
    found = loops(tokens, 4)
    assert all(a.end <= b.begin for a, b in zip(found, found[1:], strict=False))
    for loop in found:
        assert all(tokens[n] == tokens[n - loop.size] != "" for n in range(loop.again, loop.end))


# Settings


def test_action_mark_removes_nothing():
    settings = Settings(action="mark")
    ghost = said(4, 30_000, "Thank you.")
    texts, [found] = cleaned(*LECTURE, ghost, loudness=loud((6, False), (54, True)), settings=settings)
    assert (texts[-1], found.removed) == ("Thank you.", False)


def test_action_off_does_nothing():
    loop = said(1, 0, "go on " * 100)
    assert cleaned(loop, settings=Settings(action="off"), loudness=loud((60, True))) == ([loop.text], [])


@given(st.lists(st.sampled_from(["Hello", "Thank", "you.", "so"]), min_size=1, max_size=60), st.booleans())
def test_what_is_left_and_what_was_removed_are_all_the_words(tokens, silent):
    texts, findings = cleaned(said(1, 0, " ".join(tokens)), loudness=loud((60, silent)))
    gone = " ".join(found.text for found in findings if found.removed).split()
    assert sorted([*" ".join(texts).split(), *gone]) == sorted(tokens)


# Loudness


def write(path: Path, *stretches: tuple[float, float]) -> Path:
    """Tones of so many dB for so many seconds, 16 kHz."""
    samples = array("h")
    for level, seconds in stretches:
        peak = 32767 * 10 ** (level / 20)
        samples += array("h", (round(peak * math.sin(n * 0.3)) for n in range(round(seconds * 16000))))
    with wave.open(str(path), "wb") as wav:
        wav.setparams((1, 2, 16000, 0, "NONE", ""))
        wav.writeframes(samples.tobytes())
    return path


@pytest.mark.parametrize(
    ("speech", "noise", "silent"),
    [(-10, -90, True), (-10, -50, True), (-10, -42, True), (-10, -25, False), (-40, -90, True), (-40, -50, False)],
)
def test_silence_is_far_below_the_speech_or_steady_noise_under_it(tmp_path, speech, noise, silent):
    sound = Loudness.of(write(tmp_path / "a.wav", (speech, 3), (noise, 3), (speech, 1)), -45)
    assert not sound.quiet(0, 3000)
    assert sound.quiet(3500, 5500) is silent


def test_a_click_does_not_end_a_silence(tmp_path):
    sound = Loudness.of(write(tmp_path / "a.wav", (-10, 2), (-90, 2), (-10, 0.04), (-90, 2)), -45)
    assert sound.quiet(2100, 6000)
    assert not sound.quiet(0, 6000)


def test_quiet_speech_after_loud_applause_is_no_silence():
    assert threshold([-3.0] * 40 + [-38.0] * 50 + [-70.0] * 10, -45) < -38


def test_a_file_that_is_no_sound_is_an_error(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"no")
    with pytest.raises(MediaError, match=r"a\.wav cannot be read"):
        Loudness.of(tmp_path / "a.wav", -45)
