"""The interfaces that read, against the examples of the manual (Appendix E)."""

from __future__ import annotations

import io
import re
from typing import Any

import falcon.testing
import pysrt
import pytest
import webvtt

from tlp.formats import FORMATS

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}"
URL = {
    "media": {"url": "http://example.org/a.mp4"},
    "metadata": {"external_id": "MEDIA-ID-1234", "language": "en", "title": "t"},
}


# /systems


def test_systems_lists_what_can_run_by_kind(api: Any, three_systems: dict[str, int]) -> None:
    assert api.get("systems").json == {
        "asr": [{"lang": "en", "id": three_systems["asr"], "name": "English ASR System", "description": ""}],
        "mt": [
            {
                "source_lang": "en", "target_lang": "es", "id": three_systems["mt"],
                "name": "English-Spanish MT System", "description": "",
            }
        ],
        "tts": [{"lang": "es", "id": three_systems["tts"], "name": "TTS", "description": "", "voice_gender": "f"}],
    }  # fmt: skip


def test_systems_without_any_has_its_three_lists(api: Any) -> None:
    assert api.get("systems").json == {"asr": [], "mt": [], "tts": []}


# /list


def test_list_gives_id_title_language_and_seconds(api: Any, lecture: Any) -> None:
    assert api.get("list").json == [
        {"id": "MEDIA-ID-1234", "title": "I do know nothing", "language": "en", "duration": 86}
    ]


def test_list_of_nothing_is_an_empty_list(api: Any) -> None:
    answer = api.get("list")
    assert (answer.json, answer.headers["content-type"]) == ([], "application/json")


def test_list_of_many_is_whole_and_in_order(api: Any, instance: Any) -> None:
    instance.run(
        lambda cur: cur.execute(
            """
            INSERT INTO objects (user_id, kind, external_id, hash, language, title)
            SELECT id, 'speech', 'm' || n, 'h' || n, 'en', 'Lección ' || n
              FROM users, generate_series(1, 5000) AS n
             WHERE username = 'tluser'
            """
        )
    )
    listed = api.get("list").json
    assert [item["id"] for item in listed] == [f"m{n}" for n in range(1, 5001)]
    assert listed[-1]["title"] == "Lección 5000"


def test_a_list_that_nobody_read_to_its_end_leaves_the_connection_usable(
    api: Any, instance: Any, add_lecture: Any
) -> None:
    from api.database import Database
    from tlp.db import objects, users

    for number in range(3):
        add_lecture(external_id=f"m{number}", hash_=f"{number}" * 21)
    database = Database(instance.storage)
    rows = database.stream(lambda cur: objects.list_all(cur, 1, "speech"))
    assert next(rows)["external_id"] == "m0"
    rows.close()  # type: ignore[attr-defined]
    with database.transaction() as cur:
        assert users.by_name(cur, "other")


# /uploadslist and /status


def test_status_of_an_upload_nobody_has_looked_at(api: Any) -> None:
    upload = api.post("ingest/new", manifest=URL).json["id"]
    status = api.get("status", id=upload).json
    assert re.fullmatch(STAMP, status.pop("uploaded_on"))
    assert re.fullmatch(STAMP, status.pop("last_update"))
    assert status == {
        "rcode": 0,
        "rcode_description": "Upload ID exists.",
        "status_code": 0,
        "info": "Video ingested, not processed yet.",
        "status_info": "Video ingested, not processed yet.",
        "error_code": None,
    }


def test_status_of_an_upload_that_does_not_exist(api: Any) -> None:
    assert api.get("status", id="up-1234").json == {
        "rcode": 1,
        "rcode_description": "Upload ID [ up-1234 ] does not exist.",
    }


def test_times_are_utc_whatever_the_servers_zone(api: Any, instance: Any) -> None:
    upload = api.post("ingest/new", manifest=URL).json["id"]
    instance.run(lambda cur: cur.execute("UPDATE uploads SET uploaded_on = '2015-06-10 19:19:37.239458+02'"))
    assert api.get("status", id=upload).json["uploaded_on"] == "2015-06-10 17:19:37.239458"


def test_uploadslist_is_newest_first_and_takes_either_id(api: Any) -> None:
    first, second = (api.post("ingest/new", manifest=URL).json["id"] for _ in range(2))
    listed = api.get("uploadslist").json
    assert [item["id"] for item in listed] == [second, first]
    assert set(listed[0]) == {"id", "object_id", "status_code", "uploaded_on", "last_update"}
    assert [item["id"] for item in api.get("uploadslist", object_id=first).json] == [first]
    assert len(api.get("uploadslist", object_id="MEDIA-ID-1234").json) == 2
    assert api.get("uploadslist", object_id="none").json == []


# /metadata


def test_metadata_of_an_object_that_does_not_exist(api: Any) -> None:
    assert api.get("metadata", id="1234-abcd").json == {
        "rcode": 1,
        "rcode_description": "Media ID [ 1234-abcd ] does not exist or has no media",
    }


def test_metadata_gives_info_under_both_names_and_files_by_their_use(api: Any, lecture: Any) -> None:
    answer = api.get("metadata", id=lecture.id).json
    assert (answer["rcode"], answer["rcode_description"]) == (0, "Media list and info available.")
    assert answer["mediainfo"] == answer["lectureinfo"] == {
        "language": "en", "title": "I do know nothing", "category": "Winter", "duration": 86,
        "speakers": [{"name": "John Snow"}],
    }  # fmt: skip
    assert [(f["type_code"], f["media_format"], f["is_url"]) for f in answer["media"]] == [
        (0, "mp4", True), (3, "jpg", True), (6, "pcm", True),
    ]  # fmt: skip
    assert [(f["type_code"], f["media_format"]) for f in answer["attachments"]] == [(1, "txt"), (2, "pdf")]
    assert answer["attachments"][1]["location"] == "https://example.org/paper.pdf"
    track = answer["audiotracks"][0]
    assert track.pop("location").startswith("http://falconframework.org/data/9/")
    assert track == {
        "is_url": True, "id": lecture.track, "lang": "es", "media_format": "mp3", "voice_type": "tts",
        "voice_gender": "f", "audio_type": "f", "sub_type": 0, "description": None,
    }  # fmt: skip


@pytest.mark.parametrize("sections", [{"media_urls": {"use_urls": "no"}}])
def test_without_urls_locations_are_relative_paths(api: Any, lecture: Any) -> None:
    first = api.get("metadata", id=lecture.id).json["media"][0]
    assert first["is_url"] is False
    assert first["location"] == "9/9bc70b33e49c2d7bbbe42/main.mp4"


@pytest.mark.parametrize("sections", [{"media_urls": {"base_url": "https://media.example.org/data/"}}])
def test_a_base_url_of_the_configuration_begins_the_locations(api: Any, lecture: Any) -> None:
    first = api.get("metadata", id=lecture.id).json["media"][0]
    assert first["location"].startswith("https://media.example.org/data/9/9bc70b33e49c2d7bbbe42/main.mp4?expire=")


def test_behind_a_proxy_locations_are_those_of_the_proxy(
    client: falcon.testing.TestClient, api: Any, lecture: Any
) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "tlp.example.org"}
    answer = client.simulate_get("/api/speech/metadata", params={**api.credentials, "id": lecture.id}, headers=headers)
    assert answer.json["media"][0]["location"].startswith("https://tlp.example.org/data/")


# /langs


def test_langs_of_an_object_that_does_not_exist(api: Any) -> None:
    assert api.get("langs", id="1234-abcd").json == {
        "rcode": 1,
        "rcode_description": "ID 1234-abcd does not exist or has no subtitles",
    }


def test_langs_gives_the_spoken_language_first_with_the_voices_of_each(api: Any, lecture: Any) -> None:
    assert api.get("langs", id=lecture.id).json == {
        "rcode": 0,
        "rcode_description": "Language list available.",
        "media_lang": "en",
        "locked": False,
        "langs": [
            {"lang_code": "en", "lang_name": "English", "sup_status": 0, "sup_ratio": 0, "audiotracks": []},
            {
                "lang_code": "es", "lang_name": "Español", "sup_status": 0, "sup_ratio": 0,
                "audiotracks": [{"aid": lecture.track, "voice_gender": "f", "voice_type": "tts"}],
            },
        ],
    }  # fmt: skip


# /get


@pytest.mark.parametrize(
    ("number", "content_type"),
    [
        (0, "application/ttml+xml"), (1, "application/ttml+xml"), (2, "application/x-subrip"),
        (3, "text/vtt"), (4, "text/plain"),
    ],
)  # fmt: skip
def test_get_gives_each_format_under_its_type(api: Any, lecture: Any, number: int, content_type: str) -> None:
    answer = api.get("get", id=lecture.id, lang="es", format=number)
    assert answer.headers["content-type"].split(";")[0] == content_type
    assert "Buenos días" in answer.content.decode()


def test_get_is_dfxp_with_the_current_side_by_default(api: Any, lecture: Any) -> None:
    answer = api.get("get", id=lecture.id, lang="en")
    read = FORMATS["dfxp"].read(answer.content)
    assert [segment.text for segment in read.current] == ["Good morning", "Winter is coming, isn't it?"]
    assert b"<tl:o>" not in answer.content
    assert b"<tl:o>" in api.get("get", id=lecture.id, lang="en", sel_data_policy=0).content


def test_get_srt_and_vtt_are_read_by_others_with_the_same_times(api: Any, lecture: Any) -> None:
    srt = pysrt.from_string(api.get("get", id=lecture.id, lang="en", format=2).text)
    vtt = webvtt.from_buffer(io.StringIO(api.get("get", id=lecture.id, lang="en", format=3).text))
    assert [(cue.start.ordinal, cue.end.ordinal) for cue in srt] == [(2000, 3500), (4000, 5500)]
    assert [cue.start for cue in vtt] == ["00:00:02.000", "00:00:04.000"]


@pytest.mark.parametrize(("policy", "end"), [(1, "isn't it?"), (0, "[hesitation]"), (-1, "")])
def test_get_filters_segments_as_asked(api: Any, lecture: Any, policy: int, end: str) -> None:
    cues = pysrt.from_string(api.get("get", id=lecture.id, lang="en", format=2, seg_filt_policy=policy).text)
    assert len(cues) == 2
    assert cues[1].text.endswith(end)
    assert bool(cues[0].text) == (policy != -1)


def test_get_of_what_does_not_exist_is_json_with_rcode_1(api: Any, lecture: Any) -> None:
    assert api.get("get", id="nothing", lang="en").json == {
        "rcode": 1,
        "rcode_description": "Media ID [nothing] does not exist",
    }
    missing = api.get("get", id=lecture.id, lang="fr")
    assert (missing.status_code, missing.json["rcode"]) == (200, 1)
    assert missing.headers["content-type"] == "application/json"


def test_get_with_a_session_that_does_not_exist_is_rcode_2(api: Any, lecture: Any) -> None:
    assert api.get("get", id=lecture.id, lang="en", session_id=327).json["rcode"] == 2


def test_get_gives_text_that_would_break_a_page_or_a_format_as_it_is(api: Any, instance: Any, lecture: Any) -> None:
    from tlp.captions import Captions, Segment
    from tlp.db import contents

    text = "<script>alert(1)</script> ]]> a --> b \u202eevil & \U0001f393"
    body = FORMATS["dfxp"].write(Captions("ca", [Segment(1, 0, 1000, [text])]), 0, 0).decode()
    version = {"body": body, "status": 0, "sup_ratio": 0, "origin": "asr"}
    instance.run(lambda cur: contents.add_version(cur, lecture.object_id, "ca", version))
    assert "<script>" not in api.get("get", id=lecture.id, lang="ca", format=3).content.decode()
    assert b"<script>" not in api.get("get", id=lecture.id, lang="ca", format=1).content
    assert text in api.get("get", id=lecture.id, lang="ca", format=4).content.decode()


# /audiotrack


def test_audiotrack_of_what_does_not_exist_is_json_with_rcode_1(api: Any, lecture: Any) -> None:
    for params in ({"id": "x"}, {"lang": "en"}, {"aid": lecture.track + 1}, {"aid": 10**17}):
        sent = {"id": lecture.id, "lang": "es", "aid": lecture.track, **params}
        assert api.get("audiotrack", **sent).json["rcode"] == 1


def test_an_audiotrack_whose_file_is_gone_is_rcode_1(api: Any, instance: Any, lecture: Any) -> None:
    next(instance.media.rglob("audiotrack.es.mp3")).unlink()
    answer = api.get("audiotrack", id=lecture.id, lang="es", aid=lecture.track)
    assert (answer.status_code, answer.json["rcode"]) == (200, 1)
