"""Media Package Processing (manual, 7.1.1 step 1): from a request to checked files under names of our own.

Decides nothing about what is done with them; knows no database. docs/package.md says it all in words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.modules.base import media, media_by_url
from ingest.modules.base.attachment import SUBTITLES, check
from ingest.modules.base.file_formats import Formats
from ingest.modules.base.probe import Probe, format_of, probe
from ingest.modules.base.public_address import shown
from ingest.modules.base.sent import sent
from ingest.modules.base.url_decoders import Decoders
from ingest.modules.base.url_downloader import Rules
from tlp.errors import MediaError, PackageError

Take = Callable[[str, str | None, Path], str]  # name in the package, MD5 or None, where to → MD5 found


@dataclass
class Package:
    """One run of the package job in the folder of an upload. `request`: see the job `ingest.jobs.package`."""

    request: dict[str, Any]
    upload: Path
    _taken: dict[tuple[str, str | None, str], tuple[str, str]] = field(default_factory=dict)

    def process(self) -> dict[str, Any]:
        """Do all of it; returns the job's result. Raises PackageError or MediaError that names file and cause."""
        with sent(self.request, self.upload) as archive:
            return self._result(archive.extract if archive else _nothing_sent)

    def _result(self, take: Take) -> dict[str, Any]:
        manifest = self.request["manifest"]
        # Attachments first: looking into them is quick, and the sound is not taken out of a media in vain.
        attachments = [self._attachment(take, n, item) for n, item in enumerate(manifest.get("attachments") or [], 1)]
        item = manifest.get("media")
        if not item:
            return {"media": None, "attachments": attachments, "audio": None}
        name = shown(item["url"]) if item.get("url") else f"'{item['filename']}'"
        entry, found = self._from_url(item["url"]) if item.get("url") else self._from_package(take, item)
        try:
            length, audio = self._measured(entry, found, self._will_be_transcribed(attachments))
        except MediaError as error:
            raise PackageError(f"{name}: {error}") from error
        about = {**found.describe(), "duration_ms": length, "url": item.get("url")}
        return {"media": {**entry, **about}, "attachments": attachments, "audio": audio}

    @property
    def _formats(self) -> Formats:
        return Formats(self.request["formats"], self.request["allowed"])

    def _file(self, take: Take, item: dict[str, Any], name: str, code: str) -> dict[str, Any]:
        """Bring one file of the package to `files/<name>.<code>`; the same file twice is one file."""
        key = (item["filename"], item.get("md5"), code)
        if key not in self._taken:
            relative = f"files/{name}.{code}"
            self._taken[key] = relative, take(item["filename"], item.get("md5"), self.upload / relative)
        relative, md5 = self._taken[key]
        return {"file": relative, "format": code, "md5": md5, "size": (self.upload / relative).stat().st_size}

    def _attachment(self, take: Take, number: int, item: dict[str, Any]) -> dict[str, Any]:
        name, type_code = item["filename"], item["type_code"]
        code = self._formats.allowed_code(item["fileformat"], type_code, name)
        entry = self._file(take, item, f"attachment-{number}", code)
        found = check(self.upload / entry["file"], name, item, self._formats.entry(code), code)
        about = {key: item.get(key) for key in ("type_code", "language")}
        return {**entry, **about, "human": bool(item.get("human", True)), **found}

    def _from_package(self, take: Take, item: dict[str, Any]) -> tuple[dict[str, Any], Probe]:
        code = self._formats.allowed_code(item["fileformat"], 0, item["filename"])
        entry = self._file(take, item, "media", code)
        return entry, self._formats.probed(self.upload / entry["file"], item["filename"], code)

    def _from_url(self, url: str) -> tuple[dict[str, Any], Probe]:
        """Fetch it into `work`, which a job that is run again finds as it was, and bring it to `files`."""
        decoders = Decoders(self.request.get("url_decoders", {}))
        folder, name = self.upload / "work" / "download", shown(url)
        folder.mkdir(exist_ok=True)
        got = media_by_url.fetch(url, folder, Rules(**self.request["downloads"]), decoders)
        try:
            found = probe(got.path)
        except MediaError as error:
            cause = "it is a web page, not a media file" if got.is_page else str(error)
            raise PackageError(f"{name}: {cause}") from error
        code = format_of(found, got.path, self._formats.codes(0))
        if code is None:
            raise PackageError(
                f"{name}: its format '{found.demuxer}' is not taken: {', '.join(self._formats.codes(0))}"
            )
        relative = f"files/media.{code}"
        got.path.rename(self.upload / relative)
        entry = {"file": relative, "format": code, "md5": got.md5, "size": got.size, "decoded": got.decoded}
        return entry, found

    def _will_be_transcribed(self, attachments: list[dict[str, Any]]) -> bool:
        manifest = self.request["manifest"]
        spoken = manifest["metadata"].get("language")
        given = any(a["type_code"] == SUBTITLES and a["language"] == spoken for a in attachments)
        return bool(manifest.get("generate", True)) and not given and not manifest.get("test_mode")

    def _measured(self, entry: dict[str, Any], found: Probe, wanted: bool) -> tuple[int, str | None]:
        """The length of the media, and its sound in `work/audio.wav` where it is wanted.

        What a file says of its length may be missing or made up, so it is measured too; the longer one counts.
        """
        path, longest = self.upload / entry["file"], self.request["max_audio_track_length"]
        if found.audio is not None:
            _check_length(found.duration_ms, longest)
        if wanted and found.audio is not None:
            measured = media.extract_audio(path, found, self.upload / "work" / "audio.wav", longest)
        else:
            measured = media.length_ms(path, found)
        if found.audio is not None:
            _check_length(measured, longest)
        if not max(measured, found.duration_ms):
            raise MediaError("it holds no picture or sound that can be read")
        return max(measured, found.duration_ms), "work/audio.wav" if wanted and found.audio is not None else None


def _check_length(length_ms: int, longest_s: int) -> None:
    if length_ms > longest_s * 1000:
        raise MediaError(f"it lasts longer than the {longest_s} s that are taken")


def _nothing_sent(name: str, md5: str | None, target: Path) -> str:
    raise PackageError(f"the manifest names the file '{name}', but no package was sent")
