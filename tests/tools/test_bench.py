"""bench/run from end to end with small sizes: its rows are there and make sense, however fast this machine is."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from bench import jobs
from bench.handover import percentile
from bench.jobs import Span

ROOT = Path(__file__).resolve().parents[2]


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [ROOT / "bench" / "run", *words]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[dict]]:
    """The table and the rows of the parts that need no engine."""
    target = tmp_path_factory.mktemp("bench") / "rows.json"
    done = run("formats", "handover", "--quick", "--json", target)
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(target.read_text())["rows"]


def test_the_table_says_the_machine_and_then_a_line_a_figure(measured):
    table, rows = measured
    machine, empty, head, rule, *lines = table.splitlines()
    assert "processors" in machine and "GiB" in machine and "Python" in machine
    assert head.split() == ["what", "measured", "beside", "ratio", "goal", "met"]
    assert empty == "" and set(rule) == {"-"}
    assert [line.split("  ")[0] for line in lines if line[0] != " "] == [
        row["what"] for row in rows if row["what"][0] != " "
    ]


def test_every_form_of_subtitles_is_measured_beside_a_peer(measured):
    beside = {(row["what"], row["beside_what"]) for row in measured[1]}
    for name in ("srt", "vtt", "text", "ttml"):
        assert (f"1 h of DFXP to {name}", "bare lxml loop") in beside
    assert ("1 h of DFXP to srt", "pycaption from plain DFXP") in beside
    assert ("2 h of DFXP to srt", "1 h") in beside


def test_every_end_of_a_step_of_a_real_upload_is_measured(measured):
    rows = {row["what"]: row for row in measured[1]}
    steps = [what.split()[1].rstrip(",") for what in rows if what.startswith("  before ")]
    # Conversions run beside the engines, so where theirs comes depends on which processor was free.
    assert sorted(steps) == ["converting", "done", "synthesising", "transcribing", "translating"]
    goal = rows["end of a job to the next step, 95th percentile"]
    assert 0 < goal["measured"] < 60
    assert (goal["unit"], goal["beside"], goal["met"]) == ("s", 0.5, goal["measured"] < 0.5)


def test_a_figure_without_a_goal_is_neither_met_nor_missed(measured):
    assert all((row["met"] is None) == (row["goal"] == "") for row in measured[1])


def test_a_name_that_is_not_there_is_refused_with_those_that_are():
    done = run("everything")
    assert done.returncode == 2
    assert "there is no 'everything': formats, handover" in done.stderr


def test_processes_are_found_by_their_traces_also_where_their_names_hold_dots(tmp_path):
    for name, begin, end in (("translating.en.es.1", 200, 260), ("transcribing.en.2", 100, 150)):
        folder = tmp_path / "jobs" / name
        (folder / "started").mkdir(parents=True)
        (folder / "exit_code").write_text("0\n")
        os.utime(folder / "started", (begin, begin))
        os.utime(folder / "exit_code", (end, end))
    assert jobs.spans(tmp_path) == [Span("transcribing", "en", 100, 150), Span("translating", "en.es", 200, 260)]


def test_times_without_any_process_are_counted_once():
    spans = [Span("one", "a", 1.0, 4.0), Span("one", "b", 2.0, 3.0), Span("two", "c", 4.5, 6.0)]
    assert jobs.idle(spans, 0.0, 8.0) == 1.0 + 0.5 + 2.0


def test_a_step_is_handed_over_when_its_last_process_has_ended():
    spans = [Span("one", "a", 1.0, 4.0), Span("one", "b", 2.0, 3.0), Span("two", "c", 4.5, 6.0)]
    assert jobs.handovers(spans, 6.25) == [("two", 0.5), ("done", 0.25)]


@pytest.mark.parametrize(("percent", "value"), [(50, 10.0), (95, 19.0), (100, 20.0), (1, 1.0)])
def test_a_percentile_is_a_value_that_was_measured(percent, value):
    assert percentile([float(n) for n in range(1, 21)], percent) == value
