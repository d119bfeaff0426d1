"""The programs of a simulation: how long each would run, the tiny files that it leaves, and whom it lets wait."""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.scale_site import USERS
from ingest.scheduler import JobSpec
from tlp.captions import CURRENT, UNFILTERED, Captions, Segment, Word
from tlp.formats import FORMATS

SHORT_S, LONG_S = 600, 7200  # of media; each tenth of a user is long
SECONDS = {"package": 20.0, "media": 30.0, "mt": 60.0, "tts": 120.0}  # of jobs
HEARING = 3  # times the speed of speech
JOBS = 6  # of an upload: package, two of its media, recognition, translation, voice


def is_long(number: int) -> bool:
    """Whether the media of an upload is a long one."""
    return number // USERS % 10 == 4


def media_s(number: int) -> int:
    """How long the media of an upload is, in seconds."""
    return LONG_S if is_long(number) else SHORT_S


def gap_s(slots: int) -> float:
    """Seconds from one upload to the next when they keep so many processors busy."""
    heard = (0.9 * SHORT_S + 0.1 * LONG_S) / HEARING
    return (heard + SECONDS["package"] + 2 * SECONDS["media"] + SECONDS["mt"] + SECONDS["tts"]) / slots


class Programs:
    """`numbers`: those of the uploads by id, of which `count` are looked at. Times in simulated seconds."""

    def __init__(self, numbers: Mapping[str, int], count: int) -> None:
        self._numbers = numbers
        self.started = 0
        self.waits = [
            [0.0, 0] for _ in range(USERS)
        ]  # of each user: sum of the times when its jobs began, and how many
        self.ends = array("d", bytes(8 * count))  # of each upload: when its last job ends
        segments = [Segment(n, 500 * n, 500 * n + 400, [Word("Good"), Word("morning.")]) for n in range(3)]
        self._texts = {
            code: FORMATS["dfxp"].write(Captions(code, segments), CURRENT, UNFILTERED) for code in ("en", "es")
        }

    def number(self, spec: JobSpec) -> int:
        """That of a job's upload."""
        return self._numbers[spec.folder.parents[1].name]

    def seconds(self, spec: JobSpec) -> float:
        """How long a job runs."""
        return SECONDS.get(spec.kind) or media_s(self.number(spec)) / HEARING

    def note(self, now: float, spec: JobSpec) -> None:
        """A job begins."""
        number = self.number(spec)
        self.started += 1
        wait = self.waits[number % USERS]
        wait[0] += now
        wait[1] += 1
        if number < len(self.ends):
            self.ends[number] = max(self.ends[number], now + self.seconds(spec))

    def mean_waits(self) -> list[float]:
        """Of each user: when its jobs began, on average."""
        return [total / count for total, count in self.waits if count]

    def latest(self, long: bool) -> float:
        """How much later an upload has ended than in the order in which they came, at most; of long or short media."""
        each = max(self.ends) / max(1, len(self.ends))
        return max((end - each * n for n, end in enumerate(self.ends) if is_long(n) == long), default=0.0)

    def make(self, spec: JobSpec) -> None:
        """Write what the steps look for."""
        said = dict(zip(spec.command, spec.command[1:], strict=False))
        output = Path(said.get("--output") or said["--result"])
        output.parent.mkdir(parents=True, exist_ok=True)
        if spec.kind == "package":
            _unpack(Path(said["--upload"]))
            output.write_text(json.dumps(_package(1000 * media_s(self.number(spec)))))
        elif spec.kind in ("asr", "mt"):
            output.write_bytes(self._texts["es" if spec.kind == "mt" else "en"])
        else:
            output.write_bytes(b"made")


def _unpack(folder: Path) -> None:
    (folder / "files").mkdir(exist_ok=True)
    (folder / "files" / "media.mp3").write_bytes(b"a lecture")


def _package(duration_ms: int) -> dict[str, Any]:
    media = {
        "file": "files/media.mp3", "format": "mp3", "md5": "0" * 32, "size": 9, "demuxer": "mp3",
        "duration_ms": duration_ms, "has_video": False, "has_audio": True, "video_codec": None, "pixel_format": None,
        "audio_codec": "mp3", "url": None,
    }  # fmt: skip
    return {"media": media, "attachments": [], "audio": "work/audio.wav"}
