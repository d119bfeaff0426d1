"""What is done to any recogniser's captions in its own job, and what the upload says of it (modules.tl.asr)."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from ingest.context import Context
from ingest.modules.tl.asr.hallucinations import OFF, Settings, shortened
from ingest.modules.tl.asr.postprocess import Request
from tlp.db import uploads
from tlp.db.rows import Cursor

log = logging.getLogger("ingest")


def with_postprocessing(
    ctx: Context, upload: dict[str, Any], node: str, language: str, planned: dict[str, Any]
) -> dict[str, Any]:
    """The job that runs a recogniser, made to process its captions too; as it is where nothing is to be done."""
    rules = ctx.config.readability.rules(language) if ctx.config.readability.enabled else None
    settings = Settings(**vars(ctx.config.hallucinations))
    if rules is None and settings.action == OFF:
        return planned
    path = ctx.work(upload, f"{node}.asr.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    Request(language, rules, settings).write(path)
    command = [sys.executable, "-m", "ingest.jobs.asr", "--request", str(path), *planned["command"]]
    return {**planned, "command": command}


def tell(ctx: Context, cur: Cursor, upload: dict[str, Any], node: str, language: str) -> None:
    """Log each text that was removed or marked, and have the upload say how many, now and when it is done."""
    path = ctx.work(upload, f"{node}.report.json")
    if not path.is_file():
        return
    report = json.loads(path.read_text(encoding="utf-8"))
    if report["trouble"]:
        log.warning("%s: captions in '%s': %s", upload["id"], language, report["trouble"])
    for found in report["findings"]:
        did, begin = "removed" if found["removed"] else "marked", found["begin"] / 1000
        text = shortened(found["text"])
        log.info("%s: '%s' at %.2f s %s (%s): %s", upload["id"], language, begin, did, found["reason"], text)
    if words := in_words([found["removed"] for found in report["findings"]], language):
        upload["plan"]["notes"].append(words)
        uploads.set_plan(cur, upload, upload["plan"], upload["quota_ms"])


def in_words(removed: list[bool], language: str) -> str:
    """`in the subtitles in 'en' 2 texts that nobody said were removed and 1 is marked as doubtful`; "" for none."""
    gone, doubtful = removed.count(True), removed.count(False)
    parts = []
    if gone:
        parts.append(
            "1 text that nobody said was removed" if gone == 1 else f"{gone} texts that nobody said were removed"
        )
    if doubtful:
        parts.append(f"{doubtful} {'is' if doubtful == 1 else 'are'} marked as doubtful")
    return f"in the subtitles in '{language}' {' and '.join(parts)}" if parts else ""
