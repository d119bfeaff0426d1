"""The package job: a request and a ZIP file in, checked files and a result out. Real archives, real ffmpeg."""

from __future__ import annotations

import io
import wave
import zipfile

import pytest
from packages import PDF, SRT, Upload, md5, named, refused, zipped
from tiny_media import Media


def test_a_package_with_everything_becomes_checked_files_under_our_own_names(upload: Upload, samples: Media) -> None:
    video, voice = samples["mp4"].read_bytes(), samples["mp3"].read_bytes()
    jpeg = samples.jpeg().read_bytes()
    upload.put(zipped(("a.mp4", video), ("s.srt", SRT), ("v.mp3", voice), ("t.jpg", jpeg), ("d.pdf", PDF)))
    result = upload.process(
        named("a.mp4", video),
        named("s.srt", SRT, type_code=4, language="es", human=False),
        named("v.mp3", voice, type_code=5, language="en"),
        named("t.jpg", jpeg, type_code=3),
        named("d.pdf", PDF, type_code=2),
        named("a.mp4", video, type_code=1),
    )
    main = result["media"]
    assert {key: main[key] for key in ("file", "format", "md5", "size", "url", "has_video", "has_audio")} == {
        "file": "files/attachment-5.mp4", "format": "mp4", "md5": md5(video), "size": len(video), "url": None,
        "has_video": True, "has_audio": True,
    }  # fmt: skip
    assert (main["video_codec"], main["audio_codec"]) == ("h264", "aac") and 1900 < main["duration_ms"] < 2300
    assert upload.files() == ["attachment-1.srt", "attachment-2.mp3", "attachment-3.jpg", "attachment-4.pdf",
                              "attachment-5.mp4"]  # fmt: skip
    subtitles, track = result["attachments"][:2]
    assert (subtitles["type_code"], subtitles["language"], subtitles["human"]) == (4, "es", False)
    assert track["has_audio"] and track["duration_ms"] > 1900 and track["human"] is True
    assert result["audio"] == "work/audio.wav"
    with wave.open(str(upload.folder / "work" / "audio.wav")) as sound:
        assert sound.getframerate() == 16000


def test_two_attachments_may_be_the_same_member_and_the_same_name_may_stand_there_twice(upload: Upload) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        upload.put(zipped(("d.pdf", PDF), ("d.pdf", PDF)))
    twice = upload.process(None, named("d.pdf", PDF, type_code=1), named("d.pdf", PDF, type_code=2))["attachments"]
    assert [(a["file"], a["type_code"]) for a in twice] == [
        ("files/attachment-1.pdf", 1),
        ("files/attachment-1.pdf", 2),
    ]


def test_of_two_members_of_one_name_the_one_with_the_right_md5_is_taken(upload: Upload) -> None:
    other = PDF + b"other"
    with pytest.warns(UserWarning, match="Duplicate name"):
        upload.put(zipped(("d.pdf", PDF), ("d.pdf", other), ("e.pdf", b"")))
    result = upload.process(None, named("d.pdf", other, type_code=1), named("d.pdf", PDF, type_code=1))
    assert [a["md5"] for a in result["attachments"]] == [md5(other), md5(PDF)]


def test_members_that_the_manifest_does_not_name_never_reach_the_disk(upload: Upload) -> None:
    upload.put(zipped(("d.pdf", PDF), ("__MACOSX/._d.pdf", b"x"), ("../../evil", b"x"), ("/etc/evil", b"x")))
    upload.process(None, named("d.pdf", PDF, type_code=2))
    assert sorted(str(p.relative_to(upload.folder)) for p in upload.folder.rglob("*")) == [
        "files", "files/attachment-1.pdf", "package.zip", "work"
    ]  # fmt: skip


def test_deflated_members_and_md5_sums_in_capitals_are_taken(upload: Upload) -> None:
    upload.put(zipped(("d.pdf", PDF * 50), packed=zipfile.ZIP_DEFLATED))
    item = named("d.pdf", PDF * 50, type_code=2)
    upload.process(None, {**item, "md5": item["md5"].upper()})


def test_a_zip64_package_is_taken(upload: Upload) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("d.pdf", "w", force_zip64=True) as member:
        member.write(PDF)
    upload.put(out.getvalue())
    assert upload.process(None, named("d.pdf", PDF, type_code=2))["attachments"][0]["size"] == len(PDF)


def test_names_in_utf8_are_found_whether_the_package_says_so_or_not_and_however_composed(upload: Upload) -> None:
    data = zipped(("lección ñ.pdf", PDF))
    unsaid = bytearray(data)
    for at in (6, data.index(b"PK\x01\x02") + 8):  # the flag that says UTF-8, in both headers
        unsaid[at + 1] &= ~0x08
    for package in (data, bytes(unsaid), zipped(("leccio\u0301n n\u0303.pdf", PDF))):
        upload.put(package)
        upload.process(None, named("lección ñ.pdf", PDF, type_code=2))


def test_junk_before_and_after_the_archive_is_passed_over(upload: Upload) -> None:
    upload.put(b"#!/bin/sh\nexit\n" + zipped(("d.pdf", PDF)) + b"\r\n" * 100)
    upload.process(None, named("d.pdf", PDF, type_code=2))


def test_a_second_run_after_a_kill_begins_in_a_fresh_folder(upload: Upload) -> None:
    upload.put(zipped(("d.pdf", PDF)))
    (upload.folder / "files").mkdir()
    (upload.folder / "files" / "half").write_bytes(b"x")
    upload.process(None, named("d.pdf", PDF, type_code=2))
    assert upload.files() == ["attachment-1.pdf"]


def test_sound_is_taken_out_only_where_it_will_be_transcribed(upload: Upload, samples: Media) -> None:
    sound = samples["wav"].read_bytes()
    upload.put(zipped(("a.wav", sound), ("s.srt", SRT)))
    main, srt = named("a.wav", sound), named("s.srt", SRT, type_code=4)
    assert upload.process(main, {**srt, "language": "es"})["audio"] == "work/audio.wav"
    assert upload.process(main, {**srt, "language": "en"})["audio"] is None
    assert upload.process(main, generate=False)["audio"] is None


def test_a_media_without_sound_is_reported_as_such(upload: Upload, samples: Media) -> None:
    video = samples["silent.mp4"].read_bytes()
    upload.put(zipped(("a.mp4", video)))
    result = upload.process(named("a.mp4", video))
    assert result["audio"] is None and not result["media"]["has_audio"]
    assert 1900 < result["media"]["duration_ms"] < 2300


def test_a_manifest_without_files_needs_no_package(upload: Upload) -> None:
    assert upload.process(None) == {"media": None, "attachments": [], "audio": None}


# What is refused, and in which words


def test_a_file_that_was_not_sent_is_named(upload: Upload) -> None:
    item = named("missing.pdf", PDF, type_code=2)
    refused(lambda: upload.process(None, item), "missing.pdf", "no package")
    upload.put(zipped(("other.pdf", PDF)))
    refused(lambda: upload.process(None, item), "missing.pdf", "has no file")
