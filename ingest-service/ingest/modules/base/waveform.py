"""The PCM stream from which the player draws the waveform (file type 6; layout in docs/package.md)."""

from __future__ import annotations

import struct
import sys
from array import array
from pathlib import Path

from ingest.modules.base import ffmpeg
from ingest.modules.base.probe import Probe
from tlp.errors import MediaError
from tlp.systems import Progress, write_aside

LEVELS_MS = (1000, 100, 10)  # what one peak of each level spans; the coarse ones first, to be drawn first
HEADER = struct.Struct("<4sBBHI")  # magic, version, channels, number of levels, length in ms
LEVEL = struct.Struct("<III")  # ms of a peak, number of peaks, where they begin in the file
MAGIC, VERSION = b"TLPP", 2
_RATE_HZ = 8000
_SAMPLES = _RATE_HZ * LEVELS_MS[-1] // 1000
_SECONDS = 60  # decoded at a time


def write(source: Path, found: Probe, output: Path) -> None:
    """Lowest and highest sample of each hundredth, tenth and second, on the media's own time line.

    Raises MediaError.
    """
    if found.audio is None:
        raise MediaError("it has no sound to draw")
    arguments = [*ffmpeg.read_from(source, found.demuxer), "-map", f"0:{found.audio.index}", "-vn", "-sn", "-dn"]
    arguments += ["-af", f"aformat=channel_layouts=mono,aresample={_RATE_HZ}:async=1:first_pts=0", "-f", "s16le"]
    pairs, samples, progress = bytearray(), 0, Progress()
    for block in ffmpeg.stream(arguments, source, 2 * _RATE_HZ * _SECONDS):
        pairs += peaks(block)
        samples += len(block) // 2
        progress.report(samples * 1000 / _RATE_HZ, found.duration_ms, "drawing the waveform")
    if not samples:
        raise MediaError("its sound cannot be decoded")
    write_aside(output, stream(bytes(pairs), samples * 1000 // _RATE_HZ))


def stream(finest: bytes, length_ms: int) -> bytes:
    """The file, from the peaks of the finest level."""
    levels = [finest]
    for coarse, fine in zip(LEVELS_MS[-2::-1], LEVELS_MS[:0:-1], strict=True):
        levels.insert(0, coarser(levels[0], coarse // fine))
    head, table = HEADER.pack(MAGIC, VERSION, 1, len(levels), length_ms), b""
    at = HEADER.size + LEVEL.size * len(levels)
    for span, level in zip(LEVELS_MS, levels, strict=True):
        table += LEVEL.pack(span, len(level) // 2, at)
        at += len(level)
    return head + table + b"".join(levels)


def coarser(pairs: bytes, factor: int) -> bytes:
    """One pair for each `factor` pairs: nothing that is drawn from afar is lost."""
    low, high = array("b", pairs[0::2]), array("b", pairs[1::2])
    found = array("b")
    for start in range(0, len(low), factor):
        found.append(min(low[start : start + factor]))
        found.append(max(high[start : start + factor]))
    return found.tobytes()


def peaks(block: bytes) -> bytes:
    """Pairs of signed bytes (min, max) for each 80 samples of s16 little-endian PCM; quiet is never drawn as louder."""
    samples = array("h", block[: len(block) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    found = array("b")
    for start in range(0, len(samples), _SAMPLES):
        piece = samples[start : start + _SAMPLES]
        found.append(min(piece) >> 8)
        found.append(max(piece) >> 8)
    return found.tobytes()
