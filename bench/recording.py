"""Recordings to measure with: the sample's real speech, and Debian's telephone prompts where they can be had."""

from __future__ import annotations

import contextlib
import gzip
import subprocess
from dataclasses import dataclass
from pathlib import Path

from installer import sample
from installer.report import InstallError

RATE = 16000
PROMPTS = ("asterisk-core-sounds-en", "asterisk-core-sounds-en-g722")  # CC-BY-SA 3.0: downloaded, never shipped
LEAST_WORDS = 5  # of a prompt: shorter ones are pieces of sentences
GAP_MS = 700  # between two prompts
PATIENCE_S = 120  # for the download
BLOCK_S = 200  # of prompts, between two readings of the sample


@dataclass(frozen=True)
class Recording:
    """Speech as a 16 kHz mono WAV, and what is said in it."""

    wav: Path
    reference: str
    seconds: float
    made_of: str


def long(folder: Path, seconds: float) -> Recording:
    """A recording of about so many seconds: the sample again and again, with prompts between when there are any."""
    speech = folder / "sample.raw"
    _ffmpeg("-i", sample.RECORDING, "-f", "s16le", "-ac", "1", "-ar", RATE, speech)
    text = sample.REFERENCE.read_text(encoding="utf-8")
    prompts = _prompts(folder) if seconds > 120 else []
    raw, words, position = folder / "long.raw", [], 0
    with raw.open("wb") as out:
        while out.tell() < seconds * RATE * 2:
            out.write(speech.read_bytes() + _silence())
            words.append(text)
            stop = out.tell() + BLOCK_S * RATE * 2
            while prompts and out.tell() < min(stop, seconds * RATE * 2):
                said, path = prompts[position % len(prompts)]
                out.write(path.read_bytes() + _silence())
                words.append(said)
                position += 1
    wav = folder / "long.wav"
    _ffmpeg("-f", "s16le", "-ac", "1", "-ar", RATE, "-i", raw, wav)
    length = raw.stat().st_size / 2 / RATE
    raw.unlink()
    made_of = f"sample and {min(position, len(prompts))} prompts" if prompts else "the sample again and again"
    return Recording(wav, "\n".join(words), length, made_of)


def video(sound: Path, target: Path) -> Path:
    """The sound behind a plain picture, as an MP4 that needs no conversion."""
    picture = ("-f", "lavfi", "-i", "color=c=0x22303c:s=320x180:r=5")
    codecs = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k")
    _ffmpeg(*picture, "-i", sound, *codecs, "-shortest", "-movflags", "+faststart", target)
    return target


def silence(target: Path, seconds: int) -> Path:
    """Nothing, in the format of the name."""
    _ffmpeg("-f", "lavfi", "-i", f"anullsrc=r={RATE}:cl=mono", "-t", seconds, target)
    return target


def _silence() -> bytes:
    return bytes(RATE * 2 * GAP_MS // 1000)


def _prompts(folder: Path) -> list[tuple[str, Path]]:
    """(what is said, raw audio) of each whole sentence; nothing where the packages cannot be had."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):  # no apt-get, or no answer
        subprocess.run(["apt-get", "download", *PROMPTS], cwd=folder, capture_output=True, timeout=PATIENCE_S)
    packages = sorted(folder.glob("asterisk-*.deb"))
    if len(packages) < len(PROMPTS):
        return []
    for package in packages:
        subprocess.run(["dpkg-deb", "-x", package, folder / "prompts"], check=True)
    sounds = {path.stem: path for path in (folder / "prompts").rglob("*.g722")}
    texts = next((folder / "prompts").rglob("core-sounds-en.txt.gz"))
    found = []
    for line in gzip.decompress(texts.read_bytes()).decode().splitlines():
        name, _, said = line.strip().partition(": ")
        if name in sounds and len(said.split()) >= LEAST_WORDS and _is_sentence(said):
            raw = folder / "prompts" / f"{name}.raw"
            _ffmpeg("-f", "g722", "-i", sounds[name], "-f", "s16le", "-ac", "1", "-ar", RATE, raw)
            found.append((said, raw))
    return found


def _is_sentence(said: str) -> bool:
    """Whole words only: no remark in brackets, no part of a sentence, no digits that may be read in several ways."""
    return not any(c in said for c in "[](){}<>*#/;=_0123456789") and "..." not in said


def _ffmpeg(*words: object) -> None:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *(str(word) for word in words)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise InstallError("ffmpeg is not installed", "As root: apt-get install ffmpeg") from error
    if done.returncode:
        raise InstallError(f"ffmpeg could not make a recording: {done.stderr.strip()[-300:]}")
