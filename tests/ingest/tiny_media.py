"""Tiny real media of many formats, made by ffmpeg once a test run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_PICTURE = ["-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d={d}"]
_SOUND = ["-f", "lavfi", "-i", "sine=f=440:d={d}"]
_MPEG4 = ["-c:v", "mpeg4", "-c:a", "aac"]
# name: (has a picture, has sound, ffmpeg's arguments for the output)
KINDS: dict[str, tuple[bool, bool, list[str]]] = {
    "mp4": (True, True, ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]),
    "m4v": (True, True, ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "mp4"]),
    "mov": (True, True, ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv444p", "-c:a", "aac"]),
    "3gp": (True, True, ["-c:v", "mpeg4", "-c:a", "aac"]),
    "webm": (True, True, ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"]),
    "mkv": (True, True, ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]),
    "avi": (True, True, ["-c:v", "mpeg4", "-c:a", "libmp3lame"]),
    "wmv": (True, True, ["-c:v", "wmv2", "-c:a", "wmav2", "-f", "asf"]),
    "flv": (True, True, ["-c:v", "flv1", "-c:a", "libmp3lame", "-ar", "44100"]),
    "ogv": (True, True, ["-c:v", "libtheora", "-c:a", "libvorbis"]),
    "mpg": (True, True, ["-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2"]),
    "wav": (False, True, []),
    "mp2": (False, True, ["-c:a", "mp2"]),
    "mp3": (False, True, []),
    "flac": (False, True, []),
    "m4a": (False, True, ["-c:a", "aac"]),
    "ogg": (False, True, ["-c:a", "libvorbis"]),
    "oga": (False, True, ["-c:a", "libvorbis"]),
    "opus": (False, True, ["-c:a", "libopus"]),
    "wma": (False, True, ["-c:a", "wmav2"]),
    "aac": (False, True, ["-c:a", "aac"]),
    "silent.mp4": (True, False, ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]),
}
DEMUXERS = {
    "mp4": ["mov"], "m4v": ["mov"], "mov": ["mov"], "3gp": ["mov"], "m4a": ["mov"], "webm": ["matroska"],
    "mkv": ["matroska"], "avi": ["avi"], "wmv": ["asf"], "wma": ["asf"], "flv": ["flv"], "ogv": ["ogg"], "ogg": ["ogg"],
    "oga": ["ogg"], "opus": ["ogg"], "mpg": ["mpeg", "mpegts", "mpegvideo"], "wav": ["wav"], "mp3": ["mp3"],
    "mp2": ["mp3"], "flac": ["flac"], "aac": ["aac"], "jpg": ["image2", "jpeg_pipe"],
}  # fmt: skip


class Media:
    """Files by kind, each made when it is first asked for."""

    def __init__(self, folder: Path, seconds: float = 2.0) -> None:
        self.folder, self.seconds = folder, seconds

    def __getitem__(self, kind: str) -> Path:
        path = self.folder / (kind if "." in kind else f"sample.{kind}")
        if not path.exists():
            picture, sound, options = KINDS[kind]
            inputs = (_PICTURE if picture else []) + (_SOUND if sound else [])
            ffmpeg(*[word.format(d=self.seconds) for word in inputs], *options, str(path))
        return path

    def jpeg(self) -> Path:
        path = self.folder / "picture.jpg"
        if not path.exists():
            ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64", "-frames:v", "1", str(path))
        return path


def ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True)


def job(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The job of the media module, run as its command line says."""
    path = os.pathsep.join(p for p in sys.path if p)
    return subprocess.run(
        [sys.executable, "-m", "ingest.jobs.media", *arguments],
        cwd=folder, env={**os.environ, "PYTHONPATH": path, **environment}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
