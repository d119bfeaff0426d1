"""PostgreSQL goes away at every point of an operation, and for real: the service comes back, and nothing is lost."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from faults import killed_everywhere
from operations import Person, current, lecture, runs, update
from tiny_media import Media
from world import World, tick_until, wait_until

from ingest.tick import tick
from installer import postgres
from installer.postgres import Cluster

WANTED = {"es": {"sub": {}, "tts": {}}, "ca": {"sub": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}}
QUICK = {"required_video_formats": ",", "generate_pcm_stream": "no"}


def stop_at_once(cluster: Cluster) -> None:
    """What `pg_ctl stop -m immediate` does: no transaction is ended, no client hears a farewell."""
    os.kill(int((cluster.data / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
    wait_until(lambda: not postgres.server_processes(cluster))


def restart_at_once(cluster: Cluster, away: float = 0.2) -> None:
    stop_at_once(cluster)
    time.sleep(away)
    assert postgres.start(cluster) == cluster


@pytest.mark.parametrize(("story", "stride"), [("re-recording", 7), ("regeneration", 9)])
def test_connections_that_break_at_any_point_leave_everything_right(
    quick: World, recordings: Media, story: str, stride: int
) -> None:
    """A server that stops at once ends all connections: each point sees that, as a tick hears of it."""
    lecture(quick, recordings["mp3"])
    if story == "re-recording":
        update(quick, "m1", {"media.wav": recordings["wav"]}, requested_langs={"es": {"sub": {}}})
    else:
        Person(quick).edit("en", (1, 500, 900, "We talk about music.")).end()

    def break_connections() -> None:
        with closing(psycopg2.connect(**quick.db)) as connection, connection.cursor() as cur:
            cur.execute(
                "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = current_database() "
                "AND application_name = 'tlp' AND pid <> pg_backend_pid() AND backend_type = 'client backend' "
                "AND query NOT LIKE %s",
                ("%AS unfinished%",),  # of this test, which looks on
            )

    tally = killed_everywhere(quick, stride, strike=break_connections)
    print(f"{story}: connections broken {tally.kills.total()} times at {len(tally.places)} places")
    assert tally.kills.total() >= 8
    assert {row["status_code"] for row in quick.rows("SELECT status_code FROM uploads")} == {20}
    wanted = ["hear en", "turn en es"] if story == "re-recording" else ["say es", "turn en es", "turn es ca"]
    assert runs(quick) == wanted
    assert {text["version"] for text in current(quick).values()} == {2}
    assert quick.orphans() == []


@pytest.fixture
def world(own_server: tuple[Cluster, dict[str, Any]], tmp_path: Path) -> World:
    made = World(tmp_path / "world", own_server[1], file_formats=QUICK)
    made.usual_systems(pause=0.1)
    return made


def cron(world: World) -> str:
    """What core.py says, called as cron does."""
    core = world.core()
    _, errors = core.communicate(timeout=60)
    assert core.returncode in (0, 1)
    return str(errors)


def test_a_service_and_cron_outlive_a_server_that_stops_at_once_in_the_middle_of_transactions(
    own_server: tuple[Cluster, dict[str, Any]], world: World, recordings: Media
) -> None:
    cluster, _ = own_server
    for n in range(3):
        world.upload(f"m{n}", {"media.mp3": recordings["mp3"]}, requested_langs=WANTED)
    said = []
    with (world.folder / "log").open("wb") as log:
        core = world.core("--watch", stderr=log)
        try:
            wait_until(lambda: "watches" in (world.folder / "log").read_text())  # else cron may be first, and it leaves
            for n in range(4):
                time.sleep(0.3 + 0.17 * n)
                restart_at_once(cluster)
                said.append(cron(world))  # at any moment: it works, or finds the other one at work
            stop_at_once(cluster)
            said.append(cron(world))
            assert core.poll() is None
            postgres.start(cluster)
            wait_until(lambda: not world.unfinished(), 60)
        finally:
            core.kill()
            core.wait()
    assert said[-1].startswith("core.py: ") and len(said[-1].splitlines()) == 1, said[-1]
    told = (world.folder / "log").read_text()
    assert "Traceback" not in "".join(said) + told and "the database does not answer, next try in" in told
    states = world.rows("SELECT state, info FROM uploads")
    assert [row["state"] for row in states] == ["done"] * 3, states
    assert len(world.counted()) == len(set(world.counted())) == 12
    assert world.orphans() == []


def test_a_transaction_that_the_server_forgot_is_done_again(
    own_server: tuple[Cluster, dict[str, Any]], world: World, recordings: Media
) -> None:
    """The server stops between the last statement of a move and its commit, while the job of it runs already."""
    cluster, _ = own_server
    world.system("hear", "asr", f'until [ -e {world.folder}/go ]; do sleep 0.02; done; cp "$here/en.dfxp" "$output"',
                 "languages = en")  # fmt: skip
    upload = world.upload("once", {"media.mp3": recordings["mp3"]})
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.counted())
        with db.cursor() as cur:
            cur.execute("UPDATE jobs SET state = 'planned', scheduler_id = NULL WHERE step = 'transcribing'")
            restart_at_once(cluster, away=0)
            with pytest.raises(psycopg2.Error):
                tick(ctx, db)
    (world.folder / "go").touch()
    [row] = world.finish(upload)
    assert row["status_code"] == 6, row["info"]
    assert len(world.counted()) == 1
