"""`core.py status` of jobs that wait in the queue of a real cluster: that they do not run yet, and what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clusters
import pytest
from world import World, tick_until, wait_until

from ingest.tick import tick

CLOSED = {  # how a site closes its queue, and opens it again
    "slurm": (["scontrol", "update", "PartitionName=main", "State=DOWN"],
              ["scontrol", "update", "PartitionName=main", "State=UP"]),
    "gridengine": (["qmod", "-d", "main.q"], ["qmod", "-e", "main.q"]),
}  # fmt: skip
SAID = {"slurm": "PENDING: PartitionDown", "gridengine": "qw"}


@pytest.fixture(params=["slurm", "gridengine"])
def closed(request: pytest.FixtureRequest) -> Iterator[str]:
    """The kind of a cluster whose queue is closed."""
    cluster = request.getfixturevalue(request.param)
    close, reopen = CLOSED[request.param]
    with clusters.environment(cluster.environment):
        clusters.call(close)
        try:
            yield request.param
        finally:
            clusters.call(reopen)


def told(world: World, *options: str) -> str:
    out, errors = world.core("status", *options).communicate(timeout=60)
    assert not errors, errors
    return str(out)


def test_a_job_that_waits_in_a_closed_queue_is_told_so_with_the_words_of_the_queue(
    closed: str, tmp_path: Path, clean_db: dict[str, Any]
) -> None:
    world = World(tmp_path / "world", clean_db, scheduler={"kind": closed})
    upload = world.upload("lecture", test_mode=True)
    with world.service() as (ctx, db):
        world.rows("UPDATE uploads SET state = 'transcribing', due_at = 'infinity' WHERE id = %(u)s", u=upload)
        run = ["sh", "-c", f"until [ -e {tmp_path}/go ]; do sleep 0.1; done"]
        world.rows("INSERT INTO jobs (upload_id, step, name, kind, command) "
                   "VALUES (%(u)s, 'transcribing', 'en', 'asr', %(run)s)", u=upload, run=json.dumps(run))  # fmt: skip

        def queue() -> str | None:
            tick(ctx, db)
            [row] = json.loads(told(world, "--json"))["running"]
            return str(row["queue"]) if row["queue"] else None

        wait_until(queue)
        assert queue() == SAID[closed]
        for text in (told(world), told(world, upload)):
            assert f"waits in the queue: {SAID[closed]}" in " ".join(text.split())
        clusters.call(CLOSED[closed][1])
        wait_until(lambda: queue() is None, 60)
        assert "waits in the queue" not in told(world)
        (tmp_path / "go").touch()
        tick_until(ctx, db, lambda: world.rows("SELECT 1 FROM jobs WHERE state = 'done'"), 60)


@pytest.mark.parametrize(
    ("scheduler", "words"),
    [
        ({"slots": 3}, "with 3 processors for jobs\n"),
        ({"kind": "slurm", "localhost": "n1"}, "watches, all jobs run on the cluster (slurm)\n"),
        (
            {"slots": 3, "kind": "gridengine"},
            "with 3 processors for jobs here; engines run on the cluster (gridengine)\n",
        ),
    ],
)
def test_a_service_says_where_engines_run_when_it_starts(
    tmp_path: Path, clean_db: dict[str, Any], scheduler: dict[str, Any], words: str
) -> None:
    service = World(tmp_path / "world", clean_db, scheduler=scheduler).core("--watch", "-v")
    try:
        line = next(line for line in service.stderr or [] if "watches" in line)
    finally:
        service.terminate()
        service.communicate(timeout=30)
    assert line.endswith(words)
