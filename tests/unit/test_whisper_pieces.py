"""Where a recording is cut into pieces, and how the pieces are spread over the processors."""

from hypothesis import given
from hypothesis import strategies as st

from systems.whisper.whisper_asr.pieces import PAUSE, SHORTEST, SPAN, Piece, cut, layout

MINUTE = 60_000


@st.composite
def speeches(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    """A recording: its duration and the regions of speech in it, apart from each other (ms)."""
    regions, now = [], 0
    for silence, talk in draw(st.lists(st.tuples(st.integers(1, 90_000), st.integers(1, 90_000)), max_size=30)):
        regions.append((now + silence, now + silence + talk))
        now += silence + talk
    return now + draw(st.integers(0, 90_000)), regions


def pieces_of(duration: int, regions: list[tuple[int, int]], length: int) -> list[Piece]:
    """Cut a recording whose quietest moment is always the middle."""

    def speech_in(begin: int, end: int) -> list[tuple[int, int]]:
        return [(max(b, begin), min(e, end)) for b, e in regions if b < end and e > begin]

    return list(cut(duration, length, speech_in, lambda begin, end: (begin + end) // 2))


@given(speeches(), st.integers(SHORTEST, 5 * MINUTE))
def test_every_moment_of_speech_is_in_exactly_one_piece(recording, length):
    duration, regions = recording
    pieces = pieces_of(duration, regions, length)
    heard = [region for piece in pieces for region in piece.speech]
    assert sum(e - b for b, e in heard) == sum(e - b for b, e in regions)
    assert heard == sorted(heard)
    assert all(piece.begin <= b < e <= piece.end for piece in pieces for b, e in piece.speech)


@given(speeches(), st.integers(SHORTEST, 5 * MINUTE))
def test_pieces_are_bounded_and_follow_each_other(recording, length):
    duration, regions = recording
    pieces = pieces_of(duration, regions, length)
    assert all(0 < p.end - p.begin <= length + SPAN // 2 for p in pieces)
    assert all(a.end <= b.begin for a, b in zip(pieces, pieces[1:], strict=False))
    assert not pieces or pieces[-1].end <= duration


@given(speeches())
def test_a_cut_is_in_silence_wherever_there_is_a_pause_to_cut_in(recording):
    duration, regions = recording
    for piece in pieces_of(duration, regions, MINUTE)[:-1]:
        talking = [(b, e) for b, e in regions if b < piece.end < e]
        assert not talking or _longest_pause(regions, piece.end) < PAUSE


def _longest_pause(regions: list[tuple[int, int]], cut_at: int) -> int:
    """The longest silence in the stretch a cut was looked for, whose middle `pieces_of` answered."""
    begin, end = cut_at - SPAN // 2, cut_at + SPAN // 2
    edges = [0, *(edge for region in regions for edge in region), end + 1]
    silences = zip(edges[::2], edges[1::2], strict=True)
    return max(min(e, end) - max(b, begin) for b, e in silences)


def test_of_two_pauses_near_the_wanted_cut_the_longer_one_is_taken():
    regions = [(0, 55_000), (55_400, 63_000), (64_000, 200_000)]
    assert pieces_of(200_000, regions, MINUTE)[0].end == 63_500


def test_speech_without_any_pause_is_cut_at_its_quietest_moment():
    first, *_ = pieces_of(200_000, [(0, 200_000)], MINUTE)
    assert (first.end, first.speech) == (60_000, [(0, 60_000)])


def test_silence_gives_no_piece():
    assert pieces_of(10 * MINUTE, [], MINUTE) == []


def test_an_empty_recording_gives_no_piece():
    assert pieces_of(0, [], MINUTE) == []


def test_a_long_recording_gets_one_thread_a_worker_and_equal_pieces():
    plan = layout(30 * MINUTE, cpus=2, limit=4 * MINUTE)
    assert (plan.workers, plan.threads) == (2, 1)
    assert plan.length == 30 * MINUTE // 8


def test_a_recording_too_short_to_share_gets_all_threads_in_one_worker():
    plan = layout(40_000, cpus=4, limit=4 * MINUTE)
    assert (plan.workers, plan.threads) == (1, 4)
    assert plan.length == 40_000


@given(st.integers(0, 10**8), st.integers(1, 64), st.integers(MINUTE, 10 * MINUTE))
def test_no_more_processors_are_used_than_granted_and_no_piece_is_longer_than_the_limit(duration, cpus, limit):
    plan = layout(duration, cpus, limit)
    assert plan.workers * plan.threads <= cpus
    assert SHORTEST <= plan.length <= limit
