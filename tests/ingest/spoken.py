"""Speech said by eSpeak, and the Whisper system run on it, for the tests; `needed`: marks of such tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from tlp import models, systems
from tlp.errors import ModelError

pytest.importorskip("faster_whisper", reason="faster-whisper is not installed")

FOLDER = Path(__file__).resolve().parents[2] / "ingest-service" / "systems" / "whisper"
TEXT = (
    "Good morning. Today we are going to talk about computer networks. "
    "A network is a set of machines connected by cables. Every machine has an address. "
    "When a packet arrives, the router looks at the address. "
    "Then it finds the right line in its table, and it sends the packet to the next machine. "
    "If the line is busy, the packet has to wait. If it waits too long, it is lost. "
    "Tomorrow we are going to see how lost packets are sent again. "
)


def _model_missing() -> str:
    try:
        models.locate("whisper-base", systems.models_dir())
    except ModelError as error:
        return str(error)
    return ""


needed = [
    pytest.mark.engines,
    pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng, which speaks for the test, is missing"),
    pytest.mark.skipif(bool(_model_missing()), reason=_model_missing() or "the model is there"),
]


def speak(path: Path, times: int) -> Path:
    """TEXT said `times` times, a pause of a second after each, as the WAV a system is given."""
    voice = subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "--stdout", TEXT], check=True, capture_output=True)
    convert = ["ffmpeg", "-loglevel", "error", "-i", "-", "-af", "apad=pad_dur=1", "-ar", "16000", "-ac", "1"]
    data = subprocess.run([*convert, "-f", "s16le", "-"], input=voice.stdout, check=True, capture_output=True).stdout
    return write(path, data * times)


def write(path: Path, data: bytes, rate: int = 16000) -> Path:
    with wave.open(str(path), "wb") as wav:
        wav.setparams((1, 2, rate, 0, "NONE", ""))
        wav.writeframes(data)
    return path


def run(
    audio: Path, output: Path, *more: str, lang: str = "en", folder: Path = FOLDER, **env: str
) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [str(folder / "run"), "--lang", lang, "--input", str(audio), "--output", str(output), *more]
    return subprocess.run(command, env={**os.environ, "PATH": path, **env}, text=True, capture_output=True)
