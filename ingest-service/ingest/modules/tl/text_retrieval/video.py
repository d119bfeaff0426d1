"""Slides in a video: a picture each time the picture changes, and the text that can be read in it, with its times."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from difflib import SequenceMatcher
from pathlib import Path

from ingest.modules.base import ffmpeg
from ingest.modules.base.probe import Probe
from ingest.modules.tl.text_retrieval import ocr
from ingest.modules.tl.text_retrieval.found import Page

EVERY_S = 2  # how often the video is looked at; a slide shown for less is not read by anybody
CHANGE = 0.003  # of ffmpeg's scene score: one more line on a white slide is 0.008, what compression changes 0.00004
LONGEST = 30  # looks without a change until one is taken all the same: lines that come one by one change little
MOST = 600  # pictures of a video
WIDTH = 1280
SAME = 0.9  # likeness of two texts from which they are the same slide
LIMIT_S = 4 * 3600


def pages(path: Path, found: Probe, language: str, progress: Callable[[float, str], None]) -> list[Page]:
    """A page for each slide: its text, number, and from when to when it is shown. Raises MediaError in words."""
    ocr.data_for(language)  # before an hour of video is looked at in vain
    with tempfile.TemporaryDirectory(prefix="slides-") as folder:
        shown = _pictures(path, found, Path(folder))
        read = []
        for number, (begin, picture) in enumerate(shown, start=1):
            read.append((begin, ocr.text(picture, language)))
            progress(number / len(shown), "slides read")
    return joined(read, found.duration_ms)


def _pictures(path: Path, found: Probe, folder: Path) -> list[tuple[int, Path]]:
    """(when it appears in ms, picture) of each change, in order; where all moves, pictures at equal distances."""
    changed = f"select='gt(scene,{CHANGE})+eq(n,0)+gte(n-prev_selected_n,{LONGEST})'"
    shown = _taken(path, found, folder / "changes", f"fps=1/{EVERY_S}:round=near,{changed}")
    if len(shown) < MOST:
        return shown
    every = max(EVERY_S, found.duration_ms / 1000 / MOST)
    return _taken(path, found, folder / "even", f"fps=1/{every:.3f}:round=near")


def _taken(path: Path, found: Probe, folder: Path, chosen: str) -> list[tuple[int, Path]]:
    folder.mkdir()
    # The times go into the names of the files: a time base of a millisecond, and a frame is numbered by its time.
    filters = f"{chosen},scale='min({WIDTH},iw)':-2,settb=1/1000"
    assert found.video is not None
    command = [*ffmpeg.read_from(path, found.demuxer), "-map", f"0:{found.video.index}", "-an", "-vf", filters]
    command += ["-vsync", "passthrough", "-enc_time_base", "1:1000", "-frame_pts", "1", "-frames:v", str(MOST)]
    ffmpeg.run([*command, "-f", "image2", f"{folder}/%012d.png"], path, found.duration_ms, "slides", LIMIT_S)
    return sorted((int(picture.stem), picture) for picture in folder.glob("*.png"))


def joined(read: list[tuple[int, str]], end: int) -> list[Page]:
    """Pages of (begin in ms, text); one that shows nothing new is the one before, one that adds lines too."""
    texts: list[str] = []
    times: list[tuple[int, int]] = []
    for number, (begin, text) in enumerate(read):
        until = read[number + 1][0] if number + 1 < len(read) else max(end, begin + 1000 * EVERY_S)
        if texts and times[-1][1] == begin and _goes_on(texts[-1], text):
            texts[-1] = max(texts[-1], text, key=len)
            times[-1] = (times[-1][0], until)
        elif text.strip():
            texts.append(text)
            times.append((begin, until))
    return [Page(text, number, time) for number, (text, time) in enumerate(zip(texts, times, strict=True), start=1)]


def _goes_on(before: str, after: str) -> bool:
    if not after.strip():
        return False
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    return same >= SAME * min(len(before), len(after))
