"""What the tests of the package job share: archives, the folder and the request of an upload."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_media import DEMUXERS

from ingest.modules.base.archive import Caps
from ingest.modules.base.package import Package
from tlp.config import load
from tlp.errors import PackageError

SRT = b"1\n00:00:00,000 --> 00:00:01,500\nHello <script>alert(1)</script>\n"
PACKAGE = bytes(range(256)) * 4096  # no zip: what stands in it matters to a request no more than its length
PDF = b"%PDF-1.4\n%%EOF\n"
CAPS = Caps(size=1 << 30, files=100, ratio=100)


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def zipped(*members: tuple[str, bytes], packed: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def named(name: str, data: bytes, code: str | None = None, **more: Any) -> dict[str, Any]:
    return {"filename": name, "fileformat": code or name.rpartition(".")[2], "md5": md5(data), **more}


class Upload:
    """The folder of an upload and the request in it, with the defaults of the configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "upload"
        self.folder.mkdir()
        (folder / "config.ini").touch()
        config = load(folder / "config.ini")
        formats = {code: {"mime_type": "x/y", "demuxers": found} for code, found in DEMUXERS.items()}
        for code in (
            "srt",
            "dfxp",
            "trs",
            "pdf",
            "txt",
            "docx",
            "html",
            "doc",
            "ppt",
            "pptx",
            "xls",
            "xlsx",
            "odt",
            "rtf",
        ):
            formats[code] = {"mime_type": "x/y", "demuxers": []}
        self.request: dict[str, Any] = {
            "manifest": {"media": None, "attachments": [], "metadata": {"language": "en"}, "generate": True},
            "package": None,
            "formats": formats,
            "allowed": dataclasses.asdict(config.file_formats),
            "limits": dataclasses.asdict(config.limits),
            "downloads": dataclasses.asdict(config.downloads),
            "max_audio_track_length": config.file_formats.max_audio_track_length,
        }

    def put(self, data: bytes) -> None:
        (self.folder / "package.zip").write_bytes(data)
        self.request["package"] = "package.zip"

    def process(self, media: dict[str, Any] | None, *attachments: dict[str, Any], **manifest: Any) -> dict[str, Any]:
        self.request["manifest"].update(media=media, attachments=list(attachments), **manifest)
        return Package(self.request, self.folder).process()

    def files(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "files").iterdir())

    def job(self) -> subprocess.CompletedProcess[str]:
        (self.folder / "request.json").write_text(json.dumps(self.request))
        command = [sys.executable, "-m", "ingest.jobs.package", "--request", "request.json", "--upload", "."]
        path = os.pathsep.join(p for p in sys.path if p)
        return subprocess.run(
            [*command, "--result", "work/package.json"],
            cwd=self.folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=60,
        )  # fmt: skip


def refused(work: Callable[[], object], *words: str) -> None:
    with pytest.raises(PackageError) as error:
        work()
    assert all(word in str(error.value) for word in words), str(error.value)
    assert "\n" not in str(error.value)


def request() -> dict[str, Any]:
    """Body and headers of /speech/ingest/new with a package, as falcon's test client takes them."""
    manifest = {
        "metadata": {"external_id": "m1", "language": "en", "title": "A lecture"},
        "media": {"filename": "media.mp3", "fileformat": "mp3", "md5": hashlib.md5(PACKAGE).hexdigest()},
    }
    call = {"user": "someone", "auth_token": "a-secret-key-for-tests", "manifest": manifest}
    json_part = b'name="json"\r\nContent-Type: application/json\r\n\r\n' + json.dumps(call).encode()
    package_part = b'name="pkg"; filename="p.zip"\r\nContent-Type: application/zip\r\n\r\n' + PACKAGE
    head = b"--b0undary\r\nContent-Disposition: form-data; "
    body = b"".join(head + part + b"\r\n" for part in (json_part, package_part)) + b"--b0undary--\r\n"
    return {"body": body, "headers": {"Content-Type": "multipart/form-data; boundary=b0undary"}}
