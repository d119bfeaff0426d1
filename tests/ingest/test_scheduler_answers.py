"""What Slurm and Grid Engine print, and what is made of it: pure, with answers as the real programs gave them."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.scheduler import JobSpec, LiveJob, notes
from ingest.scheduler.dialect import (
    BROKEN,
    DISPLACED,
    ENDED,
    LEAVING,
    RUNNING,
    STUCK,
    UNHEARD,
    WAITING,
    Listed,
    Placement,
)
from ingest.scheduler.gridengine import GridEngine
from ingest.scheduler.queue import Queue
from ingest.scheduler.slurm import Slurm

SLURM, GRID = Slurm(), GridEngine()
SPEC = JobSpec(Path("/jobs/j"), "TLP-job-7.2", ["run"], {}, 2, 1200, 90, "asr")


def states(listed: list[Listed]) -> dict[str, str]:
    return {row.scheduler_id: row.state for row in listed}


# Slurm


@pytest.mark.parametrize(
    ("state", "reason", "meant"),
    [
        ("PENDING", "Resources", WAITING), ("PENDING", "Priority", WAITING), ("PENDING", "BeginTime", WAITING),
        ("PENDING", "JobHeldUser", WAITING), ("PENDING", "DependencyNeverSatisfied", STUCK),
        ("PENDING", "launch failed requeued held", STUCK), ("PENDING", "PartitionConfig", STUCK),
        ("CONFIGURING", "None", RUNNING), ("RUNNING", "None", RUNNING), ("COMPLETING", "None", RUNNING),
        ("SUSPENDED", "None", RUNNING), ("COMPLETED", "None", ENDED), ("FAILED", "NonZeroExitCode", BROKEN),
        ("FAILED", "JobLaunchFailure", BROKEN), ("CANCELLED", "None", BROKEN), ("CANCELLED by 0", "None", BROKEN),
        ("TIMEOUT", "TimeLimit", BROKEN), ("NODE_FAIL", "NodeDown", BROKEN), ("PREEMPTED", "None", DISPLACED),
        ("OUT_OF_MEMORY", "OutOfMemory", BROKEN),
    ],
)  # fmt: skip
def test_each_state_of_slurm_is_known(state: str, reason: str, meant: str) -> None:
    [row] = SLURM.listed(f"12|TLP-job-1.1|{state}|{reason}\n")
    assert (row.scheduler_id, row.name, row.state) == ("12", "TLP-job-1.1", meant)
    assert row.words == (state if reason == "None" else f"{state}: {reason}")


def test_names_with_bars_blanks_and_other_letters_are_whole() -> None:
    rows = SLURM.listed("4|a|b|PENDING|JobHeldUser\n5|añb c/|RUNNING|None\n")
    assert [(row.name, row.state) for row in rows] == [("a|b", WAITING), ("añb c/", RUNNING)]


def test_tasks_of_an_array_of_slurm_have_ids_of_their_own() -> None:
    rows = SLURM.listed("53_3|arr|RUNNING|None\n53_1|arr|COMPLETED|None\n")
    assert states(rows) == {"53_3": RUNNING, "53_1": ENDED}
    assert "--array" in SLURM.status("tlp"), "a folded line 53_[0-4%2] would not name its tasks"


def test_an_array_that_a_sites_own_command_shows_folded_is_unfolded() -> None:
    rows = SLURM.listed("53_[1,4-6%2]|arr|PENDING|Resources\n54|x|RUNNING|None\n")
    assert states(rows) == {"53_1": WAITING, "53_4": WAITING, "53_5": WAITING, "53_6": WAITING, "54": RUNNING}
    assert {row.name for row in rows} == {"arr", "x"}


def test_a_folded_array_that_squeue_has_cut_short_is_refused() -> None:
    with pytest.raises(ValueError, match="--array"):
        SLURM.listed("53_[1,3,5,...]|arr|PENDING|Resources\n")


def test_no_job_is_an_empty_list() -> None:
    assert SLURM.listed("") == [] and SLURM.listed("\n") == []


@pytest.mark.parametrize(
    "text", ["slurm_load_jobs error: Unable to contact slurm controller", "12|name", "x|a|b|c|d\n"]
)
def test_what_is_no_list_of_squeue_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no line of squeue"):
        SLURM.listed(text)


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ("17\n", "17"),
        ("17;other\n", "17"),
        ("Submitted batch job 17\n", "17"),
        ("Welcome!\nSubmitted batch job 17", "17"),
    ],
)
def test_the_id_is_read_from_each_answer_of_sbatch(answer: str, number: str) -> None:
    assert SLURM.submitted(answer) == number


@pytest.mark.parametrize("answer", ["", "\n", "sbatch: error: Batch job submission failed"])
def test_an_answer_of_sbatch_without_an_id_is_refused(answer: str) -> None:
    with pytest.raises(ValueError, match="no job id"):
        SLURM.submitted(answer)


def test_the_command_line_of_sbatch_has_what_the_job_needs() -> None:
    place = Placement(queue="gpu", options=("--account=tlp",))
    spec = replace(SPEC, gpus=2, avoid=("node1", "node2"))
    line = SLURM.submit(spec, place, "/jobs/j/job.sh")
    assert line[-1] == "/jobs/j/job.sh" and "--account=tlp" in line
    for option in (
        "--job-name=TLP-job-7.2", "--cpus-per-task=2", "--mem=1200", "--time=7", "--partition=gpu", "--gres=gpu:2",
        "--exclude=node1,node2", "--no-requeue", "--output=/dev/null",
    ):  # fmt: skip
        assert option in line
    assert not any(word.startswith(("--array", "--nodelist")) for word in line)
    assert "--array=1-3" in SLURM.submit(SPEC, place, "x", 3)
    here = SLURM.submit(spec, Placement(host="front", gpu="--gpus {}"), "x")
    assert "--nodelist=front" in here and not any("--exclude" in word for word in here)
    assert here[here.index("--gpus") + 1] == "2"


def test_the_accounting_of_slurm_is_read_by_name() -> None:
    text = "TLP-job-7.2|FAILED|7:0\nother|COMPLETED|0:0\n"
    assert SLURM.accounted(text, "TLP-job-7.2") == "FAILED, exit code 7:0"
    assert SLURM.accounted(text, "TLP-job-8.1") is None
    assert SLURM.accounted("TLP-job-7.2|RUNNING|0:0\nTLP-job-7.2|PENDING|0:0\n", "TLP-job-7.2") is None


# Grid Engine

_HEAD = (
    "job-ID  prior   name       user         state submit/start at     queue                          slots "
    "ja-task-ID \n" + "-" * 113 + "\n"
)


def plain(number: int, name: str, state: str, tasks: str = "", queue: str = "") -> str:
    when = "11/21/2026 19:56:58"
    return f"{number:7d} 0.50000 {name[:10]:10} tlp          {state:5} {when} {queue:30} {1:5d} {tasks}\n"


@pytest.mark.parametrize(
    ("letters", "meant"),
    [
        ("qw", WAITING), ("hqw", WAITING), ("Rq", WAITING), ("t", RUNNING), ("r", RUNNING), ("Rr", RUNNING),
        ("Rt", RUNNING), ("s", RUNNING), ("S", RUNNING), ("T", RUNNING), ("dr", LEAVING), ("dRr", LEAVING),
        ("Eqw", STUCK), ("EhRqw", STUCK), ("z", ENDED),
    ],
)  # fmt: skip
def test_each_state_of_grid_engine_is_known(letters: str, meant: str) -> None:
    [row] = GRID.listed(_HEAD + plain(3, "TLP-job-7.2", letters))
    assert (row.scheduler_id, row.name, row.state, row.words) == ("3", "TLP-job-7.", meant, letters)


def test_the_plain_list_has_running_and_waiting_tasks() -> None:
    text = _HEAD + plain(2, "arr", "r", "1", "main.q@localhost") + plain(2, "arr", "qw", "2-4:1") + plain(6, "a", "qw")
    assert states(GRID.listed(text)) == {"2.1": RUNNING, "2.2": WAITING, "2.3": WAITING, "2.4": WAITING, "6": WAITING}


def test_folded_tasks_with_steps_and_lists_are_unfolded() -> None:
    assert list(states(GRID.listed(_HEAD + plain(2, "arr", "qw", "1-5:2,9")))) == ["2.1", "2.3", "2.5", "2.9"]


def xml(running: str = "", waiting: str = "", queue_state: str = "") -> str:
    state = f"<state>{queue_state}</state>" if queue_state else ""
    return f"""<?xml version='1.0'?>
<job_info  xmlns:xsd="http://arc.liv.ac.uk/repos/darcs/sge/source/dist/util/resources/schemas/qstat/qstat.xsd">
  <queue_info>
    <Queue-List>
      <name>main.q@ge1</name><qtype>BIP</qtype><slots_used>1</slots_used><slots_total>32</slots_total>
      <arch>lx-amd64</arch>{state}
      {running}
    </Queue-List>
  </queue_info>
  <job_info>{waiting}</job_info>
</job_info>
"""


def job(number: int, name: str, state: str, tasks: str = "") -> str:
    return (
        f"<job_list state='x'><JB_job_number>{number}</JB_job_number><JAT_prio>0.5</JAT_prio><JB_name>{name}</JB_name>"
        f"<JB_owner>tlp</JB_owner><state>{state}</state><slots>1</slots>{f'<tasks>{tasks}</tasks>' if tasks else ''}"
        "</job_list>"
    )


def test_the_xml_list_has_full_names_running_and_waiting() -> None:
    text = xml(job(1, "TLP-job-7.2", "r") + job(2, "arr", "r", "1"), job(2, "arr", "qw", "2-3:1") + job(3, "e", "Eqw"))
    rows = GRID.listed(text)
    assert states(rows) == {"1": RUNNING, "2.1": RUNNING, "2.2": WAITING, "2.3": WAITING, "3": STUCK}
    assert rows[0].name == "TLP-job-7.2"


def test_a_job_on_a_machine_that_does_not_answer_is_unheard() -> None:
    [row] = GRID.listed(xml(job(1, "a", "r"), queue_state="au"))
    assert (row.state, row.words) == (UNHEARD, "r, main.q@ge1 does not answer")
    assert states(GRID.listed(xml(job(1, "a", "r"), queue_state="d"))) == {"1": RUNNING}, "closed, but it works on"


def test_nothing_at_all_is_the_plain_list_of_no_job_and_an_xml_list_may_be_empty_too() -> None:
    assert GRID.listed("") == [] and GRID.listed(xml()) == []


@pytest.mark.parametrize("text", ["error: commlib error: got select error\n", "<job_info><queue_info>", "rc=1"])
def test_what_is_no_list_of_qstat_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no line of qstat|cannot be read"):
        GRID.listed(text)


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ("3\n", "3"),
        ("6.1-5:1\n", "6"),
        ('Your job 7 ("from_directive") has been submitted\n', "7"),
        ('Your job-array 8.1-3:1 ("n") has been submitted\n', "8"),
        ("This cluster is quiet at night.\n9\n", "9"),
    ],
)
def test_the_id_is_read_from_each_answer_of_qsub(answer: str, number: str) -> None:
    assert GRID.submitted(answer) == number


@pytest.mark.parametrize("answer", ["", "Unable to run job: error: no suitable queues\nExiting.\n"])
def test_an_answer_of_qsub_without_an_id_is_refused(answer: str) -> None:
    with pytest.raises(ValueError, match="no job id"):
        GRID.submitted(answer)


def record(name: str, failed: str, status: str, task: str = "undefined") -> str:
    return (
        "==============================================================\n"
        f"qname        main.q              \nhostname     localhost           \njobname      {name}\n"
        f"jobnumber    6                   \ntaskid       {task}\nqsub_time    Sat Nov 21 19:56:58 2026\n"
        f"slots        1                   \nfailed       {failed}    \nexit_status  {status}\nru_wallclock 0s\n"
    )


def test_the_accounting_of_grid_engine_says_how_a_job_ended() -> None:
    assert GRID.accounted(record("bad", "0", "7"), "bad") == "exit code 7, failed: 0"
    killed = record("bad", "100 : assumedly after job", "137                  (Killed)")
    assert GRID.accounted(killed, "bad") == "exit code 137 (Killed), failed: 100 : assumedly after job"


def test_of_several_records_the_last_counts_and_those_of_other_jobs_do_not() -> None:
    text = record("n", "25 : rescheduling", "99") + record("n", "0", "0") + record("reused-id", "0", "5")
    assert GRID.accounted(text, "n") == "exit code 0, failed: 0"
    assert GRID.accounted(text, "no such") is None
    assert GRID.accounted("error: job id 999 not found\n", "n") is None


def test_the_reason_of_a_stuck_job_is_found() -> None:
    text = (
        "job_name:                   eqw\n"
        'error reason          1:      11/22/2026 01:21:19 [0:18036]: error: can\'t open output file "/no/x": No such'
        " file or directory\nscheduling info:            Job is in error state\n"
    )
    assert "can't open output file" in (GRID.explained(text) or "")
    assert GRID.explained("job_name:   x\n") is None
    assert GRID.explain("6.3") == ["qstat", "-j", "6"]


def test_the_whole_name_of_a_job_is_asked_for_where_the_list_has_cut_it(folder: Path) -> None:
    line = "=" * 62 + "\n"
    block = "job_number:                 {}\nexec_file: x\njob_name:                   {}\nenv_list:  A=b:c\n"
    text = line + block.format(11, "TLP-job-7.2") + line + block.format(12, "TLP-job-7.20") + line
    assert GRID.numbers(text, "TLP-job-7.2") == ["11"]
    assert GRID.numbers("Following jobs do not exist: \nTLP-job-7.2\n", "TLP-job-7.2") == []
    rows = [Listed(number, "TLP-job-7.", WAITING, "qw") for number in ("12", "11", "11.1")]
    queue = Queue([*rows, Listed("13", "TLP-job-8.", WAITING, "qw")])
    perhaps = queue.perhaps(notes.record(folder))
    assert perhaps == rows[:2], "not the task of an array"
    assert queue.numbered(perhaps, ["11"]) == rows[1] and queue.numbered(perhaps, []) is None


def test_the_command_line_of_qsub_has_what_the_job_needs() -> None:
    place = Placement(queue="gpu.q", options=("-P", "tlp"), environment="threads", memory="-l h_vmem={}M")
    line = " ".join(GRID.submit(replace(SPEC, gpus=1, avoid=("ge1", "ge2")), place, "/jobs/j/job.sh"))
    for option in (
        "-N TLP-job-7.2", "-r n", "-l h_rt=390", "-pe threads 2", "-l h_vmem=600M", "-l gpu=1", "-q gpu.q", "-P tlp",
        "-l hostname=!ge1&!ge2", "-terse", "-S /bin/bash",
    ):  # fmt: skip
        assert option in line
    assert line.endswith(" /jobs/j/job.sh") and "-t " not in line
    asked = GRID.verify(replace(SPEC, gpus=1, avoid=("ge1", "ge2")), place, "x")
    assert asked == ["-w", "v", "-pe", "threads", "2", "-q", "gpu.q", "-l", "hostname=!ge1&!ge2", "-P", "tlp", "x"]
    assert GRID.verify(SPEC, place, "x") is None
    alone = " ".join(GRID.submit(replace(SPEC, cpus=1, avoid=("ge1",)), Placement(host="front"), "x", 4))
    assert "-l hostname=front" in alone and "-t 1-4" in alone and "-pe" not in alone and "ge1" not in alone


def test_what_only_says_that_jobs_are_gone_is_no_error_of_cancelling() -> None:
    assert GRID.nothing_to_cancel('denied: job "99999" does not exist')
    assert GRID.nothing_to_cancel("root has registered the job 1 for deletion")
    assert not GRID.nothing_to_cancel("error: commlib error: unable to send message to qmaster")
    assert SLURM.nothing_to_cancel("scancel: error: Kill job error on job id 7: Invalid job id specified")
    assert not SLURM.nothing_to_cancel("scancel: error: Unable to contact slurm controller (connect failure)")


@pytest.mark.parametrize(
    ("dialect", "words", "away"),
    [
        (SLURM, "slurm_load_jobs error: Unable to contact slurm controller (connect failure)", True),
        (SLURM, "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation", True),
        (SLURM, "sbatch: error: Batch job submission failed: Invalid partition name specified", False),
        (GRID, "error: commlib error: got select error (Connection refused)", True),
        (GRID, 'error: unable to send message to qmaster using port 6444 on host "ge1": got send error', True),
        (GRID, "Unable to run job: error: no suitable queues\nExiting.", False),
    ],
)
def test_a_controller_that_is_away_is_told_from_one_that_refuses(
    dialect: Slurm | GridEngine, words: str, away: bool
) -> None:
    assert dialect.away(words) is away


@pytest.mark.parametrize(
    ("dialect", "words", "nowhere"),
    [
        (SLURM, "sbatch: error: Batch job submission failed: Requested node configuration is not available", True),
        (SLURM, "sbatch: error: Batch job submission failed: Invalid node name specified", True),
        (SLURM, "sbatch: error: Batch job submission failed: Invalid partition name specified", False),
        (GRID, "Unable to run job: error: no suitable queues\nExiting.", True),
        (GRID, 'Unable to run job: unknown resource "gpu"', False),
    ],
)
def test_a_refusal_because_no_machine_is_left_is_told_from_others(
    dialect: Slurm | GridEngine, words: str, nowhere: bool
) -> None:
    assert dialect.nowhere(words) is nowhere


# What nobody knows


@pytest.mark.parametrize(
    ("dialect", "text", "state"),
    [(SLURM, "1|n|DREAMING|None", "DREAMING"), (GRID, _HEAD + plain(1, "n", "Xr"), "Xr")],
)
def test_an_unknown_state_is_running_and_warned_of_once(
    dialect: Slurm | GridEngine, text: str, state: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert [states(dialect.listed(text)) for _ in range(3)] == [{"1": RUNNING}] * 3
    assert [state in line.getMessage() for line in caplog.records] == [True]


# Finding a job in the list


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    notes.note(tmp_path, {"name": "TLP-job-7.2", "task": 0, "id": "10"})
    return tmp_path


def find(rows: list[Listed], folder: Path) -> Listed | None:
    return Queue(rows).find(LiveJob(7, folder, "10", 1, 5.0))


def test_an_id_that_was_given_anew_after_a_crash_is_not_taken_for_the_job(folder: Path) -> None:
    assert find([Listed("10", "somebody-else", RUNNING, "RUNNING")], folder) is None
    assert find([Listed("10", "TLP-job-7.1", ENDED, "COMPLETED")], folder) is None, "the attempt before"


def test_a_name_that_the_plain_list_has_cut_is_the_job(folder: Path) -> None:
    row = Listed("10", "TLP-job-7.", RUNNING, "r")
    assert find([row], folder) is row


def test_of_two_rows_of_a_job_the_live_one_counts(folder: Path) -> None:
    rows = [Listed("10", "TLP-job-7.2", ENDED, "COMPLETED"), Listed("11", "TLP-job-7.2", RUNNING, "RUNNING")]
    assert find(rows, folder) is rows[1]
