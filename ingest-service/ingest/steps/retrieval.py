"""Text about a lecture for its recogniser (manual, Appendix E, "Language Model Adaptation"): what there is, its job.

Nothing here may fail an upload: without terms the lecture is transcribed as it always was, and a note says so.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

from ingest.context import Context
from ingest.plan import DOCUMENT, SLIDES, Plan
from ingest.steps.package import job, plan_of
from tlp.db import earlier, jobs, objects, uploads
from tlp.db.rows import Cursor, Row
from tlp.systems import write_aside

log = logging.getLogger("ingest")
Upload = dict[str, Any]
STATE = "retrieving"
LIMIT_S = 3 * 3600  # for the job: hours of slides in a video


def retrieval_jobs(ctx: Context, cur: Cursor, upload: Upload) -> list[dict[str, Any]]:
    """The job that chooses terms; none where nothing is transcribed, `lma` is false, or there is nothing to read."""
    plan = plan_of(upload)
    if not ctx.config.text_retrieval_module.enabled or not plan.made_by("asr") or not _wanted(upload, plan.language):
        return []
    found = objects.find(cur, upload["user_id"], upload["kind"], upload["external_id"])
    about = _about(cur, upload, found)
    files = _files(ctx, cur, upload, plan, found)
    before = _earlier(ctx, cur, upload, plan.language, found)
    web = None if files else _web(ctx)  # the manual: where no text is attached
    if not (files or before or web or about["topic"] or about["keywords"]):
        return []
    request = {
        "language": plan.language,
        "about": about,
        "files": files,
        "earlier": before,
        "web": web,
        "converter": {
            "program": ctx.config.documents.office_converter,
            "timeout": ctx.config.documents.convert_timeout,
        },
    }
    path = ctx.work(upload, "retrieval.request.json")
    write_aside(path, json.dumps(request, ensure_ascii=False).encode())
    command = [sys.executable, "-m", "ingest.jobs.text_retrieval", "--request", str(path)]
    command += ["--terms", str(terms_file(ctx, upload)), "--result", str(_result(ctx, upload))]
    return [job("terms", "document", command, memory_mb=800, time_limit_s=LIMIT_S)]


def terms_file(ctx: Context, upload: Upload) -> Path:
    """Where the terms are for the recogniser, when there are any."""
    return ctx.work(upload, "terms.txt")


def options(ctx: Context, upload: Upload) -> list[str]:
    """What the recogniser is called with for its adaptation."""
    path = terms_file(ctx, upload)
    return ["--terms", str(path)] if path.is_file() else []


def tell(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Note what could not be used, for the client; the job may also have failed altogether."""
    rows = jobs.of_step(cur, upload["id"], STATE)
    if not rows:
        return
    notes = _notes(ctx, upload, rows[-1])
    known = upload["plan"]["notes"]
    if new := [note for note in notes if note not in known]:
        known += new
        uploads.set_plan(cur, upload, upload["plan"], upload["quota_ms"])


def _notes(ctx: Context, upload: Upload, row: Row) -> list[str]:
    if row["state"] != "done":
        terms_file(ctx, upload).unlink(missing_ok=True)
        log.warning("%s: transcribed without terms: %s", upload["id"], row["reason"])
        return ["the transcription was made without the texts about the lecture: they could not be read"]
    result = json.loads(_result(ctx, upload).read_text(encoding="utf-8"))
    log.info("%s: %d terms from %d sources", upload["id"], result["terms"], len(result["sources"]))
    return [str(note) for note in result["notes"]]


def _result(ctx: Context, upload: Upload) -> Path:
    return ctx.work(upload, "retrieval.json")


def _wanted(upload: Upload, language: str) -> bool:
    """`lma` of the subtitles in the spoken language; it is on where the client does not say."""
    wishes = upload["manifest"].get("requested_langs") or {}
    return bool((wishes.get(language, {}).get("sub") or {}).get("lma", True))


def _about(cur: Cursor, upload: Upload, found: Row | None) -> dict[str, Any]:
    """Title, topic, keywords and the speakers' names, as this upload changes them."""
    metadata = upload["manifest"].get("metadata", {})
    about = {key: metadata.get(key) or (found or {}).get(key) or "" for key in ("title", "topic", "keywords")}
    said = metadata.get("speakers")
    if said is None and found:
        names = [speaker["name"] for speaker in objects.speakers(cur, found["id"])]
    else:
        names = [speaker["speaker_name"] for speaker in said or []]
    return {**about, "speakers": [name for name in names if name]}


def _files(ctx: Context, cur: Cursor, upload: Upload, plan: Plan, found: Row | None) -> list[dict[str, Any]]:
    """Slides and documents of this upload, and of the media as it is where this upload brings none of their type."""
    sent = upload["manifest"].get("attachments") or []
    files = [
        _file(ctx.folder(upload) / item["file"], item, named["filename"])
        for item, named in zip(plan.attachments, sent, strict=False)
        if item["type_code"] in (SLIDES, DOCUMENT)
    ]
    media = upload["manifest"].get("media") or {}
    if plan.media and plan.media.get("has_video") and media.get("slides"):
        path = ctx.folder(upload) / plan.media["file"]
        files.append(_file(path, {**plan.media, "type_code": SLIDES}, media.get("filename") or "the media"))
    there = {item["type_code"] for item in files}
    for row in objects.files(cur, found["id"]) if found else ():
        if row["type_code"] in {SLIDES, DOCUMENT} - there and row["path"]:
            files.append(_file(ctx.storage.path("media", row["path"]), row, f"{row['format']} file of the media"))
    return files


def _file(path: Path, item: dict[str, Any], name: str) -> dict[str, Any]:
    return {"path": str(path), "format": item["format"], "type_code": item["type_code"], "name": name}


def _earlier(ctx: Context, cur: Cursor, upload: Upload, language: str, found: Row | None) -> list[dict[str, Any]]:
    """Earlier lectures of the speakers, their subtitles brought into the work folder."""
    said = upload["manifest"].get("metadata", {}).get("speakers")
    speakers = [s["speaker_id"] for s in said or []]
    if said is None and found:
        speakers = earlier.speaker_ids(cur, found["id"])
    most = ctx.config.text_retrieval_module.earlier_lectures
    if not speakers or most <= 0:
        return []
    rows = earlier.lectures(cur, upload["user_id"], speakers, language, upload["external_id"], most)
    ctx.work(upload, "").mkdir(parents=True, exist_ok=True)
    lectures = []
    for number, row in enumerate(rows, start=1):
        path = ctx.work(upload, f"earlier-{number}.dfxp")
        write_aside(path, row["body"].encode())
        lectures.append({"path": str(path), "supervised": row["supervised"], "name": row["external_id"]})
    return lectures


def _web(ctx: Context) -> dict[str, Any] | None:
    """How the web is searched, where the operator has said so."""
    settings = ctx.config.text_retrieval_module
    if not settings.module_path and not settings.search_url:
        return None
    search = {
        "url": settings.search_url,
        "results": settings.search_results,
        "seconds": settings.search_timeout,
        "allow_private": ctx.config.downloads.allow_private,
    }
    return {"module_path": settings.module_path, "search": search}
