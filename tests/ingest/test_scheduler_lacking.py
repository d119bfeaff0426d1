"""Nodes of a real Slurm that lack what others have: their jobs go to another node, and the words name the machine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import clusters
import pytest
from tiny_media import Media
from world import World, failed

from ingest.scheduler import JobSpec, script
from ingest.scheduler.trace import ended
from tlp.systems import LACKS

NODES = {"node1", "node2"}


@pytest.fixture(scope="module")
def two_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clusters.Slurm]:
    cluster = clusters.Slurm(tmp_path_factory.mktemp("slurm"), nodes=2, cpus=8)
    with clusters.started(cluster), clusters.environment(cluster.environment):
        yield cluster


@pytest.fixture
def site(tmp_path: Path, clean_db: dict[str, Any], two_nodes: clusters.Slurm) -> Iterator[World]:
    formats = {"required_video_formats": ",", "generate_pcm_stream": "no"}
    made = World(tmp_path / "world", clean_db, file_formats=formats, scheduler={"kind": "slurm"})
    yield made
    made.end_jobs()


def heard(site: World, recordings: Media, lacking: str) -> dict[str, Any]:
    """The end of an upload whose recogniser notes its node, and then runs `lacking`."""
    body = f'echo "$SLURMD_NODENAME" >>"$here/nodes"; {lacking}\ncp "$here/en.dfxp" "$output"'
    site.system("hear", "asr", body, "languages = en")
    upload = site.upload("lecture", {"media.mp4": recordings["mp4"]}, requested_langs={"en": {"sub": {}}})
    [row] = site.finish(upload)
    return row


def nodes(site: World) -> list[str]:
    return (site.mounts["systems"] / "hear" / "nodes").read_text().split()


@pytest.mark.parametrize("lacking", ["exec /opt/engine/run", f"echo 'no model' >&2; exit {LACKS}"])
def test_what_one_node_lacks_is_done_on_another(
    site: World, recordings: Media, lacking: str, caplog: pytest.LogCaptureFixture
) -> None:
    row = heard(site, recordings, f'[ $(wc -l <"$here/nodes") -gt 1 ] || {{ {lacking}; }}')
    first, second = nodes(site)
    assert {first, second} == NODES
    assert row["error_code"] is None, row["info"]
    assert f"(on {first})" in caplog.text, "somebody must mend it"


def test_what_no_node_has_ends_the_upload_after_two_tries_and_names_the_machine(site: World, recordings: Media) -> None:
    row = heard(site, recordings, "echo 'model whisper-base: its file model.bin is missing' >&2; exit 69")
    assert set(nodes(site)) == NODES and len(nodes(site)) == 2
    assert f"model.bin is missing (on {nodes(site)[1]})" in failed(row, 102)


def test_a_failure_that_is_none_of_the_machine_is_not_repeated(site: World, recordings: Media) -> None:
    row = heard(site, recordings, "echo 'nobody speaks here' >&2; exit 1")
    assert len(nodes(site)) == 1 and "nobody speaks here" in failed(row, 102)


# What the script of a job itself needs of a machine
PROGRAMS = ("sh", "bash", "timeout", "env", "mkdir", "mkfifo", "rm", "mv", "uname", "setsid")


@pytest.mark.parametrize(
    ("lacking", "words"), [("setsid", ""), ("mkfifo", ""), ("timeout", "'timeout'"), ("env", "env: ")]
)
def test_a_job_runs_on_a_machine_without_all_programs_or_says_which_it_lacks(
    spec: Callable[..., JobSpec], tmp_path: Path, lacking: str, words: str
) -> None:
    (tmp_path / "bin").mkdir()
    for name in PROGRAMS:
        if name != lacking:
            (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    job = spec("sh", "-c", "echo done")
    job.folder.mkdir(parents=True)
    (job.folder / "job.sh").write_text(script.text(job))
    environment = {"PATH": str(tmp_path / "bin")}
    subprocess.run(["/bin/bash", job.folder / "job.sh"], env=environment, timeout=20, capture_output=True)
    end = ended(job.folder, int((job.folder / "exit_code").read_text()))
    assert end.exit_code == (127 if words else 0) and words in end.reason
    assert (job.folder / "stdout").read_text() == ("" if words else "done\n")
