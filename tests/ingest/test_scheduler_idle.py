"""For how many jobs a cluster has idle processors: answers as the real programs gave them, and the real programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import clusters
import pytest
from beeps import beeping
from scheduling import live, made, wait_until
from world import World

from ingest.scheduler import JobSpec, LiveJob
from ingest.scheduler.cluster import Cluster
from ingest.scheduler.dialect import Machine, Placement
from ingest.scheduler.gridengine import GridEngine
from ingest.scheduler.idle import Idle
from ingest.scheduler.slurm import Slurm
from ingest.scheduler.transport import Answer, Here

SLURM, GRID = Slurm(), GridEngine()
ANY = Placement()
SINFO = """main*|node1|3/1/0/4|gpu:a100:3|gpu:a100:2(IDX:0-1)|
main*|node2|0/0/4/4|(null)|gpu:0|
long|node1|3/1/0/4|gpu:a100:3|gpu:a100:2(IDX:0-1)|
long|node3|2/6/0/8|gpu:a100:4(S:0-1),gpu:2,tmp:100|gpu:a100:1(IDX:3),gpu:0(IDX:N/A),tmp:7|
"""
NODE = "main*|node1|1/3/0/4|(null)|gpu:0|\n"
EIGHT = "main*|a|0/8/0/8|(null)|gpu:0|\n"
QSTAT = """<?xml version='1.0'?>
<job_info  xmlns:xsd="http://arc.liv.ac.uk/repos/darcs/sge/source/dist/util/resources/schemas/qstat/qstat.xsd">
  <queue_info>
    <Queue-List>
      <name>main.q@localhost</name>
      <qtype>BIP</qtype>
      <slots_used>3</slots_used>
      <slots_resv>0</slots_resv>
      <slots_total>4</slots_total>
      <load_avg>4.70166</load_avg>
      <arch>lx-amd64</arch>
{more}    </Queue-List>
  </queue_info>
  <job_info>
  </job_info>
</job_info>
"""


def test_slurm_is_asked_for_the_machines_of_the_queue_alone() -> None:
    fields = "--Format=Partition:|,NodeList:|,CPUsState:|,Gres:|,GresUsed:|"
    assert SLURM.machines("tlp", ANY) == ["sinfo", "--noheader", "--Node", fields]
    assert "--partition=gpu" in (SLURM.machines("tlp", Placement(queue="gpu")) or [])


def test_idle_processors_of_slurm_are_those_of_the_default_partition_where_no_other_is_named() -> None:
    assert SLURM.idle(SINFO, ANY) == [Machine(1, 1), Machine(0, 0)]


def test_a_machine_in_two_partitions_counts_once() -> None:
    assert SLURM.idle(SINFO, Placement(queue="main,long")) == [Machine(1, 1), Machine(0, 0), Machine(6, 5)]


def test_grid_engine_tells_its_idle_slots_in_the_list_of_jobs() -> None:
    assert GRID.machines("tlp", ANY) == GRID.status("tlp")
    assert GRID.machines("tlp", Placement(queue="gpu.q")) == [*GRID.status("tlp"), "-q", "gpu.q"]
    assert GRID.idle(QSTAT.format(more=""), ANY) == [Machine(1)]


@pytest.mark.parametrize("state", ["d", "au", "E", "s", "a"])
def test_a_queue_of_grid_engine_that_takes_no_jobs_has_nothing_idle(state: str) -> None:
    assert GRID.idle(QSTAT.format(more=f"      <state>{state}</state>\n"), ANY) == [Machine(0)]


def test_queues_of_grid_engine_on_one_machine_share_its_processors() -> None:
    one = QSTAT.format(more="")
    queue = one[one.index("    <Queue-List>") : one.index("  </queue_info>")]
    other = queue.replace("main.q@", "long.q@").replace("<slots_used>3", "<slots_used>2")
    far = queue.replace("localhost", "far")
    assert GRID.idle(one.replace(queue, queue + other + far), ANY) == [Machine(2), Machine(1)]


def test_where_a_sites_options_choose_the_machines_nobody_is_asked() -> None:
    for option in ("--partition=x", "-px", "-w", "--constraint=a100"):
        assert SLURM.machines("tlp", Placement(options=(option, "x"))) is None
    for options in (("-q", "x.q"), ("-l", "hostname=!a"), ("-l", "h_vmem=2G,h=fast*")):
        assert GRID.machines("tlp", Placement(options=options)) is None
    assert GRID.machines("tlp", Placement(options=("-l", "h_vmem=2G", "-P", "lectures"))) is not None
    assert SLURM.machines("tlp", Placement(options=("--account=a",))) is not None


@pytest.mark.parametrize("answer", ["sinfo: error\n", "main*|node1|many|a|b|\n", "main*|node1\n"])
def test_what_is_no_answer_of_sinfo_is_refused(answer: str) -> None:
    with pytest.raises(ValueError, match="no line of sinfo"):
        SLURM.idle(answer, ANY)


def test_what_is_no_answer_of_qstat_is_refused() -> None:
    with pytest.raises(ValueError):
        GRID.idle("error: no suitable queues\n", ANY)


class Told:
    """A transport that gives one answer and counts how often it is asked."""

    user = "tlp"

    def __init__(self, answer: Answer) -> None:
        self.answer, self.asked = answer, 0

    def run(self, argv: Sequence[str]) -> Answer:
        self.asked += 1
        return self.answer


def wants(cpus: int, gpus: int = 0) -> JobSpec:
    return JobSpec(Path("/jobs/j"), "n", ["run"], {}, cpus, 100, 60, "asr", gpus)


def test_a_job_fits_on_one_machine_and_not_on_what_two_have_left() -> None:
    idle = Idle(SLURM, Told(Answer(0, NODE + NODE.replace("node1", "node2"), "")))
    assert [idle.room([], wants(cpus), ANY) for cpus in (1, 2, 3, 4)] == [6, 2, 2, 0]


def test_jobs_on_their_way_to_their_processors_are_counted_and_those_that_wait_for_others_are_not(
    tmp_path: Path,
) -> None:
    idle = Idle(SLURM, Told(Answer(0, EIGHT, "")))
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "pid").touch()
    fresh, begun, held = (
        LiveJob(n, tmp_path / name, "7", 2, age) for n, (name, age) in enumerate((("f", 1), ("begun", 1), ("h", 60)))
    )
    planned = LiveJob(0, Path(), "", 2, 0.0)
    assert idle.room([begun, held], wants(2), ANY) == 4
    assert idle.room([begun, held, fresh, planned], wants(2), ANY) == 2
    assert idle.room([fresh] * 9, wants(2), ANY) == 0


def test_many_that_are_divided_in_one_tick_ask_once() -> None:
    told = Told(Answer(0, EIGHT, ""))
    idle = Idle(SLURM, told)
    assert {idle.room([], wants(1), ANY) for _ in range(50)} == {8}
    assert told.asked == 1


@pytest.mark.parametrize("answer", [Answer(1, "", "no controller"), Answer(0, "", ""), Answer(0, "hello\n", "")])
def test_a_queue_that_does_not_tell_limits_nothing(answer: Answer) -> None:
    told = Told(answer)
    idle = Idle(SLURM, told)
    assert idle.room([], wants(1), ANY) is None
    idle._known = {command: (until - 5, machines) for command, (until, machines) in idle._known.items()}
    assert idle.room([], wants(1), ANY) is None
    assert told.asked == 1, "the next lecture does not wait for it again"


def test_what_was_idle_is_asked_anew_after_a_moment() -> None:
    told = Told(Answer(0, EIGHT, ""))
    idle = Idle(SLURM, told)
    assert idle.room([], wants(1), ANY) == 8
    idle._known = {command: (until - 5, machines) for command, (until, machines) in idle._known.items()}
    told.answer = Answer(0, EIGHT.replace("0/8", "5/3"), "")
    assert idle.room([], wants(1), ANY) == 3


def test_a_job_that_wants_graphics_fits_where_its_processors_are_idle_and_grid_engine_does_not_tell() -> None:
    node3 = SINFO.splitlines()[3].replace("long", "main*")
    idle = Idle(SLURM, Told(Answer(0, node3 + "\n", "")))
    assert [idle.room([], wants(1, gpus=gpus), ANY) for gpus in (0, 1, 2, 6)] == [6, 5, 2, 0]
    assert idle.room([], wants(2, gpus=1), ANY) == 3
    assert Idle(GRID, Told(Answer(0, QSTAT.format(more=""), ""))).room([], wants(1, gpus=1), ANY) is None


# The real ones


@pytest.fixture(scope="module")
def small_slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clusters.Slurm]:
    with clusters.started(clusters.Slurm(tmp_path_factory.mktemp("slurm"), nodes=2, cpus=4, graphics=True)) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def small_gridengine() -> Iterator[clusters.GridEngine]:
    with clusters.started(clusters.GridEngine(f"idle{os.getpid()}", slots=8)) as cluster:
        yield cluster


@pytest.fixture(params=["slurm", "gridengine"])
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """A cluster of eight processors; Slurm has them on two machines."""
    cluster = request.getfixturevalue(f"small_{request.param}")
    with clusters.environment(cluster.environment):
        yield request.param


@pytest.fixture
def three_busy(kind: str, spec: Callable[..., JobSpec]) -> Iterator[None]:
    """Three of the eight processors are not idle."""
    scheduler = made(kind)
    jobs = [spec("sleep", "100", folder=f"busy.{n}") for n in range(3)]
    lives = [live(job, scheduler.submit(job), n) for n, job in enumerate(jobs)]
    wait_until(lambda: all((job.folder / "pid").exists() for job in jobs))
    yield
    scheduler.cancel(lives)
    wait_until(lambda: made(kind).idle([], wants(1)) == 8)


def test_real_machines_tell_what_they_have_idle(kind: str, three_busy: None) -> None:
    wait_until(lambda: made(kind).idle([], wants(1)) == 5)
    assert made(kind).idle([], wants(4)) == 1
    assert made(kind).idle([], wants(8)) == 0
    assert made(kind).idle([], wants(1, gpus=1)) == (1 + 3 if kind == "slurm" else None)


def test_graphics_processors_of_slurm_that_a_job_has_are_not_idle(
    small_slurm: clusters.Slurm, spec: Callable[..., JobSpec]
) -> None:
    with clusters.environment(small_slurm.environment):
        scheduler = made("slurm")
        assert [made("slurm").idle([], wants(1, gpus=gpus)) for gpus in (1, 2, 3, 4)] == [6, 2, 2, 0]
        job = replace(spec("sh", "-c", "echo $CUDA_VISIBLE_DEVICES; sleep 100"), gpus=2)
        number = live(job, scheduler.submit(job))
        wait_until(lambda: made("slurm").idle([], wants(1, gpus=1)) == 4)
        assert made("slurm").idle([], wants(1, gpus=2)) == 1
        output = job.folder / "stdout"
        wait_until(lambda: output.exists() and output.read_text() == "0,1\n")
        scheduler.cancel([number])
        wait_until(lambda: made("slurm").idle([], wants(1, gpus=1)) == 6)


def test_a_sites_own_program_that_submits_may_choose_others(kind: str) -> None:
    dialect = SLURM if kind == "slurm" else GRID
    own = Cluster(dialect, Here(), {}, most=50, grace_s=1, submit="/usr/local/bin/qsubmit")
    assert own.idle([], wants(1)) is None


HEAR = f'exec {sys.executable} {Path(__file__).with_name("beeps.py")} --lang en --input "$input" --output "$output"'


def test_a_recording_is_divided_into_as_many_parts_as_there_are_idle_processors(
    kind: str, three_busy: None, tmp_path: Path, clean_db: dict[str, Any]
) -> None:
    world = World(
        tmp_path / "world", clean_db, core={"part_seconds": 4}, scheduler={"kind": kind, "slots": 4},
        file_formats={"required_video_formats": ",", "generate_pcm_stream": "no"},
    )  # fmt: skip
    world.system("hear", "asr", HEAR, "languages = en")
    beeping(tmp_path / "beeps.wav", 48_000, seed=11)
    upload = world.upload("lecture", {"media.wav": tmp_path / "beeps.wav"}, requested_langs={"en": {"sub": {}}})
    row = world.finish(upload)[0]
    assert row["error_code"] is None, row["info"]
    parts = world.rows("SELECT count(*) AS n FROM jobs WHERE part_of IS NOT NULL")
    assert parts[0]["n"] == 5, "twelve would be long enough, and 197 jobs more may be in the queue"
