"""From the end of a job to the beginning of the next step, with a resident Ingest Service and the local scheduler.

Engines that only copy a file make the steps short; everything else is real. One upload at a time, so that no job waits
for a free processor.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import instance, jobs, recording
from bench.table import Row
from tlp.captions import CURRENT, UNFILTERED, Captions, Segment, Word
from tlp.formats import FORMATS

GOAL_S = 0.5
UPLOADS = 15  # each has five ends of a step
LINES = 3
SYSTEMS = {
    "hear": ("asr", "languages = en", 'cp "$here/en.dfxp" "$output"'),
    "turn": ("mt", "pairs = en-es,", 'cp "$input" "$output"'),
    "say": ("tts", "languages = es", 'cp "$here/voice.mp3" "$output"'),
}
RUN = """\
#!/bin/sh
here={here}
while [ $# -gt 0 ]; do
    case $1 in
        --input) input=$2 ;;
        --output) output=$2 ;;
    esac
    shift 2
done
{body}
"""


def measure(quick: bool) -> list[Row]:
    """The median and the 95th percentile over all, and the largest of each kind of step."""
    with tempfile.TemporaryDirectory(prefix="tlp-bench-systems-") as folder:
        place = Path(folder)
        media = recording.video(recording.silence(place / "voice.mp3", 2), place / "media.mp4")
        _systems(place)
        with instance.running(place) as tlp:
            found = [pair for n in range(2 if quick else UPLOADS) for pair in _one(tlp, f"lecture-{n}", media)]
    return _rows(found)


def _systems(place: Path) -> None:
    subtitles = _subtitles()
    for name, (kind, offers, body) in SYSTEMS.items():
        folder = place / name
        folder.mkdir()
        (folder / "system.ini").write_text(f"[system]\nkind = {kind}\nname = {name}\n{offers}\n")
        (folder / "en.dfxp").write_bytes(subtitles)
        (folder / "voice.mp3").write_bytes((place / "voice.mp3").read_bytes())
        (folder / "run").write_text(RUN.format(here=folder, body=body))
        (folder / "run").chmod(0o755)


def _subtitles() -> bytes:
    made = [Segment(n, 500 * n, 500 * n + 400, [Word("Good"), Word("morning.")]) for n in range(LINES)]
    return FORMATS["dfxp"].write(Captions("en", made), CURRENT, UNFILTERED)


def _one(tlp: instance.Instance, name: str, media: Path) -> list[tuple[str, float]]:
    upload = tlp.upload(name, media, "-p", "en", "-p", "es", "-P", "es")
    row = tlp.finish(upload, 120)
    return jobs.handovers(jobs.spans(tlp.folder(upload)), row["finished_at"].timestamp())


def _rows(found: list[tuple[str, float]]) -> list[Row]:
    times = sorted(seconds for _, seconds in found)
    what = "end of a job to the next step"
    p95 = percentile(times, 95)
    rows = [
        Row(f"{what}, median of {len(times)}", percentile(times, 50), "s"),
        Row(f"{what}, 95th percentile", p95, "s", GOAL_S, "limit", f"< {GOAL_S:g} s", p95 < GOAL_S),
        Row(f"{what}, longest", times[-1], "s"),
    ]
    for step in dict.fromkeys(step for step, _ in found):
        mine = sorted(seconds for other, seconds in found if other == step)
        rows.append(Row(f"  before {step}, median", percentile(mine, 50), "s"))
    return rows


def percentile(ordered: list[float], percent: int) -> float:
    """The smallest value that so many per cent do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
