"""Long recordings and texts divided among jobs, through the whole Ingest Service on this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from beeps import beeping
from tiny_media import Media
from world import World, dfxp, tick_until, wait_until

from ingest import retry
from ingest.modules.tl.asr.pauses import spans
from ingest.scheduler import JobSpec, LiveJob
from ingest.scheduler.local import Local
from ingest.tick import tick
from tlp.captions import FILTERED, plain
from tlp.formats import FORMATS

HEAR = f'exec {sys.executable} {Path(__file__).with_name("beeps.py")} --lang en --input "$input" --output "$output"'
WANTED = {"en": {"sub": {}}}


@pytest.fixture
def beeps(quick: World, tmp_path: Path) -> World:
    """A service that divides recordings into parts of about six seconds and texts into parts of 5 segments."""
    quick.system("hear", "asr", HEAR, "languages = en")
    beeping(tmp_path / "beeps.wav", 24_000, seed=7)
    set_core(quick, part_seconds=6, part_sentences=5)
    return quick


def set_core(world: World, **values: int) -> None:
    world.config = replace(world.config, core=replace(world.config.core, **values))


def recording(world: World) -> dict[str, bytes]:
    return {"media.wav": (world.folder.parent / "beeps.wav").read_bytes()}


def body(world: World, upload_id: str, language: str = "en") -> str:
    return str(
        world.rows(
            "SELECT v.body FROM content_versions AS v JOIN contents AS c ON c.id = v.content_id"
            " WHERE v.upload_id = %(id)s AND c.language = %(language)s",
            id=upload_id, language=language,
        )[0]["body"]
    )  # fmt: skip


def parts(world: World, upload_id: str) -> list[dict[str, object]]:
    return world.rows("SELECT * FROM jobs WHERE upload_id = %(id)s AND part_of IS NOT NULL ORDER BY id", id=upload_id)


def test_a_recording_in_parts_has_the_words_and_times_of_the_whole(beeps: World) -> None:
    divided = beeps.upload("divided", recording(beeps), requested_langs=WANTED)
    assert beeps.finish(divided)[0]["error_code"] is None
    rows = parts(beeps, divided)
    assert [row["name"] for row in rows] == ["en.part01", "en.part02", "en.part03", "en.part04"]
    assert rows[0]["part"].startswith("part 1 of 4, from 0:00:00 to 0:00:0")
    assert len([line for line in beeps.counted() if "part.wav" in line]) == 4
    set_core(beeps, max_parts=1)
    whole = beeps.upload("whole", recording(beeps), requested_langs=WANTED)
    assert beeps.finish(whole)[0]["error_code"] is None
    assert not parts(beeps, whole)
    assert len(FORMATS["dfxp"].read(body(beeps, whole).encode()).current) > 3
    assert body(beeps, divided).replace("divided", "whole") == body(beeps, whole)


def test_translations_are_divided_and_so_is_what_is_made_of_them(beeps: World) -> None:
    beeps.system("turn", "mt", 'sed "s/</</" "$input" >"$output"', "pairs = en-es, es-ca")
    wanted = {"en": {"sub": {}}, "es": {"sub": {}}, "ca": {"sub": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}}
    texts = [f"Segment number {n}." for n in range(23)]
    upload_id = beeps.upload(
        "lecture", {**recording(beeps), "en.dfxp": dfxp("en", texts)}, requested_langs=wanted,
        attachments=[{"filename": "en.dfxp", "type_code": 4, "language": "en"}],
    )  # fmt: skip
    row = beeps.finish(upload_id)[0]
    assert row["error_code"] is None, row["info"]
    rows = parts(beeps, upload_id)
    assert [r["name"] for r in rows] == [f"{node}.part0{n}" for node in ("en.es", "en.es.ca") for n in range(1, 5)]
    assert rows[1]["part"] == "part 2 of 4, segments 7 to 12" and rows[5]["depends_on"] == ["en.es.part02"]
    for language in ("es", "ca"):
        captions = FORMATS["dfxp"].read(body(beeps, upload_id, language).encode())
        assert [plain(segment, FILTERED) for segment in captions.current] == texts


def test_the_parts_are_given_to_the_scheduler_together_as_far_as_there_is_room(beeps: World) -> None:
    together: list[int] = []

    class Counting(Local):
        def submit_array(self, specs: Sequence[JobSpec]) -> list[str]:
            together.append(len(specs))
            return super().submit_array(specs)

    upload_id = beeps.upload("lecture", recording(beeps), requested_langs=WANTED)
    with beeps.service() as (ctx, db):
        ctx = replace(ctx, scheduler=Counting(slots=4, grace_s=10))
        run_until_finished(beeps, lambda: tick(ctx, db))
    assert beeps.status(upload_id)["error_code"] is None
    assert together.count(4) == 1 and set(together) == {1, 4}


def test_parts_for_which_there_is_no_room_any_more_wait_for_their_turn(beeps: World) -> None:
    together: list[int] = []

    class Shrinking(Local):
        """Room for four jobs while the parts are planned, for two when they are to be started."""

        def room(self, running: Sequence[LiveJob], spec: JobSpec) -> bool:
            return len(running) < (2 if spec.name else 4)

        def submit_array(self, specs: Sequence[JobSpec]) -> list[str]:
            together.append(len(specs))
            return super().submit_array(specs)

    upload_id = beeps.upload("lecture", recording(beeps), requested_langs=WANTED)
    with beeps.service() as (ctx, db):
        ctx = replace(ctx, scheduler=Shrinking(slots=4, grace_s=10))
        run_until_finished(beeps, lambda: tick(ctx, db))
    assert beeps.status(upload_id)["error_code"] is None
    assert len(parts(beeps, upload_id)) == 4
    assert max(together) == 2 and sum(together) == 6  # with the package, and what joins the parts


def test_a_tick_that_dies_when_the_parts_have_been_started_starts_none_of_them_again(beeps: World) -> None:
    class Dying(Local):
        def submit_array(self, specs: Sequence[JobSpec]) -> list[str]:
            ids = super().submit_array(specs)
            if len(specs) > 1:
                raise KeyboardInterrupt
            return ids

    upload_id = beeps.upload("lecture", recording(beeps), requested_langs=WANTED)
    with beeps.service() as (ctx, db), pytest.raises(KeyboardInterrupt):
        dying = replace(ctx, scheduler=Dying(slots=4, grace_s=10))
        run_until_finished(beeps, lambda: tick(dying, db))
    assert all(row["state"] == "planned" for row in parts(beeps, upload_id))
    row = beeps.finish(upload_id)[0]
    assert row["error_code"] is None, row["info"]
    assert len([line for line in beeps.counted() if "part.wav" in line]) == 4


def test_where_there_is_room_for_one_job_only_there_is_one(beeps: World) -> None:
    upload_id = beeps.upload("lecture", recording(beeps), requested_langs=WANTED)
    with beeps.service() as (ctx, db):
        ctx = replace(ctx, scheduler=Local(slots=1, grace_s=10))
        run_until_finished(beeps, lambda: tick(ctx, db))
    assert beeps.status(upload_id)["error_code"] is None
    assert not parts(beeps, upload_id)


FAILS = """
count={folder}/count.$(wc -c <"$input"); echo x >>"$count"
[ $(wc -c <"$input") -lt {least} -o $(wc -l <"$count") -gt {tries} ] || {{ echo "the engine fell over" >&2; exit 1; }}
"""


def fails(world: World, tries: int) -> None:
    """The recogniser fails so many times on the longest of the parts."""
    source = world.folder.parent / "beeps.wav"
    longest = max(end - begin for begin, end in spans(source, 4))
    text = FAILS.format(folder=world.folder, least=32 * longest, tries=tries)
    world.system("hear", "asr", text + HEAR, "languages = en")


def test_a_part_that_fails_is_done_again_and_the_others_are_not(beeps: World) -> None:
    fails(beeps, 2)
    upload_id = beeps.upload("lecture", recording(beeps), requested_langs=WANTED)
    row = beeps.finish(upload_id)[0]
    assert row["error_code"] is None, row["info"]
    assert sorted(r["attempt"] for r in parts(beeps, upload_id)) == [1, 1, 1, 3]
    assert len([line for line in beeps.counted() if "part.wav" in line]) == 6


def test_a_part_that_always_fails_ends_the_upload_with_its_time_in_the_recording(beeps: World) -> None:
    fails(beeps, 99)
    upload_id = beeps.upload("lecture", recording(beeps), requested_langs=WANTED)
    row = beeps.finish(upload_id)[0]
    failed = next(r for r in parts(beeps, upload_id) if r["state"] == "failed")
    assert failed["attempt"] == 3
    assert row["error_code"] == 102
    assert f"failed: the engine fell over ({failed['part']}; tried 3 times)" in row["info"]
    assert failed["part"].startswith("part ") and " to 0:00:" in failed["part"]


def test_a_part_is_told_when_it_is_tried_for_the_last_time(beeps: World) -> None:
    fails_before_the_last = '[ -n "$TLP_LAST_ATTEMPT" ] || { echo "not yet" >&2; exit 1; }\n'
    beeps.system("hear", "asr", fails_before_the_last + HEAR, "languages = en")
    upload_id = beeps.upload("lecture", recording(beeps), requested_langs=WANTED)
    row = beeps.finish(upload_id)[0]
    assert row["error_code"] is None, row["info"]
    assert {r["attempt"] for r in parts(beeps, upload_id)} == {beeps.config.core.part_attempts} == {3}


def test_a_failed_upload_that_is_tried_again_may_be_divided_in_another_way(beeps: World) -> None:
    fails(beeps, 99)
    upload_id = beeps.upload("lecture", recording(beeps), requested_langs=WANTED)
    assert beeps.finish(upload_id)[0]["error_code"] == 102
    beeps.system("hear", "asr", HEAR, "languages = en")
    set_core(beeps, max_parts=2)
    with beeps.service() as (ctx, db):
        with db.cursor() as cur:
            retry.again(ctx, cur, upload_id)
        db.commit()
    row = beeps.finish(upload_id)[0]
    assert row["error_code"] is None, row["info"]
    assert [r["state"] for r in parts(beeps, upload_id)] == ["done", "done", "stale", "stale"]


def test_status_says_how_many_parts_are_done(beeps: World) -> None:
    go = beeps.folder / "go"
    wait = f"mkdir {beeps.folder}/first 2>/dev/null || while [ ! -e {go} ]; do sleep 0.02; done\n"
    beeps.system("hear", "asr", wait + HEAR, "languages = en")
    upload_id = beeps.upload("lecture", recording(beeps), requested_langs=WANTED)
    with beeps.service() as (ctx, db):
        tick_until(ctx, db, lambda: "1 of 4 parts are done" in beeps.status(upload_id)["info"])
        assert beeps.status(upload_id)["info"].startswith("Transcription in progress, 1 of 4 parts are done: ")
        go.touch()
        run_until_finished(beeps, lambda: tick(ctx, db))
    assert beeps.status(upload_id)["error_code"] is None


def test_parts_that_are_done_but_not_joined_yet_are_not_all_of_it(beeps: World) -> None:
    go = beeps.folder / "go"
    held = ["sh", "-c", f'while [ ! -e {go} ]; do sleep 0.02; done; exec "$@"', "held"]

    class Holding(Local):
        """What joins the parts waits."""

        def submit_array(self, specs: Sequence[JobSpec]) -> list[str]:
            joins = [spec.folder.name == "transcribing.en.1" for spec in specs]
            commands = [[*held, *spec.command] if it else spec.command for spec, it in zip(specs, joins, strict=True)]
            return super().submit_array([replace(s, command=c) for s, c in zip(specs, commands, strict=True)])

    upload_id = beeps.upload("lecture", recording(beeps), requested_langs=WANTED)
    with beeps.service() as (ctx, db):
        ctx = replace(ctx, scheduler=Holding(slots=4, grace_s=10))
        joining = "SELECT id FROM jobs WHERE name = 'en' AND state = 'submitted'"
        tick_until(ctx, db, lambda: beeps.rows(joining))
        tick_until(ctx, db, lambda: "4 of 4 parts are done" in beeps.status(upload_id)["info"])
        assert beeps.status(upload_id)["info"] == "Transcription in progress, 4 of 4 parts are done: 99 %."
        go.touch()
        run_until_finished(beeps, lambda: tick(ctx, db))
    assert beeps.status(upload_id)["error_code"] is None


def test_a_recording_that_cannot_be_looked_at_is_left_to_the_system(quick: World, recordings: Media) -> None:
    set_core(quick, part_seconds=1)
    upload_id = quick.upload("lecture", {"media.mp4": recordings["mp4"]}, requested_langs=WANTED)
    with quick.service() as (ctx, db):
        tick_until(ctx, db, lambda: quick.rows("SELECT 1 AS one FROM jobs WHERE state = 'submitted'"))
        upload = quick.mounts["uploads"] / upload_id
        wait_until(lambda: list(upload.glob("jobs/*/exit_code")))  # the package is opened, and nobody knows it yet
        (upload / "work" / "audio.wav").write_bytes(b"no sound")
        run_until_finished(quick, lambda: tick(ctx, db))
    assert not parts(quick, upload_id)
    assert len(quick.counted()) == 1


def run_until_finished(world: World, one: Callable[[], object]) -> None:
    def done() -> bool:
        one()
        return not world.unfinished()

    wait_until(done, 120)
