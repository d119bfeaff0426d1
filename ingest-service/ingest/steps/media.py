"""Media conversion: what browsers and the player need and the client did not send (manual, 7.1.1 step 5)."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

from ingest.context import Context
from ingest.modules.base import media
from ingest.modules.base.containers import CONTAINERS
from ingest.plan import MEDIA, THUMBNAIL, Plan
from ingest.steps.package import job, plan_of
from tlp.config import Config
from tlp.db.rows import Cursor
from tlp.errors import ConfigError, MediaError

Upload = dict[str, Any]
OUTPUTS = {
    "convert": "media.mp4",
    "convert-webm": "media.webm",
    "convert-ogv": "media.ogv",
    "thumbnail": "thumbnail.jpg",
    "stream": "stream.pcm",
}


def check_config(config: Config) -> None:
    """Raise ConfigError when a format is required that cannot be made: better now than at the end of each upload."""
    wanted = set(config.file_formats.required_video_formats) - set(CONTAINERS)
    if wanted:
        raise ConfigError(
            f"[file_formats] required_video_formats: {', '.join(sorted(wanted))} cannot be made; "
            f"choose among {', '.join(CONTAINERS)}"
        )


def conversion_jobs(ctx: Context, cur: Cursor, upload: Upload) -> list[dict[str, Any]]:
    """The conversions that this upload needs; the thumbnail is taken from the video that browsers will see."""
    plan = plan_of(upload)
    needed = _needed(ctx, plan)
    if plan.test_mode:
        image = ctx.config.data.test_thumbnail_img
        if linked(_kept(ctx), ctx.work(upload, OUTPUTS["convert"])):
            return []
        return [_media(ctx, upload, "convert", ["empty-video"] + (["--image", image] if image else []))]
    source = str(ctx.folder(upload) / (plan.media or {}).get("file", ""))
    planned = []
    for name in needed:
        make, _, to = name.partition("-")
        options = [make, "--input", source] + (["--to", to] if to else [])
        if make == "convert" and ctx.config.data.audio_background_img:
            options += ["--image", ctx.config.data.audio_background_img]
        planned.append(_media(ctx, upload, name, options))
    return planned


def _kept(ctx: Context) -> Path:
    """The video of test mode, made once: test mode is for fast answers, however busy the processors are."""
    image = Path(ctx.config.data.test_thumbnail_img)
    changed = image.stat().st_mtime_ns if image.is_file() else 0
    key = hashlib.sha1(f"{image} {changed} {media.EMPTY_S}".encode()).hexdigest()[:16]
    return ctx.storage.path("uploads", f"test-mode/{key}.mp4")


def linked(source: Path, target: Path) -> bool:
    """Give a file a second name. False where there is no such file, or no second name to be had."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f"{target.name}.link")
        aside.unlink(missing_ok=True)
        os.link(source, aside)
        aside.replace(target)
    except OSError:
        return False
    return True


def _media(ctx: Context, upload: Upload, name: str, options: list[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "ingest.jobs.media", *options, "--output", str(ctx.work(upload, OUTPUTS[name]))]
    # Ten seconds of a still picture, for which nobody should wait until all processors are free.
    quick = options[0] == "empty-video" or not name.startswith("convert")
    return job(name, "media", command, cpus=1 if quick else ctx.slots)


def _needed(ctx: Context, plan: Plan) -> list[str]:
    if plan.media is None or plan.test_mode:
        return ["convert"] if plan.test_mode else []
    needed = []
    attached = {a["format"] for a in plan.attachments if a["type_code"] == MEDIA}
    for to in ctx.config.file_formats.required_video_formats:
        if to not in attached and media.needs_conversion(plan.media, to):
            needed.append("convert" if to == "mp4" else f"convert-{to}")
    if plan.media["has_video"] and not any(a["type_code"] == THUMBNAIL for a in plan.attachments):
        needed.append("thumbnail")
    if plan.media["has_audio"] and ctx.config.file_formats.generate_pcm_stream:
        needed.append("stream")
    return needed


def check(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Everything that was needed is there."""
    for name in _needed(ctx, plan_of(upload)):
        path = ctx.work(upload, OUTPUTS[name])
        if not path.is_file() or path.stat().st_size == 0:
            raise MediaError(f"the conversion '{name}' made no file")
        if plan_of(upload).test_mode and not _kept(ctx).is_file():
            linked(path, _kept(ctx))
