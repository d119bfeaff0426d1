"""Uploads by ws-client.py: manifests, packages, the multipart body, waiting (manual, Appendices E and F)."""

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from recording_server import Reply

from libtlp.package import Package

TOOL = Path(__file__).parents[2] / "client-tools/python/ws-client.py"
MEDIA = b"not really a video" * 1000
ACCEPTED = Reply({"rcode": 0, "id": "up-1", "hash": "abc"})


@pytest.fixture
def files(folder: Path) -> Path:
    for name, content in {
        "lecture.MP4": MEDIA,
        "slides.pdf": b"slides",
        "notes.txt": b"notes",
        "thumb.jpg": b"jpg",
        "sub:titles.srt": b"1\n00:00:00,000 --> 00:00:01,000\nHi\n",
        "voice.mp3": b"voice",
        "a.html": b"<p>a</p>",
        "b.docx": b"b",
    }.items():
        (folder / name).write_bytes(content)
    return folder


def entry(content: bytes, extension: str) -> dict[str, str]:
    md5 = hashlib.md5(content).hexdigest()
    return {"filename": f"{md5}.{extension}", "fileformat": extension, "md5": md5}


def test_a_media_by_url_is_a_json_call_without_a_package(ws, server):
    ws("-g", *["speech", "ingest", "new", "M-1", "-l", "en", "-t", "Title", "-M", "http://media.example/v.mp4"])
    sent = server.last.json()
    assert (server.last.method, server.last.path) == ("POST", "/api/speech/ingest/new")
    assert sent["manifest"] == {
        "media": {"url": "http://media.example/v.mp4"},
        "metadata": {"external_id": "M-1", "language": "en", "title": "Title"},
    }
    assert (sent["user"], sent["client"]) == ("tluser", "libtlp-0.1.0")


def test_an_update_needs_only_the_id_and_what_to_make_anew(ws, server):
    ws(*["speech", "ingest", "update", "M-1", "-R", "tl", "-R", "tts", "-f", "-T"])
    expected = {"metadata": {"external_id": "M-1"}, "re-generate": ["tl", "tts"], "force": True, "generate": False}
    assert server.last.json()["manifest"] == expected


def test_a_media_and_all_that_goes_with_it_are_described_and_packed(ws, server, files):
    outcome = ws(
        *["speech", "ingest", "new", "M-1", "-l", "en", "-t"],
        "My title",
        *[
            "-k",
            "physics,light",
            "-i",
            "Optics",
            "--date",
            "2015-06-10",
            "-S",
            "s1:Ann:F:ann@example.org",
            "-S",
            "s2",
            "-u",
            "-X",
        ],
        *[
            "-m",
            "a@example.org,b@example.org",
            "-m",
            "c@example.org",
            "-p",
            "es:4",
            "-p",
            "en",
            "-P",
            "es",
            "-P",
            "ca:7",
        ],
        *("-L", '{"ca": {"sub": {"tlpath": [{"l": "es"}, {"l": "ca"}]}, "tts": null}, "es": {"sub": {"lma": false}}}'),
        *(
            "-M",
            files / "lecture.MP4",
            "-A",
            files / "voice.mp3",
            "-s",
            files / "slides.pdf",
            "-r",
            files / "notes.txt",
        ),
        *("-b", f"en:{files / 'sub:titles.srt'}:0", "-b", f"es:{files / 'sub:titles.srt'}"),
        *("-K", f"es:{files / 'voice.mp3'}:1", "-a", files / "thumb.jpg"),
    )
    assert outcome.code == 0, outcome.stderr
    json_part, package_part = server.last.parts()
    manifest = json.loads(json_part.get_payload(decode=True))["manifest"]
    subtitles = entry((files / "sub:titles.srt").read_bytes(), "srt")
    assert manifest == {
        "media": {**entry(MEDIA, "mp4"), "slides": True},
        "attachments": [
            {**entry(b"voice", "mp3"), "type_code": 0},
            {**entry(b"slides", "pdf"), "type_code": 1},
            {**entry(b"notes", "txt"), "type_code": 2},
            {**subtitles, "type_code": 4, "language": "en", "human": False},
            {**subtitles, "type_code": 4, "language": "es", "human": True},
            {**entry(b"voice", "mp3"), "type_code": 5, "language": "es", "human": True},
            {**entry(b"jpg", "jpg"), "type_code": 3},
        ],
        "metadata": {
            "external_id": "M-1",
            "language": "en",
            "title": "My title",
            "topic": "Optics",
            "keywords": "physics,light",
            "date": "2015-06-10",
            "speakers": [
                {
                    "speaker_id": "s1",
                    "speaker_name": "Ann",
                    "speaker_gender": "F",
                    "speaker_email": "ann@example.org",
                },
                {"speaker_id": "s2"},
            ],
        },
        "requested_langs": {
            "ca": {"sub": {"tlpath": [{"l": "es"}, {"l": "ca"}]}, "tts": {"sid": 7}},
            "es": {"sub": {"lma": False, "sid": 4}, "tts": {}},
            "en": {"sub": {}},
        },
        "test_mode": True,
        "email": ["a@example.org", "b@example.org", "c@example.org"],
    }
    archive = zipfile.ZipFile(io.BytesIO(package_part.get_payload(decode=True)))
    listed = [manifest["media"], *manifest["attachments"]]
    assert sorted(archive.namelist()) == sorted({each["filename"] for each in listed})


def test_the_body_has_two_parts_in_order_and_announces_its_length(ws, server, files):
    ws(*["speech", "ingest", "new", "M-1", "-l", "en", "-t", "T", "-M"], files / "lecture.MP4")
    json_part, package_part = server.last.parts()
    assert json_part.get_content_type() == "application/json"
    assert json_part["Content-Disposition"].params["name"] == "json"
    assert package_part.get_content_type() == "application/zip"
    assert package_part["Content-Disposition"].params["name"] == "pkg"
    assert server.last.length == len(server.last.body) > len(MEDIA)
    assert server.last.headers["Transfer-Encoding"] is None
    assert set(json.loads(json_part.get_payload(decode=True))) == {"user", "auth_token", "client", "manifest"}


def test_documents_are_described_and_packed_in_order(ws, server, files):
    outcome = ws(
        *["text", "ingest", "new", "en", "-i", "D-1", "-t", "First", "-d"],
        files / "a.html",
        *["-i", "D-2", "-t", "Second", "-d", "http://documents.example/b.docx", "-p", "es:3", "-p", "ca", "-L"],
        '{"fr": {"tlpath": [{"l": "es"}, {"l": "fr"}]}}',
    )
    assert outcome.code == 0, outcome.stderr
    manifest = json.loads(server.last.parts()[0].get_payload(decode=True))["manifest"]
    assert manifest == {
        "language": "en",
        "documents": [
            {"external_id": "D-1", "title": "First", **entry(b"<p>a</p>", "html")},
            {"external_id": "D-2", "title": "Second", "url": "http://documents.example/b.docx"},
        ],
        "requested_langs": {"fr": {"tlpath": [{"l": "es"}, {"l": "fr"}]}, "es": {"sid": 3}, "ca": {}},
    }


def test_documents_are_translated_anew_by_their_ids_alone(ws, server):
    ws(*["text", "ingest", "update", "en", "-i", "D-1", "-i", "D-2", "-R", "-f"])
    documents = [{"external_id": "D-1"}, {"external_id": "D-2"}]
    expected = {"language": "en", "documents": documents, "re-generate": True, "force": True}
    assert server.last.json()["manifest"] == expected


@pytest.mark.parametrize("given", ["-i D-1 -d {}", "-i D-1 -i D-2 -d {} -t T", "-t T", ""])
def test_ids_files_and_titles_of_documents_must_be_as_many(ws, server, files, given):
    outcome = ws(*["text", "ingest", "new", "en"], *given.format(files / "a.html").split())
    assert (outcome.code, server.requests) == (1, [])
    assert outcome.stderr.startswith("[EE] each document needs -i, -d and -t: there are")


def test_a_package_holds_stored_files_with_flat_names_that_other_programs_read(ws, server, files):
    (files / "config.ini").unlink()  # nothing is sent, so nothing has to be known of a server
    media, subtitles = files / "lecture.MP4", files / "sub:titles.srt"
    line = ["speech", "ingest", "new", "M-1", "--no-ingest", "-M"]
    outcome = ws(*line, media, "-b", f"en:{subtitles}", "-b", f"es:{subtitles}")
    path = outcome.stdout.decode().rstrip("\n")
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        assert archive.testzip() is None
        assert archive.read(members[0]) == MEDIA
    assert {member.compress_type for member in members} == {zipfile.ZIP_STORED}
    names = [entry(MEDIA, "mp4")["filename"], entry(subtitles.read_bytes(), "srt")["filename"]]
    assert [member.filename for member in members] == names
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert (outcome.code, server.requests) == (0, [])
    os.unlink(path)


def test_a_package_without_files_is_not_made(ws):
    outcome = ws(*["speech", "ingest", "new", "M-1", "-n", "-M", "http://media.example/v.mp4"])
    assert (outcome.code, outcome.stderr) == (1, "[EE] there is no local file to pack\n")


def test_the_size_of_a_package_is_known_before_it_is_made(files):
    package = Package()
    for name in ("lecture.MP4", "slides.pdf", "slides.pdf"):
        package.add(str(files / name))
    target = io.BytesIO()
    package.write(target)
    assert package.size == len(target.getvalue())
    assert len(package.members) == 2


@pytest.mark.parametrize("name", ["missing.mp4", "no_extension"])
def test_a_file_that_cannot_be_packed_is_named(ws, server, files, name):
    (files / "no_extension").write_bytes(b"x")
    outcome = ws(*["speech", "ingest", "new", "M-1", "-M"], files / name)
    assert (outcome.code, server.requests) == (1, [])
    assert outcome.stderr.startswith("[EE] ") and name in outcome.stderr


@pytest.mark.parametrize("change", [b"", MEDIA + b"more"])
def test_a_file_that_changes_while_it_is_sent_is_an_error(files, change):
    package = Package()
    package.add(str(files / "lecture.MP4"))
    (files / "lecture.MP4").write_bytes(change)
    with pytest.raises(Exception, match=r"lecture\.MP4 changed while it was being packed"):
        package.write(io.BytesIO())


def test_waiting_shows_each_change_once_and_ends_well(ws, server):
    steps = [(2, "Transcription"), (2, "Transcription"), (6, "Done")]
    server.replies = [ACCEPTED, *(Reply({"rcode": 0, "status_code": code, "info": info}) for code, info in steps)]
    outcome = ws(*["speech", "ingest", "new", "M-1", "-M", "http://media.example/v.mp4", "--wait"])
    assert (outcome.code, outcome.stderr) == (0, "up-1: 2 Transcription\nup-1: 6 Done\n")
    assert json.loads(outcome.stdout) == ACCEPTED.body


def test_waiting_for_documents_ends_at_their_own_code(ws, server):
    server.replies = [ACCEPTED, Reply({"rcode": 0, "status_code": 3, "status_info": "Done"})]
    outcome = ws(*["text", "ingest", "update", "en", "-i", "D-1", "-R", "--wait"])
    assert (outcome.code, outcome.stderr) == (0, "up-1: 3 Done\n")


@pytest.mark.parametrize("code", [90, 100, 102, 106])
def test_waiting_for_an_upload_that_fails_ends_with_1(ws, server, code):
    server.replies = [ACCEPTED, Reply({"rcode": 0, "status_code": code, "info": "It broke."})]
    outcome = ws(*["speech", "ingest", "delete", "M-1", "--wait"])
    assert outcome.code == 1
    assert outcome.stderr.endswith(f"[EE] upload up-1: {code} It broke.\n")


MEASURED = """
import os, runpy, sys
sys.path.insert(0, os.path.dirname(sys.argv[1]))
try:
    runpy.run_path(sys.argv.pop(1), run_name="__main__")
finally:
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(peak.split()[1], file=sys.stderr)
"""


def test_a_gibibyte_is_uploaded_in_less_than_100_mebibytes_of_memory(server, folder):
    server.keep_bodies = False
    size = 1 << 30
    with open(folder / "big.mp4", "wb") as big:
        big.truncate(size)  # sparse: it takes no room on the disk
    config = ["-c", str(folder / "config.ini")]
    line = [*config, *["speech", "ingest", "new", "M-1", "-l", "en", "-t", "T", "-M"], str(folder / "big.mp4")]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(TOOL), *line], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert server.last.length > size
    assert int(done.stderr.split()[-1]) < 100 * 1024
