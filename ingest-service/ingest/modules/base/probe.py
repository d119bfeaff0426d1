"""What a media file really is, whatever its name or its sender says. Reads; converts nothing (see `media`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.modules.base import ffmpeg
from tlp.errors import MediaError

# ffmpeg's demuxers that may ever read a client's file. None of them opens another file or address.
# The first name of each: "mov" also stands for mp4, m4a and 3gp.
MEDIA = frozenset(
    ("mov", "matroska", "avi", "asf", "flv", "ogg", "mpeg", "mpegts", "mpegvideo", "wav", "mp3", "flac", "aac", "ape")
)
JPEG = frozenset(("jpeg_pipe", "image2"))  # image2 takes a file by its name alone; it is never used to decode
_PLAYLISTS = frozenset(("hls", "concat", "dash", "imf", "sdp", "rtsp", "webm_dash_manifest", "ffmetadata"))
_PLAYLIST_STARTS = (b"#EXTM3U", b"ffconcat", b"[playlist]", b"[Reference]", b"<ASX", b"<asx", b"<MPD", b"<smil")
_MOST_PIXELS = 8192 * 8192


@dataclass(frozen=True)
class Stream:
    """A picture or sound stream that is worth using; `index` is ffmpeg's."""

    index: int
    codec: str
    pixel_format: str | None = None


@dataclass(frozen=True)
class Probe:
    """A media file: demuxer (first name), length in ms (0: the file does not say), its first picture and sound."""

    demuxer: str
    duration_ms: int
    brand: str
    video: Stream | None
    audio: Stream | None

    def describe(self) -> dict[str, Any]:
        """For the result of the package job and for `media.needs_conversion`."""
        return {
            "demuxer": self.demuxer,
            "duration_ms": self.duration_ms,
            "has_video": self.video is not None,
            "has_audio": self.audio is not None,
            "video_codec": self.video.codec if self.video else None,
            "pixel_format": self.video.pixel_format if self.video else None,
            "audio_codec": self.audio.codec if self.audio else None,
        }


def probe(path: Path) -> Probe:
    """Look into a media file. Raises MediaError in words (without the file's name) when it is none that is taken."""
    if is_playlist(path):
        raise MediaError("it is a playlist that names other files, not a media file")
    try:
        found = ffmpeg.show(path, MEDIA)
    except ffmpeg.NotAllowed as error:
        if _PLAYLISTS.intersection(error.demuxer.split(",")):
            raise MediaError("it is a playlist that names other files, not a media file") from None
        raise
    about, streams = found.get("format", {}), found.get("streams", [])
    # Covers in music files are pictures too, but not the lecture's.
    video = [s for s in streams if s.get("codec_type") == "video" and not s.get("disposition", {}).get("attached_pic")]
    audio = [s for s in streams if s.get("codec_type") == "audio" and _number(s.get("channels")) > 0]
    if not video and not audio:
        raise MediaError("it has neither picture nor sound")
    check_pixels(found)
    return Probe(
        demuxer=str(about.get("format_name", "")).split(",")[0],
        duration_ms=_milliseconds(about.get("duration")),
        brand=str(about.get("tags", {}).get("major_brand", "")).strip(),
        video=_stream(video),
        audio=_stream(audio),
    )


def check_pixels(found: dict[str, Any]) -> None:
    """Refuse pictures whose decoding would use up the memory. `found`: as `ffmpeg.show` gives it."""
    if any(_number(s.get("width")) * _number(s.get("height")) > _MOST_PIXELS for s in found.get("streams", [])):
        raise MediaError("its picture is larger than 8192 x 8192")


def is_playlist(path: Path) -> bool:
    """Whether the file starts like one of the texts that make players open other files."""
    with path.open("rb") as file:
        start = file.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(_PLAYLIST_STARTS) or (
        start.startswith(b"<?xml") and (b"<MPD" in start or b"<smil" in start)
    )


def format_of(found: Probe, path: Path, allowed: Iterable[str]) -> str | None:
    """The name in `file_formats` for what was found, out of those allowed; for media whose sender names no format."""
    picture = found.video is not None
    names = {
        "mov": _of_mov(found) if picture else "m4a",
        "matroska": "webm" if _doctype_webm(path) else "mkv",
        "asf": "wmv" if picture else "wma",
        "ogg": "ogv" if picture else ("opus" if found.audio and found.audio.codec == "opus" else "ogg"),
        "mpeg": "mpg",
        "mpegts": "mpg",
        "mpegvideo": "mpg",
        "mp3": "mp2" if found.audio and found.audio.codec == "mp2" else "mp3",
    }
    # A recording of sound in a container for pictures, or an equivalent name, where the exact one is not allowed.
    others = {"m4a": ["mp4"], "ogg": ["oga"], "opus": ["ogg", "oga"], "m4v": ["mp4"], "webm": ["mkv"], "mp2": ["mp3"]}
    first = names.get(found.demuxer, found.demuxer)
    return next((name for name in [first, *others.get(first, [])] if name in set(allowed)), None)


def _of_mov(found: Probe) -> str:
    brand = found.brand.lower()
    if brand.startswith("qt"):
        return "mov"
    return "3gp" if brand.startswith("3g") else "m4v" if brand.startswith("m4v") else "mp4"


def _doctype_webm(path: Path) -> bool:
    with path.open("rb") as file:
        return b"webm" in file.read(64)


def _stream(streams: list[dict[str, Any]]) -> Stream | None:
    if not streams:
        return None
    return Stream(int(streams[0]["index"]), str(streams[0].get("codec_name", "unknown")), streams[0].get("pix_fmt"))


def _milliseconds(seconds: object) -> int:
    try:
        return max(0, round(float(str(seconds)) * 1000))
    except (ValueError, OverflowError):
        return 0


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
