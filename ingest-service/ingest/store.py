"""Store data: files to where they stay, then one transaction with everything the upload made (manual, 7.1.1 step 6)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ingest.context import Context
from ingest.plan import AUDIOTRACK, Plan, Subtitles
from ingest.work_texts import WorkTexts
from tlp.db import audiotracks, contents, objects, uploads, users
from tlp.db.rows import Cursor
from tlp.errors import PackageError, StorageError
from tlp.storage import object_folder

Upload = dict[str, Any]
MADE = [  # what conversions make: type code, format, file in the work folder
    (0, "mp4", "media.mp4"), (0, "webm", "media.webm"), (0, "ogv", "media.ogv"),
    (3, "jpg", "thumbnail.jpg"), (6, "pcm", "stream.pcm"),
]  # fmt: skip
FROM_SYSTEMS = {"merge": "mt", "carry": "mt"}  # put together of what systems and people made
Version = tuple[dict[str, Any], int]  # key of a version (content_id, version), status code
Stored = dict[str, Version]  # by node


def new_media(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Make the media object of a new upload.

    Rows first, in the transaction of the move to `done`; then the files, under names derived from the upload, so that
    a second run after a kill replaces the same files. What went wrong before the end leaves no file behind.
    """
    plan = Plan.from_json(upload["plan"])
    files = Files(ctx, upload)
    object_id = _create_object(cur, upload, plan)
    store_media(ctx, cur, files, upload, plan, object_id)
    versions = _store_subtitles(ctx, cur, upload, plan, object_id)
    store_tracks(ctx, cur, files, upload, plan, object_id, versions)
    uploads.set_object(cur, upload["id"], object_id)
    if not plan.test_mode:
        users.take_media_quota(cur, upload["user_id"], (plan.media or {}).get("duration_ms") or 0)
    files.place()


class Files:
    """The files of an upload on their way to the mount point `media`. `wanted`: path below it → where it is now."""

    def __init__(self, ctx: Context, upload: Upload) -> None:
        self._storage, self._upload = ctx.storage, upload
        self.wanted: dict[str, Path] = {}

    def add(self, source: Path, role: str, extension: str, object_hash: str | None = None) -> tuple[str, int]:
        """Note a file to be placed; returns its path below `media` and its size. `object_hash`: else the upload's."""
        name = hashlib.sha1(f"{self._upload['id']} {role}".encode()).hexdigest()[:16]
        relative = f"{object_folder(object_hash or self._upload['hash'])}/{name}.{extension}"
        self.wanted[relative] = source
        try:
            return relative, source.stat().st_size
        except OSError as error:
            raise StorageError(f"{self._upload['id']}/{source.name} is not there any more") from error

    def place(self) -> None:
        """Put all files where they stay, or none."""
        placed: list[Path] = []
        try:
            for relative, source in self.wanted.items():
                placed.append(self._storage.place(source, "media", relative))
        except BaseException:
            for path in placed:
                path.unlink(missing_ok=True)
            raise


def _create_object(cur: Cursor, upload: Upload, plan: Plan) -> int:
    metadata, media = upload["manifest"]["metadata"], plan.media or {}
    if objects.find(cur, upload["user_id"], upload["kind"], upload["external_id"]):
        raise PackageError(f"media ID '{upload['external_id']}' was made by another upload meanwhile")
    values = {key: metadata.get(key) for key in ("external_id", "language", "title", "topic", "keywords", "date")}
    values.update(
        user_id=upload["user_id"], kind=upload["kind"], hash=upload["hash"], format=media.get("format"),
        duration_ms=media.get("duration_ms"),
    )  # fmt: skip
    object_id = objects.create(cur, values)
    objects.set_speakers(cur, object_id, upload["user_id"], speakers(metadata))
    return object_id


def speakers(metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """The speakers of a manifest as the table has them."""
    return [
        {
            "speaker_id": s["speaker_id"],
            "name": s.get("speaker_name"),
            "gender": s.get("speaker_gender"),
            "email": s.get("speaker_email"),
        }
        for s in metadata.get("speakers") or []
    ]


def store_media(ctx: Context, cur: Cursor, files: Files, upload: Upload, plan: Plan, object_id: int) -> None:
    """Record what was converted, the media and the attachments, and note the files to be placed."""
    for type_code, extension, name in MADE:
        path = ctx.work(upload, name)
        if path.is_file():
            relative, size = files.add(path, name, extension)
            objects.add_file(
                cur, object_id, {"type_code": type_code, "format": extension, "path": relative, "size": size}
            )
    if plan.media and plan.media.get("file"):
        _store_main(ctx, cur, files, upload, plan.media, object_id)
    for position, item in enumerate(plan.attachments):
        if item["type_code"] != AUDIOTRACK:
            role = f"attachment {position}"
            relative, size = files.add(ctx.folder(upload) / item["file"], role, item["format"])
            values = {"type_code": item["type_code"], "format": item["format"], "md5": item["md5"]}
            objects.add_file(cur, object_id, {**values, "path": relative, "size": size})


def _store_main(ctx: Context, cur: Cursor, files: Files, upload: Upload, media: dict[str, Any], object_id: int) -> None:
    """The media as the client sent it; with local_repository = no, one given by URL stays where the client keeps it.

    The URL of a page from which the media was decoded can be played by nobody, so that media is stored all the same.
    """
    values = {"type_code": 0, "format": media["format"], "md5": media.get("md5")}
    if media.get("url") and not media.get("decoded") and not ctx.config.general.local_repository:
        objects.add_file(cur, object_id, {**values, "url": media["url"], "size": media.get("size")})
        return
    relative, size = files.add(ctx.folder(upload) / media["file"], "media", media["format"])
    objects.add_file(cur, object_id, {**values, "path": relative, "size": size})


def _store_subtitles(ctx: Context, cur: Cursor, upload: Upload, plan: Plan, object_id: int) -> Stored:
    stored: Stored = {}
    for s in plan.subtitles.values():
        if s.stored:
            source = stored.get(plan.source_of(s) or "")
            stored[s.node] = store_text(cur, upload, ctx.texts(upload), s, object_id, source)
    return stored


def store_text(
    cur: Cursor, upload: Upload, work: WorkTexts, s: Subtitles, object_id: int, source: Version | None
) -> Version:
    """Add a version of a language, made from `source`, from its work file; returns its key and status code."""
    text = work.of_kind.named(work.read(s.node), upload["external_id"], s.language)
    values = {
        **work.of_kind.values(text),
        "origin": FROM_SYSTEMS.get(s.origin, s.origin),
        "system_id": s.system,
        "upload_id": upload["id"],
        "based_on_content": source[0]["content_id"] if source else None,
        "based_on_version": source[0]["version"] if source else None,
    }
    return contents.add_version(cur, object_id, s.language, values), values["status"]


def _places(path: Path) -> str | None:
    """Where each line is in a track, as its system has left it (docs/systems.md); None where it has not."""
    try:
        rows = json.loads(path.read_bytes())
        return json.dumps([[int(line), int(begin), int(end)] for line, begin, end in rows])
    except (OSError, ValueError, TypeError):
        return None


def store_tracks(
    ctx: Context,
    cur: Cursor,
    files: Files,
    upload: Upload,
    plan: Plan,
    object_id: int,
    versions: Stored,
) -> None:
    """Record the voices that were made or sent. `versions`: the texts that they speak."""
    for track in plan.tracks:
        relative, size = files.add(ctx.work(upload, f"{track.name}.mp3"), f"track {track.name}", "mp3")
        key, status = versions[track.source]
        values = {
            "language": track.language, "voice_type": "tts", "voice_gender": track.gender, "format": "mp3",
            "path": relative, "size": size, "sub_type": status, "description": None, "system_id": track.system,
            "content_version": key["version"], "upload_id": upload["id"],
            "places": _places(ctx.work(upload, f"{track.name}.places.json")),
        }  # fmt: skip
        audiotracks.add(cur, object_id, values)
    for position, item in enumerate(plan.attachments):
        if item["type_code"] == AUDIOTRACK:
            source = ctx.folder(upload) / item["file"]
            relative, size = files.add(source, f"attachment {position}", item["format"])
            values = {
                "language": item["language"], "voice_type": "rec", "voice_gender": None, "format": item["format"],
                "path": relative, "size": size, "sub_type": None, "description": None, "system_id": None,
                "content_version": None, "upload_id": upload["id"],
            }  # fmt: skip
            audiotracks.add(cur, object_id, values)
