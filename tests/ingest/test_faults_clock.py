"""A clock that is set forward or back by a day while jobs run, and ten runs of core.py at once, as from a mad cron.

For the service a clock that moves is the same as all that it has written down moving the other way: every time in the
database, and the times of files. Processes do not notice.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from operations import runs
from tiny_media import Media
from world import World, tick_until, wait_until

from ingest import command, heartbeat
from ingest.tick import tick
from tlp.db.connection import connect

DAY_S = 86400
WANTED = {"es": {"sub": {}, "tts": {}}, "ca": {"sub": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}}
SYSTEM = 'until [ -e {go} ]; do sleep 0.02; done; cp "$here/en.dfxp" "$output"'


def set_clock(world: World, seconds: int) -> None:
    """Set the clock forward (or back): all that is written down is as much older (or younger) then."""
    columns = world.rows(
        "SELECT c.table_name AS name, string_agg(format('%%1$I = %%1$I - %%2$s * interval ''1 second''', "
        "c.column_name, %(seconds)s), ', ') AS changes FROM information_schema.columns AS c "
        "JOIN information_schema.tables AS t USING (table_schema, table_name) WHERE c.table_schema = 'public' "
        "AND c.data_type = 'timestamp with time zone' AND t.table_type = 'BASE TABLE' GROUP BY 1", seconds=seconds,
    )  # fmt: skip
    assert {"uploads", "jobs", "sessions", "housekeeping"} <= {row["name"] for row in columns}
    for row in columns:
        world.rows(f"UPDATE {row['name']} SET {row['changes']}")
    for folder, folders, files in os.walk(world.folder):
        for name in folders + files:
            with contextlib.suppress(FileNotFoundError):  # jobs run: what they have moved away meanwhile is not old
                state = os.lstat(path := os.path.join(folder, name))
                times = (state.st_atime - seconds, state.st_mtime - seconds)
                os.utime(path, times, follow_symlinks=False)


@pytest.mark.parametrize("seconds", [DAY_S, -DAY_S], ids=["forward", "back"])
def test_a_clock_that_is_set_by_a_day_kills_no_healthy_job_and_nothing_waits_for_ever(
    quick: World, recordings: Media, seconds: int
) -> None:
    go = quick.folder / "go"
    quick.system("hear", "asr", SYSTEM.format(go=go), "languages = en")
    uploads = [quick.upload("m1", {"media.mp3": recordings["mp3"]}, requested_langs=WANTED)]
    with quick.service() as (ctx, db):
        tick_until(ctx, db, lambda: len(quick.counted()) == 1)
        uploads.append(quick.upload("m2", {"media.mp3": recordings["mp3"]}))
        set_clock(quick, seconds)
        for _ in range(5):
            tick(ctx, db)
            time.sleep(0.05)
        assert quick.status(uploads[0])["state"] == "transcribing", quick.status(uploads[0])["info"]
        go.touch()
        set_clock(quick, -seconds // 2)  # and half of it is taken back
    rows = quick.finish(*uploads)
    assert [row["status_code"] for row in rows] == [6, 6], [row["info"] for row in rows]
    assert runs(quick) == ["hear en", "hear en", "say es", "turn en es", "turn es ca"]
    assert {row["attempt"] for row in quick.rows("SELECT attempt FROM jobs")} == {1}
    assert quick.orphans() == []


def test_a_clock_that_was_a_day_ahead_lets_a_lost_job_run_again_all_the_same(quick: World, recordings: Media) -> None:
    """A job that was submitted 'tomorrow' and left no trace is given up after the grace, not in a day."""
    upload = quick.upload("m1", {"media.mp3": recordings["mp3"]})
    with quick.service() as (ctx, db):
        tick_until(ctx, db, lambda: quick.rows("SELECT id FROM jobs WHERE state = 'submitted'"))
    quick.end_jobs()
    for folder in quick.mounts["uploads"].glob("*/jobs/*"):
        subprocess.run(["rm", "-rf", str(folder)], check=True)
    set_clock(quick, -DAY_S)
    assert quick.finish(upload)[0]["status_code"] == 6


def test_no_upload_is_too_late_because_no_service_ran(quick: World, recordings: Media) -> None:
    """Two days without a service, which the states of a package and of planning may not last: nothing is stopped."""
    body = SYSTEM.format(go=quick.folder / "go")
    quick.system("hear", "asr", body, "languages = en")
    uploads = [quick.upload(f"m{n}", {"media.mp3": recordings["mp3"]}) for n in range(2)]
    with quick.service() as (ctx, db):
        tick(ctx, db, 60)
    assert {row["state"] for row in quick.rows("SELECT state FROM uploads")} == {"packaging"}
    set_clock(quick, 2 * DAY_S)
    (quick.folder / "go").touch()
    rows = quick.finish(*uploads)
    assert [row["status_code"] for row in rows] == [6, 6], [row["info"] for row in rows]


def test_sessions_and_housekeeping_do_no_harm_when_the_clock_jumps(quick: World, recordings: Media) -> None:
    """Forward: what is due goes. Back: nothing goes too early, and what was put off comes again."""
    upload = quick.upload("m1", {"media.mp3": recordings["mp3"]})
    quick.finish(upload)
    folder: Path = quick.mounts["uploads"] / upload
    set_clock(quick, -DAY_S // 2)
    with quick.service() as (ctx, db):
        for _ in range(8):
            tick(ctx, db)
        assert folder.is_dir()
        set_clock(quick, 3 * DAY_S)
        tick_until(ctx, db, lambda: not folder.exists())
    assert quick.orphans() == []


def waiting_for_locks(world: World) -> int:
    [row] = world.rows("SELECT count(*) AS n FROM pg_locks WHERE NOT granted")
    return int(row["n"])


def test_two_machines_that_find_the_clock_set_back_at_once_follow_it_once(
    quick: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have come to it when a third, which moves an upload, lets them go on."""
    quick.upload("m1", test_mode=True)
    quick.rows("UPDATE uploads SET due_at = now() + interval '2 h'")
    quick.rows("DELETE FROM heartbeats")
    quick.rows("INSERT INTO heartbeats SELECT h, 1, now() + interval '1 h' FROM unnest(ARRAY['m_0', 'm_1']) AS h")
    monkeypatch.setattr(socket, "gethostname", lambda: threading.current_thread().name)

    def beat() -> None:
        with closing(connect(quick.config.storage)) as db:
            heartbeat.beat(db)

    with closing(connect(quick.config.storage)) as third, third.cursor() as cur, ThreadPoolExecutor(2, "m") as pool:
        cur.execute("SELECT 1 FROM uploads FOR NO KEY UPDATE")
        services = [pool.submit(beat) for _ in range(2)]
        try:
            wait_until(lambda: waiting_for_locks(quick) == 2)
        finally:
            third.rollback()
        for service in services:
            service.result(20)
    [row] = quick.rows("SELECT extract(epoch FROM due_at - now())::float8 AS left FROM uploads")
    assert 3500 < row["left"] < 3600
    assert quick.rows("SELECT host FROM heartbeats WHERE ticked_at > now()") == []


def cron(world: World) -> int:
    """Start what core.py does in a child of this process, which costs no new Python; its pid."""
    if (child := os.fork()) == 0:
        log = os.open(world.folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 2)
        try:
            os._exit(command.main(["-C", str(world.config_file)]))
        except BaseException:
            traceback.print_exc(file=open(2, "w"))  # noqa: SIM115 - it ends here
        finally:
            os._exit(2)
    return child


@pytest.mark.parametrize("services", [1, 10])
def test_ten_runs_of_core_py_at_once_again_and_again_do_everything_once(
    tmp_path: Path, clean_db: dict[str, Any], recordings: Media, services: int
) -> None:
    """One works while the others leave; or all ten do."""
    formats = {"required_video_formats": ",", "generate_pcm_stream": "no"}
    world = World(tmp_path / "world", clean_db, file_formats=formats, core={"services": services})
    world.usual_systems()
    with world.service():
        pass
    for n in range(3):
        world.upload(f"m{n}", {"media.mp3": recordings["mp3"]}, requested_langs=WANTED)
    runs_of_core, deadline = 0, time.monotonic() + 240
    while world.unfinished():
        assert time.monotonic() < deadline, world.rows("SELECT state, info FROM uploads")
        ends = [os.waitpid(child, 0)[1] for child in [cron(world) for _ in range(10)]]
        assert ends == [0] * 10, (world.folder / "log").read_text()
        runs_of_core += 10
    print(f"{runs_of_core} runs of core.py, ten at once, {services} may work")
    assert [row["state"] for row in world.rows("SELECT state FROM uploads")] == ["done"] * 3
    assert len(world.counted()) == len(set(world.counted())) == 12
    assert {row["attempt"] for row in world.rows("SELECT attempt FROM jobs")} == {1}
    assert world.orphans() == []
