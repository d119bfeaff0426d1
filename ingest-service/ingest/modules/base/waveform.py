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

PEAKS_A_SECOND = 100
HEADER = struct.Struct("<4sBBHII")  # magic, version, channels, peaks a second, number of peaks, length in ms
MAGIC, VERSION = b"TLPP", 1
_RATE_HZ = 8000
_SAMPLES = _RATE_HZ // PEAKS_A_SECOND
_SECONDS = 60  # decoded at a time


def write(source: Path, found: Probe, output: Path) -> None:
    """Lowest and highest sample of each hundredth of a second, on the media's own time line. Raises MediaError."""
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
    length_ms = samples * 1000 // _RATE_HZ
    head = HEADER.pack(MAGIC, VERSION, 1, PEAKS_A_SECOND, len(pairs) // 2, length_ms)
    write_aside(output, head + bytes(pairs))


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
