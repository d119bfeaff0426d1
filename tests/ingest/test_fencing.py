"""An attempt that was given up and goes on somewhere cannot touch what a later one made and the core has taken."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_media import Media
from world import World, wait_until

from ingest import outputs
from ingest.scheduler import LOST, Ended, LiveJob
from ingest.scheduler.local import Local
from ingest.tick import tick

SLOW = """
count=$(cat {count} 2>/dev/null); echo x$count >{count}
if [ -z "$count" ]; then
    while [ ! -e {go} ]; do sleep 0.02; done
    cp "$here/es.dfxp" "$output"; echo late >"$output.late"
else
    cp "$here/en.dfxp" "$output"
fi
"""


class CutOff(Local):
    """The first attempt of an ASR job runs on a machine that the network was cut off from: called lost, but alive.

    It is once it has counted itself in the file `count`, so that it is the first.
    """

    def __init__(self, count: Path) -> None:
        super().__init__(slots=4, grace_s=10)
        self._count = count

    def poll(self, jobs: Sequence[LiveJob]) -> dict[int, Ended]:
        found = super().poll(jobs)
        for job in jobs:
            if job.folder.name.startswith("transcribing.") and job.folder.name.endswith(".1"):
                wait_until(lambda: self._count.exists() and self._count.read_text())
                found[job.id] = Ended(LOST, None, "the node does not answer")
        return found


def test_a_lost_attempt_that_goes_on_and_ends_later_changes_nothing(quick: World, recordings: Media) -> None:
    go, count = quick.folder / "go", quick.folder / "count"
    body = SLOW.replace("{go}", str(go)).replace("{count}", str(count))
    quick.system("hear", "asr", body, "languages = en")
    media = recordings["mp4"]
    upload_id = quick.upload("lecture", {"media.mp4": media}, requested_langs={"en": {"sub": {}}})
    with quick.service() as (ctx, db):
        ctx = replace(ctx, scheduler=CutOff(count))
        deadline = time.monotonic() + 180
        while quick.unfinished():
            assert time.monotonic() < deadline, quick.status(upload_id)
            tick(ctx, db)
    first = next(quick.mounts["uploads"].glob("*/jobs/transcribing.*.1"))
    work = first.parents[1] / "work"
    before = {path.name: path.read_bytes() for path in work.iterdir()}
    go.touch()
    wait_until((first / "exit_code").exists)
    assert list((first / "out").iterdir()), "the late attempt has made its files"
    with quick.service() as (ctx, db):
        tick(ctx, db)
    assert {path.name: path.read_bytes() for path in work.iterdir()} == before
    assert "late" not in " ".join(before)
    assert before["en.dfxp"] and quick.status(upload_id)["error_code"] is None


def test_what_was_half_moved_by_a_killed_tick_is_moved_by_the_next(tmp_path: Path) -> None:
    job, work = tmp_path / "job", tmp_path / "work"
    (job / "out" / "deep").mkdir(parents=True)
    for name in ("a", "deep/b"):
        (job / "out" / name).write_text(name)
    work.mkdir()
    (job / "out" / "a").replace(work / "a")  # and killed
    outputs.take(job, work)
    outputs.take(job, work)
    assert [(work / name).read_text() for name in ("a", "deep/b")] == ["a", "deep/b"]


def test_an_attempt_that_made_nothing_or_has_no_folder_is_taken_too(tmp_path: Path) -> None:
    outputs.take(tmp_path / "no such job", tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_only_whole_words_that_name_an_output_are_placed(tmp_path: Path) -> None:
    command = ["run", "--output", outputs.path("en.dfxp"), "x{out}/y", "{out}"]
    assert outputs.placed(command, tmp_path) == ["run", "--output", f"{tmp_path}/out/en.dfxp", "x{out}/y", "{out}"]


def test_outputs_that_cannot_be_moved_leave_the_job_as_it_is_until_they_can(
    quick: World, recordings: Media, caplog: pytest.LogCaptureFixture
) -> None:
    quick.system(
        "hear",
        "asr",
        'cp "$here/en.dfxp" "$output"; cd "$(dirname "$output")"; mkdir more; echo x >more/x',
        "languages = en",
    )
    upload_id = quick.upload("lecture", {"media.mp4": recordings["mp4"]}, requested_langs={"en": {"sub": {}}})
    work = quick.mounts["uploads"] / upload_id / "work"
    with quick.service() as (ctx, db):
        in_the_way = False
        deadline = time.monotonic() + 180
        while quick.unfinished():
            assert time.monotonic() < deadline, quick.status(upload_id)
            if not in_the_way and work.is_dir():
                (work / "more").write_text("a file where a folder should be")
                in_the_way = True
            tick(ctx, db)
            if "cannot be taken" in caplog.text and (work / "more").is_file():
                (work / "more").unlink()
    assert "cannot be taken yet" in caplog.text
    assert quick.status(upload_id)["error_code"] is None
    assert len(quick.counted()) == 1 and (work / "en.dfxp").exists()
