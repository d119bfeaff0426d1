"""A queue that refuses, contradicts itself or answers late, and folders that cannot be written."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from disks import fill, small_disk
from pretended_queue import PretendedQueue
from scheduling import GRACE_S, live, processes, wait_until

from ingest.scheduler import DONE, LOST, JobSpec, LiveJob, notes
from ingest.scheduler.chosen import ON_THIS_MACHINE, Routed
from ingest.scheduler.cluster import Cluster
from ingest.scheduler.local import Local
from tlp.errors import SchedulerError
from tlp.storage import lacks_room

Make = Callable[..., JobSpec]


# Disks


def test_on_a_full_disk_jobs_are_looked_at_and_refused_in_words_that_name_the_disk(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    runs, gone, refused = (spec("true", folder=name) for name in ("runs", "gone", "refused"))
    runs.folder.parent.mkdir()
    with small_disk(runs.folder.parent) as disk:
        jobs = [live(one, cluster.submit(one), n, age=100) for n, one in enumerate((runs, gone))]
        queue.shows(f"{jobs[0].scheduler_id}|{runs.name}|RUNNING|None")
        filler = fill(disk)
        for _ in range(2):
            assert cluster.poll(jobs) == {}, "for how long it is missing cannot be noted: later"
            time.sleep(GRACE_S)
        for submit in (lambda: cluster.submit(refused), lambda: cluster.submit_array([refused, replace(refused)])):
            with pytest.raises(SchedulerError, match="No space left on device") as raised:
                submit()
            assert lacks_room(raised.value)
        assert len(queue.asked("sbatch")) == 2
        left = [path.name for path in disk.rglob("*") if path.is_file()]
        assert not [name for name in left if name.startswith(("unseen", "job.sh."))], "no half of a file"
        filler.unlink()
        assert cluster.submit(refused)
        cluster.poll(jobs)
        time.sleep(GRACE_S * 1.5)
        assert cluster.poll(jobs)[1].state == LOST


def test_a_job_that_the_queue_took_while_the_disk_filled_is_not_refused_and_not_taken_twice(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    job = spec("true")
    job.folder.mkdir(parents=True)
    with small_disk(job.folder) as disk:
        (queue.folder / "usual").write_text((queue.folder / "sbatch.now").read_text())
        queue.does("sbatch", f". {queue.folder}/usual\ncat /dev/zero >{disk}/filler 2>/dev/null\ntrue\n")
        assert cluster.submit(job) == "1"
        (disk / "filler").unlink()
        assert cluster.submit(job) == "1"
    assert len(queue.asked("sbatch")) == 1


def test_a_cancelled_job_whose_folder_cannot_be_written_is_taken_out(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    job = spec("true")
    number = live(job, cluster.submit(job))
    (job.folder / "started").write_text("a file where a folder should be")
    cluster.cancel([number])
    assert queue.asked("scancel") == ["scancel 1"]


# A queue that refuses


def test_a_job_that_cannot_be_taken_out_hides_no_end_of_another(
    cluster: Cluster, queue: PretendedQueue, spec: Make, caplog: pytest.LogCaptureFixture
) -> None:
    stuck, done, gone = (spec("true", folder=name) for name in ("stuck", "done", "gone"))
    jobs = [live(one, cluster.submit(one), n, age=100) for n, one in enumerate((stuck, done, gone), 1)]
    queue.shows(f"1|{stuck.name}|PENDING|DependencyNeverSatisfied")
    queue.does("scancel", "echo 'scancel: error: Kill job error on job id 1: Access/permission denied' >&2; exit 1\n")
    cluster.poll(jobs)
    (done.folder / "exit_code").write_text("0\n")
    time.sleep(GRACE_S * 1.5)
    assert {number: end.state for number, end in cluster.poll(jobs).items()} == {2: DONE, 3: LOST}
    assert "permission denied" in caplog.text
    queue.usual("scancel")
    end = cluster.poll(jobs[:1])[1]
    assert end.state == LOST and "DependencyNeverSatisfied" in end.reason


def seconds(do: Callable[[], object]) -> float:
    began = time.monotonic()
    with pytest.raises(SchedulerError, match="Unable to contact slurm controller"):
        do()
    return time.monotonic() - began


def runs_on(cluster: Cluster, job: LiveJob) -> bool:
    """Whether the queue says so; False: nobody asks it yet."""
    try:
        return cluster.poll([job]) == {}
    except SchedulerError:
        return False


def test_while_a_controller_keeps_its_commands_waiting_only_one_look_waits(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    runs, first, second = (spec("true", folder=name) for name in ("runs", "first", "second"))
    number = live(runs, cluster.submit(runs))
    queue.is_away("squeue", "sbatch", "scancel", "sinfo", after=2)
    assert seconds(lambda: cluster.poll([number])) > 2
    assert max(seconds(lambda spec=spec: cluster.submit(spec)) for spec in (first, second)) < 2
    assert seconds(lambda: cluster.cancel([number])) < 2
    assert cluster.idle([], first) is None
    assert [len(queue.asked(name)) for name in ("squeue", "sbatch", "scancel", "sinfo")] == [1, 1, 0, 0]
    queue.usual("squeue", "sbatch", "scancel")
    assert seconds(lambda: cluster.poll([number])) < 2, "as long as it was waited is for other work"
    wait_until(lambda: runs_on(cluster, number))
    assert (cluster.submit(first), cluster.submit(second)) == ("2", "3"), "at once, now that it answers"


def test_an_accounting_that_does_not_answer_is_asked_once_for_all_lost_jobs(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    specs = [spec("true", folder=f"gone.{n}") for n in range(3)]
    jobs = [live(one, cluster.submit(one), n, age=100) for n, one in enumerate(specs)]
    queue.shows()
    queue.is_away("sacct", after=0.6)
    assert cluster.poll(jobs) == {}
    time.sleep(GRACE_S * 1.5)
    assert [end.state for end in cluster.poll(jobs).values()] == [LOST] * 3
    assert len(queue.asked("sacct")) == 1


def test_without_a_job_to_look_at_the_first_submit_waits_and_later_another_tries(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    jobs = [spec("true", folder=str(n)) for n in range(3)]
    queue.is_away("squeue", "sbatch", after=1)
    waited = seconds(lambda: cluster.submit(jobs[0]))
    assert waited > 1
    assert max(seconds(lambda job=job: cluster.submit(job)) for job in jobs) < 1
    queue.usual("squeue", "sbatch")
    time.sleep(3 * waited + 0.1)
    assert [cluster.submit(job) for job in jobs] == ["1", "2", "3"]


def test_what_a_controller_took_but_could_not_say_so_is_not_submitted_again(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    job = spec("true")
    (queue.folder / "usual").write_text((queue.folder / "sbatch.now").read_text())
    late = "echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1"
    queue.does("sbatch", f". {queue.folder}/usual >/dev/null\n{late}\n")
    with pytest.raises(SchedulerError, match="timed out"):
        cluster.submit(job)
    assert cluster.submit(job) == "1"
    assert len(queue.asked("sbatch")) == 1


# Clocks


def test_a_job_that_was_missed_before_the_clock_was_set_back_is_lost_after_the_grace_and_not_a_day_later(
    cluster: Cluster, queue: PretendedQueue, spec: Make
) -> None:
    job = spec("true")
    number = live(job, cluster.submit(job), age=100)
    queue.shows()
    assert cluster.poll([number]) == {}
    (job.folder / notes.UNSEEN).write_text(str(time.time() + 86400))
    assert cluster.poll([number]) == {}, "the grace begins anew"
    time.sleep(GRACE_S * 1.5)
    assert cluster.poll([number])[1].state == LOST


# Both this machine and a cluster


@pytest.mark.parametrize("kind", ["media", "asr"])
def test_a_job_whose_start_a_crash_kept_from_being_recorded_is_killed_wherever_it_is(
    cluster: Cluster, queue: PretendedQueue, spec: Make, kind: str
) -> None:
    routed = Routed(Local(slots=4, grace_s=GRACE_S), cluster, ON_THIS_MACHINE)
    job = replace(spec("sleep", "100"), kind=kind)
    routed.submit(job)
    routed.cancel([live(job, "")])
    if kind == "media":
        wait_until(lambda: not processes(job))
        assert (job.folder / "pid").exists(), "it had begun"
    else:
        assert queue.asked("scancel") == ["scancel 1"] and (job.folder / "started").is_dir()
