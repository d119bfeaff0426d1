"""Every format that the configuration allows, with a real small file of it; and every format that may be required."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faulty_server import serving, whole
from packages import Upload, md5, named, zipped
from packages import refused as is_refused
from tiny_media import DEMUXERS, KINDS, Media, ffmpeg
from world import World, dfxp

from ingest.modules.base import media
from ingest.modules.base.containers import CONTAINERS
from ingest.modules.base.probe import probe
from tlp import config
from tlp.config import DEFAULTS
from tlp.errors import ConfigError

FORMATS = config.load(DEFAULTS).file_formats
NO_ENCODER = pytest.mark.skip(
    reason="ffmpeg reads Monkey's Audio but cannot write it, so there is no file to test with"
)
_ZIP, _OLE = b"PK\x03\x04" + b"\0" * 40, bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 504
BEGINS = {
    "txt": b"A text.\n", "html": b"<!DOCTYPE html><p>A page.", "pdf": b"%PDF-1.4\n%%EOF\n", "docx": _ZIP, "pptx": _ZIP,
    "xlsx": _ZIP, "doc": _OLE, "ppt": _OLE, "xls": _OLE, "odt": _ZIP, "rtf": b"{\\rtf1 A text.}",
}  # fmt: skip
SUBTITLES = {
    "srt": b"1\n00:00:00,000 --> 00:00:01,500\nHello\n",
    "dfxp": dfxp("en"),
    "trs": b'<?xml version="1.0"?><Trans><Episode><Section type="report" startTime="0" endTime="2">'
           b'<Turn startTime="0" endTime="2"><Sync time="0"/>Hello</Turn></Section></Episode></Trans>',
}  # fmt: skip


def codes(*lists: list[str]) -> list[Any]:
    named_codes = list(dict.fromkeys(code for items in lists for code in items))
    return [pytest.param(code, marks=NO_ENCODER if code == "ape" else ()) for code in named_codes]


def test_the_tests_know_the_table_of_formats_as_it_is() -> None:
    sql = (DEFAULTS.parent / "db" / "sql" / "static_data.sql").read_text()
    table = {code: found.split(",") for code, found in re.findall(r"\('(\w+)', '[^']+', '\{([^}]+)\}'\)", sql)}
    assert {code: table[code] for code in DEMUXERS} == DEMUXERS


@pytest.mark.parametrize("code", codes(FORMATS.allowed_video_formats, FORMATS.allowed_audio_formats))
def test_every_allowed_media_is_taken_heard_and_shown(
    upload: Upload, samples: Media, code: str, tmp_path: Path
) -> None:
    data = samples[code].read_bytes()
    upload.put(zipped((f"talk.{code}", data)))
    found = upload.process(named(f"talk.{code}", data))
    assert (found["media"]["format"], found["audio"], upload.files()) == (code, "work/audio.wav", [f"media.{code}"])
    assert found["media"]["has_video"] == KINDS[code][0] == (code in FORMATS.allowed_video_formats)
    assert abs(found["media"]["duration_ms"] - 2000) < 300
    assert media.needs_conversion(found["media"]) == (code != "mp4")


@pytest.mark.parametrize("code", codes(FORMATS.allowed_audio_formats))
def test_every_allowed_audio_track_is_taken(upload: Upload, samples: Media, code: str) -> None:
    data = samples[code].read_bytes()
    upload.put(zipped((f"voice.{code}", data)))
    found = upload.process(None, named(f"voice.{code}", data, type_code=5, language="es"))
    assert found["attachments"][0]["format"] == code


@pytest.mark.parametrize("code", codes(FORMATS.allowed_slides_video_formats))
def test_every_allowed_slides_video_is_taken(upload: Upload, samples: Media, code: str) -> None:
    data = samples[code].read_bytes()
    upload.put(zipped((f"slides.{code}", data)))
    found = upload.process(None, named(f"slides.{code}", data, type_code=1))
    assert found["attachments"][0]["has_video"]


@pytest.mark.parametrize(
    ("type_code", "code"),
    [(1, code) for code in FORMATS.allowed_slides_text_formats] + [(2, code) for code in FORMATS.allowed_docs_formats],
)
def test_every_allowed_document_is_taken_as_what_it_is_and_as_nothing_else(
    upload: Upload, type_code: int, code: str
) -> None:
    upload.put(zipped((f"paper.{code}", BEGINS[code])))
    found = upload.process(None, named(f"paper.{code}", BEGINS[code], type_code=type_code))
    assert found["attachments"][0]["file"] == f"files/attachment-1.{code}"
    other = b"\0\1\2 something else"
    upload.put(zipped((f"paper.{code}", other)))
    is_refused(lambda: upload.process(None, named(f"paper.{code}", other, type_code=type_code)), f"no {code} file")


@pytest.mark.parametrize("code", FORMATS.allowed_caption_formats)
def test_every_allowed_subtitle_format_is_taken(upload: Upload, code: str) -> None:
    upload.put(zipped((f"s.{code}", SUBTITLES[code])))
    found = upload.process(None, named(f"s.{code}", SUBTITLES[code], type_code=4, language="en"))
    assert found["attachments"][0]["format"] == code


@pytest.mark.parametrize("code", FORMATS.allowed_thumbnail_formats)
def test_every_allowed_thumbnail_is_taken(upload: Upload, samples: Media, code: str) -> None:
    data = samples.jpeg().read_bytes()
    upload.put(zipped((f"t.{code}", data)))
    assert upload.process(None, named(f"t.{code}", data, type_code=3))["attachments"][0]["format"] == code


@pytest.mark.parametrize("key", ["allowed_video_formats", "allowed_audio_formats"])
def test_a_format_that_is_not_allowed_any_more_is_refused_with_those_that_are(
    upload: Upload, samples: Media, key: str
) -> None:
    code = upload.request["allowed"][key].pop(0)
    data = samples[code].read_bytes()
    upload.put(zipped((f"talk.{code}", data)))
    is_refused(lambda: upload.process(named(f"talk.{code}", data)), f"'{code}' is not taken", "mp3")


# What may be required


@pytest.mark.parametrize("to", [to for to in CONTAINERS if to != "mp4"])
@pytest.mark.parametrize("kind", ["mp4", "webm", "ogv", "mp3", "silent.mp4"])
def test_a_media_becomes_any_container_that_may_be_required(samples: Media, tmp_path: Path, kind: str, to: str) -> None:
    out = tmp_path / f"media.{to}"
    media.convert(samples[kind], probe(samples[kind]), out, to=to)
    made = {**probe(out).describe(), "format": to}
    assert not media.needs_conversion(made, to) and made["has_video"] and made["has_audio"] == KINDS[kind][1]
    assert abs(media.length_ms(out, probe(out)) - 2000) < 400


def test_what_browsers_play_is_copied_into_the_container_where_it_belongs(samples: Media) -> None:
    webm = probe(samples["webm"])
    assert media.codecs(webm, to="webm")[3] == "copy" and "copy" not in media.codecs(webm, to="mp4")
    assert not media.needs_conversion({**webm.describe(), "format": "webm"}, "webm")
    assert media.needs_conversion({**webm.describe(), "format": "mkv"}, "webm")
    assert not media.needs_conversion({**probe(samples["ogv"]).describe(), "format": "ogv"}, "ogv")


def test_every_required_format_that_was_not_sent_is_made_and_stored(
    tmp_path: Path, clean_db: dict[str, Any], recordings: Media
) -> None:
    required = {"required_video_formats": "mp4, webm, ogv", "generate_pcm_stream": "no"}
    world = World(tmp_path / "world", clean_db, file_formats=required)
    files = {"media.mp4": recordings["mp4"], "also.ogv": recordings["ogv"]}
    attached = [{"filename": "also.ogv", "type_code": 0}]
    [row] = world.finish(world.upload("m1", files, attachments=attached, generate=False))
    assert row["status_code"] == 6, row["info"]
    rows = world.rows("SELECT format FROM files WHERE type_code = 0 ORDER BY format")
    assert [row["format"] for row in rows] == ["mp4", "ogv", "webm"]
    assert {r["name"] for r in world.rows("SELECT name FROM jobs WHERE step = 'converting'")} == {
        "convert-webm",
        "thumbnail",
    }
    assert world.orphans() == []


def test_a_required_format_that_cannot_be_made_is_said_when_the_service_starts(
    tmp_path: Path, clean_db: dict[str, Any]
) -> None:
    world = World(tmp_path / "world", clean_db, file_formats={"required_video_formats": "mp4, avi"})
    words = "required_video_formats: avi cannot be made; choose among mp4, webm, ogv"
    with pytest.raises(ConfigError, match=words), world.service():
        pass


# Pictures of the operator, and media that stay where they are


@pytest.fixture
def red(tmp_path: Path) -> Path:
    ffmpeg("-f", "lavfi", "-i", "color=red:s=320x180", "-frames:v", "1", "-update", "1", str(tmp_path / "red.png"))
    return tmp_path / "red.png"


def _is_red(path: Path) -> bool:
    out = path.with_suffix(".rgb")
    ffmpeg("-i", str(path), "-vf", "scale=1:1", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", str(out))
    pixel = out.read_bytes()
    out.unlink()
    return pixel[0] > 200 and pixel[1] < 60


def test_the_operators_pictures_stand_behind_sound_and_in_test_mode(
    tmp_path: Path, clean_db: dict[str, Any], recordings: Media, red: Path
) -> None:
    pictures = {"audio_background_img": red, "test_thumbnail_img": red}
    world = World(tmp_path / "world", clean_db, data=pictures, file_formats={"generate_pcm_stream": "no"})
    sound = world.upload("m1", {"media.mp3": recordings["mp3"]}, generate=False)
    rows = world.finish(sound, world.upload("m2", test_mode=True))
    assert [row["status_code"] for row in rows] == [6, 6]
    made = world.rows("SELECT path FROM files WHERE format = 'mp4'")
    assert len(made) == 2 and all(_is_red(world.mounts["media"] / row["path"]) for row in made)


def test_a_picture_that_is_not_there_is_named_by_its_section(tmp_path: Path, clean_db: dict[str, Any]) -> None:
    world = World(tmp_path / "world", clean_db, data={"test_thumbnail_img": tmp_path / "gone.png"})
    [row] = world.finish(world.upload("m1", test_mode=True))
    assert row["status_code"] == 105 and "section [data]" in row["info"]


@pytest.fixture
def talk(recordings: Media) -> Iterator[Any]:
    with serving() as server:
        server.answers["/talk.mp4"] = functools.partial(whole, data=recordings["mp4"].read_bytes())
        server.answers["/watch"] = functools.partial(
            whole, data=b'<video src="/talk.mp4"></video>', content_type="text/html"
        )
        yield server


@pytest.mark.parametrize(("local", "page", "stored"), [("yes", False, True), ("no", False, False), ("no", True, True)])
def test_a_media_by_url_is_stored_or_stays_with_the_client_but_a_page_is_no_media(
    tmp_path: Path, clean_db: dict[str, Any], talk: Any, local: str, page: bool, stored: bool
) -> None:
    sections = {"general": {"local_repository": local}, "downloads": {"allow_private": "yes"}}
    world = World(tmp_path / "world", clean_db, file_formats={"generate_pcm_stream": "no"}, **sections)
    url = talk.url("/watch" if page else "/talk.mp4")
    [row] = world.finish(world.upload("m1", media={"url": url}, generate=False))
    assert row["status_code"] == 6, row["info"]
    [main] = world.rows("SELECT path, url, md5 FROM files WHERE type_code = 0")
    assert (main["url"], bool(main["path"])) == (None, True) if stored else (url, False)
    assert main["md5"] == md5(talk.answers["/talk.mp4"].keywords["data"])
    assert not [path for path in world.mounts["media"].rglob("*.mp4") if not stored]


def test_a_media_that_is_too_long_fails_with_its_limit_in_words(
    tmp_path: Path, clean_db: dict[str, Any], recordings: Media
) -> None:
    world = World(tmp_path / "world", clean_db, file_formats={"max_audio_track_length": 1})
    [row] = world.finish(world.upload("m1", {"media.mp3": recordings["mp3"]}))
    assert row["status_code"] == 101
    assert row["info"].endswith("'media.mp3': it lasts longer than the 1 s that are taken.")
