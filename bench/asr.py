"""Speech recognition: the platform's job on half an hour of speech beside the same model by itself on the same file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import jiwer

from bench import instance, jobs, recording
from bench.recording import Recording
from bench.table import Row
from installer import ROOT
from tlp import models

SECONDS, QUICK_SECONDS = 1800, 60
RUNS = 2  # of each, in turns
SPEED, POINTS = 0.95, 0.5  # goals: of the peer's speed, and more words wrong in a hundred
MODEL = "whisper-base"


@dataclass(frozen=True)
class Heard:
    """One run: how long it took, and the words wrong in a hundred."""

    seconds: float
    errors: float


def measure(quick: bool) -> list[Row]:
    """Wall times in turns, so that other work on the machine meets both; the word error rates."""
    with tempfile.TemporaryDirectory(prefix="tlp-bench-asr-") as name, instance.running() as tlp:
        folder = Path(name)
        speech = recording.long(folder, QUICK_SECONDS if quick else SECONDS)
        media = recording.video(speech.wav, folder / "media.mp4")
        platform, alone = [], []
        for number in range(1 if quick else RUNS):
            upload = tlp.upload(f"speech-{number}", media, "-p", "en")
            platform.append(_platform(tlp, upload, speech))
            alone.append(_alone(tlp, upload, folder / "alone.txt", speech))
            print(f"  platform {platform[-1]}, alone {alone[-1]}", file=sys.stderr, flush=True)
    return _rows(speech, platform, alone)


def _platform(tlp: instance.Instance, upload: str, speech: Recording) -> Heard:
    """The job of the upload, from its begin to its end, model load included; its words as a client gets them."""
    name = tlp.finish(upload)["external_id"]
    took = sum(span.seconds for span in jobs.spans(tlp.folder(upload)) if span.step == "transcribing")
    text = tlp.client("get", name, "en", "-f", "text")
    return Heard(took, errors(speech, text))


def _alone(tlp: instance.Instance, upload: str, text: Path, speech: Recording) -> Heard:
    """The model on the WAV file that the job has read: the same samples."""
    wav, model = tlp.folder(upload) / "work" / "audio.wav", models.locate(MODEL, tlp.context().models)
    command = [sys.executable, "-m", "bench.alone", model, wav, text, len(os.sched_getaffinity(0))]
    begin = time.monotonic()
    subprocess.run([str(word) for word in command], check=True, cwd=ROOT)
    return Heard(time.monotonic() - begin, errors(speech, text.read_text(encoding="utf-8")))


def errors(speech: Recording, text: str) -> float:
    """Words wrong in a hundred."""
    return 100 * float(jiwer.wer(_words(speech.reference), _words(text)))


def _words(text: str) -> str:
    """Lower case, no punctuation; the few spellings in which both are right are made one."""
    plain = re.sub(r"[^\w\s']", " ", text.lower().replace("’", "'").replace("mr.", "mister"))
    plain = re.sub(r"\bmr\b", "mister", plain).replace("e mail", "email").replace("voice mail", "voicemail")
    return " ".join(word.strip("'") for word in plain.split())


def _rows(speech: Recording, platform: list[Heard], alone: list[Heard]) -> list[Row]:
    ours, theirs = fmean(h.seconds for h in platform), fmean(h.seconds for h in alone)
    wrong, wrong_alone = platform[-1].errors, alone[-1].errors
    minutes = f"{speech.seconds / 60:.0f} min"
    what = f"speech recognition, {minutes}"
    goal, limit = f"≥ {SPEED:g} of its speed", f"≤ + {POINTS:g} points"
    faster = theirs / ours
    return [
        Row(f"{what} ({speech.made_of})", ours, "s", theirs, "the model alone", goal, faster >= SPEED),
        Row(f"{what}: its speed", speech.seconds / ours, "× real time", speech.seconds / theirs, "the model alone"),
        Row(
            f"{what}: word errors", wrong, "%", wrong_alone, "the model alone", limit, wrong <= wrong_alone + POINTS
        ),
    ]  # fmt: skip
