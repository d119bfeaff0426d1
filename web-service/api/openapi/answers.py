"""What the interfaces answer, as data (manual, Appendices E and F): uploads, objects, subtitles and translations.

Tests check every answer that any test gets against these, and fail for an interface that is not here.
"""

from __future__ import annotations

from api.openapi.schemas import BOOL, INT, NUMBER, TEXT, TIME, Answer, Each, good, list_of, maybe, obj, one_of
from api.openapi.session_answers import SESSION_ANSWERS

_UPLOADED = Answer(good({"id": TEXT, "hash": TEXT}))
_SYSTEM = {"id": INT, "name": TEXT, "description": TEXT}
_GENDER = maybe(one_of("m", "f"))
_PLACE = {"is_url": BOOL, "location": TEXT}
_VOICE = {"aid": INT, "voice_gender": _GENDER, "voice_type": one_of("tts", "human")}
_COUNTS = {"sentences": maybe(INT), "words": maybe(INT), "characters": maybe(INT)}


_ABOUT = {"id": TEXT, "title": TEXT, "language": TEXT}
_LISTED = Each(
    speech=list_of(obj({**_ABOUT, "duration": maybe(INT)})),
    text=list_of(obj({**_ABOUT, "format": maybe(TEXT), **_COUNTS})),
)
_FILE = obj({**_PLACE, "type_code": INT, "media_format": TEXT})
_TRACK = obj(
    {
        **_PLACE,
        "id": INT,
        "lang": TEXT,
        "media_format": TEXT,
        "voice_type": one_of("tts", "human"),
        "voice_gender": _GENDER,
        "audio_type": _GENDER,
        "sub_type": maybe(INT),
        "description": maybe(TEXT),
    }
)
_MEDIA_INFO = obj(
    {
        "language": TEXT,
        "title": TEXT,
        "category": maybe(TEXT),
        "duration": maybe(INT),
        "speakers": list_of(obj({"name": maybe(TEXT)})),
    }
)
_DOCUMENT_INFO = obj({"title": TEXT, "language": TEXT, "format": maybe(TEXT), **_COUNTS})


_METADATA = Each(
    speech=good(
        {
            "mediainfo": _MEDIA_INFO,
            "lectureinfo": _MEDIA_INFO,
            "media": list_of(_FILE),
            "audiotracks": list_of(_TRACK),
            "attachments": list_of(_FILE),
        }
    ),
    text=good({"info": _DOCUMENT_INFO, "documents": list_of(_FILE)}),
)
_LANGUAGE = {"lang_code": TEXT, "lang_name": TEXT, "sup_ratio": NUMBER}
_MEDIA_STATUS = {**one_of(0, 1, 2), "description": "0 automatic, 1 in part by people, 2 all by people"}
_DOCUMENT_STATUS = {
    **one_of(0, 1, 2, 3),
    "description": "0 not translated, 1 automatic, 2 in part by people, 3 all by people",
}
_LANGS = Each(
    speech=good(
        {
            "media_lang": TEXT,
            "locked": BOOL,
            "langs": list_of(obj({**_LANGUAGE, "sup_status": _MEDIA_STATUS, "audiotracks": list_of(obj(_VOICE))})),
        }
    ),
    text=good(
        {
            "document_lang": TEXT,
            "locked": BOOL,
            "langs": list_of(obj({**_LANGUAGE, "sup_status": _DOCUMENT_STATUS})),
        }
    ),
)
_MT = {"mt": list_of(obj({"source_lang": TEXT, "target_lang": TEXT, **_SYSTEM}))}
_SYSTEMS = Each(
    speech=obj(
        {
            "asr": list_of(obj({"lang": TEXT, **_SYSTEM})),
            **_MT,
            "tts": list_of(obj({"lang": TEXT, **_SYSTEM, "voice_gender": _GENDER})),
        }
    ),
    text=obj(_MT),
)
_UPLOAD = {"status_code": INT, "uploaded_on": TIME, "last_update": TIME}
_CALLBACK = obj(  # only where the manifest has a `callback`
    {
        "state": one_of("waiting", "delivered", "given_up"),
        "attempts": INT,
        "last_error": maybe(TEXT),
        "next_try": maybe(TIME),
    }
)
_PROGRESS = {"progress": INT, "eta": maybe(INT)}  # only while a state's progress is known
_STATUS = {**_UPLOAD, "info": TEXT, "status_info": TEXT, "error_code": maybe(INT)}
_GET_CODES = {
    1: "no such object, or no text in this language",
    2: "no such session",
    3: "the session is about another object",
    4: "not available in this format",
}


# a document in its original format has the type of that
_GET_TYPES = {
    "speech": ("application/ttml+xml", "application/x-subrip", "text/vtt", "text/plain"),
    "text": ("application/xml", "text/html", "text/plain", "*/*"),
}

ANSWERS: dict[str, Answer] = {
    "ingest/new": _UPLOADED,
    "ingest/update": _UPLOADED,
    "ingest/delete": _UPLOADED,
    "ingest/cancel": _UPLOADED,
    "uploadslist": Answer(list_of(obj({"id": TEXT, "object_id": TEXT, **_UPLOAD}))),
    "status": Answer(good(_STATUS, {"callback": _CALLBACK, **_PROGRESS}), {1: "no such upload"}),
    "systems": Answer(_SYSTEMS),
    "list": Answer(_LISTED),
    "metadata": Answer(_METADATA, {1: "no such object, or it has no file"}),
    "langs": Answer(_LANGS, {1: "no such object, or it has no text yet"}),
    "get": Answer(codes=_GET_CODES, files=_GET_TYPES, ranges=("text",)),
    "audiotrack": Answer(
        codes={1: "no such object or audio track"}, files={"speech": ("audio/*",)}, ranges=("speech",)
    ),
    **SESSION_ANSWERS,
}
