"""Conversions run beside the engines where processors are free, never before them; files that change file systems."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from tiny_media import Media
from world import World, wait_until

from ingest import ending
from ingest.tick import tick

# The engine waits for the conversions; not for ever, so that it is the test that fails.
DONE = '[ "$(ls ../converting.*/exit_code | wc -l)" = 2 ]'
AFTER_THEM = f"n=0; until {DONE} || [ $n = 600 ]; do sleep 0.1; n=$((n+1)); done"
SPANISH = {"es": {"sub": {}, "tts": {}}}


def order(caplog: pytest.LogCaptureFixture, *words: str) -> list[str]:
    """What was said of the upload, in order, as far as it has one of the words."""
    said = [record.getMessage().partition(": ")[2] for record in caplog.records if record.name == "ingest"]
    return [line for line in said if any(word in line for word in words)]


def slow_world(tmp_path: Path, db: dict[str, Any], slots: int, pause: float = 1.5) -> World:
    world = World(tmp_path / "world", db, scheduler={"slots": slots})
    world.usual_systems(pause)
    return world


def test_thumbnail_and_waveform_are_made_while_the_recording_is_transcribed(
    tmp_path: Path, clean_db: dict[str, Any], recordings: Media, caplog: pytest.LogCaptureFixture
) -> None:
    world = slow_world(tmp_path, clean_db, slots=4, pause=0)
    world.system("hear", "asr", f'{AFTER_THEM}; cp "$here/en.dfxp" "$output"', "languages = en")
    with caplog.at_level(logging.INFO, "ingest"):
        [row] = world.finish(world.upload("m1", {"media.mp4": recordings["mp4"]}, requested_langs=SPANISH))
    assert row["status_code"] == 6
    ends = order(caplog, "of converting is done", "transcribing → ", "synthesising → ")
    assert len(ends) == 4 and ends[-1].startswith("synthesising → ")  # nothing was left to wait for


def test_no_job_of_an_engine_waits_for_a_conversion(
    tmp_path: Path, clean_db: dict[str, Any], recordings: Media, caplog: pytest.LogCaptureFixture
) -> None:
    """One processor: everything that another upload waits for comes before what this one will need later."""
    world = slow_world(tmp_path, clean_db, slots=1, pause=0.1)
    first = world.upload("m1", {"media.mp4": recordings["mp4"]}, requested_langs=SPANISH)
    second = world.upload("m2", {"media.mp4": recordings["mp4"]})
    with caplog.at_level(logging.INFO, "ingest"):
        rows = world.finish(first, second)
    assert [row["status_code"] for row in rows] == [6, 6]
    for upload in (first, second):
        said = [r.getMessage() for r in caplog.records if r.getMessage().startswith(upload)]
        moved = next(n for n, line in enumerate(said) if "synthesising → converting" in line)
        assert all(n > moved for n, line in enumerate(said) if "of converting started" in line)


def test_a_conversion_that_fails_early_is_told_in_its_own_state(
    tmp_path: Path, clean_db: dict[str, Any], recordings: Media
) -> None:
    world = World(tmp_path / "world", clean_db, data={"audio_background_img": tmp_path / "gone.png"})
    world.usual_systems(pause=0.5)
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]}, requested_langs=SPANISH)
    [row] = world.finish(upload)
    assert (row["status_code"], row["error_code"]) == (105, 105) and "section [data]" in row["info"]
    assert len(world.counted()) == 3  # the engines have done their work: a retry finds it


def test_a_cancel_stops_conversions_that_run_early(tmp_path: Path, clean_db: dict[str, Any], recordings: Media) -> None:
    world = slow_world(tmp_path, clean_db, slots=4)
    upload = world.upload("m1", {"media.mp4": recordings["mp4"]})
    with world.service() as (ctx, db):

        def early() -> bool:
            tick(ctx, db)
            rows = world.rows("SELECT state FROM jobs WHERE step = 'converting'")
            return bool(rows) and world.status(upload)["state"] == "transcribing"

        wait_until(early)
        with db.cursor() as cur:
            ending.cancel_jobs(ctx, cur, upload, "a test")
        db.commit()
    states = {row["state"] for row in world.rows("SELECT state FROM jobs WHERE step = 'converting'")}
    assert states <= {"cancelled", "done"}
