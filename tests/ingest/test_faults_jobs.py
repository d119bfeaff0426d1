"""The script of a job, or the program below it, is killed: at each of its lines, and at any moment of whole uploads."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from operations import runs
from scheduling import live, made, processes, processes_in, wait_for_end, wait_until
from tiny_media import Media
from world import World

from ingest.scheduler import DONE, LOST, JobSpec, script
from ingest.scheduler.process import recorded
from ingest.tick import tick

Make = Callable[..., JobSpec]
WANTED = {"es": {"sub": {}, "tts": {}}, "ca": {"sub": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}}
FIRST = "mkdir started"  # of the lines that matter


def lines_of(spec: JobSpec) -> list[int]:
    """The numbers of the lines before which a script can be killed; branches that it does not take are left out."""
    lines = script.text(spec).splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith(FIRST))
    taken = lines.index("else")
    return [
        n
        for n in range(begin, len(lines))
        if not lines[n].startswith("#") and (n <= taken or not (lines[n].startswith("    ") or lines[n] == "fi"))
    ]


def start_and_kill(spec: JobSpec, line: int, how: str) -> subprocess.Popen[bytes]:
    """Start the script of a job as the scheduler does, with a kill before a line: what dies is the shell itself."""
    lines = script.text(spec).splitlines()
    lines.insert(line, how)
    spec.folder.mkdir(parents=True)
    (spec.folder / "job.sh").write_text("\n".join(lines) + "\n")
    return subprocess.Popen(["setsid", "bash", str(spec.folder / "job.sh")])


@pytest.mark.parametrize("told", [False, True], ids=["of this machine", "of a cluster"])
def test_a_script_killed_before_any_of_its_lines_is_lost_or_done_and_leaves_nothing_running(
    spec: Make, tmp_path: Path, told: bool
) -> None:
    effects = tmp_path / "effects"
    ended = {}
    base = spec("sh", "-c", f"sleep 0.1; echo once >>{effects}")
    if told:
        base = replace(base, tell=tmp_path / ".ended", notify=("true",))
    lines = lines_of(base)
    jobs = {line: replace(base, folder=tmp_path / f"killed.{line}") for line in lines}
    scheduler = made("local")
    shells = [start_and_kill(job, line, "kill -KILL $$") for line, job in jobs.items()]
    for shell in shells:  # else one that is slow to begin could be taken for one that never did
        assert shell.wait(60) != 0
    for line, job in jobs.items():
        ended[line] = wait_for_end(scheduler, live(job, age=0.0)).state
        wait_until(lambda job=job: not processes(job))
    print(f"killed before {len(lines)} lines: {list(ended.values()).count(LOST)} lost")
    assert set(ended.values()) == ({LOST, DONE} if told else {LOST})
    done = [line for line in lines if ended[line] == DONE]
    assert done == lines[len(lines) - len(done) :] and len(done) < 5  # only once the exit code is in its place
    again = replace(base, folder=tmp_path / "again")
    assert wait_for_end(scheduler, live(again, scheduler.submit(again))).state == DONE


def kill_one(folder: Path, chance: random.Random) -> bool:
    """Kill the script of a job, or something below it; False: it is over."""
    process = recorded(folder)
    if process is None or not process.alive:
        return False
    below = [pid for pid in processes_in(folder) if pid != process.pid]
    with contextlib.suppress(ProcessLookupError):
        os.kill(chance.choice(below) if below and chance.random() < 0.5 else process.pid, signal.SIGKILL)
    return True


def slow_at_first(world: World, uploads: list[str]) -> None:
    """The first try of each job of these uploads lasts until it is killed, or long; of others, and later, a moment."""
    slow = "|".join(f"*{upload}*.1" for upload in uploads)
    for system in ("hear", "turn", "say"):
        run = world.mounts["systems"] / system / "run"
        head, noted, body = run.read_text().partition(f"{world.runs}\n")
        wait = f"case $PWD in {slow}) sleep 5 || exit ;; *) sleep 0.15 ;; esac\n"
        run.write_text(head + noted + wait + body)


def test_jobs_killed_at_any_moment_are_run_once_more_and_once_to_effect(quick: World, recordings: Media) -> None:
    """The first try of every job, that of the package too, is killed once: its script, or what runs below it."""
    uploads = [quick.upload(f"m{n}", {"media.mp3": recordings["mp3"]}, requested_langs=WANTED) for n in range(3)]
    slow_at_first(quick, uploads[:2])
    chance, due, killed = random.Random(8), {}, 0
    deadline = time.monotonic() + 120
    with quick.service() as (ctx, db):
        while quick.unfinished():
            assert time.monotonic() < deadline, quick.rows("SELECT state, info FROM uploads")
            tick(ctx, db)
            now = time.monotonic()
            for pid in quick.mounts["uploads"].glob("*/jobs/*.1/pid"):
                due.setdefault(pid.parent, now + chance.uniform(0, 0.3))
            for folder, moment in due.items():
                if 0 < moment < now:
                    killed += kill_one(folder, chance)
                    due[folder] = 0
            time.sleep(0.01)
    again = quick.rows("SELECT name FROM jobs WHERE attempt = 2")
    print(f"{killed} of {len(due)} jobs killed, {len(again)} run again")
    assert len(again) >= 5
    assert [quick.status(upload)["status_code"] for upload in uploads] == [6] * 3
    assert quick.rows("SELECT max(attempt) AS most FROM jobs") == [{"most": 2}]
    assert {row["version"] for row in quick.rows("SELECT version FROM content_versions")} == {1}
    assert len(quick.rows("SELECT 1 AS one FROM content_versions")) == 9
    assert set(runs(quick)) == {"hear en", "say es", "turn en es", "turn es ca"}
    assert quick.orphans() == []
    for folder in due:
        assert not processes_in(folder)
