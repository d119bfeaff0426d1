"""Packages that lie, are damaged or mean harm: each is refused in words that name the file and the cause."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from packages import CAPS, PDF, SRT, Upload, md5, named, refused, zipped
from tiny_media import Media, ffmpeg

from ingest.modules.base.archive import Archive, Caps, is_flat
from tlp.errors import PackageError


def test_a_wrong_md5_names_the_file_and_both_sums(upload: Upload) -> None:
    upload.put(zipped(("d.pdf", PDF)))
    refused(lambda: upload.process(None, named("d.pdf", b"x", type_code=2)), "d.pdf", md5(PDF), md5(b"x"))
    assert upload.files() == []


@pytest.mark.parametrize(
    "name", ["../d.pdf", "/etc/passwd", "a/b.pdf", "a\\b.pdf", "..", ".", "", "a\0.pdf", "C:\\d.pdf", "d\n.pdf"]
)
def test_a_name_that_is_not_flat_is_never_looked_up_cve_2025_32943(upload: Upload, name: str) -> None:
    with zipfile.ZipFile(upload.folder / "package.zip", "w") as archive:
        archive.writestr(name or "x", PDF)
    upload.request["package"] = "package.zip"
    refused(lambda: upload.process(None, named(name, PDF, "pdf", type_code=2)), "not a plain file name")
    assert not is_flat(name) and is_flat("a b..c.pdf")


def test_a_link_in_a_package_is_refused_cve_2026_34242(upload: Upload) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("d.txt")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    upload.put(out.getvalue())
    refused(lambda: upload.process(None, named("d.txt", b"/etc/passwd", type_code=2)), "d.txt", "link")
    assert upload.files() == []


@pytest.mark.parametrize(
    "code", ["../../../x", "/etc/cron.d/x", "srt/../../x", "exe", "", "srt\0", "zip", "hls", "mp4"]
)
def test_a_format_field_never_becomes_a_path_cve_2026_35031(upload: Upload, code: str) -> None:
    upload.put(zipped(("s.srt", SRT)))
    refused(lambda: upload.process(None, named("s.srt", SRT, type_code=4, language="en", fileformat=code)
                                   | {"fileformat": code}), "s.srt", "is not taken", "dfxp, trs, srt")  # fmt: skip
    assert upload.files() == []


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "FILE:///etc/passwd", "ftp://host/x", "concat:/etc/passwd", "/etc/passwd"]
)
def test_a_url_of_a_local_file_is_never_read_cve_2021_43821(upload: Upload, url: str) -> None:
    refused(lambda: upload.process({"url": url}), url, "only http and https")


def test_a_bomb_is_stopped_by_its_ratio_cve_2025_32949(upload: Upload) -> None:
    bomb = b"\0" * (50 << 20)
    upload.put(zipped(("d.pdf", bomb), packed=zipfile.ZIP_DEFLATED))
    refused(lambda: upload.process(None, named("d.pdf", bomb, type_code=2)), "d.pdf", "100 times")
    assert upload.files() == []


def test_a_bomb_that_lies_about_its_size_writes_no_more_than_it_says(upload: Upload) -> None:
    data = bytearray(zipped(("d.pdf", b"\0" * (5 << 20)), packed=zipfile.ZIP_DEFLATED))
    for at in (22, data.index(b"PK\x01\x02") + 24):
        struct.pack_into("<I", data, at, 100)
    upload.put(bytes(data))
    refused(lambda: upload.process(None, named("d.pdf", b"", type_code=2)), "d.pdf")
    assert sum(p.stat().st_size for p in (upload.folder / "files").iterdir()) <= 100


def test_members_that_share_their_bytes_are_stopped_by_the_size_of_the_package(tmp_path: Path) -> None:
    piece = os.urandom(100 << 10) + b"\0" * (9 << 20)
    single = zipped(("0", piece), packed=zipfile.ZIP_DEFLATED)
    at = single.index(b"PK\x01\x02")
    entry, end = single[at : single.index(b"PK\x05\x06")], single[single.index(b"PK\x05\x06") :]
    entries = b"".join(entry[:46] + str(n % 10).encode() + entry[47:] for n in range(10))
    path = tmp_path / "package.zip"
    path.write_bytes(single[:at] + entries + end[:8] + struct.pack("<HHI", 10, 10, len(entries)) + end[16:])
    with Archive(path, Caps(1 << 40, 100, 20)) as archive:
        archive.extract("0", None, tmp_path / "first")
        refused(lambda: [archive.extract("0", None, tmp_path / "next") for _ in range(10)], "too large")


def test_caps_on_number_and_size_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(zipped(*((f"{n}.pdf", PDF) for n in range(20))))
    refused(lambda: Archive(path, Caps(1 << 30, 19, 100)), "20 files", "at most 19")
    with Archive(path, Caps(len(PDF) + 1, 20, 100)) as archive:
        archive.extract("0.pdf", None, tmp_path / "0")
        refused(lambda: archive.extract("1.pdf", None, tmp_path / "1"), "too large", "at most")


@pytest.mark.parametrize("data", [b"", b"PK", b"plain text" * 100, b"PK\x05\x06", b"\x1f\x8b" + b"\0" * 100])
def test_what_is_no_zip_file_is_refused(upload: Upload, data: bytes) -> None:
    upload.put(data)
    refused(lambda: upload.process(None, named("d.pdf", PDF, type_code=2)), "no complete ZIP file")


def test_a_package_cut_off_anywhere_is_refused_in_words(upload: Upload) -> None:
    whole = zipped(("d.pdf", PDF), ("e.pdf", PDF))
    for length in range(0, len(whole) - 1, 7):
        upload.put(whole[:length])
        refused(lambda: upload.process(None, named("d.pdf", PDF, type_code=2)), "package")


def test_one_wrong_byte_anywhere_gives_the_right_file_or_a_sentence(upload: Upload) -> None:
    whole = zipped(("d.pdf", PDF * 3), packed=zipfile.ZIP_DEFLATED)
    for at in range(len(whole)):
        broken = bytearray(whole)
        broken[at] ^= 0x55
        upload.put(bytes(broken))
        try:
            upload.process(None, named("d.pdf", PDF * 3, type_code=2))
        except PackageError:
            continue
        assert (upload.folder / "files" / "attachment-1.pdf").read_bytes() == PDF * 3


def test_a_damaged_member_is_named(upload: Upload) -> None:
    upload.put(zipped(("d.pdf", PDF)).replace(PDF, PDF[:-1] + b"!"))
    refused(lambda: upload.process(None, named("d.pdf", PDF, type_code=2)), "d.pdf", "damaged", "CRC")


def test_an_encrypted_member_is_refused_in_words(upload: Upload) -> None:
    data = bytearray(zipped(("d.pdf", PDF)))
    for at in (6, data.index(b"PK\x01\x02") + 8):
        data[at] |= 1
    upload.put(bytes(data))
    refused(lambda: upload.process(None, named("d.pdf", PDF, type_code=2)), "d.pdf", "encrypted")


def test_a_member_packed_in_another_way_is_refused_in_words(upload: Upload) -> None:
    upload.put(zipped(("d.pdf", PDF), packed=zipfile.ZIP_LZMA))
    refused(lambda: upload.process(None, named("d.pdf", PDF, type_code=2)), "d.pdf", "method 14", "store")


def test_one_part_of_an_archive_in_parts_is_refused_in_words(upload: Upload) -> None:
    data = bytearray(zipped(("d.pdf", PDF)))
    data[data.index(b"PK\x05\x06") + 4] = 1
    upload.put(bytes(data))
    refused(lambda: upload.process(None, named("d.pdf", PDF, type_code=2)), "several parts")


def test_a_directory_of_lies_is_not_read_into_memory(tmp_path: Path) -> None:
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 3, 3, 0xFFFFFFF0, 0, 0)
    (tmp_path / "package.zip").write_bytes(b"\0" * 100 + end)
    refused(lambda: Archive(tmp_path / "package.zip", CAPS), "directory is damaged")


# What files claim to be


def test_a_file_that_is_something_else_than_claimed_is_named_with_both_formats(upload: Upload, samples: Media) -> None:
    video = samples["webm"].read_bytes()
    upload.put(zipped(("a.mp4", video)))
    refused(lambda: upload.process(named("a.mp4", video)), "a.mp4", "no mp4", "matroska")


def test_a_playlist_that_claims_to_be_a_video_is_refused(upload: Upload) -> None:
    playlist = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
    upload.put(zipped(("a.mp4", playlist)))
    refused(lambda: upload.process(named("a.mp4", playlist)), "a.mp4", "playlist")


def test_media_longer_than_the_limit_is_refused_whatever_it_says_of_itself(upload: Upload, samples: Media) -> None:
    sound = bytearray(samples["wav"].read_bytes())
    upload.request["max_audio_track_length"] = 1
    upload.put(zipped(("a.wav", bytes(sound))))
    for generate in (True, False):
        refused(
            lambda g=generate: upload.process(named("a.wav", bytes(sound)), generate=g), "a.wav", "longer than the 1 s"
        )
    flv = samples["flv"].read_bytes()
    at = flv.index(b"duration") + 9
    lying = flv[:at] + struct.pack(">d", 0.1) + flv[at + 8 :]
    upload.put(zipped(("a.flv", lying)))
    refused(lambda: upload.process(named("a.flv", lying), generate=True), "a.flv", "longer than the 1 s")


def test_subtitles_that_do_not_parse_or_hold_entities_are_refused_with_file_and_cause_cve_2021_32623(
    upload: Upload,
) -> None:
    bomb = b"""<?xml version="1.0"?><!DOCTYPE tt [<!ENTITY a "aaaaaaaaaa">
        <!ENTITY b "&a;&a;&a;&a;">]><tt xmlns="http://www.w3.org/ns/ttml"><body><div><p>&b;</p></div></body></tt>"""
    for name, data in (("s.srt", b"\0\1\2 no subtitles"), ("s.dfxp", b"<tt>"), ("s.dfxp", bomb), ("s.trs", b"<x/>")):
        upload.put(zipped((name, data)))
        refused(lambda n=name, d=data: upload.process(None, named(n, d, type_code=4, language="en")), name)


def test_subtitles_need_a_language(upload: Upload) -> None:
    upload.put(zipped(("s.srt", SRT)))
    refused(lambda: upload.process(None, named("s.srt", SRT, type_code=4, language=None)), "s.srt", "language")


def test_a_thumbnail_must_be_a_real_jpeg(upload: Upload, samples: Media) -> None:
    jpeg = samples.jpeg().read_bytes()
    for data in (b"\x89PNG\r\n", b"\xff\xd8\xff" + b"\0" * 500, jpeg[:700]):
        upload.put(zipped(("t.jpg", data)))
        refused(lambda d=data: upload.process(None, named("t.jpg", d, type_code=3)), "t.jpg", "JPEG")
    upload.put(zipped(("t.jpg", jpeg)))
    upload.process(None, named("t.jpg", jpeg, type_code=3))


def test_a_document_must_begin_as_its_format_does(upload: Upload) -> None:
    for name in ("d.pdf", "d.docx", "d.doc"):
        upload.put(zipped((name, b"MZ\x90\0 a program")))
        refused(lambda n=name: upload.process(None, named(n, b"MZ\x90\0 a program", type_code=2)), name, "is no")
    upload.put(zipped(("d.txt", b"\0\1\2")))
    refused(lambda: upload.process(None, named("d.txt", b"\0\1\2", type_code=2)), "d.txt", "is no txt")


def test_an_audio_track_needs_sound(upload: Upload, tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-c:v", "mpeg4", "-f", "mp4", str(tmp_path / "a.m4a"))
    data = (tmp_path / "a.m4a").read_bytes()
    upload.put(zipped(("a.m4a", data)))
    refused(lambda: upload.process(None, named("a.m4a", data, type_code=5, language="en")), "a.m4a", "no sound")


# The command line


def test_the_job_writes_its_result(upload: Upload, samples: Media) -> None:
    sound = samples["wav"].read_bytes()
    upload.put(zipped(("a.wav", sound)))
    upload.request["manifest"]["media"] = named("a.wav", sound)
    done = upload.job()
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads((upload.folder / "work" / "package.json").read_text())["media"]["file"] == "files/media.wav"


def test_the_job_ends_with_one_clear_sentence(upload: Upload) -> None:
    upload.put(b"no zip")
    upload.request["manifest"]["attachments"] = [named("d.pdf", PDF, type_code=2)]
    done = upload.job()
    assert (done.returncode, done.stderr) == (1, "the package is no complete ZIP file: its end is missing\n")
    assert not (upload.folder / "work" / "package.json").exists()


def test_a_defect_ends_with_class_and_message_after_the_trace(upload: Upload) -> None:
    del upload.request["limits"]
    upload.put(zipped(("d.pdf", PDF)))
    done = upload.job()
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback") and done.stderr.splitlines()[-1] == "KeyError: 'limits'"
