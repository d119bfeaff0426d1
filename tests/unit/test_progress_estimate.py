"""Percent and estimate of a state with many jobs, by the processor time that they take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.progress import Work, estimate, left_in_words


def test_one_job_is_as_far_as_it_says_and_goes_on_at_its_pace() -> None:
    assert estimate([Work(2, 30.0, 25)]) == (25, 90.0)


def test_nothing_is_known_of_jobs_that_do_not_tell() -> None:
    assert estimate([Work(1, 30.0), Work(1, state="planned")]) == (None, None)
    assert estimate([Work(1, 30.0, 0)]) == (0, None)


def test_a_job_counts_by_the_processor_time_that_it_takes() -> None:
    short, long = Work(1, 10.0, state="done"), Work(3, 30.0, 50)  # 10 of 10 and 90 of 180 processor seconds
    assert estimate([short, long]) == (52, 30.0)


def test_what_has_not_begun_counts_as_the_mean_of_the_others() -> None:
    works = [Work(1, 100.0, state="done"), Work(1, 50.0, 50), Work(1, state="planned"), Work(1, state="planned")]
    percent, left = estimate(works)
    assert (percent, left) == (37, 250.0)  # 150 of 400 seconds are done, and one processor is at work


def test_two_at_work_share_the_rest() -> None:
    works = [Work(1, 50.0, 50), Work(1, 50.0, 50), Work(1, state="planned"), Work(1, state="planned")]
    assert estimate(works) == (25, 150.0)


def test_the_slowest_job_is_waited_for() -> None:
    assert estimate([Work(1, 10.0, 10), Work(7, 10.0, 90)])[1] == 90.0


def test_while_all_wait_in_the_queue_of_a_cluster_no_time_is_told() -> None:
    assert estimate([Work(1, 10.0, state="done"), Work(1)]) == (50, None)


def test_all_done_is_everything_and_nothing_else_is() -> None:
    assert estimate([Work(1, 5.0, state="done")])[0] == 100
    assert estimate([Work(1, 500.0, state="done"), Work(1, 5.0, 100)])[0] == 99


WORK = st.builds(
    Work,
    st.integers(1, 64),
    st.floats(0, 1e6),
    st.none() | st.integers(0, 100),
    st.sampled_from(["planned", "submitted", "done"]),
)


@given(st.lists(WORK, min_size=1, max_size=20))
def test_whatever_the_jobs_say_it_is_a_percentage_and_a_time(works: list[Work]) -> None:
    percent, left = estimate(works)
    assert percent is None or 0 <= percent <= 100
    assert left is None or left >= -1e-6


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, ""), (4.9, ""), (7, ", about 5 s left"), (89, ", about 90 s left"), (170, ", about 3 min left"),
     (7200, ", about 2.0 h left")],
)  # fmt: skip
def test_the_time_left_is_said_roughly(seconds: float, words: str) -> None:
    assert left_in_words(seconds) == words
