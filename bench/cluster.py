"""One recording on this machine, and in parts on real clusters: Slurm with two nodes, and Grid Engine.

Both clusters are this machine, divided: a job of theirs gets half of its processors. So parts cannot be faster than one
job with all of them; they are compared with the recording as one job of a cluster, on half of the processors.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from configobj import ConfigObj

from bench import asr, instance, jobs, recording
from bench.recording import Recording
from bench.table import Row
from installer import ROOT
from installer.report import InstallError

SECONDS, QUICK_SECONDS = 1800, 180
PART_SECONDS, QUICK_PART_SECONDS = 300, 60
NODES = 2
PARTS = 32  # the most, where the recording is divided at all


@dataclass(frozen=True)
class Run:
    """One upload: seconds of the whole, of its transcription, of the engine in all its jobs; words wrong, percent."""

    whole: float
    transcribing: float
    engine: float
    parts: int
    errors: float


def measure(quick: bool) -> list[Row]:
    """The same recording five times, each on an instance of its own."""
    clusters = of_tests()
    if reason := clusters.Slurm.lacking() or clusters.GridEngine.lacking():
        raise InstallError(f"there are no clusters: {reason}")
    with tempfile.TemporaryDirectory(prefix="tlp-bench-cluster-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        speech = recording.long(folder, QUICK_SECONDS if quick else SECONDS)
        media = recording.video(speech.wav, folder / "media.mp4")
        each = max(1, len(os.sched_getaffinity(0)) // NODES)
        systems = _systems(folder / "systems", each)
        seconds = QUICK_PART_SECONDS if quick else PART_SECONDS
        found = {"local": _one("local", speech, media, 1, None, {"kind": "local"}, seconds)}
        for kind in ("slurm", "gridengine"):
            with running(cluster(kind, folder, each)):
                for parts in (1, PARTS):
                    what = f"{kind}, {'in parts' if parts > 1 else 'one job'}"
                    found[what] = _one(what, speech, media, parts, systems, {"kind": kind}, seconds)
    return [row for what, run in found.items() for row in _rows(what, run, found, speech)]


def _one(
    what: str, speech: Recording, media: Path, parts: int, systems: Path | None, scheduler: dict[str, Any], seconds: int
) -> Run:
    settings = {"core": {"part_seconds": seconds, "max_parts": parts}, "scheduler": scheduler}
    with instance.running(systems, settings) as tlp:
        begin = time.time()
        upload = tlp.upload("lecture", media, "-p", "en")
        row = tlp.finish(upload)
        whole = row["finished_at"].timestamp() - begin
        heard = [span for span in jobs.spans(tlp.folder(upload)) if span.step == "transcribing"]
        errors = asr.errors(speech, tlp.client("get", "lecture", "en", "-f", "text"))
    engine = sum(span.seconds for span in heard)
    took = max(span.end for span in heard) - min(span.begin for span in heard)
    run = Run(whole, took, engine, sum(".part" in span.name for span in heard) or 1, errors)
    print(f"  {what}: {run}", file=sys.stderr, flush=True)
    return run


def _rows(what: str, run: Run, found: dict[str, Run], speech: Recording) -> list[Row]:
    rows = [
        Row(f"{what}: {speech.seconds / 60:.0f} min, the upload", run.whole, "s", found["local"].whole, "local"),
        Row(
            f"{what}: its transcription, jobs: {run.parts}", run.transcribing, "s", found["local"].transcribing, "local"
        ),
        Row(f"{what}: word errors", run.errors, "%", found["local"].errors, "local"),
    ]
    if run.parts > 1:
        alone = found[what.replace("in parts", "one job")]
        rows.append(
            Row(
                f"{what}: speed-up", alone.transcribing / run.transcribing, "×", float(NODES), "the most from two nodes"
            )
        )
        rows.append(Row(f"{what}: engine time of all parts", run.engine, "s", alone.engine, "one job"))
    return rows


def cluster(kind: str, folder: Path, cpus: int) -> Any:
    """A cluster of two nodes with so many processors each, or of Grid Engine of one with all of them; not started."""
    if kind == "slurm":
        return of_tests().Slurm(folder / "slurm", nodes=NODES, cpus=cpus)
    return of_tests().GridEngine(f"tlpbench{os.getpid()}", slots=NODES * cpus)


@contextlib.contextmanager
def running(farm: Any) -> Iterator[None]:
    """A cluster that runs, and is the one that is meant by what is called meanwhile."""
    with of_tests().started(farm), of_tests().environment(farm.environment):
        yield


@functools.cache
def of_tests() -> ModuleType:
    """The module of clusters that the tests have."""
    folder = str(ROOT / "tests" / "ingest")
    if folder not in sys.path:
        sys.path.append(folder)  # last: its other modules must hide none
    return importlib.import_module("clusters")


def _systems(folder: Path, cpus: int) -> Path:
    """The recogniser, as one that takes so many processors."""
    shutil.copytree(ROOT / "ingest-service" / "systems" / "whisper", folder / "whisper")
    path = folder / "whisper" / "system.ini"
    ini = ConfigObj(str(path), encoding="utf-8", interpolation=False)
    ini["resources"]["cpus"] = cpus
    ini.write()
    return folder
