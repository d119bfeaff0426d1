"""What the platform has of a client: its objects, their files and languages (manual, /list, /metadata, /langs)."""

from __future__ import annotations

from typing import Any

from api.answers import JsonList
from api.call import Call
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
    found, family = call.object(), call.family
    lists = {name: _files(call, found, types) for name, types in family.file_lists.items()} if found else {}
    if found is None or not lists.get(family.needed_list or "", True):
        raise ReturnCode(1, f"{family.noun} ID [ {call['id']} ] does not exist or has no {family.file_noun}")
    info = family.info(found, objects.speakers(call.cur, found["id"]))
    answer = {"rcode": 0, "rcode_description": family.info_words, **dict.fromkeys(family.info_keys, info), **lists}
    if family.has_tracks:
        answer["audiotracks"] = [_track(call, track) for track in audiotracks.list_current(call.cur, found["id"])]
    return answer


def langs(call: Call) -> dict[str, Any]:
    """List the languages in which an object has text, with the audio tracks of each."""
    family = call.family
    languages = contents.languages(call.cur, call.user["id"], family.kind, call["id"])
    if not languages or call["hash"] not in (None, languages[0]["hash"]):
        raise ReturnCode(1, f"ID {call['id']} does not exist or has no {family.text_noun}")
    return {
        "rcode": 0,
        "rcode_description": "Language list available.",
        family.language_key: languages[0]["object_language"],
        "locked": languages[0]["locked"],
        "langs": [
            {
                "lang_code": row["code"],
                "lang_name": row["name"],
                "sup_status": row["status"],
                "sup_ratio": row["sup_ratio"],
                **({"audiotracks": row["voices"] or []} if family.has_tracks else {}),
            }
            for row in languages
        ],
    }


def _files(call: Call, found: Row, types: tuple[int, ...]) -> list[dict[str, Any]]:
    return [_file(call, file) for file in objects.files(call.cur, found["id"]) if file["type_code"] in types]


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
