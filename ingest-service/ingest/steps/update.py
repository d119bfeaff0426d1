"""The update of a media: what is new in the upload's package, what the object has, and the plan made of both."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from ingest.context import Context
from ingest.plan import MEDIA, Catalogue, Plan, System
from ingest.plan_update import Existing, Text, Voice, plan_update
from ingest.steps import engines, media, regenerate
from ingest.steps.package import check_quota, job, package_job, plan_of, write_given
from ingest.work_texts import WorkTexts, supervised
from tlp.db import dependents, objects, systems, uploads
from tlp.db.rows import Cursor, Row
from tlp.errors import PackageError

Upload = dict[str, Any]
AGAIN = "again"  # folder of the upload in which a media that is kept elsewhere is fetched


def package_jobs(ctx: Context, cur: Cursor, upload: Upload) -> list[dict[str, Any]]:
    """The package job, where the update brings files; what it leaves unsaid is as the object has it."""
    manifest = upload["manifest"]
    if upload["test_mode"] or not (manifest.get("media") or manifest.get("attachments")):
        return []
    language = manifest["metadata"].get("language") or _found(cur, upload)["language"]
    items = [{**item, "language": item["language"] or language} for item in manifest["attachments"]]
    return [package_job(ctx, cur, upload, _spoken({**manifest, "attachments": items}, language))]


def _spoken(manifest: dict[str, Any], language: str) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], "language": language}}


def decide(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Make the plan, and bring the texts that it works with into the work folder."""
    if outlived(cur, upload):
        plan = Plan("", None, [], notes=["there was nothing left to do: the media was deleted meanwhile"])
        uploads.set_plan(cur, upload, plan.as_json(), 0)
        return
    found = _found(cur, upload)
    catalogue = Catalogue(tuple(System(**row) for row in systems.all_rows(cur)))
    texts = {row["language"]: row for row in dependents.texts(cur, found["id"])}
    existing = existing_of(cur, found, texts)
    ctx.work(upload, "").mkdir(parents=True, exist_ok=True)
    if "edited" in upload["manifest"]:
        plan = regenerate.plan(cur, upload["manifest"], ctx.texts(upload), existing, texts, catalogue)
    else:
        plan = plan_update(upload["manifest"], _package(ctx, upload), catalogue, existing)
        write_given(ctx, upload, plan)
    write_kept(ctx.texts(upload), plan, texts)
    duration = (plan.media or {}).get("duration_ms") or 0
    if plan.media and not plan.test_mode:
        check_quota(cur, upload, duration)
    # A re-recording is a media that the client uploads, and counts as one; what is only made again does not.
    uploads.set_plan(cur, upload, plan.as_json(), max(1, duration) if plan.media else 0)


def outlived(cur: Cursor, upload: Upload) -> bool:
    """Whether this is a regeneration whose media is gone. No client has asked for it: that is no error."""
    found = objects.find(cur, upload["user_id"], upload["kind"], upload["external_id"])
    return "edited" in upload["manifest"] and (found is None or found["hash"] != upload["hash"])


def _found(cur: Cursor, upload: Upload) -> Row:
    found = objects.find(cur, upload["user_id"], upload["kind"], upload["external_id"])
    if found is None:
        raise PackageError(f"media ID '{upload['external_id']}' does not exist any more; use /ingest/new")
    return found


def _package(ctx: Context, upload: Upload) -> dict[str, Any]:
    path = ctx.work(upload, "package.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def write_kept(work: WorkTexts, plan: Plan, texts: dict[str, Row]) -> None:
    """Bring the texts that the object has and keeps into the work folder."""
    for s in plan.made_by("kept"):
        if s.node in texts:
            work.put(s.node, texts[s.language]["body"])


def existing_of(cur: Cursor, found: Row, texts: dict[str, Row]) -> Existing:
    """What an object has. `texts`: rows of `dependents.texts` by language."""
    known = {
        lang: Text(
            lang,
            row["content_id"],
            row["version"],
            supervised(found["kind"], row["status"]),
            row["source_lang"],
            row["system_source"],
        )
        for lang, row in texts.items()
    }
    voices = tuple(
        Voice(v["language"], v["voice_gender"], v["system_id"], v["id"]) for v in dependents.voices(cur, found["id"])
    )
    speakers = objects.speakers(cur, found["id"])
    gender = speakers[0]["gender"].lower() if speakers and speakers[0]["gender"] else None
    return Existing(found["language"], known, voices, gender)


def sound_jobs(ctx: Context, cur: Cursor, upload: Upload) -> list[dict[str, Any]]:
    """Where the media of the object is to be transcribed again: its sound, from its file or from the client's URL."""
    plan = plan_of(upload)
    if plan.media is not None or not plan.made_by("asr"):
        return []
    stored = [row for row in objects.files(cur, _found(cur, upload)["id"]) if row["type_code"] == MEDIA]
    # The client's own file has a checksum or a URL; what was converted from it has neither.
    main = next((row for row in stored if row["url"] or row["md5"]), None)
    if main is None:
        raise PackageError("there is no media to transcribe; send it, or send generate = false")
    if main["url"]:
        wanted = {**upload["manifest"], "media": {"url": main["url"]}, "attachments": [], "generate": True}
        return [package_job(ctx, cur, upload, _spoken(wanted, plan.language), AGAIN)]
    command = [sys.executable, "-m", "ingest.jobs.media", "audio", "--input"]
    command += [str(ctx.storage.path("media", main["path"])), "--output", str(ctx.work(upload, "audio.wav"))]
    return [job("audio", "media", [*command, "--longest", str(ctx.config.file_formats.max_audio_track_length)])]


def take_sound(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """The sound of a media that was fetched again goes where the transcription expects it."""
    fetched: Path = ctx.folder(upload) / AGAIN / "work" / "audio.wav"
    if fetched.is_file():
        os.replace(fetched, ctx.work(upload, "audio.wav"))


def finish_translations(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """All is there; translations of which only a part was made anew are put together."""
    engines.check_translations(ctx, cur, upload)
    regenerate.put_together(ctx.texts(upload), plan_of(upload))


def conversion_jobs(ctx: Context, cur: Cursor, upload: Upload) -> list[dict[str, Any]]:
    """Conversions of a re-recording; otherwise the media stays as it is (manual, 7.1.1 step 5)."""
    return media.conversion_jobs(ctx, cur, upload) if plan_of(upload).media else []


def check_conversions(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Everything that a re-recording needed is there."""
    if plan_of(upload).media:
        media.check(ctx, cur, upload)
