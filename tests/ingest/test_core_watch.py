"""The resident Ingest Service (core.py --watch) and the same work done by cron alone."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from tiny_media import Media
from world import World, wait_until

from ingest.scheduler.local import Local
from ingest.scheduler.process import recorded
from ingest.watch import Watch
from tlp.db.connection import take_ingest_lock

WANTED = {"es": {"sub": {}, "tts": {}}, "ca": {"sub": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}}


@pytest.fixture
def world(quick: World) -> World:
    return quick


@contextmanager
def watching(world: World) -> Iterator[subprocess.Popen[bytes]]:
    """core.py --watch, its log in the file `log` of the world's folder."""
    with (world.folder / "log").open("ab") as log:
        core = world.core("--watch", stderr=log)
    try:
        yield core
    finally:
        core.kill()
        core.wait()


def log(world: World) -> str:
    return (world.folder / "log").read_text()


def send(world: World, recordings: Media, count: int = 1, first: int = 0) -> list[str]:
    return [
        world.upload(f"m{n}", {"media.mp3": recordings["mp3"]}, requested_langs=WANTED)
        for n in range(first, first + count)
    ]


def all_done(world: World) -> bool:
    states = {r["state"] for r in world.rows("SELECT state FROM uploads")}
    assert "failed" not in states, world.rows("SELECT info FROM uploads")
    return states == {"done"}


def test_the_next_job_starts_well_within_a_second_of_the_end_of_the_last(world: World, recordings: Media) -> None:
    with watching(world):
        wait_until(lambda: "watches" in log(world))
        for n in range(5):
            send(world, recordings, 1, n)
            wait_until(lambda: all_done(world), 60)
    gaps = []
    for upload in world.rows("SELECT id FROM uploads"):
        folders = [p for p in (world.mounts["uploads"] / upload["id"] / "jobs").iterdir()]
        ends = sorted((p / "exit_code").stat().st_mtime for p in folders)
        begins = sorted((p / "pid").stat().st_mtime for p in folders)
        gaps += [begin - end for end, begin in zip(ends, begins[1:], strict=False)]
    gaps.sort()
    median, p95 = (gaps[int(share * len(gaps))] for share in (0.5, 0.95))
    print(f"end of a job → next program begins, {len(gaps)}: median {median:.3f} s, p95 {p95:.3f} s")
    assert len(gaps) >= 20
    assert median < 1.0
    assert p95 < 10, "without being woken it looks after 20 s; a busy machine keeps it waiting for some seconds"


def test_killed_and_started_again_it_takes_up_where_it_was(world: World, recordings: Media) -> None:
    world.usual_systems(pause=0.3)
    send(world, recordings, 2)
    for n in range(6):
        with watching(world) as core:
            time.sleep(0.5 + 0.1 * n)
            core.send_signal(signal.SIGKILL)
            core.wait()
    with watching(world):
        wait_until(lambda: all_done(world), 60)
    assert len(world.counted()) == len(set(world.counted())) == 8
    assert world.orphans() == []


def test_told_to_stop_it_stops_at_once_and_running_jobs_live_on(world: World, recordings: Media) -> None:
    body = f'until [ -e {world.folder}/go ]; do sleep 0.1; done; cp "$here/en.dfxp" "$output"'
    world.system("hear", "asr", body, "languages = en")
    [upload] = send(world, recordings)
    with watching(world) as core:
        wait_until(lambda: len(world.counted()) == 1)
        core.send_signal(signal.SIGTERM)
        assert core.wait(10) == 0, "it would sleep for 20 s"
    assert "stops; running jobs go on" in log(world)
    process = recorded(next(world.mounts["uploads"].glob("*/jobs/transcribing.en.1")))
    assert process is not None and process.alive
    (world.folder / "go").touch()
    assert world.finish(upload)[0]["status_code"] == 6
    assert len(world.counted()) == 4


def test_cron_alone_brings_everything_to_its_end(world: World, recordings: Media) -> None:
    send(world, recordings)
    world.core_until_finished()
    assert all_done(world)
    assert len(world.counted()) == 4


def test_progress_and_the_time_left_are_in_the_words_of_the_status(world: World, recordings: Media) -> None:
    seen_by_now = world.folder / "seen"  # the job goes on when its words have been seen
    body = f'until [ -e {seen_by_now}.0 ]; do sleep 0.05; done; for p in 10 50; do echo "$p words" >$TLP_PROGRESS; '
    body += f'until [ -e {seen_by_now}.$p ]; do sleep 0.05; done; done; cp "$here/en.dfxp" "$output"'
    world.system("hear", "asr", body, "languages = en")
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
    begins = {
        0: "Transcription in progress. It may take several hours for it to finish.",
        10: "Transcription in progress: 10 %",
        50: "Transcription in progress: 50 %",
    }
    object.__setattr__(world.config.core, "poll_interval", 1)
    world.config_file.write_text(world.config_file.read_text().replace("lost_grace = 1", "poll_interval = 1"))
    with watching(world):
        for percent, words in begins.items():
            wait_until(lambda words=words: world.status(upload)["info"].startswith(words))
            if percent == 10:  # the longer it stands there, the more is left
                wait_until(lambda: " left" in world.status(upload)["info"])
            Path(f"{seen_by_now}.{percent}").touch()
        wait_until(lambda: all_done(world))


def test_an_idle_service_sleeps(world: World) -> None:
    with watching(world) as core:
        wait_until(lambda: "watches" in log(world))
        wait_until(lambda: _used(core.pid, 2) <= 2)  # once what it does at its start is over


def _used(pid: int, seconds: float) -> int:
    """Of a processor in the next seconds, in hundredths of a second."""
    before = _cpu(pid)
    time.sleep(seconds)
    return _cpu(pid) - before


def _cpu(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_when_its_lock_is_lost_it_takes_it_again_and_goes_on(world: World) -> None:
    with watching(world):
        wait_until(lambda: "watches" in log(world))
        world.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tlp ingest lock'")
        wait_until(lambda: log(world).count("watches") == 2)
        world.upload("m1", test_mode=True)
        wait_until(lambda: all_done(world))


def test_a_service_that_lost_its_lock_waits_for_the_one_that_took_it(world: World) -> None:
    with watching(world) as core:
        wait_until(lambda: "watches" in log(world))
        other = psycopg2.connect(**world.db, cursor_factory=psycopg2.extras.RealDictCursor)

        def taken() -> bool:
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tlp ingest%%'"
            world.rows(cut)
            return take_ingest_lock(other)  # unless the first one was quicker

        wait_until(taken)
        before = log(world).count("watches")
        time.sleep(1.5)
        assert core.poll() is None
        other.close()
        wait_until(lambda: log(world).count("watches") == before + 1)


def test_hundreds_of_wake_ups_cost_few_ticks(world: World) -> None:
    with watching(world) as core:
        wait_until(lambda: "watches" in log(world))
        time.sleep(0.3)
        before = _cpu(core.pid)
        with world.cursor() as cur:
            for _ in range(300):
                cur.execute("NOTIFY tlp_ingest, 'nothing'")
                cur.connection.commit()
        time.sleep(0.2)
        assert _cpu(core.pid) - before < 60  # hundredths of a second


class Counted(Watch):
    """Counts its ticks."""

    ticks = 0

    def _tick(self, *arguments: Any) -> None:
        self.ticks += 1
        super()._tick(*arguments)


@contextmanager
def counted(world: World) -> Iterator[Counted]:
    """A service in a thread of this process, which gets no signals."""
    watch = Counted(world.config, None)
    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(watch._serve)
        try:
            wait_until(lambda: watch.ticks or served.done())
            yield watch
        finally:
            watch._stop(0, None)
            assert served.result(20)


def test_an_upload_that_another_service_holds_costs_few_ticks_and_is_moved_when_it_is_free(
    world: World, recordings: Media
) -> None:
    send(world, recordings)
    with world.cursor() as cur:
        cur.execute("SELECT 1 FROM uploads FOR NO KEY UPDATE")
        with counted(world) as watch:
            assert ticks_in(watch, 3) <= 2
            cur.connection.rollback()
            wait_until(lambda: all_done(world), 60)


def ticks_in(watch: Counted, seconds: float) -> float:
    """Its ticks in a second, over the next ones: a sleep may last longer."""
    began, before = time.monotonic(), watch.ticks
    time.sleep(seconds)
    return (watch.ticks - before) / (time.monotonic() - began)


@pytest.fixture
def go(world: World, recordings: Media) -> Path:
    """An upload whose engine runs on until this file is there."""
    path = world.folder / "go"
    body = f'until [ -e {path} ]; do sleep 0.02; done; cp "$here/en.dfxp" "$output"'
    world.system("hear", "asr", body, "languages = en")
    world.upload("m1", {"media.mp3": recordings["mp3"]})
    return path


def test_an_end_that_cannot_be_taken_is_looked_at_now_and_then_and_said_once(
    world: World, go: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with counted(world) as watch:
        wait_until(lambda: world.counted())
        [place] = world.mounts["uploads"].glob("*/work")
        (place / "en.dfxp" / "in the way").mkdir(parents=True)
        go.touch()
        wait_until(lambda: "cannot be taken" in caplog.text)
        assert ticks_in(watch, 3) <= 1
        (place / "en.dfxp" / "in the way").rmdir()
        (place / "en.dfxp").rmdir()
        wait_until(lambda: all_done(world))
    assert caplog.text.count("cannot be taken") == 1


@pytest.mark.parametrize(
    "lock",
    ["SELECT 1 FROM uploads FOR NO KEY UPDATE", "SELECT pg_advisory_xact_lock(hashtext('tlp job ends'))"],
    ids=["moving its upload", "asking how jobs have ended"],
)
def test_the_end_of_a_job_that_another_service_is_at_is_waited_for_without_haste_and_noted_soon_after(
    world: World, go: Path, lock: str
) -> None:
    with counted(world) as watch:
        wait_until(lambda: world.counted())
        with world.cursor() as cur:
            cur.execute(lock)
            go.touch()
            time.sleep(0.5)
            before = watch.ticks
            wait_until(lambda: watch.ticks > before)
            assert ticks_in(watch, 2) <= 8
        done = "SELECT 1 FROM jobs WHERE step = 'transcribing' AND state = 'done'"
        wait_until(lambda: world.rows(done), 10)  # otherwise it would be looked at after 20 s
        wait_until(lambda: all_done(world))


def test_a_scheduler_that_does_not_answer_is_asked_without_haste_although_a_job_has_ended(
    world: World, go: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Local, jobs: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with counted(world) as watch:
        wait_until(lambda: world.counted())
        with monkeypatch.context() as patch:
            patch.setattr(Local, "poll", fails)
            go.touch()
            wait_until(lambda: "how jobs have ended is not known" in caplog.text)
            before = watch.ticks
            assert ticks_in(watch, 3.5) <= 1
            wait_until(lambda: watch.ticks > before)
        wait_until(lambda: all_done(world))
