"""What every scheduler must do, with real programs, on this machine and on real clusters, also over SSH."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import clusters
import pytest
from scheduling import GRACE_S, live, made, processes, script_pid, told, wait_for_end, wait_until
from ssh_server import SshServer

from ingest.scheduler import DONE, FAILED, LOST, Ended, JobSpec, Scheduler


@pytest.fixture(params=["local", "slurm", "gridengine", "slurm over ssh", "gridengine over ssh"])
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """Over SSH only commands on the other side are told of the cluster."""
    name, _, far = request.param.partition(" over ")
    cluster = None if name == "local" else request.getfixturevalue(name)
    with clusters.environment(cluster.environment if cluster and not far else {}), contextlib.ExitStack() as stack:
        if far:
            assert cluster and not {"SLURM_CONF", "SGE_CELL"} & set(os.environ)
            server = request.getfixturevalue(f"{name}_ssh_server")
            stack.enter_context(clusters.environment(told(server.target())))
        yield request.param


@pytest.fixture
def scheduler(kind: str) -> Iterator[Scheduler]:
    scheduler = made(kind)
    yield scheduler
    if " over " in kind:
        scheduler._transport.close()


@pytest.fixture(scope="module")
def slurm_ssh_server(slurm: clusters.Slurm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with clusters.started(SshServer(tmp_path_factory.mktemp("sshd"), slurm.environment)) as server:
        yield server


@pytest.fixture(scope="module")
def gridengine_ssh_server(
    gridengine: clusters.GridEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SshServer]:
    with clusters.started(SshServer(tmp_path_factory.mktemp("sshd"), gridengine.environment)) as server:
        yield server


def test_a_program_that_succeeds_is_done(scheduler: Scheduler, spec: Callable[..., JobSpec]) -> None:
    job = spec("sh", "-c", "echo out; echo err >&2")
    assert wait_for_end(scheduler, live(job, scheduler.submit(job))) == Ended(DONE, 0, "")
    assert (job.folder / "stdout").read_text() == "out\n"
    assert (job.folder / "log").read_text() == "err\n"


def test_a_program_that_fails_gives_its_last_line_of_stderr_as_the_reason(
    scheduler: Scheduler, spec: Callable[..., JobSpec]
) -> None:
    job = spec("sh", "-c", "echo first >&2; echo '  the file x.mp4 is no video ' >&2; echo >&2; echo out; exit 3")
    assert wait_for_end(scheduler, live(job, scheduler.submit(job))) == Ended(FAILED, 3, "the file x.mp4 is no video")


def test_a_program_that_fails_in_silence_still_has_a_reason(scheduler: Scheduler, spec: Callable[..., JobSpec]) -> None:
    job = spec("false")
    end = wait_for_end(scheduler, live(job, scheduler.submit(job)))
    assert end == Ended(FAILED, 1, "ended with the exit code 1 and said nothing")


def test_a_program_that_is_not_there_fails_in_words(scheduler: Scheduler, spec: Callable[..., JobSpec]) -> None:
    job = spec("/no/such/program")
    end = wait_for_end(scheduler, live(job, scheduler.submit(job)))
    assert (end.state, end.exit_code) == (FAILED, 127)
    assert "/no/such/program" in end.reason and "No such file" in end.reason


def test_a_program_that_crashes_is_failed_with_the_signal_and_its_last_words(
    scheduler: Scheduler, spec: Callable[..., JobSpec]
) -> None:
    job = spec("sh", "-c", "echo 'loading the model' >&2; kill -SEGV $$")
    end = wait_for_end(scheduler, live(job, scheduler.submit(job)))
    assert (end.state, end.exit_code) == (FAILED, 139)
    assert end.reason == "ended by the signal 11 (SIGSEGV); its last words: loading the model"


def test_a_program_that_the_system_kills_is_lost_so_that_it_is_run_again(
    scheduler: Scheduler, spec: Callable[..., JobSpec]
) -> None:
    job = spec("sh", "-c", "echo 'loading the model' >&2; kill -KILL $$")
    end = wait_for_end(scheduler, live(job, scheduler.submit(job)))
    assert (end.state, end.exit_code) == (LOST, 137)
    assert "no memory left" in end.reason and "loading the model" in end.reason


def test_a_log_of_noise_gives_a_short_printable_reason(scheduler: Scheduler, spec: Callable[..., JobSpec]) -> None:
    job = spec(sys.executable, "-c", r"import os; os.write(2, b'old\n' + b'\x1b[31m\xff' * 50000); raise SystemExit(1)")
    end = wait_for_end(scheduler, live(job, scheduler.submit(job)))
    assert end.reason and end.reason.isprintable() and len(end.reason) <= 500


def test_killing_the_script_makes_the_job_lost_and_leaves_nothing_running(
    scheduler: Scheduler, spec: Callable[..., JobSpec]
) -> None:
    job = spec("sh", "-c", "echo working >&2; sleep 100")
    number = live(job, scheduler.submit(job))
    wait_until((job.folder / "log").exists)
    os.kill(script_pid(job), signal.SIGKILL)
    end = wait_for_end(scheduler, number)
    assert (end.state, end.exit_code) == (LOST, None)
    assert "left no exit code" in end.reason
    wait_until(lambda: not processes(job))


def test_killing_everything_of_a_job_makes_it_lost(scheduler: Scheduler, spec: Callable[..., JobSpec]) -> None:
    job = spec("sleep", "100")
    number = live(job, scheduler.submit(job))
    wait_until((job.folder / "log").exists)
    for pid in processes(job):
        os.kill(pid, signal.SIGKILL)
    assert wait_for_end(scheduler, number).state == LOST


def test_a_job_that_left_no_trace_is_lost_after_the_grace_and_not_before(
    scheduler: Scheduler, spec: Callable[..., JobSpec]
) -> None:
    job = spec("true")
    assert scheduler.poll([live(job, age=GRACE_S / 2)]) == {}
    assert scheduler.poll([live(job, age=GRACE_S * 2)])[1].state == LOST


def test_an_exit_code_that_is_there_counts_even_when_the_process_is_gone(
    scheduler: Scheduler, spec: Callable[..., JobSpec]
) -> None:
    job = spec("true")
    number = live(job, scheduler.submit(job))
    wait_until((job.folder / "exit_code").exists)
    wait_until(lambda: not processes(job))
    assert scheduler.poll([number]) == {1: Ended(DONE, 0, "")}


def test_a_second_submit_adopts_the_job(scheduler: Scheduler, spec: Callable[..., JobSpec]) -> None:
    job = spec("sh", "-c", "echo once >>ran; sleep 0.2")
    assert scheduler.submit(job) == scheduler.submit(job)
    wait_for_end(scheduler, live(job))
    assert scheduler.submit(job)
    assert (job.folder / "ran").read_text() == "once\n"


def test_twenty_submits_at_once_run_the_job_once(scheduler: Scheduler, spec: Callable[..., JobSpec]) -> None:
    job = spec("sh", "-c", "echo once >>ran; sleep 0.2")
    with ThreadPoolExecutor(20) as pool:
        ids = set(pool.map(scheduler.submit, [job] * 20))
    assert len(ids) == 1
    wait_for_end(scheduler, live(job))
    time.sleep(0.1)
    assert (job.folder / "ran").read_text() == "once\n"


_SUBMITTER = """
import sys
from pathlib import Path
from ingest.scheduler import JobSpec
from scheduling import made
command = ["sh", "-c", "echo once >>ran; until [ -e ../go ]; do sleep 0.05; done; echo lived >>ran"]
made(sys.argv[2]).submit(JobSpec(Path(sys.argv[1]), "TLP-n", command, {}, 1, 1, 60))
print("submitted", flush=True)
input()
"""


def submitter(job: JobSpec, kind: str) -> subprocess.Popen[str]:
    path = os.pathsep.join(p for p in sys.path if p)
    return subprocess.Popen(
        [sys.executable, "-c", _SUBMITTER, str(job.folder), kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    )


def test_two_processes_that_submit_at_once_run_the_job_once(
    kind: str, scheduler: Scheduler, spec: Callable[..., JobSpec]
) -> None:
    job = spec("true")
    both = [submitter(job, kind), submitter(job, kind)]
    for process in both:
        process.communicate("\n", timeout=60)
    (job.folder.parent / "go").touch()
    assert wait_for_end(scheduler, live(job)).state == DONE
    assert (job.folder / "ran").read_text() == "once\nlived\n"


def test_a_job_survives_the_death_of_its_submitter_and_its_whole_process_group(
    kind: str, scheduler: Scheduler, spec: Callable[..., JobSpec]
) -> None:
    job = spec("true")
    process = submitter(job, kind)
    assert process.stdout and process.stdout.readline() == "submitted\n"
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=20)
    assert scheduler.poll([live(job)]) == {}
    (job.folder.parent / "go").touch()
    assert wait_for_end(scheduler, live(job)).state == DONE
    assert (job.folder / "ran").read_text() == "once\nlived\n"


def test_a_job_that_runs_too_long_is_ended_with_all_its_children_and_says_so(
    scheduler: Scheduler, spec: Callable[..., JobSpec]
) -> None:
    job = spec("sh", "-c", "(trap '' TERM; while :; do sleep 0.05; done) & sleep 100", limit=1)
    end = wait_for_end(scheduler, live(job, scheduler.submit(job)))
    assert end == Ended(FAILED, 124, "stopped: it ran longer than its time limit of 1 s")
    wait_until(lambda: not processes(job))


def test_what_a_program_leaves_running_is_ended_with_it(scheduler: Scheduler, spec: Callable[..., JobSpec]) -> None:
    job = spec("sh", "-c", "sleep 100 & echo done")
    assert wait_for_end(scheduler, live(job, scheduler.submit(job))).state == DONE
    wait_until(lambda: not processes(job))


def test_cancel_kills_everything_of_a_job(scheduler: Scheduler, spec: Callable[..., JobSpec]) -> None:
    job = spec("sh", "-c", "trap '' TERM; sleep 100 & sleep 100")
    number = live(job, scheduler.submit(job))
    wait_until(lambda: len(processes(job)) >= 4)
    scheduler.cancel([number])
    wait_until(lambda: not processes(job))  # Slurm asks politely first
    assert not (job.folder / "exit_code").exists()


def test_a_job_cancelled_before_it_begins_never_runs(scheduler: Scheduler, spec: Callable[..., JobSpec]) -> None:
    job = spec("touch", "ran")
    job.folder.mkdir(parents=True)
    scheduler.cancel([live(job)])
    scheduler.submit(job)
    time.sleep(0.1)
    assert not (job.folder / "ran").exists()


def test_cancelling_a_job_that_has_ended_changes_nothing(scheduler: Scheduler, spec: Callable[..., JobSpec]) -> None:
    job = spec("true")
    wait_for_end(scheduler, number := live(job, scheduler.submit(job)))
    scheduler.cancel([number])
    assert scheduler.poll([number])[1].state == DONE


_ODD = [
    "",
    " two  blanks ",
    "$(touch pwned)",
    "`id`",
    "a'b\"c",
    "*",
    "~",
    "-n",
    "x=y",
    "line\nbreak\t",
    "ñ€😀",
    "\\",
    ";",
]
_TELL = "import json,os,sys; json.dump([sys.argv[1:], dict(os.environ), os.getcwd(), sys.stdin.read()], sys.stdout)"


def test_arguments_and_environment_reach_the_program_exactly(
    scheduler: Scheduler, spec: Callable[..., JobSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "of the service alone")
    given = {"RANDOM": "5", "UID": "1", "IFS": "x", "with.dot": "$HOME", "ODD": "\n".join(_ODD), "EMPTY": ""}
    job = spec(sys.executable, "-c", _TELL, *_ODD, cpus=3, folder="odd 'folder' $x", **given)
    assert wait_for_end(scheduler, live(job, scheduler.submit(job))).state == DONE
    arguments, environment, cwd, stdin = json.loads((job.folder / "stdout").read_text())
    assert arguments == _ODD
    assert {name: environment.get(name) for name in given} == given
    assert environment["TLP_CPUS"] == "3" and environment["TLP_PROGRESS"] == str(job.folder / "progress")
    assert "PGPASSWORD" not in environment
    assert (cwd, stdin) == (str(job.folder), "")


def test_a_program_whose_path_holds_an_equals_sign_runs_and_path_is_for_the_program_alone(
    scheduler: Scheduler, spec: Callable[..., JobSpec], tmp_path: Path
) -> None:
    program = tmp_path / "a=b"
    program.write_text('#!/bin/sh\necho "$PATH"\n')
    program.chmod(0o755)
    job = spec(str(program), PATH="/nowhere")
    assert wait_for_end(scheduler, live(job, scheduler.submit(job))).state == DONE
    assert (job.folder / "stdout").read_text() == "/nowhere\n"


def test_a_job_inherits_no_open_file(scheduler: Scheduler, spec: Callable[..., JobSpec], tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        job = spec("ls", "-l", "/proc/self/fd")
        wait_for_end(scheduler, live(job, scheduler.submit(job)))
    assert "secret" not in (job.folder / "stdout").read_text()


def test_what_no_program_can_be_given_is_refused(scheduler: Scheduler, spec: Callable[..., JobSpec]) -> None:
    for broken in (spec("echo", "a\0b"), spec("echo", **{"A=B": "c"}), spec(), spec("echo", limit=0)):
        with pytest.raises(ValueError):
            scheduler.submit(broken)
