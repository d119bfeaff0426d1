"""A lecture divided among the nodes of real clusters, through the whole Ingest Service; one of its parts is killed."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import clusters
import pytest
from beeps import beeping
from world import World

from ingest.context import PROGRAMS
from ingest.scheduler.trace import node
from ingest.tick import tick
from tlp.formats import FORMATS

HEAR = f'exec {sys.executable} {Path(__file__).with_name("beeps.py")} --lang en --input "$input" --output "$output"'
# What runs waits until one of those that do has been killed.
SLOW = "until [ -e {killed} ]; do sleep 0.05; done\n"
NODES = {"slurm": {"node1", "node2"}, "gridengine": {"ge1", "ge2"}}
SETTINGS = {
    "core": {"part_seconds": 8, "part_sentences": 3},
    "scheduler": {"slots": 4, "parallel_environment": "smp"},
    "file_formats": {"required_video_formats": ",", "generate_pcm_stream": "no"},
}


@pytest.fixture(scope="module")
def two_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clusters.Slurm]:
    with clusters.started(clusters.Slurm(tmp_path_factory.mktemp("two-nodes"), nodes=2, cpus=3)) as cluster:
        yield cluster


@pytest.fixture(params=["slurm", "gridengine"])
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    cluster = request.getfixturevalue("two_nodes" if request.param == "slurm" else "gridengine_hosts")
    with clusters.environment(cluster.environment):
        yield request.param


def world_of(folder: Path, db: dict[str, object], kind: str) -> World:
    settings = {**SETTINGS, "scheduler": {**SETTINGS["scheduler"], "kind": kind}}
    made = World(folder, db, **settings)
    made.usual_systems()
    made.system("hear", "asr", SLOW.format(killed=made.folder / "killed") + HEAR, "languages = en")
    made.system("turn", "mt", 'cp "$input" "$output"', "pairs = en-es, es-ca")
    if shutil.which("espeak-ng"):
        place = made.mounts["systems"] / "espeak"
        shutil.copytree(PROGRAMS / "systems" / "espeak", place, ignore=shutil.ignore_patterns("__pycache__"))
        ini = "[system]\nkind = tts\nname = eSpeak\nlanguages = en,\nparts = yes\n[voices]\nen.f = en-us+f3\n"
        (place / "system.ini").write_text(ini)
    return made


def test_a_lecture_over_the_nodes_of_a_cluster_is_that_of_one_machine(
    kind: str, tmp_path: Path, clean_db: dict[str, object]
) -> None:
    world = world_of(tmp_path / "world", clean_db, kind)
    beeping(tmp_path / "beeps.wav", 48_000, seed=11)
    media = {"media.wav": tmp_path / "beeps.wav"}
    voices: dict[str, dict[str, object]] = {"tts": {}} if shutil.which("espeak-ng") else {}
    wanted = {"en": {"sub": {}, **voices}, "es": {"sub": {}}}
    divided = world.upload("divided", media, requested_langs=wanted)
    killed = ticks_with_a_kill(world, divided)
    row = world.status(divided)
    assert row["error_code"] is None, row["info"]
    jobs = world.rows("SELECT * FROM jobs WHERE upload_id = %(id)s ORDER BY id", id=divided)
    heard = [job for job in jobs if job["part_of"] == "en"]
    assert len(heard) == 6
    assert {job["name"]: job["attempt"] for job in heard if job["attempt"] != 1} == {killed: 2}
    first = {re_id(job) for job in heard if job["attempt"] == 1}
    assert len(first) == 1, "the parts were submitted as one array"
    nodes = {job["name"]: nodes_of(world, divided, job["name"]) for job in heard}
    assert {name for found in nodes.values() for name in found} == NODES[kind]
    assert len(set(nodes[killed])) == 2, "the part that was killed was done again on the other node"
    whole_world = replace(world.config.core, max_parts=1), replace(world.config.scheduler, kind="local")
    world.config = replace(world.config, core=whole_world[0], scheduler=whole_world[1])
    whole = world.upload("whole", media, requested_langs=wanted)
    assert world.finish(whole)[0]["error_code"] is None
    for language in ("en", "es"):
        one, other = (body(world, upload_id, language) for upload_id in (divided, whole))
        assert len(FORMATS["dfxp"].read(one.encode()).current) > 5
        assert one.replace("divided", "whole") == other
    if voices:
        assert len([job for job in jobs if job["part_of"] == "en.f"]) > 1
        assert track(world, "divided") == track(world, "whole")


def ticks_with_a_kill(world: World, upload_id: str) -> str:
    """Tick to the end; once two parts run, one of them is killed with all that it is. Returns its name."""
    killed = ""
    with world.service() as (ctx, db):
        deadline = time.monotonic() + 240
        while world.unfinished():
            assert time.monotonic() < deadline, world.rows("SELECT name, state, reason, scheduler_id FROM jobs")
            tick(ctx, db)
            time.sleep(0.1)
            running = sorted((world.mounts["uploads"] / upload_id / "jobs").glob("transcribing.en.part*.1/pid"))
            running = [path for path in running if not (path.parent / "exit_code").exists()]
            if not killed and len(running) >= 2 and (running[0].parent / "node").exists():
                os.kill(int(running[0].read_text().split()[0]), signal.SIGKILL)
                killed = running[0].parent.name.removeprefix("transcribing.").removesuffix(".1")
                (world.folder / "killed").touch()
    assert killed
    return killed


def re_id(job: dict[str, object]) -> str:
    return str(job["scheduler_id"]).replace("_", ".").partition(".")[0]


def nodes_of(world: World, upload_id: str, name: str) -> list[str | None]:
    folders = (world.mounts["uploads"] / upload_id / "jobs").glob(f"transcribing.{name}.*")
    return [node(folder) for folder in sorted(folders)]


def track(world: World, external_id: str) -> bytes:
    [row] = world.rows(
        "SELECT path FROM audiotracks WHERE object_id = (SELECT id FROM objects WHERE external_id = %(id)s)",
        id=external_id,
    )
    return (world.mounts["media"] / row["path"]).read_bytes()


def body(world: World, upload_id: str, language: str) -> str:
    rows = world.rows(
        "SELECT v.body FROM content_versions AS v JOIN contents AS c ON c.id = v.content_id"
        " WHERE v.upload_id = %(id)s AND c.language = %(language)s",
        id=upload_id, language=language,
    )  # fmt: skip
    return str(rows[0]["body"])
