"""The ffmpeg command lines of a track and what their output means. Builds and parses; runs nothing."""

from __future__ import annotations

import re
from pathlib import Path

from tlp.errors import MediaError

_FFMPEG = ["ffmpeg", "-nostdin", "-hide_banner", "-nostats"]
_RAW_OUT = ["-f", "s16le", "pipe:1"]
_SILENCE = -70.0  # LUFS; the gate of EBU R 128, given for silence
_PEAK = 0.84  # -1.5 dB: what the limiter lets through
_MOST_GAIN = 40.0  # dB


def tempo(sample_rate: int, factor: float) -> list[str]:
    """Samples on stdin → the same speech, `factor` times as fast, on stdout."""
    return [*_FFMPEG, "-v", "error", *_raw(sample_rate, "pipe:0"), "-af", f"atempo={factor:.2f}", *_RAW_OUT]


def loudness(track: Path, sample_rate: int, decibels: float = 0.0) -> list[str]:
    """Measure a raw track as `encode` would write it with this gain; the answer is on stderr, see `parse_loudness`."""
    filters = f"{_levelled(decibels)},ebur128=framelog=verbose" if decibels else "ebur128=framelog=verbose"
    return [*_FFMPEG, "-v", "info", *_raw(sample_rate, f"file:{track}"), "-af", filters, "-f", "null", "-"]


def parse_loudness(stderr: str) -> float:
    """LUFS from what `loudness` printed. Raises MediaError when there is none."""
    found = re.findall(r"^\s*I:\s*(-?[\d.]+|-inf|nan) LUFS", stderr, re.M)
    if not found:
        raise MediaError("ffmpeg did not tell the loudness of the track")
    return _SILENCE if found[-1] in ("-inf", "nan") else float(found[-1])


def gain(measured: float, wanted: float, before: float = 0.0) -> float:
    """dB that bring a track to `wanted` LUFS, when it had `measured` with a gain of `before`; silence stays silence."""
    return 0.0 if measured <= _SILENCE else min(_MOST_GAIN, before + wanted - measured)


def encode(track: Path, sample_rate: int, decibels: float, bitrate: str, output: Path) -> list[str]:
    """A raw track → mono mp3 with one gain throughout, so that pauses are not pumped, and a limiter for peaks.

    Without a reservoir of bits, so that `tlp.voice.patch` can replace a part of it later.
    """
    codec = ["-c:a", "libmp3lame", "-b:a", bitrate, "-reservoir", "0", "-f", "mp3", "-y", f"file:{output}"]
    return [*_FFMPEG, "-v", "error", *_raw(sample_rate, f"file:{track}"), "-af", _levelled(decibels), *codec]


def _levelled(decibels: float) -> str:
    return f"volume={decibels:.2f}dB:precision=float,alimiter=limit={_PEAK}:level=disabled"


def _raw(sample_rate: int, source: str) -> list[str]:
    return ["-f", "s16le", "-ar", str(sample_rate), "-ac", "1", "-i", source]
