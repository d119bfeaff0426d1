"""Store what an update made: newer versions of texts and files beside the old ones, which stay as backups."""

from __future__ import annotations

from typing import Any

from ingest import backup
from ingest.context import Context
from ingest.plan import AUDIOTRACK, SLIDES, THUMBNAIL, Plan, Subtitles
from ingest.steps import regenerate
from ingest.steps.update import outlived
from ingest.store import Files, Stored, speakers, store_media, store_text, store_tracks
from ingest.upkeep import end_session, service_author
from ingest.work_texts import WorkTexts, supervised
from tlp.db import backups, contents, objects, regeneration, revisions, sessions, uploads, users, versions
from tlp.db.rows import Cursor, Row
from tlp.errors import PackageError

Upload = dict[str, Any]
OF_A_RECORDING = (0, 3, 4, 6)  # media, thumbnail, subtitles as sent, PCM stream: a re-recording has its own
ONE_OF_A_KIND = (SLIDES, THUMBNAIL)  # attachments that take the place of an earlier one


def update_media(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Bring the media object up to date: rows first, in the transaction of the move, then the files."""
    if outlived(cur, upload):
        return
    plan = Plan.from_json(upload["plan"])
    found = objects.find(cur, upload["user_id"], upload["kind"], upload["external_id"])
    if found is None:
        raise PackageError(f"media ID '{upload['external_id']}' was deleted meanwhile")
    files = Files(ctx, {**upload, "hash": found["hash"]})
    _retire(ctx, cur, upload, plan, found["id"])
    store_media(ctx, cur, files, upload, plan, found["id"])
    _change(cur, upload, plan, found)
    stored = store_texts(cur, upload, ctx.texts(upload), plan, found["id"], anew=bool(plan.media))
    upload["plan"]["notes"] = plan.notes
    plan.tracks = [track for track in plan.tracks if track.source in stored]
    store_tracks(ctx, cur, files, upload, plan, found["id"], stored)
    uploads.set_object(cur, upload["id"], found["id"])
    uploads.set_plan(cur, upload, upload["plan"], 0)  # with what there is to say at the end
    if plan.media and not plan.test_mode:
        users.take_media_quota(cur, upload["user_id"], plan.media.get("duration_ms") or 0)
    followed = [s.language for s in plan.made_by("merge")]
    if followed:
        regeneration.request(cur, found["id"], regeneration.session_of(cur, upload["id"]), followed, voiced=followed)
    files.place()


def _retire(ctx: Context, cur: Cursor, upload: Upload, plan: Plan, object_id: int) -> None:
    """Everything of which the upload brings a newer one is a backup from now on."""
    if plan.media:
        _retire_recording(ctx, cur, plan, object_id)
    sent = {item["type_code"] for item in plan.attachments}
    backups.retire_files(cur, object_id, sent.intersection(ONE_OF_A_KIND))
    spoken = {item["language"] for item in plan.attachments if item["type_code"] == AUDIOTRACK}
    backups.retire_tracks(cur, object_id, spoken)


def _retire_recording(ctx: Context, cur: Cursor, plan: Plan, object_id: int) -> None:
    """Files, subtitles and voices of the earlier recording; edits of it have nowhere to go and count as rejected."""
    end_edits(ctx, cur, object_id)
    versions.lock_texts(cur, object_id)
    backups.retire_files(cur, object_id, OF_A_RECORDING)
    backups.retire_tracks(cur, object_id)
    backups.retire_contents(cur, object_id, [s.language for s in plan.subtitles.values() if s.stored])


def end_edits(ctx: Context, cur: Cursor, object_id: int) -> None:
    """End the session of whoever edits an object that is about to be another one; edits that wait are rejected."""
    opened = sessions.opened(cur, object_id)
    session = sessions.lock(cur, opened["id"]) if opened and opened["author_type"] == "human" else None
    if session:
        end_session(ctx, cur, session, regenerate=False)
    author = service_author(ctx.config.sessions).row()
    for waiting in revisions.waiting(cur, object_id):
        revisions.mark(cur, waiting["id"], author, "reject")


def _change(cur: Cursor, upload: Upload, plan: Plan, found: Row) -> None:
    metadata = upload["manifest"]["metadata"]
    values = {key: metadata.get(key) for key in ("language", "title", "topic", "keywords", "date")}
    if plan.media:
        values.update(format=plan.media.get("format"), duration_ms=plan.media.get("duration_ms"))
    objects.change(cur, found["id"], values)
    if metadata.get("speakers") is not None:
        objects.set_speakers(cur, found["id"], upload["user_id"], speakers(metadata))


def store_texts(cur: Cursor, upload: Upload, work: WorkTexts, plan: Plan, object_id: int, anew: bool) -> Stored:
    """A new version of each text that was made. One that people have changed while it was made stays theirs.

    `anew`: the object itself is another one now, so that what it had before does not count.
    """
    versions.lock_texts(cur, object_id)
    stored: Stored = {}
    for s in plan.made_by("kept"):
        current = contents.current(cur, object_id, s.language)
        if s.content and current:
            stored[s.node] = {"content_id": s.content, "version": s.version}, current["status"]
    for s in plan.subtitles.values():
        if s.stored and (anew or _may_store(cur, upload, work, plan, s)):
            source = stored.get(plan.source_of(s) or "")
            stored[s.node] = store_text(cur, upload, work, s, object_id, source)
    return stored


def _may_store(cur: Cursor, upload: Upload, work: WorkTexts, plan: Plan, s: Subtitles) -> bool:
    if s.content is None or s.origin == "client" or upload["manifest"].get("force"):
        return True
    current = versions.lock_current(cur, s.content)
    if current["version"] == s.version:
        return True
    if s.origin == "merge":  # what people have written meanwhile is kept segment by segment
        work.write(s.node, regenerate.followed(work, s, current["body"]))
        return True
    if not supervised(work.kind, current["status"]):
        return True
    plan.note_kept(s.language, "people have changed them meanwhile")
    return False


def tidy(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Rename the files that newer ones have replaced, now that this is on record. May be called again."""
    found = objects.find(cur, upload["user_id"], upload["kind"], upload["external_id"])
    if found:
        backup.move(ctx, cur, found["id"], found["hash"])
