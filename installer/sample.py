"""Makes the sample lecture: the shipped recording with slides drawn on this machine, an MP4 video (H.264 and AAC)."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from installer import ROOT
from installer.report import InstallError

RECORDING = ROOT / "demo" / "lecture.opus"
SLIDES = ROOT / "demo" / "slides.json"
REFERENCE = ROOT / "demo" / "lecture.txt"
LANGUAGE = "en"
TITLE = "Two openings: Dickens and Austen"
FONTS = Path("/usr/share/fonts/truetype/dejavu")
WIDTH, HEIGHT, RATE = 1280, 720, 10  # still pictures need no more frames a second
PAPER, INK, RULE = "0xf7f4ec", "0x22303c", "0xb5482f"


def make(folder: Path) -> tuple[Path, bool]:
    """The video `folder`/lecture.mp4, made unless it is there already. Returns its path and whether it is new."""
    target, stamp = folder / "lecture.mp4", folder / ".lecture.stamp"
    wanted = hashlib.sha256(Path(__file__).read_bytes() + RECORDING.read_bytes() + SLIDES.read_bytes()).hexdigest()
    if target.exists() and stamp.exists() and stamp.read_text() == wanted:
        return target, False
    slides = json.loads(SLIDES.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="tlp-slides-") as texts:
        _encode(_filters(slides, Path(texts)), target)
    stamp.write_text(wanted)
    return target, True


def _filters(slides: list[dict[str, Any]], texts: Path) -> str:
    """The chain of ffmpeg filters that draws each slide in its time. The text goes through files: no quoting."""
    ends = [slide["start"] for slide in slides[1:]] + [86400]
    chain = [f"drawbox=x=0:y=0:w=18:h={HEIGHT}:color={RULE}:t=fill"]
    for number, (slide, end) in enumerate(zip(slides, ends, strict=True)):
        when = f"enable='gte(t,{slide['start']})*lt(t,{end})'"
        chain.append(_text(texts / f"{number}.title", slide["title"], "DejaVuSans-Bold.ttf", 60, 110, when))
        chain.append(f"drawbox=x=90:y=205:w=240:h=6:color={RULE}:t=fill:{when}")
        chain += [
            _text(texts / f"{number}.{row}", line, "DejaVuSans.ttf", 38, 260 + 58 * row, when)
            for row, line in enumerate(slide["lines"])
            if line
        ]
        chain.append(_text(texts / f"{number}.page", f"{number + 1} / {len(slides)}", "DejaVuSans.ttf", 22, 660, when))
    return ",".join(chain)


def _text(path: Path, text: str, font: str, size: int, y: int, when: str) -> str:
    path.write_text(text, encoding="utf-8")
    if not (FONTS / font).exists():
        raise InstallError(f"the font {FONTS / font} is missing", "As root: apt-get install fonts-dejavu-core")
    style = f"fontfile={FONTS / font}:fontsize={size}:fontcolor={INK}:x=90:y={y}:expansion=none"
    return f"drawtext=textfile={path}:{style}:{when}"


def _encode(filters: str, target: Path) -> None:
    aside = target.with_name("lecture.part.mp4")
    paper = f"color=c={PAPER}:s={WIDTH}x{HEIGHT}:r={RATE}"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", paper, "-i", RECORDING]
    command += ["-vf", filters, "-c:v", "libx264", "-preset", "veryfast", "-tune", "stillimage", "-g", str(RATE * 2)]
    command += [
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "aac",
        "-b:a",
        "96k",
        "-t",
        _seconds(RECORDING),
        "-movflags",
        "+faststart",
        aside,
    ]
    _program(*map(str, command))
    aside.replace(target)


def _seconds(recording: Path) -> str:
    """How long the recording is, as ffprobe writes it."""
    return _program(
        "ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(recording)
    ).strip()


def _program(*command: str) -> str:
    """Run ffmpeg or ffprobe; returns what it printed."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise InstallError(f"{command[0]} is not installed", "As root: apt-get install ffmpeg") from error
    if ended.returncode:
        raise InstallError(f"{command[0]} could not make the sample lecture: {ended.stderr.strip()[-300:]}")
    return ended.stdout
