"""Whole uploads beside the sum of their processes, each run once more by itself: what the platform adds.

Whole: from the start of ws-client.py to the end of the upload. A process by itself: the command of its job with the
job's environment, in an empty folder, when nothing else runs; its wall time. Engines are the jobs of systems (speech
recognition, translation, voices); the other processes take the package apart and make the thumbnail and the waveform.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench import instance, jobs, recording
from bench.jobs import Span
from bench.table import Row
from ingest.outputs import HERE

SECONDS, QUICK_SECONDS = 180, 20
RUNS = 2  # of each kind
SHARE, FIXED_S = 0.01, 1.0  # goal: whole ≤ sum × 1.01 + 1 s
ENGINES = {"asr", "mt", "tts"}


@dataclass(frozen=True)
class Measured:
    """One upload, all in seconds."""

    whole: float
    engines: float  # by themselves
    others: float  # the other processes, by themselves
    idle: float  # of the whole: no process ran
    client: float  # of the whole: until the Web Service had the package


def measure(quick: bool) -> list[Row]:
    """Uploads of one recording without and with voices, in turns."""
    with tempfile.TemporaryDirectory(prefix="tlp-bench-uploads-") as name, instance.running() as tlp:
        folder = Path(name)
        speech = recording.long(folder, QUICK_SECONDS if quick else SECONDS)
        media = recording.video(speech.wav, folder / "media.mp4")
        subtitles = ("-p", "en", "-p", "es", "-p", "ca")
        kinds = {
            "subtitles en es ca": subtitles,
            "subtitles and voices es ca": (*subtitles, *_voice(tlp, "espeak", "es"), *_voice(tlp, "festival", "ca")),
        }
        _one(tlp, "warm-up", media, ())  # the models come from the disk once
        runs = range(1 if quick else RUNS)
        found = {kind: [_one(tlp, f"{kind} {n}", media, o) for n in runs] for kind, o in kinds.items()}
    return [row for kind, measured in found.items() for row in _rows(f"upload, {kind}", measured)]


def _voice(tlp: instance.Instance, folder: str, language: str) -> tuple[str, str]:
    return ("-P", f"{language}:{tlp.system('tts', folder, language)}")


def _one(tlp: instance.Instance, name: str, media: Path, options: tuple[str, ...]) -> Measured:
    begin = time.time()
    upload = tlp.upload(name.replace(" ", "-"), media, *options)
    row = tlp.finish(upload)
    end = row["finished_at"].timestamp()
    found = jobs.spans(tlp.folder(upload))
    alone = _alone(tlp, upload, found)
    engines = sum(seconds for kind, seconds in alone if kind in ENGINES)
    others = sum(seconds for kind, seconds in alone if kind not in ENGINES)
    client = found[0].begin - begin
    measured = Measured(end - begin, engines, others, jobs.idle(found, begin, end), client)
    words = f"whole {measured.whole:.2f} s, engines alone {engines:.2f} s, nothing ran {measured.idle:.2f} s"
    print(f"  {name}: {words}", file=sys.stderr, flush=True)
    return measured


def _alone(tlp: instance.Instance, upload: str, found: list[Span]) -> list[tuple[str, float]]:
    """(kind, seconds) of each process of an upload that has ended, run again one after the other."""
    context, alone = tlp.context(), []
    before = {(span.step, span.name): span.seconds for span in found}
    for job in tlp.rows("SELECT * FROM jobs WHERE upload_id = %(id)s ORDER BY id", id=upload):
        seconds = _run(job["command"], {**context.environment(job["cpus"]), **job["environment"]})
        alone.append((job["kind"], seconds))
        in_upload = before[job["step"], job["name"]]
        print(f"    {job['kind']} {job['name']}: {in_upload:.2f} s, alone {seconds:.2f} s", file=sys.stderr, flush=True)
    return alone


def _run(command: list[str], environment: dict[str, str]) -> float:
    with tempfile.TemporaryDirectory(prefix="tlp-bench-alone-") as folder:
        variables = {**environment, "TMPDIR": folder, "TLP_PROGRESS": f"{folder}/progress"}
        begin = time.monotonic()
        command = [word.replace(HERE, folder) for word in command]
        subprocess.run(command, env=variables, cwd=folder, check=True, capture_output=True, stdin=subprocess.DEVNULL)
        return time.monotonic() - begin


def _rows(what: str, measured: list[Measured]) -> list[Row]:
    count = len(measured)
    whole, engines, others, idle, client = (
        sum(getattr(m, name) for m in measured) / count for name in ("whole", "engines", "others", "idle", "client")
    )
    goal, allowed = f"≤ + {SHARE:.0%} + {FIXED_S:g} s", engines + others
    return [
        Row(what, whole, "s", allowed, "its processes alone", goal, whole <= allowed * (1 + SHARE) + FIXED_S),
        Row(what, whole, "s", engines, "its engines alone", goal, whole <= engines * (1 + SHARE) + FIXED_S),
        Row(
            "  no process of it runs", idle, "s", engines, "its engines alone", goal, idle <= engines * SHARE + FIXED_S
        ),
        Row("  of these, until its first process", client, "s"),
    ]
