"""Files are moved and deleted below a mount point only, whatever a path says; doing it twice changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlp.errors import StorageError
from tlp.storage import Storage


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    (tmp_path / "media" / "a").mkdir(parents=True)
    (tmp_path / "media" / "a" / "x.mp3").write_text("x")
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("keep")
    return Storage({"media": tmp_path / "media"})


def test_a_file_moves_once_and_a_second_move_changes_nothing(storage: Storage) -> None:
    assert storage.move("media", "a/x.mp3", "backup/a/x.mp3")
    assert storage.move("media", "a/x.mp3", "backup/a/x.mp3")
    assert storage.path("media", "backup/a/x.mp3").read_text() == "x"
    assert not storage.path("media", "a/x.mp3").exists()


def test_a_file_that_is_nowhere_is_said_to_be(storage: Storage) -> None:
    assert not storage.move("media", "a/y.mp3", "backup/a/y.mp3")
    assert not storage.remove("media", "a/y.mp3")


def test_a_folder_goes_with_all_that_is_in_it(storage: Storage) -> None:
    assert storage.remove("media", "a")
    assert not storage.remove("media", "a")
    assert storage.mount("media").is_dir()


@pytest.mark.parametrize("path", ["", ".", "..", "../precious", "a/../../precious", "/etc", "a/../.."])
def test_nothing_outside_the_mount_point_nor_itself_can_be_deleted_or_moved(storage: Storage, path: str) -> None:
    with pytest.raises(StorageError):
        storage.remove("media", path)
    if ".." in path or path.startswith("/"):
        with pytest.raises(StorageError):
            storage.move("media", path, "b")
        with pytest.raises(StorageError):
            storage.move("media", "a/x.mp3", path)


def test_a_link_is_deleted_and_not_what_it_points_to(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "media" / "a" / "link").symlink_to(tmp_path / "precious")
    assert storage.remove("media", "a/link")
    (tmp_path / "media" / "a" / "link").symlink_to(tmp_path / "precious")
    with pytest.raises(StorageError):
        storage.remove("media", "a/link/file")
    assert storage.remove("media", "a")
    assert (tmp_path / "precious" / "file").read_text() == "keep"
