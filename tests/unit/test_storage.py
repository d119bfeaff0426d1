"""Files under mount points: never outside of them, never half written, twice is as good as once."""

import os

import pytest

from tlp.errors import StorageError
from tlp.storage import Storage, object_folder


@pytest.fixture
def storage(tmp_path):
    (tmp_path / "media").mkdir()
    return Storage({"media": tmp_path / "media"})


@pytest.mark.parametrize("relative", ["../x", "a/../../x", "/etc/passwd", ".."])
def test_a_path_that_leads_out_of_the_mount_point_is_refused(storage, relative):
    with pytest.raises(StorageError, match="leads out"):
        storage.path("media", relative)


def test_an_unknown_mount_point_is_named(storage):
    with pytest.raises(StorageError, match="'uploads'"):
        storage.path("uploads", "x")


def test_placing_a_file_twice_leaves_one_file_and_nothing_beside_it(storage, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"lecture")
    for _ in range(2):
        placed = storage.place(source, "media", "a/b/lecture.mp4")
    assert placed.read_bytes() == b"lecture"
    assert os.listdir(placed.parent) == ["lecture.mp4"]
    assert storage.relative("media", placed) == "a/b/lecture.mp4"


def test_nothing_is_placed_or_moved_where_a_mount_point_is_away(storage, tmp_path):
    (source := tmp_path / "source").write_bytes(b"lecture")
    (tmp_path / "media").rmdir()
    with pytest.raises(StorageError, match="'media' is not there"):
        storage.place(source, "media", "a/b/lecture.mp4")
    with pytest.raises(StorageError, match="'media' is not there"):
        storage.move("media", "a/b/lecture.mp4", "backup/a/b/lecture.mp4")
    assert not (tmp_path / "media").exists()


def test_placing_replaces_what_was_there_whole(storage, tmp_path):
    for content in (b"old", b"new and longer"):
        source = tmp_path / content[:3].decode()
        source.write_bytes(content)
        storage.place(source, "media", "x.mp4")
    assert storage.path("media", "x.mp4").read_bytes() == b"new and longer"


def test_a_file_that_cannot_be_stored_is_an_error_that_names_it(storage, tmp_path):
    with pytest.raises(StorageError, match="x.mp4"):
        storage.place(tmp_path / "missing", "media", "x.mp4")
    assert not list(storage.mount("media").iterdir())


def test_files_of_an_object_are_fanned_out_by_their_hash():
    assert object_folder("9bc70b33e49c2") == "9/9bc70b33e49c2"
