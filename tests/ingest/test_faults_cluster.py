"""The controller of a real Slurm is stopped under whole uploads: one runs, one waits, one has just come."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clusters
import pytest
from faults import EXHAUSTIVE
from operations import runs
from tiny_media import Media
from world import World, tick_until

from ingest.tick import tick

FORMATS = {"required_video_formats": ",", "generate_pcm_stream": "no"}
SYSTEM = 'until [ -e {go} ]; do sleep 0.05; done; cp "$here/en.dfxp" "$output"'


@pytest.fixture
def world(tmp_path: Path, clean_db: dict[str, Any], slurm: clusters.Slurm) -> Iterator[World]:
    with clusters.environment(slurm.environment):
        # The grace: when the controller is back, it has to hear of each machine anew.
        made = World(tmp_path / "world", clean_db, file_formats=FORMATS, scheduler={"kind": "slurm"},
                     core={"lost_grace": 15})  # fmt: skip
        made.usual_systems()
        yield made
        made.end_jobs()


@pytest.mark.skipif(not EXHAUSTIVE, reason="Slurm's commands wait long for their controller: with TLP_EVERY_POINT=1")
def test_while_the_controller_is_away_nothing_is_lost_and_the_words_say_who_does_not_answer(
    world: World, slurm: clusters.Slurm, recordings: Media
) -> None:
    go = world.folder / "go"
    world.system("hear", "asr", SYSTEM.format(go=go), "languages = en")
    first = world.upload("m1", {"media.mp3": recordings["mp3"]})
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.counted())
        clusters.end([slurm.pid("slurmctld")])
        try:
            second = world.upload("m2", {"media.mp3": recordings["mp3"]}, requested_langs={"es": {"sub": {}}})
            refused = "SELECT reason FROM jobs WHERE step = 'transcribing' AND state = 'planned' AND reason <> ''"
            deadline = time.monotonic() + 60
            while not (rows := world.rows(refused)):
                assert time.monotonic() < deadline
                tick(ctx, db)
            assert "Unable to contact slurm controller" in rows[0]["reason"], rows
            go.touch()  # it ends while the controller is away
        finally:
            slurm.start_controller()
    done = world.finish(first, second, seconds=90)
    assert [row["status_code"] for row in done] == [6, 6], [row["info"] for row in done]
    assert runs(world) == ["hear en", "hear en", "turn en es"]
    assert {row["attempt"] for row in world.rows("SELECT attempt FROM jobs")} == {1}
    assert world.orphans() == []
