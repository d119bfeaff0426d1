"""The end of a job in a cluster wakes the resident service, by a file or a command; with cron alone steps follow."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import clusters
import pytest
from tiny_media import Media
from world import World, wait_until

from ingest.ends import Ends, next_look
from ingest.scheduler import JobSpec, LiveJob, script
from ingest.tick import tick

WANTED = {"es": {"sub": {}, "tts": {}}, "ca": {"sub": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}}
# A queue of the simplest kind, called like sbatch: the last word is the script. It starts it and forgets it.
SUBMIT = '#!/bin/bash\nfor script; do :; done\nsetsid --fork bash "$script" </dev/null >/dev/null 2>&1\necho $$\n'


@pytest.fixture
def clustered(tmp_path: Path, clean_db: dict[str, Any]) -> World:
    """Engines run in a queue that tells nothing, and nobody looks at it for a minute but by accident."""
    (tmp_path / "submit").write_text(SUBMIT)
    (tmp_path / "submit").chmod(0o755)
    made = World(
        tmp_path / "world", clean_db, core={"poll_interval": 60, "lost_grace": 300},
        file_formats={"required_video_formats": ",", "generate_pcm_stream": "no"},
        scheduler={"kind": "slurm", "submit_scr": str(tmp_path / "submit"), "status_cmd": "true"},
    )  # fmt: skip
    made.usual_systems(pause=0.2)
    return made


def test_the_file_of_ends_wakes_the_service_in_well_under_two_seconds(
    clustered: World, recordings: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = clustered
    log = (world.folder / "log").open("ab")
    core = world.core("--watch", stderr=log)
    try:
        wait_until(lambda: "watches" in (world.folder / "log").read_text())
        for number in range(4):
            world.upload(f"m{number}", {"media.mp3": recordings["mp3"]}, requested_langs=WANTED)
            wait_until(lambda: not world.unfinished(), 60)
    finally:
        core.kill()
        core.wait()
        log.close()
    assert {row["state"] for row in world.rows("SELECT state FROM uploads")} == {"done"}
    gaps = sorted(
        row["ended"] - (world.mounts["uploads"] / row["folder"] / "exit_code").stat().st_mtime
        for row in world.rows(
            "SELECT extract(epoch FROM ended_at)::float8 AS ended, "
            "upload_id || '/jobs/' || step || '.' || name || '.' || attempt AS folder FROM jobs WHERE kind <> 'package'"
        )
    )
    median, p95 = (gaps[int(share * len(gaps))] for share in (0.5, 0.95))
    print(f"end of a job → noted, {len(gaps)}: median {median:.3f} s, p95 {p95:.3f} s")
    assert len(gaps) == 16
    assert median < 1.5
    assert p95 < 10, "a busy machine keeps it waiting for some seconds"


@pytest.fixture(params=["slurm", "gridengine"])
def cluster_kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """A real cluster."""
    cluster = request.getfixturevalue(request.param)
    with clusters.environment(cluster.environment):
        yield request.param


def test_psql_as_the_last_act_of_a_job_of_a_cluster_wakes_the_service(
    cluster_kind: str, tmp_path: Path, clean_db: dict[str, Any], recordings: Media
) -> None:
    if not shutil.which("psql"):
        pytest.skip("psql is not installed: ./install.sh tests does it")
    keys = ("host", "port", "dbname", "user", "password")
    service = tmp_path / "services"
    service.write_text("[tlp]\n" + "".join(f"{key}={clean_db[key]}\n" for key in keys))
    world = World(
        tmp_path / "world", clean_db, core={"poll_interval": 600, "lost_grace": 600},
        file_formats={"required_video_formats": ",", "generate_pcm_stream": "no"},
        scheduler={
            "kind": cluster_kind,
            "notify_command": f"env PGSERVICEFILE={service} psql -qc \"NOTIFY tlp_ingest\" service=tlp",
        },
    )  # fmt: skip
    world.system("hear", "asr", f'until [ -e {tmp_path}/go ]; do sleep 0.05; done; cp "$here/en.dfxp" "$output"',
                 "languages = en")  # fmt: skip
    (world.mounts["uploads"] / ".ended").mkdir()  # so that no job can write this file
    upload = world.upload("m", {"media.mp3": recordings["mp3"]}, requested_langs={"en": {"sub": {}}})
    with (world.folder / "log").open("ab") as log:
        core = world.core("--watch", stderr=log)
        try:
            seconds = _seconds_to_be_noted(world, upload, tmp_path / "go")
            print(f"{cluster_kind}: end of a job → noted, by NOTIFY: {seconds:.3f} s")
            assert seconds < 20, "it would sleep for a minute"
        finally:
            core.kill()
            core.wait()


def _seconds_to_be_noted(world: World, upload: str, go: Path) -> float:
    """From the exit code of the recogniser, for which nobody looks for a minute, to its row in the database."""
    folder = world.mounts["uploads"] / upload / "jobs" / "transcribing.en.1"
    wait_until((folder / "log").exists, 60)
    with world.cursor() as cur:  # the longer a job has run, the later the next look at it
        cur.execute("UPDATE jobs SET submitted_at = now() - interval '5 hours' WHERE state = 'submitted'")
        cur.execute("NOTIFY tlp_ingest")
    time.sleep(2.5)  # longer than any look that was to come before
    go.touch()
    ended = "SELECT extract(epoch FROM ended_at)::float8 AS at FROM jobs WHERE kind = 'asr' AND state = 'done'"
    wait_until(lambda: world.rows(ended))
    return float(world.rows(ended)[0]["at"]) - (folder / "exit_code").stat().st_mtime


def test_a_job_tells_of_its_end_after_its_exit_code_is_there(spec: Callable[..., JobSpec], tmp_path: Path) -> None:
    told = tmp_path / "told"
    look = f"cat {tmp_path}/jobs/package.unpack/exit_code >{told}"
    made = _job(spec("sh", "-c", "exit 3"), tell=tmp_path / ".ended", notify=("sh", "-c", look))
    ends = Ends(tmp_path / ".ended")
    assert subprocess.run(["bash", made]).returncode == 0
    assert told.read_text() == "3\n"
    assert ends.changed()
    assert not ends.changed()


def test_a_command_that_hangs_and_a_folder_that_is_gone_hold_up_no_job_for_long(
    spec: Callable[..., JobSpec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "NOTIFY_S", 1)
    made = _job(spec("true"), tell=tmp_path / "not there" / ".ended", notify=("sleep", "60"))
    began = time.monotonic()
    assert subprocess.run(["bash", made], capture_output=True).stderr == b""
    assert time.monotonic() - began < 30
    assert (made.parent / "exit_code").read_text() == "0\n"


def _job(spec: JobSpec, **more: Any) -> Path:
    spec = JobSpec(**{**vars(spec), **more})
    spec.folder.mkdir(parents=True)
    (spec.folder / "job.sh").write_text(script.text(spec))
    return spec.folder / "job.sh"


def test_short_jobs_are_looked_at_sooner_than_those_that_have_run_for_hours(tmp_path: Path) -> None:
    def live(age: float) -> LiveJob:
        return LiveJob(1, tmp_path, "7", 1, age)

    assert next_look([live(2), live(7200)], 20) == 1.0
    assert next_look([live(60), live(7200)], 20) == pytest.approx(6.0)
    assert next_look([live(7200)], 20) == 20
    assert next_look([], 20) == 20


def test_steps_that_need_no_job_follow_within_one_tick_of_cron(quick: World, recordings: Media) -> None:
    upload = quick.upload("m1", {"media.mp3": recordings["mp3"]}, generate=False)
    with quick.service() as (ctx, db):
        tick(ctx, db, 60)
        assert quick.status(upload)["state"] == "packaging"
        wait_until(lambda: list(quick.mounts["uploads"].glob("*/jobs/*/exit_code")))
        tick(ctx, db, 60)  # the job's end, then every state to the last: none of them has work for a program
    assert quick.status(upload)["state"] == "done"
