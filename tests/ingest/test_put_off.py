"""What an upload is put off by: how long, and what it may not do meanwhile."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from operations import runs
from tiny_media import Media
from world import World

from ingest.tick import tick
from ingest.waiting import NO_ROOM
from tlp.db import metrics


def tick_for(ctx: Any, db: Any, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        tick(ctx, db)
        time.sleep(0.02)


def test_a_system_that_finds_no_room_is_not_run_again_before_a_minute_has_passed(
    quick: World, recordings: Media
) -> None:
    quick.system("hear", "asr", "echo 'cp: error writing x: No space left on device' >&2; exit 1", "languages = en")
    upload = quick.upload("m1", {"media.mp3": recordings["mp3"]})
    with quick.service() as (ctx, db):
        deadline = time.monotonic() + 60
        while NO_ROOM not in quick.status(upload)["info"]:
            assert time.monotonic() < deadline, quick.status(upload)["info"]
            tick(ctx, db)
        tick_for(ctx, db, 1)
        assert runs(quick) == ["hear en"]
        quick.rows("UPDATE jobs SET ended_at = ended_at - interval '2 minutes' WHERE state = 'failed'")
        quick.rows("UPDATE uploads SET due_at = now()")
        while len(runs(quick)) < 2:
            assert time.monotonic() < deadline, quick.status(upload)["info"]
            tick(ctx, db)
    assert quick.status(upload)["attempts"] == 0


def test_an_error_of_the_server_puts_an_upload_off_twice_as_long_each_time(
    tmp_path: Path, clean_db: dict[str, Any]
) -> None:
    world = World(tmp_path / "world", clean_db, core={"retry_delay": 10})
    upload = world.upload("m1", test_mode=True)
    for digit in "0123456789abcdef":
        (world.mounts["media"] / digit).write_text("not a folder")
    seen = []
    with world.service() as (ctx, db):
        for attempts in (1, 2, 3):
            deadline = time.monotonic() + 30
            while (row := world.status(upload))["attempts"] < attempts:
                assert time.monotonic() < deadline, row["info"]
                tick(ctx, db)
            with db.cursor() as cur:
                assert sum(waits["failing"] for waits in metrics.uploads(cur)) == 1, "an alarm asks for it"
            db.commit()
            [left] = world.rows("SELECT extract(epoch FROM due_at - now())::float8 AS seconds FROM uploads")
            seen.append((row["attempts"], round(left["seconds"], -1), row["info"].partition("next try in ")[2]))
            world.rows("UPDATE uploads SET due_at = now()")
    assert seen == [(1, 10, "10 s."), (2, 20, "20 s."), (3, 40, "40 s.")]
