"""Ways in which real queues mislead: what is made of them. On Slurm with two nodes and on Grid Engine, for real.

Each test says what an operator or a broken machine does, and sees that no job is taken for done that is not, none is
given up that runs, and that there are words.
"""

from __future__ import annotations

import os
import shlex
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import clusters
import pytest
from scheduling import GRACE_S, live, made, processes, script_pid, wait_for_end, wait_until

from ingest.scheduler import DONE, FAILED, LOST, JobSpec, LiveJob, Scheduler, notes
from ingest.scheduler.chosen import DIALECTS
from ingest.scheduler.cluster import Cluster
from ingest.scheduler.dialect import Placement
from ingest.scheduler.transport import Here
from tlp.errors import SchedulerError

Make = Callable[..., JobSpec]
Farm = clusters.Slurm | clusters.GridEngine


@pytest.fixture(scope="module")
def two_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clusters.Slurm]:
    cluster = clusters.Slurm(tmp_path_factory.mktemp("slurm"), nodes=2, cpus=8)
    cluster.patience = 10
    with clusters.started(cluster):
        yield cluster


@pytest.fixture(scope="module")
def late_accounting() -> Iterator[clusters.GridEngine]:
    """Grid Engine whose accounting comes late, as it does by default, and so late that every test is quicker."""
    with clusters.started(clusters.GridEngine(f"traps{os.getpid()}", flush_s=50)) as cluster:
        yield cluster


@pytest.fixture
def slurm(two_nodes: clusters.Slurm) -> Iterator[clusters.Slurm]:
    with clusters.environment(two_nodes.environment):
        yield two_nodes


@pytest.fixture
def gridengine(late_accounting: clusters.GridEngine) -> Iterator[clusters.GridEngine]:
    with clusters.environment(late_accounting.environment):
        yield late_accounting


@pytest.fixture(params=["slurm", "gridengine"])
def farm(request: pytest.FixtureRequest) -> Farm:
    found: Farm = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def scheduler(farm: Farm) -> Scheduler:
    return made(kind_of(farm))


def kind_of(farm: Farm) -> str:
    return "slurm" if isinstance(farm, clusters.Slurm) else "gridengine"


def with_options(kind: str, *options: str, status: str = "", submit: str = "") -> Cluster:
    places = {"": Placement(options=options)}
    return Cluster(
        DIALECTS[kind](), Here(), places, most=50, grace_s=GRACE_S, submit=submit, status=status
    )  # fmt: skip


def begun(spec: JobSpec) -> None:
    wait_until((spec.folder / "log").exists)


# A job that never ran


@pytest.mark.parametrize("script", ["exit 0", "cd /no/such/folder || exit 72"], ids=["completed", "no folder"])
def test_a_job_that_ended_well_in_the_queue_and_never_ran_is_lost(
    farm: Farm, scheduler: Scheduler, spec: Make, script: str
) -> None:
    job = spec("touch", "ran")
    job.folder.mkdir(parents=True)
    (job.folder / "job.sh").write_text(f"#!/bin/bash\n{script}\n")
    end = wait_for_end(scheduler, live(job, scheduler.submit(job)))
    assert (end.state, end.exit_code) == (LOST, None)
    assert "left no exit code" in end.reason
    if kind_of(farm) == "slurm":
        assert ("COMPLETED" if script == "exit 0" else "FAILED") in end.reason


def test_a_job_that_was_gone_from_the_queue_before_anybody_looked_is_done(
    farm: Farm, scheduler: Scheduler, spec: Make
) -> None:
    job = spec("true")
    number = scheduler.submit(job)
    wait_until((job.folder / "exit_code").exists)
    if kind_of(farm) == "gridengine":
        wait_until(lambda: number not in farm.command("qstat").split())
    assert scheduler.poll([live(job, number)])[1].state == DONE


def test_an_end_is_known_before_the_accounting_of_grid_engine_has_it(
    gridengine: clusters.GridEngine, spec: Make
) -> None:
    scheduler = made("gridengine")
    good, bad, killed = (spec("sh", "-c", do, folder=do) for do in ("exit 0", "exit 7", "sleep 100"))
    jobs = [live(one, scheduler.submit(one), n) for n, one in enumerate((good, bad, killed), 1)]
    begun(killed)
    for pid in processes(killed):
        os.kill(pid, signal.SIGKILL)
    ends = [wait_for_end(scheduler, job) for job in jobs]
    with pytest.raises(AssertionError, match="not found|no jobs"):
        gridengine.command("qacct", "-j", jobs[1].scheduler_id)
    assert [end.state for end in ends] == [DONE, FAILED, LOST]


# A queue that does not answer, or forgets


def answers(scheduler: Scheduler, job: LiveJob) -> bool:
    """Whether the queue does; after a look that has waited in vain nobody looks for a while."""
    try:
        return scheduler.poll([job]) == {}
    except SchedulerError:
        return False


def test_while_the_queue_does_not_answer_nothing_is_lost(farm: Farm, spec: Make) -> None:
    # When it is back it has to hear of each machine anew. The grace is a minute where nobody says otherwise.
    scheduler = Cluster(DIALECTS[kind_of(farm)](), Here(), {}, most=50, grace_s=15)
    short = spec("sh", "-c", "sleep 1; echo once >>ran", folder="short")
    long = spec("sh", "-c", "while [ ! -e go ]; do sleep 0.1; done; echo once >>ran", folder="long")
    refused = spec("sh", "-c", "echo once >>ran", folder="refused")
    jobs = [live(short, scheduler.submit(short), 1, age=100), live(long, scheduler.submit(long), 2, age=100)]
    begun(short), begun(long)
    clusters.end([farm.pid("slurmctld" if isinstance(farm, clusters.Slurm) else "qmaster")])
    try:
        with pytest.raises(SchedulerError, match="squeue|qstat"):
            scheduler.poll(jobs[1:])
        wait_until((short.folder / "exit_code").exists)
        found = scheduler.poll(jobs)
        assert {number: end.state for number, end in found.items()} == {1: DONE}, "known without the queue"
        with pytest.raises(SchedulerError):
            scheduler.submit(refused)
    finally:
        farm.start_controller() if isinstance(farm, clusters.Slurm) else farm.start_master()
    wait_until(lambda: answers(scheduler, jobs[1]), 60)
    (long.folder / "go").touch()
    assert wait_for_end(scheduler, jobs[1], 60).state == DONE
    assert wait_for_end(scheduler, live(refused, scheduler.submit(refused), 3), 120).state == DONE
    assert [(one.folder / "ran").read_text() for one in (short, long, refused)] == ["once\n"] * 3


@pytest.mark.parametrize("parts", [1, 3])
def test_a_job_is_taken_up_after_a_crash_although_the_plain_list_cuts_its_name(
    gridengine: clusters.GridEngine, spec: Make, parts: int
) -> None:
    """The manual's `status_cmd = qstat -u tluser`: ten characters of a name, with which many jobs begin."""
    scheduler = with_options("gridengine", "-h", status="qstat")
    other, *jobs = (spec("sh", "-c", "echo once >>ran", folder=f"job.{n}") for n in range(parts + 1))
    scheduler.submit(other)
    ids = scheduler.submit_array(jobs)
    for job in jobs:  # as if the crash had come between the queue's yes and our note of it
        notes.note(job.folder, {**notes.record(job.folder), "id": None})
    before = gridengine.command("qstat")
    assert jobs[0].name[:10] in before and jobs[0].name not in before
    assert scheduler.submit_array(jobs) == ids
    after = gridengine.command("qstat")
    assert {line.split()[0] for line in after.splitlines()} <= {line.split()[0] for line in before.splitlines()}
    lives = [live(job, number, n) for n, (job, number) in enumerate(zip(jobs, ids, strict=True))]
    gridengine.command("qrls", *{number.partition(".")[0] for number in ids})
    for job in lives:
        assert wait_for_end(scheduler, job).state == DONE
    scheduler.cancel([live(other)])


def test_an_id_that_slurm_gives_anew_after_a_crash_is_not_the_old_job(slurm: clusters.Slurm, spec: Make) -> None:
    scheduler = made("slurm")
    for attempt in range(3):
        job = spec("sleep", "100", folder=f"forgotten.{attempt}")
        number = scheduler.submit(job)
        slurm.kill("slurmctld")
        slurm.start_controller()
        wait_until(lambda: slurm.idle() or "node" in slurm.command("sinfo", "-h", "-t", "mix,alloc", "-o", "%N"), 30)
        other = slurm.command("sbatch", "--parsable", "--output=/dev/null", "--wrap", "sleep 30").strip()
        if other == number:
            break
    assert other == number, "the controller was to forget a job that it had just taken"
    end = wait_for_end(scheduler, live(job, number, age=10))
    slurm.command("scancel", other)
    assert end.state == LOST and "knows nothing of it any more" in end.reason


# What operators do


def test_a_job_that_an_operator_takes_out_has_failed_in_words(farm: Farm, scheduler: Scheduler, spec: Make) -> None:
    job = spec("sleep", "100")
    number = scheduler.submit(job)
    begun(job)
    farm.command("scancel" if kind_of(farm) == "slurm" else "qdel", number)
    end = wait_for_end(scheduler, live(job, number))
    assert (end.state, end.exit_code) == (FAILED, None)
    assert "the queue ended it: CANCELLED" in end.reason or "somebody took it out of the queue" in end.reason
    wait_until(lambda: not processes(job))


def test_a_job_that_an_operator_puts_back_is_given_up_and_taken_out(farm: Farm, spec: Make) -> None:
    kind = kind_of(farm)
    scheduler = with_options(kind, *([] if kind == "slurm" else ["-r", "y"]))
    job = spec("sh", "-c", "echo once >>ran; sleep 100")
    number = scheduler.submit(job)
    begun(job)
    if kind == "slurm":
        with pytest.raises(AssertionError, match="disabled"):
            farm.command("scontrol", "requeue", number)
        farm.command("scontrol", "update", f"jobid={number}", "requeue=1")
        farm.command("scontrol", "requeue", number)
    else:
        farm.command("qmod", "-rj", number)
    end = wait_for_end(scheduler, live(job, number, age=10))
    assert end.state == LOST, end.reason
    assert "put back into the queue" in end.reason or "left no exit code" in end.reason
    assert end.displaced == ("put back into the queue" in end.reason)
    wait_until(lambda: not processes(job))
    assert (job.folder / "ran").read_text() == "once\n"


def test_a_job_in_error_state_is_taken_out_and_says_why(gridengine: clusters.GridEngine, spec: Make) -> None:
    scheduler = with_options("gridengine", "-o", "/no/such/folder/x", "-j", "y")
    job = spec("true")
    number = scheduler.submit(job)
    end = wait_for_end(scheduler, live(job, number))
    assert end.state == LOST
    assert "/no/such/folder/x" in end.reason and "taken out" in end.reason
    wait_until(lambda: number not in gridengine.command("qstat").split())


def test_a_job_that_slurm_would_never_start_is_taken_out(slurm: clusters.Slurm, spec: Make) -> None:
    first = slurm.command("sbatch", "--parsable", "--output=/dev/null", "--wrap", "exit 1").strip()
    scheduler = with_options("slurm", f"--dependency=afterok:{first}")
    job = spec("true")
    number = scheduler.submit(job)
    end = wait_for_end(scheduler, live(job, number))
    assert end.state == LOST and "DependencyNeverSatisfied" in end.reason
    assert "CANCELLED" in slurm.command("squeue", "-h", "-t", "all", "-j", number, "-o", "%T")


# Arrays


def test_a_waiting_array_that_is_shown_folded_is_all_there(farm: Farm, spec: Make) -> None:
    kind = kind_of(farm)
    status = "squeue -h -t all -o %i|%j|%T|%r" if kind == "slurm" else "qstat"
    folded = with_options(kind, "--hold" if kind == "slurm" else "-h", status=status)
    parts = [spec("sh", "-c", f"echo {n} >>ran", folder=f"part.{n}") for n in range(1, 5)]
    ids = folded.submit_array(parts)
    jobs = [live(part, number, n, age=100) for n, (part, number) in enumerate(zip(parts, ids, strict=True))]
    for _ in range(3):
        time.sleep(GRACE_S)
        assert folded.poll(jobs) == {}
    shown = farm.command(*shlex.split(status))
    assert "_[1-4]" in shown or "1-4:1" in shown, "folded"
    whole = ids[0].replace(".", "_").partition("_")[0]
    farm.command(*(["scontrol", "release"] if kind == "slurm" else ["qrls"]), whole)
    assert [wait_for_end(folded, job).state for job in jobs] == [DONE] * 4
    assert [(part.folder / "ran").read_text() for part in parts] == ["1\n", "2\n", "3\n", "4\n"]


def test_one_part_of_an_array_can_be_cancelled_alone(farm: Farm, scheduler: Scheduler, spec: Make) -> None:
    parts = [spec("sleep", "100" if n == 2 else "2", folder=f"part.{n}") for n in range(1, 4)]
    ids = scheduler.submit_array(parts)
    jobs = [live(part, number, n) for n, (part, number) in enumerate(zip(parts, ids, strict=True))]
    begun(parts[1])
    scheduler.cancel(jobs[1:2])
    assert [wait_for_end(scheduler, jobs[n]).state for n in (0, 2)] == [DONE, DONE]
    wait_until(lambda: not processes(parts[1]))


# Machines


def test_a_job_that_has_no_other_machine_left_goes_where_it_was_lost(
    farm: Farm, scheduler: Scheduler, spec: Make
) -> None:
    names = ("node1", "node2") if kind_of(farm) == "slurm" else ("localhost",)
    job = replace(spec("true"), avoid=names)
    assert wait_for_end(scheduler, live(job, scheduler.submit(job))).state == DONE
    gone = replace(spec("true", folder="gone"), avoid=("taken-from-the-cluster",))
    assert wait_for_end(scheduler, live(gone, scheduler.submit(gone))).state == DONE


@pytest.mark.parametrize(
    ("kind", "nodes"), [("slurm", ("node1", "node2")), ("gridengine", ("ge1", "ge2"))], ids=["slurm", "gridengine"]
)
def test_a_job_avoids_the_machine_that_it_names_also_where_it_asks_for_what_only_a_load_sensor_tells(
    request: pytest.FixtureRequest, kind: str, nodes: tuple[str, str], spec: Make
) -> None:
    cluster = request.getfixturevalue("two_nodes" if kind == "slurm" else "gridengine_hosts")
    places = {spec("true").kind: Placement(memory="-l mem_free={}K")}
    scheduler = Cluster(DIALECTS[kind](), Here(), places, most=50, grace_s=GRACE_S)
    with clusters.environment(cluster.environment):
        for name, other in (nodes, nodes[::-1]):
            job = replace(spec("true", folder=name), avoid=(name,))
            wait_for_end(scheduler, live(job, scheduler.submit(job)))
            assert (job.folder / "node").read_text().strip() == other


def test_the_name_of_its_machine_is_the_one_that_the_queue_uses(gridengine: clusters.GridEngine, spec: Make) -> None:
    scheduler = made("gridengine")
    job = spec("true")
    wait_for_end(scheduler, live(job, scheduler.submit(job)))
    assert (job.folder / "node").read_text() == "localhost\n"


def test_a_job_whose_slurm_node_dies_is_lost(slurm: clusters.Slurm, spec: Make) -> None:
    scheduler = made("slurm")
    job = replace(spec("sleep", "100"), avoid=("node2",))
    number = scheduler.submit(job)
    begun(job)
    step = int(clusters.call(["ps", "-o", "ppid=", "-p", str(script_pid(job))]))
    slurm.kill("slurmd.node1")
    for pid in (step, *processes(job)):
        os.kill(pid, signal.SIGKILL)
    try:
        assert scheduler.poll([live(job, number, age=100)]) == {}, "the queue has not seen it yet"
        end = wait_for_end(scheduler, live(job, number))
        assert (end.state, end.exit_code) == (LOST, None) and "NODE_FAIL" in end.reason
        assert not end.displaced, "it may be the job that stops machines"
    finally:
        slurm.start_node(1)
        wait_until(lambda: slurm.idle() == 2, 60)


def test_a_job_whose_grid_engine_machine_dies_is_lost_and_runs_when_it_is_back(
    gridengine: clusters.GridEngine, spec: Make
) -> None:
    scheduler = made("gridengine")
    job = spec("sleep", "100")
    number = scheduler.submit(job)
    begun(job)
    gridengine.kill("execd")
    try:
        for pid in processes(job):
            os.kill(pid, signal.SIGKILL)
        end = wait_for_end(scheduler, live(job, number), 90)
        assert (end.state, end.exit_code) == (LOST, None)
        assert "main.q@localhost does not answer" in end.reason and not end.displaced
        again = replace(spec("true", folder="again"), avoid=("localhost",))
        second = scheduler.submit(again)
    finally:
        gridengine.start_node()
    assert wait_for_end(scheduler, live(again, second, 2), 60).state == DONE
