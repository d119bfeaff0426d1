"""The examples of the manual for what reads (7 to 14 and 27 to 33): asked as they are, answered as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from manual import ID, TOKEN, Manual, address, holds, numbers

from api.families import FAMILIES, SPEECH, TEXT, Family
from api.routes import served
from tlp.captions import Captions, Segment
from tlp.db import audiotracks, contents, objects, systems, uploads, users
from tlp.formats import DOCUMENT_FORMATS, FORMATS

both = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)
KNOWS_NOTHING = "I do know nothing"
WEDDING = "Tyrion Lannister and Daenerys Targaryen: the Royal Wedding."


@pytest.fixture
def manual(client: Any, instance: Any, family: Family) -> Manual:
    instance.run(lambda cur: users.create(cur, "tluser", TOKEN))
    return Manual(client, family.path)


@pytest.fixture
def add(instance: Any, family: Family) -> Callable[..., int]:
    """Stores an object without anything: `add("an id", duration_ms=…)` returns the number of its row."""

    def insert(cur: Any, external_id: str, what: dict[str, Any]) -> int:
        owner = users.by_name(cur, "tluser")
        assert owner
        values = {"user_id": owner["id"], "kind": family.kind, "external_id": external_id, "hash": external_id}
        return objects.create(cur, {**values, "language": "en", "title": "t", "format": "mp4", **what})

    return lambda external_id, **what: instance.run(lambda cur: insert(cur, external_id, what))


def _number(instance: Any, table: str, number: int) -> None:
    """Have the next row of a table get this id."""
    instance.run(lambda cur: cur.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {number}, false)"))


def test_every_interface_of_the_manual_has_its_example() -> None:
    ours = {"ingest/new", "ingest/update", "versions", "restore"}  # these show POST bodies, or are an addition
    for family in FAMILIES:
        known = {interface.name for each, interface in served() if each is family}
        assert set(numbers()[family.path]) == known - ours
    assert sorted(n for of in numbers().values() for n in of.values()) == list(range(5, 44))
    assert address("speech", "uploadslist") == (
        "/api/speech/uploadslist", "user=tluser&auth_token=edbab44c3a3f1ca8db4de8277a3b",
    )  # fmt: skip


# /uploadslist and /status

UPLOADS = [
    ("up-ac83be70-a01c-4c18-8cc4-dc0b2676cbb0", 1234, 2, "2015-06-10 17:19:37.239458", "2015-06-10 17:20:02.557135"),
    ("up-60a70bbd-e111-4d0c-b41f-6e235c434330", 1234, 101, "2015-06-09 11:21:07.735656", "2015-06-09 11:22:02.549826"),
    ("up-776ae4ec-6904-4da1-afa8-1b68017a524a", 5678, 6, "2015-06-10 17:25:04.673541", "2015-06-10 17:26:02.542902"),
]


def _upload(instance: Any, family: Family, id_: str, external_id: str, code: int, began: str, last: str) -> None:
    values = {
        "id": id_, "user_id": 1, "kind": family.kind, "operation": "new", "external_id": external_id, "hash": id_,
        "manifest": {}, "package": None, "test_mode": False, "info": INFO[family.path],
    }  # fmt: skip

    def insert(cur: Any) -> None:
        uploads.create(cur, values, [{"external_id": external_id, "hash": id_}] if family is TEXT else [])
        cur.execute(
            "UPDATE uploads SET status_code = %s, uploaded_on = %s, last_update = %s WHERE id = %s",
            (code, f"{began}+00", f"{last}+00", id_),
        )

    instance.run(insert)


INFO = {
    "speech": "Transcription in progress. It may take several hours for it to finish.",
    "text": "Translation(s) in progress. It may take several hours for it to finish.",
}


@both
def test_examples_7_and_27_list_the_uploads(manual: Manual, instance: Any, family: Family) -> None:
    prefix = ID[family.path][:-4]
    for id_, number, code, began, last in UPLOADS:
        _upload(instance, family, id_, f"{prefix}{number}", code, began, last)
    example = [
        {
            "id": id_, "object_id": f"{prefix}{number}", "status_code": code, "uploaded_on": began, "last_update": last
        }
        for id_, number, code, began, last in UPLOADS
    ]  # fmt: skip
    answer = manual.ask("uploadslist").json
    # the manual's list is in no order; ours has the newest first
    assert [item["uploaded_on"] for item in answer] == sorted((row[3] for row in UPLOADS), reverse=True)
    assert holds(sorted(answer, key=lambda item: item["id"]), sorted(example, key=lambda item: item["id"]))


@both
def test_examples_8_and_28_tell_how_far_an_upload_is(manual: Manual, instance: Any, family: Family) -> None:
    times = ("2014-03-26 19:02:16.174944", "2014-03-26 19:03:05.298861")
    _upload(instance, family, "UPLOAD-ID-1234", ID[family.path], 2, *times)
    answer = manual.ask("status").json
    assert holds(
        answer,
        {
            "rcode": 0, "rcode_description": "Upload ID exists.", "status_code": 2,
            "uploaded_on": times[0], "last_update": times[1],
        },
    )  # fmt: skip
    assert answer["info"].startswith(INFO[family.path][:20])
    assert answer["error_code"] is None
    assert manual.ask_for("status", id="up-1234").json == {
        "rcode": 1, "rcode_description": "Upload ID [ up-1234 ] does not exist.",
    }  # fmt: skip


# /systems and /list

SYSTEMS = {
    "asr": [("en", 43, "English ASR System"), ("es", 22, "Spanish ASR System"), ("ca", 64, "Catalan ASR System")],
    "mt": [
        ("ca-es", 14, "Catalan-Spanish MT System"), ("es-ca", 11, "Spanish-Catalan MT System"),
        ("en-es", 73, "English-Spanish MT System"), ("es-en", 24, "Spanish-English MT System"),
    ],
    "tts": [("en", 71, "English TTS System (Female)")],
}  # fmt: skip


def _shown(kind: str, lang: str, number: int, name: str) -> dict[str, Any]:
    source, _, target = lang.partition("-")
    langs = {"source_lang": source, "target_lang": target} if target else {"lang": lang}
    voice = {"voice_gender": "f"} if kind == "tts" else {}
    return {**langs, "id": number, "name": name, "description": "", **voice}


@both
def test_examples_9_and_29_list_the_systems(manual: Manual, instance: Any, family: Family) -> None:
    for kind, listed in SYSTEMS.items():
        for lang, number, name in listed:
            source, _, target = lang.partition("-")
            row = {
                "kind": kind, "folder": f"f{number}", "source_lang": source, "target_lang": target or None,
                "voice": "v" if kind == "tts" else None, "voice_gender": "f" if kind == "tts" else None, "name": name,
                "description": "", "priority": 10, "available": True, "reason": None,
            }  # fmt: skip
            _number(instance, "systems", number)
            instance.run(lambda cur, row=row: systems.add(cur, row))
    answer = manual.ask("systems").json
    kinds = ["asr", "mt", "tts"] if family is SPEECH else ["mt"]
    assert list(answer) == kinds
    for kind in kinds:
        example = sorted((_shown(kind, *row) for row in SYSTEMS[kind]), key=lambda item: item["id"])
        assert holds(sorted(answer[kind], key=lambda item: item["id"]), example)


@both
def test_examples_10_and_30_list_the_objects(manual: Manual, add: Callable[..., int], family: Family) -> None:
    prefix = ID[family.path][:-4]
    shown: list[dict[str, Any]] = [
        {"id": f"{prefix}1234", "title": KNOWS_NOTHING, "language": "en"},
        {"id": f"{prefix}6789", "title": WEDDING, "language": "en"},
    ]
    if family is SPEECH:
        for item, duration in zip(shown, (86, 271), strict=True):
            add(item["id"], title=item["title"], duration_ms=1000 * duration)
            item["duration"] = duration
    else:
        counted = (("html", 86, 916, 5701), ("docx", 271, 2953, 14031))
        for item, values in zip(shown, counted, strict=True):
            counts = dict(zip(("format", "sentences", "words", "characters"), values, strict=True))
            add(item["id"], title=item["title"], **counts)
            item.update(counts)
    assert manual.ask("list").json == shown


# /metadata, /langs, /get and /audiotrack


@pytest.mark.parametrize("family", [SPEECH], ids=["speech"])
def test_example_11_tells_of_a_media_and_where_its_files_are(
    manual: Manual, instance: Any, add: Callable[..., int]
) -> None:
    place, data = "9/9bc70b33e49c2", "http://my-tlp-server.com/data/9/9bc70b33e49c2"
    number = add(ID["speech"], title=KNOWS_NOTHING, duration_ms=86_400)
    files = [
        (1, "txt", "b3f0bee253651191cdd1f1ee6c865074.txt"), (2, "txt", "d41d8cd98f00b204e9800998ecf8427e.txt"),
        (0, "mp4", "1a4edf93069b3.mp4"), (3, "jpg", "d7bbbe4210bd3.jpg"), (6, "pcm", "75bae29f33670.pcm"),
    ]  # fmt: skip
    voice = {
        "language": "es", "voice_type": "tts", "voice_gender": None, "format": "mp3",
        "path": f"{place}/audiotrack.es.mp3", "size": 1, "sub_type": 2, "description": None, "system_id": None,
        "content_version": None, "upload_id": None,
    }  # fmt: skip

    def fill(cur: Any) -> None:
        speaker = {"speaker_id": "jon", "name": "John Snow", "gender": "M", "email": None}
        objects.set_speakers(cur, number, 1, [speaker])
        for type_code, format_, name in files:
            objects.add_file(cur, number, {"type_code": type_code, "format": format_, "path": f"{place}/{name}"})
        audiotracks.add(cur, number, voice)

    _number(instance, "audiotracks", 68)
    instance.run(fill)
    answer = manual.ask("metadata").json
    for item in (*answer["media"], *answer["attachments"], *answer["audiotracks"]):
        item["location"] = item["location"].partition("?")[0]  # the signature that makes it a link for its user only

    def shown(*rows: tuple[int, str, str]) -> list[dict[str, Any]]:
        return [
            {"is_url": True, "type_code": code, "media_format": format_, "location": f"{data}/{name}"}
            for code, format_, name in rows
        ]

    assert holds(
        answer,
        {
            "rcode": 0, "rcode_description": "Media list and info available.",
            "attachments": shown(*files[:2]), "media": shown(*files[2:]),
            "lectureinfo": {
                "duration": 86, "speakers": [{"name": "John Snow"}], "language": "en", "title": KNOWS_NOTHING,
            },
            "audiotracks": [
                {
                    "lang": "es", "voice_type": "tts", "id": 68, "location": f"{data}/audiotrack.es.mp3",
                    "media_format": "mp3", "audio_type": None, "is_url": True, "sub_type": 2, "description": None,
                }
            ],
        },
    )  # fmt: skip
    assert answer["mediainfo"] == answer["lectureinfo"], "the manual has both names"


@pytest.mark.parametrize("family", [TEXT], ids=["text"])
def test_example_31_tells_of_a_document(manual: Manual, add: Callable[..., int]) -> None:
    counts = {"format": "html", "sentences": 86, "words": 916, "characters": 5701}
    add(ID["text"], title="DOCUMENT-ID-1234", **counts)
    assert holds(
        manual.ask("metadata").json,
        {
            "rcode": 0, "rcode_description": "Document info available.",
            "info": {"title": "DOCUMENT-ID-1234", "language": "en", **counts},
        },
    )  # fmt: skip


@both
def test_examples_11_and_31_of_what_does_not_exist(manual: Manual, family: Family) -> None:
    noun = {"speech": "Media", "text": "Document"}[family.path]
    missing = {"speech": "media", "text": "document"}[family.path]
    assert manual.ask_for("metadata", id="1234-abcd").json == {
        "rcode": 1, "rcode_description": f"{noun} ID [ 1234-abcd ] does not exist or has no {missing}",
    }  # fmt: skip


@both
def test_examples_12_and_32_list_the_languages(
    manual: Manual, instance: Any, add: Callable[..., int], family: Family
) -> None:
    number = add(ID[family.path], language="es")
    automatic = {"speech": 0, "text": 1}[family.path]
    listed = [
        ("es", "Español", automatic + 1, 61.1650485436893), ("ca", "Català", automatic, 0),
        ("en", "English", automatic + 2, 100),
    ]  # fmt: skip
    for lang, _, status, ratio in listed:
        version = {"body": "x", "status": status, "sup_ratio": ratio, "origin": "edit"}
        instance.run(lambda cur, lang=lang, version=version: contents.add_version(cur, number, lang, version))
    voices: dict[str, list[dict[str, Any]]] = {"es": [], "ca": [], "en": []}
    if family is SPEECH:
        voice = {
            "language": "en", "voice_type": "tts", "voice_gender": "f", "format": "mp3", "path": "p", "size": 1,
            "sub_type": 2, "description": None, "system_id": None, "content_version": None, "upload_id": None,
        }  # fmt: skip
        _number(instance, "audiotracks", 12)
        instance.run(lambda cur: audiotracks.add(cur, number, voice))
        voices["en"] = [{"aid": 12, "voice_gender": "f", "voice_type": "tts"}]
    answer = manual.ask("langs").json
    own = {"speech": "media_lang", "text": "document_lang"}[family.path]
    assert {key: answer[key] for key in answer if key != "langs"} == {
        "rcode": 0, "rcode_description": "Language list available.", own: "es", "locked": False,
    }  # fmt: skip
    assert [row["lang_code"] for row in answer["langs"]][:1] == ["es"], "its own first"
    example = [
        {
            "lang_code": lang, "sup_status": status, "sup_ratio": ratio, "lang_name": name,
            **({"audiotracks": voices[lang]} if family is SPEECH else {}),
        }
        for lang, name, status, ratio in listed
    ]  # fmt: skip
    assert holds(
        sorted(answer["langs"], key=lambda row: row["lang_code"]),
        sorted(example, key=lambda row: str(row["lang_code"])),
    )
    texts = {"speech": "subtitles", "text": "translations"}[family.path]
    assert manual.ask_for("langs", id="1234-abcd").json == {
        "rcode": 1, "rcode_description": f"ID 1234-abcd does not exist or has no {texts}",
    }  # fmt: skip


@pytest.mark.parametrize("family", [SPEECH], ids=["speech"])
def test_example_13_gives_srt(manual: Manual, instance: Any, add: Callable[..., int]) -> None:
    harington = "Good morning, my name is Kit Harington, but people is used to call me John Snow."
    said = [(524_090, 528_680, harington), (528_680, 531_850, "Winter is coming, isn't it?")]
    number = add(ID["speech"])
    segments = [Segment(place, begin, end, [text]) for place, (begin, end, text) in enumerate(said, 1)]
    body = FORMATS["dfxp"].write(Captions("en", segments), 0, 0).decode()
    version = {"body": body, "status": 0, "sup_ratio": 0, "origin": "asr"}
    instance.run(lambda cur: contents.add_version(cur, number, "en", version))
    answer = manual.ask("get")
    assert answer.headers["content-type"].startswith("application/x-subrip")
    assert answer.text.rstrip("\n") == (
        "1\n00:08:44,090 --> 00:08:48,680\n"
        "Good morning, my name is Kit Harington, but people is used to call me John Snow.\n\n"
        "2\n00:08:48,680 --> 00:08:51,850\nWinter is coming, isn't it?"
    )


@pytest.mark.parametrize("family", [TEXT], ids=["text"])
def test_example_33_gives_the_catalan_translation_as_dtlx(manual: Manual, document: Any) -> None:
    answer = manual.ask("get")
    assert answer.headers["content-type"].startswith("application/xml")
    assert "No sé res" in [s.current.text for s in DOCUMENT_FORMATS["dtlx"].read(answer.content).sentences if s.current]


@both
def test_examples_13_and_33_of_what_does_not_exist(manual: Manual, family: Family) -> None:
    noun, id_ = {"speech": "Media", "text": "Document"}[family.path], ID[family.path]
    answer = manual.ask("get")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json == {"rcode": 1, "rcode_description": f"{noun} ID [{id_}] does not exist"}


@pytest.mark.parametrize("family", [SPEECH], ids=["speech"])
def test_example_14_sends_an_audiotrack(manual: Manual, instance: Any, add: Callable[..., int]) -> None:
    assert manual.ask("audiotrack").json == {
        "rcode": 1, "rcode_description": "Media ID [MEDIA-ID-1234] does not exist",
    }  # fmt: skip
    number = add(ID["speech"])
    (instance.media / "v.mp3").write_bytes(b"ID3 a voice")
    voice = {
        "language": "en", "voice_type": "tts", "voice_gender": "f", "format": "mp3", "path": "v.mp3", "size": 11,
        "sub_type": 0, "description": None, "system_id": None, "content_version": None, "upload_id": None,
    }  # fmt: skip
    _number(instance, "audiotracks", 428)
    instance.run(lambda cur: audiotracks.add(cur, number, voice))
    answer = manual.ask("audiotrack")
    assert (answer.headers["content-type"], answer.content) == ("audio/mpeg", b"ID3 a voice")
