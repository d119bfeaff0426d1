"""The containers that browsers play, as data: what may be in them, and what ffmpeg is told to make them.

`[file_formats] required_video_formats` chooses among these. Decides nothing and runs nothing (see `media`).
"""

from __future__ import annotations

from dataclasses import dataclass

# Sound begins at 0 with the picture, and gaps stay gaps: all times of subtitles depend on it.
_IN_TIME = "aresample=async=1:first_pts=0"


@dataclass(frozen=True)
class Container:
    """A container for browsers; codecs by ffmpeg's names, the first of each is the one that is made."""

    demuxer: str
    pictures: tuple[str, ...]
    sounds: tuple[str, ...]
    copied_from: tuple[str, ...]  # containers whose time stamps can be copied into it
    picture: tuple[str, ...]  # ffmpeg's arguments
    still: tuple[str, ...]  # more of them, for one picture behind a sound
    sound: tuple[str, ...]
    muxer: tuple[str, ...]


CONTAINERS = {
    "mp4": Container(
        "mov",
        ("h264",),
        ("aac",),
        ("mov", "matroska", "flv", "mpegts"),
        ("-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-g", "120"),
        ("-tune", "stillimage", "-g", "50"),
        ("-af", _IN_TIME, "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", "48000"),
        ("-movflags", "+faststart", "-f", "mp4"),
    ),
    "webm": Container(
        "matroska",
        ("vp9", "vp8", "av1"),
        ("opus", "vorbis"),
        ("matroska",),
        ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "7", "-row-mt", "1", "-crf", "33", "-b:v", "0",
         "-g", "120"),
        ("-g", "50"),
        ("-af", _IN_TIME, "-c:a", "libopus", "-b:a", "96k", "-ac", "2", "-ar", "48000"),
        ("-cues_to_front", "1", "-f", "webm"),
    ),
    "ogv": Container(
        "ogg",
        ("theora",),
        ("vorbis", "opus"),
        ("ogg",),
        ("-c:v", "libtheora", "-q:v", "7", "-g", "120"),
        ("-g", "50"),
        ("-af", _IN_TIME, "-c:a", "libvorbis", "-q:a", "4", "-ac", "2", "-ar", "48000"),
        ("-f", "ogv"),
    ),
}  # fmt: skip
