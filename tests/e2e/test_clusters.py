"""The demo lecture through each scheduler with the real engines: this machine, a real Slurm, a real Grid Engine.

Uploaded by ws-client.py through gunicorn, recognised on the cluster in parts, and once more undivided.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jiwer
import pysrt
import pytest

from bench import cluster as farms
from bench import instance
from bench.instance import Instance
from ingest.scheduler.trace import node
from installer import sample

pytestmark = pytest.mark.engines
PART_SECONDS = 30  # of the lecture's 70
CPUS = 4  # of a node, whatever this machine has


@dataclass(frozen=True)
class Made:
    """What came of the lecture: subtitles (SRT) and audio tracks by language, and its rows of jobs."""

    srt: dict[str, str]
    voices: dict[str, bytes]
    jobs: list[dict[str, Any]]
    folder: Path  # of the upload

    def words(self, language: str) -> str:
        return " ".join(re.findall(r"\w+", " ".join(cue.text for cue in pysrt.from_string(self.srt[language])).lower()))

    def nodes(self, step: str) -> set[str | None]:
        return {node(folder) for folder in self.folder.glob(f"jobs/{step}.*")}


def lecture(tlp: Instance, name: str, media: Path) -> Made:
    """Upload it, wait for its end, fetch what there is."""
    voice = tlp.system("tts", "espeak", "es")
    upload = tlp.upload(name, media, "-p", "en", "-p", "es", "-P", f"es:{voice}")
    tlp.finish(upload, patience=600)
    srt = {language: str(tlp.client("get", name, language, "-f", "srt")) for language in ("en", "es")}
    tracks = {
        lang["lang_code"]: tlp.fetch("audiotrack", name, lang["lang_code"], lang["audiotracks"][0]["aid"])
        for lang in tlp.client("langs", name)["langs"]
        if lang["audiotracks"]
    }
    rows = tlp.rows("SELECT * FROM jobs WHERE upload_id = %(id)s ORDER BY id", id=upload)
    return Made(srt, tracks, rows, tlp.folder(upload))


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample.make(tmp_path_factory.mktemp("lecture"))[0]


@pytest.fixture(scope="module")
def here(media: Path) -> Made:
    """The lecture on this machine, one job a step, with as many processors as on a node: they make a difference."""
    with instance.running(settings={"core": {"max_parts": 1}, "scheduler": {"slots": CPUS}}) as tlp:
        return lecture(tlp, "lecture", media)


@dataclass(frozen=True)
class Site:
    """An instance whose engines run on a cluster, with the lecture in it."""

    kind: str
    tlp: Instance
    divided: Made


@pytest.fixture(scope="module", params=["slurm", "gridengine"])
def site(request: pytest.FixtureRequest, media: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    kind = request.param
    farm = farms.cluster(kind, tmp_path_factory.mktemp(kind), cpus=CPUS)
    settings = {"core": {"part_seconds": PART_SECONDS}, "scheduler": {"kind": kind}}
    with farms.running(farm), instance.running(settings=settings) as tlp:
        yield Site(kind, tlp, lecture(tlp, "divided", media))


def test_the_lecture_in_parts_over_a_cluster_has_the_words_of_one_machine(site: Site, here: Made) -> None:
    english, spanish = (jiwer.wer(here.words(lang), site.divided.words(lang)) for lang in ("en", "es"))
    print(f"{site.kind}: {100 * english:.1f} % of the words differ in English, {100 * spanish:.1f} % in Spanish")
    reference = " ".join(re.findall(r"\w+", sample.REFERENCE.read_text(encoding="utf-8").lower()))
    assert jiwer.wer(reference, site.divided.words("en")) < 0.10
    assert english < 0.06  # at a cut the recogniser hears with less of what was said before
    assert spanish < 0.10


def test_its_engines_ran_on_the_nodes_and_the_recogniser_in_parts(site: Site) -> None:
    rows = site.divided.jobs
    parts = [row for row in rows if row["part_of"] == "en"]
    assert len(parts) == 2 and {row["attempt"] for row in rows} == {1}
    ran = {row["kind"] for row in rows if not row["scheduler_id"].startswith("local")}
    assert ran == {"asr", "mt", "tts"}
    nodes = site.divided.nodes("transcribing") | site.divided.nodes("translating")
    assert nodes & ({"node1", "node2"} if site.kind == "slurm" else {"localhost"})


def test_the_times_of_the_cues_are_in_order_and_reach_to_the_end(site: Site, here: Made) -> None:
    for language in ("en", "es"):
        cues = pysrt.from_string(site.divided.srt[language])
        assert all(one.start <= one.end <= other.start for one, other in zip(cues, cues[1:], strict=False))
        alone = pysrt.from_string(here.srt[language])
        assert abs(cues[0].start.ordinal - alone[0].start.ordinal) < 500
        assert abs(cues[-1].end.ordinal - alone[-1].end.ordinal) < 1500


def test_there_is_a_spanish_voice_made_on_the_cluster(site: Site, here: Made) -> None:
    assert set(site.divided.voices) == set(here.voices) == {"es"}
    voice = site.divided.voices["es"]
    assert voice[:3] == b"ID3" or voice[:2] == b"\xff\xfb"
    assert len(voice) == pytest.approx(len(here.voices["es"]), rel=0.1)


def test_undivided_it_is_the_same_as_on_one_machine(site: Site, here: Made, media: Path) -> None:
    site.tlp.configure({"core": {"max_parts": 1}})
    whole = lecture(site.tlp, "whole", media)
    assert not [row for row in whole.jobs if row["part_of"]]
    assert {row["kind"] for row in whole.jobs if not row["scheduler_id"].startswith("local")} == {"asr", "mt", "tts"}
    assert whole.srt == here.srt
