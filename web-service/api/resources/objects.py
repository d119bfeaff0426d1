"""What the platform has of a client: its objects, their files and languages (manual, /list, /metadata, /langs)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from api.answers import JsonList
from api.call import Call
from api.families import seconds
from tlp.db import audiotracks, contents, objects
from tlp.db.rows import Row
from tlp.errors import ReturnCode


def list_objects(call: Call) -> JsonList:
    """List all objects of the user. The answer is sent while it is read, whatever its length."""
    user_id, family = call.user["id"], call.family
    rows = call.services.database.stream(lambda cur: objects.list_all(cur, user_id, family.kind))
    return JsonList(family.listed(row) for row in rows)


def metadata(call: Call) -> dict[str, Any]:
    """Give what is known of an object, and where its files are."""
    found = call.object()
    files = objects.files(call.cur, found["id"]) if found else []
    media = [file for file in files if file["type_code"] in call.family.media_types]
    if found is None or not media:
        raise ReturnCode(1, f"{call.family.noun} ID [ {call['id']} ] does not exist or has no media")
    info = _info(found, objects.speakers(call.cur, found["id"]))
    return {
        "rcode": 0,
        "rcode_description": "Media list and info available.",
        **dict.fromkeys(call.family.info_keys, info),
        "media": [_file(call, file) for file in media],
        "audiotracks": [_track(call, track) for track in audiotracks.list_current(call.cur, found["id"])],
        "attachments": [_file(call, file) for file in files if file["type_code"] in call.family.attachment_types],
    }


def langs(call: Call) -> dict[str, Any]:
    """List the languages in which an object has subtitles, with the audio tracks of each."""
    found = call.object()
    languages = contents.languages(call.cur, found["id"]) if found else []
    if found is None or not languages:
        raise ReturnCode(1, f"ID {call['id']} does not exist or has no subtitles")
    tracks = audiotracks.list_current(call.cur, found["id"])
    return {
        "rcode": 0,
        "rcode_description": "Language list available.",
        call.family.language_key: found["language"],
        "locked": found["locked"],
        "langs": [
            {
                "lang_code": row["code"],
                "lang_name": row["name"],
                "sup_status": row["status"],
                "sup_ratio": row["sup_ratio"],
                "audiotracks": list(_voices(tracks, row["code"])),
            }
            for row in languages
        ],
    }


def _info(found: Row, speakers: list[Row]) -> dict[str, Any]:
    return {
        "language": found["language"],
        "title": found["title"],
        "category": found["topic"],
        "duration": seconds(found),
        "speakers": [{"name": speaker["name"]} for speaker in speakers],
    }


def _file(call: Call, file: Row) -> dict[str, Any]:
    place = call.services.locations.location(call.req, file["path"], file["url"])
    return {**place, "type_code": file["type_code"], "media_format": file["format"]}


def _track(call: Call, track: Row) -> dict[str, Any]:
    return {
        **call.services.locations.location(call.req, track["path"]),
        "id": track["id"],
        "lang": track["language"],
        "media_format": track["format"],
        "voice_type": track["voice_type"],
        "voice_gender": track["voice_gender"],
        "audio_type": track["voice_gender"],  # its name in the manual's example
        "sub_type": track["sub_type"],
        "description": track["description"],
    }


def _voices(tracks: list[Row], language: str) -> Iterator[dict[str, Any]]:
    for track in tracks:
        if track["language"] == language:
            yield {"aid": track["id"], "voice_gender": track["voice_gender"], "voice_type": track["voice_type"]}
