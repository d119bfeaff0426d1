"""A voice divided among jobs, through the whole Ingest Service and a real engine: the track is that of one job."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from operations import Person
from tiny_media import Media
from world import World

from tlp.captions import CURRENT, UNFILTERED, Captions, Segment
from tlp.formats import FORMATS

ESPEAK = Path(__file__).resolve().parents[2] / "ingest-service" / "systems" / "espeak"
LINES, STEP = 32, 1500
WANTED = {"en": {"sub": {}, "tts": {}}}
PART = "--segments 8-14 "  # how the run of the second part is told from the others

pytestmark = [
    pytest.mark.engines,
    pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not installed"),
]

# `run` notes how it was called and may fail; the program that speaks notes what it was given, and fails on a word.
RUN = """#!/bin/sh
echo "$* " >>{folder}/runs
case "$* " in *"$(cat {folder}/fails)"*) echo x >>{folder}/failed
    [ $(wc -l <{folder}/failed) -gt 2 ] || {{ echo "the voice broke" >&2; exit 1; }} ;; esac
PATH="{folder}/bin:$PATH" exec "$(dirname "$0")/speak" "$@"
"""
PROGRAM = """#!/bin/sh
text=$(cat); echo "$text" >>{folder}/texts
case $text in *unspeakable*) exit 9 ;; esac
printf %s "$text" | {espeak} "$@"
"""


def script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def world(quick: World) -> World:
    """A service that divides what is to be said into parts of at least 7 segments. Run by eSpeak."""
    place, folder = quick.mounts["systems"] / "espeak", quick.folder
    shutil.copytree(ESPEAK, place, ignore=shutil.ignore_patterns("__pycache__"))
    (place / "run").rename(place / "speak")
    script(place / "run", RUN.format(folder=folder))
    (folder / "bin").mkdir()
    script(folder / "bin" / "espeak-ng", PROGRAM.format(folder=folder, espeak=shutil.which("espeak-ng")))
    (folder / "fails").write_text("nothing of that")
    set_core(quick, part_sentences=7, max_parts=8)
    return quick


def set_core(world: World, **values: int) -> None:
    world.config = replace(world.config, core=replace(world.config.core, **values))


def captions() -> bytes:
    """Lines that fit, that are too long for their time and push the next, that cannot be said, and an empty one."""
    texts = [f"Part number {n}." for n in range(LINES)]
    texts[3] = texts[12] = texts[13] = (
        "This is a sentence with far more words in it than anybody says in a second or two."
    )
    texts[9], texts[17] = "…", "This one is unspeakable."
    made = [Segment(3 * n, STEP * n, STEP * n + 1300, [text]) for n, text in enumerate(texts)]
    return FORMATS["dfxp"].write(Captions("en", made, end=LINES * STEP), CURRENT, UNFILTERED)


def lecture(world: World, tmp_path: Path, external_id: str) -> str:
    """The id of an upload of the lecture, which has ended well."""
    files: dict[str, bytes | Path] = {"media.mp3": Media(tmp_path, LINES * STEP // 1000)["mp3"], "en.dfxp": captions()}
    attached = [{"filename": "en.dfxp", "type_code": 4, "language": "en"}]
    upload_id = world.upload(external_id, files, requested_langs=WANTED, attachments=attached)
    row = world.finish(upload_id)[0]
    assert row["error_code"] is None, row["info"]
    return upload_id


def jobs(world: World, upload_id: str) -> list[dict[str, Any]]:
    rows = world.rows("SELECT * FROM jobs WHERE upload_id = %(id)s ORDER BY id", id=upload_id)
    return [row for row in rows if "espeak/run" in " ".join(row["command"])]


def track(world: World, external_id: str) -> tuple[bytes, list[list[int]]]:
    """The track of a lecture, and where its lines are."""
    [row] = world.rows(
        "SELECT path, places FROM audiotracks WHERE replaced_at IS NULL AND object_id ="
        " (SELECT id FROM objects WHERE external_id = %(id)s)",
        id=external_id,
    )
    return (world.mounts["media"] / row["path"]).read_bytes(), row["places"]


def noted(world: World, name: str) -> list[str]:
    """The lines of a note, which is then empty."""
    path = world.folder / name
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return sorted(lines)


def test_a_track_said_in_parts_is_the_one_said_at_once_and_a_part_that_fails_is_said_again_alone(
    world: World, tmp_path: Path
) -> None:
    (world.folder / "fails").write_text(PART)
    divided = jobs(world, lecture(world, tmp_path, "divided"))
    assert [job["part"] for job in divided] == [
        "part 1 of 4, segments 1 to 8", "part 2 of 4, segments 9 to 14", "part 3 of 4, segments 15 to 21",
        "part 4 of 4, segments 22 to 32", None,
    ]  # fmt: skip
    assert [job["attempt"] for job in divided] == [1, 3, 1, 1, 1]
    *parts, joining = divided
    assert {job["kind"] for job in parts} == {"tts"} and joining["kind"] == "media"
    runs, texts = noted(world, "runs"), noted(world, "texts")
    assert sorted(("--segments" in run, "--said" in run) for run in runs) == [(False, True)] + [(True, False)] * 6
    set_core(world, max_parts=1)
    assert [job["part"] for job in jobs(world, lecture(world, tmp_path, "whole"))] == [None]
    assert noted(world, "texts") == texts, "each line was said as often"
    assert texts.count("This one is unspeakable.") == 2
    sound, places = track(world, "divided")
    assert (sound, places) == track(world, "whole")
    assert {place[0] for place in places} == {3 * n for n in range(LINES)} - {27, 51}
    assert any(begin > (line // 3) * STEP for line, begin, _ in places), "no line is pushed by the one before it"


def test_a_system_that_does_not_say_that_it_can_says_all_in_one_job_and_a_correction_is_one_job_too(
    world: World, tmp_path: Path
) -> None:
    ini = world.mounts["systems"] / "espeak" / "system.ini"
    ini.write_text(ini.read_text().replace("parts = yes\n", ""))
    assert [job["part"] for job in jobs(world, lecture(world, tmp_path, "m1"))] == [None]
    ini.write_text(ini.read_text().replace("kind = tts\n", "kind = tts\nparts = yes\n"))
    noted(world, "runs")
    Person(world).edit("en", (12, 4 * STEP, 4 * STEP + 1300, "Something else.")).end()
    world.finish()
    [run] = noted(world, "runs")
    assert "--segments" not in run and "--said" not in run
