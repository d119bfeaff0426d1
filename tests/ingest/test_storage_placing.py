"""Media and uploads on two file systems: large files are copied by a job, and storing finds them in place."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from operations import update
from tiny_media import Media, job
from world import World

from tlp.storage import Storage

MEMORY = Path("/dev/shm")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than the one of the tests."""
    if not MEMORY.is_dir() or MEMORY.stat().st_dev == tmp_path.stat().st_dev or not os.access(MEMORY, os.W_OK):
        pytest.skip("this machine has no second file system at /dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="tlp-tests-", dir=MEMORY))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def apart(tmp_path: Path, clean_db: dict[str, Any], elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose mount point `media` is on another file system; a copy by the service itself is an error."""
    world = World(tmp_path / "world", clean_db, file_formats={"required_video_formats": ","})
    world.usual_systems()
    world.rows("UPDATE mount_points SET path = %(path)s WHERE name = 'media'", path=str(elsewhere))
    world.mounts["media"] = elsewhere

    def copied(source: object, *more: object) -> None:
        raise AssertionError(f"{source} was copied in the tick")

    monkeypatch.setattr(shutil, "copyfile", copied)
    return world


def test_on_two_file_systems_a_job_copies_and_storing_finds_everything_in_place(
    apart: World, recordings: Media
) -> None:
    files = {"media.mp4": recordings["mp4"], "s.txt": b"slides", "ca.mp3": recordings["mp3"]}
    attached = [{"filename": "s.txt", "type_code": 1}, {"filename": "ca.mp3", "type_code": 5, "language": "ca"}]
    upload = apart.upload("m1", files, attachments=attached, requested_langs={"es": {"sub": {}, "tts": {}}})
    [row] = apart.finish(upload)
    assert row["status_code"] == 6, row["info"]
    assert [r["name"] for r in apart.rows("SELECT name FROM jobs WHERE step = 'storing'")] == ["copy"]
    stored = apart.rows("SELECT path FROM files UNION SELECT path FROM audiotracks")
    assert len(stored) == 6 and apart.orphans() == []


def test_a_rerecording_is_copied_to_the_folder_of_its_object(apart: World, recordings: Media) -> None:
    apart.finish(apart.upload("m1", {"media.mp4": recordings["mp4"]}, generate=False))
    again = update(apart, "m1", {"media.mp3": recordings["mp3"]}, generate=False)
    [row] = apart.finish(again)
    assert row["status_code"] == 20, row["info"]
    assert apart.orphans() == []


def test_on_one_file_system_there_is_nothing_to_copy(quick: World, recordings: Media) -> None:
    quick.finish(quick.upload("m1", {"media.mp3": recordings["mp3"]}, generate=False))
    assert quick.rows("SELECT name FROM jobs WHERE step = 'storing'") == []
    [file] = quick.rows("SELECT path FROM files")
    assert (quick.mounts["media"] / file["path"]).stat().st_nlink == 2  # linked, not copied


def test_the_job_tells_what_it_cannot_copy_and_leaves_nothing_half(tmp_path: Path, elsewhere: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    wanted = {"x/1.bin": str(tmp_path / "a"), "x/2.bin": str(tmp_path / "missing")}
    (tmp_path / "list.json").write_text(json.dumps(wanted))
    done = job("place", "--files", "list.json", "--media", str(elsewhere), folder=tmp_path)
    assert done.returncode == 1 and "cannot store x/2.bin" in done.stderr.splitlines()[-1]
    assert [path.name for path in (elsewhere / "x").iterdir()] == ["1.bin"]


def test_what_has_been_copied_is_not_copied_again_unless_it_has_changed(tmp_path: Path, elsewhere: Path) -> None:
    source, storage = tmp_path / "a", Storage({"media": elsewhere})
    source.write_bytes(b"one")
    inode = storage.place(source, "media", "1.bin").stat().st_ino
    assert storage.place(source, "media", "1.bin").stat().st_ino == inode
    source.write_bytes(b"two")
    assert storage.place(source, "media", "1.bin").read_bytes() == b"two"
