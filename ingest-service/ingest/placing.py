"""Bring the files of an upload to the file system of the mount point `media`, where that is another one: as a job.

Where it is the same, storing links files, which takes no time, and there is nothing to do here. What this overlooks is
copied when it is stored: slower, not wrong. docs/states.md says where in the workflow it stands.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.context import Context
from ingest.plan import Plan
from ingest.steps.package import job
from ingest.store import MADE, Files
from tlp.db import objects
from tlp.db.rows import Cursor
from tlp.errors import StorageError
from tlp.systems import write_aside

Upload = dict[str, Any]


def copy_jobs(ctx: Context, cur: Cursor, upload: Upload) -> list[dict[str, Any]]:
    """The job that copies what `storing` will place, to where it will be; none on one file system."""
    media = ctx.storage.mount("media")
    if _device(media) == _device(ctx.storage.mount("uploads")):
        return []
    found = objects.find(cur, upload["user_id"], upload["kind"], upload["external_id"])
    hash_of_object = found["hash"] if found and upload["operation"] == "update" else upload["hash"]
    files = Files(ctx, {**upload, "hash": hash_of_object})
    for source, role, extension in _expected(ctx, upload, Plan.from_json(upload["plan"])):
        files.add(source, role, extension)
    if not files.wanted:
        return []
    wanted = {relative: str(source) for relative, source in files.wanted.items()}
    write_aside(ctx.work(upload, "place.json"), json.dumps(wanted).encode())
    command = [sys.executable, "-m", "ingest.jobs.media", "place", "--files", str(ctx.work(upload, "place.json"))]
    return [job("copy", "media", [*command, "--media", str(media)])]


def _device(folder: Path) -> int:
    try:
        return folder.stat().st_dev
    except OSError as error:
        raise StorageError(f"the mount point {folder.name} cannot be read: {error.strerror}") from error


def _expected(ctx: Context, upload: Upload, plan: Plan) -> Iterator[tuple[Path, str, str]]:
    """Files with the roles and formats under which `store` stores them, as far as they are there."""
    folder, media = ctx.folder(upload), plan.media or {}
    there = [(ctx.work(upload, name), name, extension) for _, extension, name in MADE]
    if media.get("file") and (not media.get("url") or media.get("decoded") or ctx.config.general.local_repository):
        there.append((folder / media["file"], "media", media["format"]))
    there += [(folder / a["file"], f"attachment {n}", a["format"]) for n, a in enumerate(plan.attachments)]
    there += [(ctx.work(upload, f"{t.name}.mp3"), f"track {t.name}", "mp3") for t in plan.tracks]
    return (entry for entry in there if entry[0].is_file())
