"""Media package processing: run the package job, then decide what the upload will do (manual, 7.1.1 step 1)."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from ingest.context import Context
from ingest.plan import Catalogue, Plan, Subtitles, System, plan_media
from tlp.captions import ALL, AUTOMATIC, HUMAN, UNFILTERED, Captions
from tlp.db import mounts, objects, systems, uploads, users
from tlp.db.rows import Cursor
from tlp.errors import PackageError, QuotaError
from tlp.formats import FORMATS
from tlp.systems import write_aside

Upload = dict[str, Any]
_NOT_FOR_THE_JOB = ("callback", "email")  # a file that others may read is no place for them


def package_jobs(ctx: Context, cur: Cursor, upload: Upload) -> list[dict[str, Any]]:
    """The job that downloads or unpacks and checks the files; none in test mode, which looks at no file."""
    return [] if upload["test_mode"] else [package_job(ctx, cur, upload, upload["manifest"])]


def package_job(
    ctx: Context,
    cur: Cursor,
    upload: Upload,
    manifest: dict[str, Any],
    below: str = ".",
    program: tuple[str, ...] = ("ingest.jobs.package",),
) -> dict[str, Any]:
    """The job for a manifest. `below`: folder of the upload in which it works; only its own sees a package."""
    folder = ctx.folder(upload) / below
    (folder / "work").mkdir(parents=True, exist_ok=True)
    formats = {
        code: {"mime_type": f["mime_type"], "demuxers": list(f["demuxers"])}
        for code, f in mounts.file_formats(cur).items()
    }
    request = {
        "manifest": {key: value for key, value in manifest.items() if key not in _NOT_FOR_THE_JOB},
        "package": Path(upload["package"]).name if upload["package"] and below == "." else None,
        "formats": formats,
        "allowed": dataclasses.asdict(ctx.config.file_formats),
        "limits": dataclasses.asdict(ctx.config.limits),
        "downloads": dataclasses.asdict(ctx.config.downloads),
        "documents": dataclasses.asdict(ctx.config.documents),
        "url_decoders": ctx.config.url_decoders,
        "max_audio_track_length": ctx.config.file_formats.max_audio_track_length,
    }
    write_aside(folder / "work" / "request.json", json.dumps(request).encode())
    command = [sys.executable, "-m", *program]
    command += ["--request", str(folder / "work" / "request.json"), "--upload", str(folder)]
    command += ["--result", str(folder / "work" / "package.json")]
    return job("package", "package", command)


def job(name: str, kind: str, command: list[str], **more: Any) -> dict[str, Any]:
    """A job to plan, with what most jobs have."""
    values: dict[str, Any] = {
        "name": name, "kind": kind, "command": command, "system_id": None, "depends_on": [], "environment": {},
        "cpus": 1, "gpus": 0, "memory_mb": 500, "time_limit_s": 24 * 3600, "part_of": None, "part": None,
    }  # fmt: skip
    return {**values, **more}


def decide(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Check id and quota, decide the plan, and bring attached subtitles into the work folder."""
    if objects.find(cur, upload["user_id"], upload["kind"], upload["external_id"]):
        raise PackageError(f"media ID '{upload['external_id']}' exists already; use /ingest/update")
    package: dict[str, Any] = {}
    if not upload["test_mode"]:
        package = json.loads(ctx.work(upload, "package.json").read_text(encoding="utf-8"))
    catalogue = Catalogue(tuple(System(**row) for row in systems.all_rows(cur)))
    plan = plan_media(upload["manifest"], package, catalogue)
    duration = (plan.media or {}).get("duration_ms") or 0
    if not plan.test_mode:
        check_quota(cur, upload, duration)
    write_given(ctx, upload, plan)
    uploads.set_plan(cur, upload, plan.as_json(), 0 if plan.test_mode else max(1, duration))


def write_given(ctx: Context, upload: Upload, plan: Plan) -> None:
    """Bring the subtitles that came with the upload into the work folder."""
    ctx.work(upload, "").mkdir(parents=True, exist_ok=True)
    for subtitles in plan.subtitles.values():
        if subtitles.origin in ("client", "test"):
            write_aside(ctx.work(upload, f"{subtitles.node}.dfxp"), _dfxp(ctx, upload, subtitles))


def check_quota(cur: Cursor, upload: Upload, duration_ms: int) -> None:
    """Raise QuotaError when one more media of that length is too much for the user (manual, 7.2)."""
    quota = users.lock_media_quota(cur, upload["user_id"], upload["id"])
    if quota["quota_media"] is not None and quota["quota_media"] - quota["reserved_media"] < 1:
        raise QuotaError("the upload quota is used up: no more media may be uploaded; ask the administrator for more")
    if quota["quota_media_ms"] is None:
        return
    left = max(0, quota["quota_media_ms"] - quota["reserved_ms"])
    if left < duration_ms:
        raise QuotaError(
            f"the upload quota does not suffice: the media lasts {duration_ms / 1000:.0f} s, "
            f"{left / 1000:.0f} s are left"
        )


def _dfxp(ctx: Context, upload: Upload, subtitles: Subtitles) -> bytes:
    """Attached subtitles in any format, or none for test mode, as DFXP with their author."""
    if subtitles.attachment is None:
        captions = Captions(subtitles.language)
    else:
        data = (ctx.folder(upload) / subtitles.attachment).read_bytes()
        captions = FORMATS[subtitles.format or "dfxp"].read(data, subtitles.language)
        captions.language = subtitles.language
        if subtitles.format != "dfxp":
            captions.made.author_type = HUMAN if subtitles.human else AUTOMATIC
            captions.made.author_conf = 1.0 if subtitles.human else None
    written: bytes = FORMATS["dfxp"].write(captions, ALL, UNFILTERED)
    return written


def plan_of(upload: Upload) -> Plan:
    """The plan that `decide` has made."""
    return Plan.from_json(upload["plan"])
