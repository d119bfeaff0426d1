"""Where speech goes: the promises of the planner, for any captions and any engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlp.errors import ConfigError
from tlp.voice import fit
from tlp.voice.fit import Limits

LIMITS = Limits()
SPEECH = st.lists(st.tuples(st.integers(0, 60_000), st.integers(1, 20_000)), min_size=1, max_size=30)


def lay(speech: list[tuple[int, int]], limits: Limits = LIMITS) -> list[tuple[int, int, int]]:
    """(begin, start, end) of each speech, for begins and natural lengths, with an engine that keeps its rate."""
    speech = sorted(speech)
    free, laid = 0, []
    for at, (begin, natural) in enumerate(speech):
        last = at == len(speech) - 1
        until = begin + 1000 if last else speech[at + 1][0]
        length = natural / fit.rate(natural, fit.slot(begin, until, 0, limits, last).room, limits)
        slot = fit.slot(begin, until, free, limits, last)
        length = min(slot.most, int(length / fit.tempo(int(length), slot.room, limits)))
        if length:
            free = slot.start + length
            laid.append((begin, slot.start, free))
    return laid


@given(SPEECH)
def test_speech_never_overlaps_and_keeps_its_order(speech):
    laid = lay(speech)
    assert all(after[1] >= before[2] + LIMITS.gap for before, after in zip(laid, laid[1:], strict=False))


@given(SPEECH)
def test_no_speech_starts_early_nor_later_than_the_limit(speech):
    assert all(begin <= start <= begin + LIMITS.delay for begin, start, _ in lay(speech))


@given(st.lists(st.integers(1000, 2000), min_size=2, max_size=200))
def test_what_fits_at_the_highest_speed_starts_at_its_time_however_many_there_are(lengths):
    laid = lay([(1000 * at, length) for at, length in enumerate(lengths)], Limits(rate=1.4, tempo=1.6))
    assert all(begin == start for begin, start, _ in laid)


def test_speech_that_was_pushed_catches_up():
    starts = [start for _, start, _ in lay([(0, 4200), (1000, 500), (2500, 500), (6000, 500)])]
    assert starts == [0, 2080, 2500, 6000]


@given(st.integers(1, 10_000), st.integers(0, 10_000))
def test_speech_is_never_slowed_down_and_never_faster_than_the_limits(natural, room):
    assert 1.0 <= fit.rate(natural, room, LIMITS) <= LIMITS.rate
    assert 1.0 <= fit.tempo(natural, room, LIMITS) <= LIMITS.tempo


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_what_fits_is_left_as_it_is_and_what_can_fit_does(natural, room):
    rate = fit.rate(natural, room, LIMITS)
    assert (rate == 1.0) == (natural <= room)
    if natural <= LIMITS.tempo * room:
        assert natural / fit.tempo(natural, room, LIMITS) <= room


def test_speech_may_use_the_silence_up_to_the_next_segment_but_for_the_gap():
    assert fit.slot(1000, 5000, 0, LIMITS) == fit.Slot(start=1000, room=3920, most=6920)


def test_the_last_speech_is_aimed_at_the_end_and_never_cut():
    slot = fit.slot(1000, 3000, 0, LIMITS, last=True)
    assert (slot.room, slot.most > 3_600_000) == (2000, True)


def test_a_little_too_long_is_left_to_the_tempo_where_saying_it_again_is_costly():
    assert fit.rate(1090, 1000, Limits(tolerance=1.1)) == 1.0
    assert fit.rate(1110, 1000, Limits(tolerance=1.1)) > 1.11


def test_the_options_of_a_system_set_the_limits():
    assert Limits.from_options({"rate": "1.2", "delay": "500", "voice": "x"}) == Limits(rate=1.2, delay=500)


@pytest.mark.parametrize("options", [{"rate": "0.5"}, {"tempo": "fast"}, {"gap": "-1"}, {"delay": "1.5"}])
def test_an_option_that_cannot_be_is_named(options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        Limits.from_options(options)
