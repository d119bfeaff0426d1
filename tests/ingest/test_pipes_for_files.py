"""A system that makes a pipe where a file is meant: whoever opens one to read waits until somebody writes."""

from __future__ import annotations

import time

import pytest
from tiny_media import Media
from world import World


@pytest.fixture
def world(quick: World) -> World:
    return quick


@pytest.mark.parametrize("writer", ["", 'exec 7<>"$TLP_PROGRESS"; '], ids=["nobody writes", "a writer that is silent"])
def test_a_pipe_in_the_place_of_the_progress_holds_nothing_up(world: World, recordings: Media, writer: str) -> None:
    body = f'mkfifo "$TLP_PROGRESS"; {writer}sleep 2.5; cp "$here/en.dfxp" "$output"'
    world.system("hear", "asr", body, "languages = en")
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
    assert _finished(world, upload)["state"] == "done"


def test_a_system_that_makes_a_pipe_has_made_nothing(world: World, recordings: Media) -> None:
    world.system("hear", "asr", 'mkfifo "$output"', "languages = en")
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
    row = _finished(world, upload)
    assert row["state"] == "failed" and row["finished_at"] is not None, row["info"]


def _finished(world: World, upload: str) -> dict[str, object]:
    """As cron brings it to its end: a service that waits can be ended here."""
    deadline = time.monotonic() + 60
    while world.unfinished():
        assert time.monotonic() < deadline, world.status(upload)["info"]
        core = world.core()
        try:
            core.communicate(timeout=20)
        finally:
            core.kill()
            core.wait()
    return world.status(upload)
