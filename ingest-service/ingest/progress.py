"""How far the running jobs are, for the words of /status. A job tells by the file `progress` in its folder."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ingest.context import Context
from tlp.db import uploads
from tlp.db.rows import Cursor

WORDS = {
    "packaging": "Processing the media package",
    "transcribing": "Transcription in progress",
    "translating": "Translation(s) in progress",
    "synthesising": "Text-To-Speech audio track(s) generation in progress",
    "converting": "Preparing data for the TLP Player",
}


def report(ctx: Context, cur: Cursor, running: list[dict[str, Any]]) -> None:
    """Write percent and an estimate into `info` of the uploads whose jobs run."""
    by_upload = defaultdict(list)
    for row in running:
        by_upload[row["upload_id"], row["step"]].append(row)
    for (upload_id, step), rows in by_upload.items():
        known = [(percent, row["age"]) for row in rows if (percent := _percent(ctx, row)) is not None]
        if known:
            percent = sum(p for p, _ in known) // len(known)
            left = max(_left(p, age) for p, age in known)
            uploads.set_info(cur, upload_id, f"{WORDS.get(step, step)}: {percent} %{left_in_words(left)}.")


def _percent(ctx: Context, row: dict[str, Any]) -> int | None:
    try:
        return int((ctx.job_folder(row) / "progress").read_text(encoding="utf-8").split(maxsplit=1)[0])
    except (OSError, ValueError, IndexError):
        return None


def _left(percent: int, age: float) -> float:
    return age * (100 - percent) / percent if percent else 0.0


def left_in_words(seconds: float) -> str:
    """`, about 3 min left`; nothing when it is not known or nearly over."""
    if seconds < 5:
        return ""
    if seconds < 90:
        return f", about {5 * round(seconds / 5)} s left"
    return f", about {round(seconds / 60)} min left" if seconds < 5400 else f", about {seconds / 3600:.1f} h left"
