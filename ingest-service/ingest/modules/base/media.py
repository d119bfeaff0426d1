"""Media Module: what the platform makes of a media file for engines, browsers and the player (manual, section 7).

Every function reads a file that `probe` has looked into and writes one file, aside, then renamed. What to do is decided
by pure functions; `ffmpeg` does it.
"""

from __future__ import annotations

import wave
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ingest.modules.base import ffmpeg
from ingest.modules.base.containers import CONTAINERS, Container
from ingest.modules.base.probe import Probe
from tlp.errors import MediaError
from tlp.systems import granted_cpus

RATE_HZ = 16000  # what speech recognition listens to
THUMBNAIL_WIDTH = 320
SIZE = (1280, 720)  # of a video that is made from sound alone
EMPTY_S = 10
_LARGEST = 20
_BROWSER_PIXELS = ("yuv420p", "yuvj420p")
# Of the pixels of a frame at least this share is brighter than nearly black, or it is no thumbnail.
_NOT_BLACK = "blackframe=amount=0:threshold=32,metadata=select:key=lavfi.blackframe.pblack:value=95:function=less"
_NOTHING_ELSE = ["-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"]


def needs_conversion(media: Mapping[str, Any], to: str = "mp4") -> bool:
    """Whether browsers cannot play the media as it is: anything but the container `to` with codecs that belong there.

    `media`: `format` (as in file_formats) and the keys of `Probe.describe`.
    """
    into = CONTAINERS[to]
    return not (
        media["format"] == to
        and media["demuxer"] == into.demuxer
        and media["video_codec"] in into.pictures
        and media["pixel_format"] in _BROWSER_PIXELS
        and media["audio_codec"] in (*into.sounds, None)
    )


def codecs(found: Probe, copy: bool = True, to: str = "mp4") -> list[str]:
    """ffmpeg's arguments for a container of this media: streams that browsers play are copied, others made anew."""
    into = CONTAINERS[to]
    copied = copy and found.demuxer in into.copied_from
    arguments: list[str] = []
    if found.video is not None:
        arguments += ["-map", f"0:{found.video.index}"]
        plays = found.video.codec in into.pictures and found.video.pixel_format in _BROWSER_PIXELS
        arguments += ["-c:v", "copy"] if copied and plays else _picture_anew(into)
    if found.audio is not None:
        arguments += ["-map", f"0:{found.audio.index}"]
        arguments += ["-c:a", "copy"] if copied and found.audio.codec in into.sounds else into.sound
    return arguments


def _picture_anew(into: Container) -> list[str]:
    # At most full HD, even sides, never larger than it was.
    fit = "scale='trunc(min(1,min(1920/iw,1080/ih))*iw/2)*2':'trunc(min(1,min(1920/iw,1080/ih))*ih/2)*2',format=yuv420p"
    return ["-vf", fit, *into.picture, "-threads", str(granted_cpus())]


def convert(source: Path, found: Probe, output: Path, image: Path | None = None, to: str = "mp4") -> None:
    """Make an mp4 (or webm, ogv) that browsers play and seek in; a media without picture gets `image`, or black.

    Raises MediaError.
    """
    if found.video is None:
        _aside(output, lambda aside: _with_picture(source, found, aside, image, to))
        return
    try:
        _aside(output, lambda aside: _convert(source, found, aside, codecs(found, to=to), to))
    except MediaError:
        if "copy" not in codecs(found, to=to):
            raise
        # Streams that claim to be fine and cannot be copied are decoded and made anew.
        _aside(output, lambda aside: _convert(source, found, aside, codecs(found, copy=False, to=to), to))


def _convert(source: Path, found: Probe, aside: Path, chosen: list[str], to: str) -> None:
    arguments = [*ffmpeg.read_from(source, found.demuxer), *chosen]
    _encode(arguments, source, found, aside, "converting the video", to)


def _with_picture(source: Path, found: Probe, aside: Path, image: Path | None, to: str) -> None:
    if found.audio is None:
        raise MediaError("it has neither picture nor sound")
    into = CONTAINERS[to]
    copied = found.demuxer == into.demuxer and found.audio.codec in into.sounds
    arguments = [*_picture(image), *ffmpeg.read_from(source, found.demuxer)]
    arguments += ["-map", "0:v", "-map", f"1:{found.audio.index}", *_still(into)]
    arguments += ["-c:a", "copy"] if copied else into.sound
    arguments += ["-shortest"]
    if found.duration_ms:
        arguments += ["-t", f"{found.duration_ms / 1000:.3f}"]
    _encode(arguments, source, found, aside, "making a video", to)


def _encode(arguments: list[str], source: Path, found: Probe, aside: Path, words: str, to: str) -> None:
    """Write the file, at most `_LARGEST` times the size of the source: made-up media must not fill the disk."""
    most = _LARGEST * source.stat().st_size + (1 << 30)
    limit = ["-fs", str(most), *CONTAINERS[to].muxer]
    ffmpeg.run([*arguments, *_NOTHING_ELSE, *limit, f"file:{aside}"], source, found.duration_ms, words)
    if aside.stat().st_size >= most:
        raise MediaError(f"it becomes larger than {most} bytes")


def _picture(image: Path | None) -> list[str]:
    """An endless picture as input: the operator's image, or black."""
    if image is None:
        return ["-f", "lavfi", "-i", f"color=black:s={SIZE[0]}x{SIZE[1]}:r=5"]
    still = ["-f", "image2", "-pattern_type", "none", "-loop", "1", "-framerate", "5"]
    return [*ffmpeg.LOCAL_ONLY, *still, "-i", f"file:{image.absolute()}"]


def _still(into: Container) -> list[str]:
    width, height = SIZE
    fit = f"scale={width}:{height}:force_original_aspect_ratio=decrease,pad={width}:{height}:-1:-1,format=yuv420p"
    return ["-vf", fit, *into.picture, *into.still, "-threads", str(granted_cpus())]


def empty_video(output: Path, image: Path | None = None) -> None:
    """Ten seconds of `image`, or black, with silence: the media that test mode shows (manual, Appendix E)."""
    silence = ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono"]
    mp4 = CONTAINERS["mp4"]
    made = [*_picture(image), *silence, *_still(mp4), "-c:a", "aac", "-t", str(EMPTY_S), *mp4.muxer]
    _aside(output, lambda aside: ffmpeg.run([*made, f"file:{aside}"], image or output))


def extract_audio(source: Path, found: Probe, output: Path, longest_s: float) -> int:
    """The sound as 16 kHz mono s16 WAV on the media's own time line; returns its length in ms.

    It is cut just after `longest_s`: whoever asked for the limit can see that it was passed. Raises MediaError.
    """
    if found.audio is None:
        raise MediaError("it has no sound")
    index = found.audio.index
    arguments = [*ffmpeg.read_from(source, found.demuxer), "-map", f"0:{index}", "-vn", *_NOTHING_ELSE]
    # Mixed down before it is resampled: half the work for stereo.
    arguments += ["-af", f"aformat=channel_layouts=mono,aresample={RATE_HZ}:async=1:first_pts=0"]
    arguments += ["-c:a", "pcm_s16le", "-t", f"{longest_s + 1:.3f}", "-f", "wav"]
    _aside(
        output,
        lambda aside: ffmpeg.run([*arguments, f"file:{aside}"], source, found.duration_ms, "taking the sound out"),
    )
    with wave.open(str(output)) as sound:
        length = int(sound.getnframes() * 1000 // RATE_HZ)
    if not length:
        output.unlink()
        raise MediaError("its sound cannot be decoded")
    return length


def length_ms(source: Path, found: Probe) -> int:
    """How long the media really is, by walking through it without decoding. Raises MediaError."""
    arguments = [*ffmpeg.read_from(source, found.demuxer), "-map", "0:v?", "-map", "0:a?", "-c", "copy", "-f", "null"]
    return ffmpeg.run([*arguments, "-"], source, found.duration_ms, "measuring")


def thumbnail(source: Path, found: Probe, output: Path) -> None:
    """A small JPEG of a frame that stands for the video, and is not black where any is not.

    Raises MediaError when it has no frame that can be decoded.
    """
    if found.video is None:
        raise MediaError("it has no picture to make a thumbnail of")
    keys = ["-skip_frame", "nokey"]
    after_titles = [*keys, "-ss", f"{found.duration_ms / 10000:.3f}"]
    # Where key frames after the titles give none (short, few key frames, broken index, black): from wherever there are.
    ways = [(after_titles, f"{_NOT_BLACK},thumbnail=20"), (keys, f"{_NOT_BLACK},thumbnail=20"),
            ([], f"{_NOT_BLACK},thumbnail=20"), ([], "thumbnail=20"), ([], "thumbnail=1")]  # fmt: skip
    for options, choice in ways:
        arguments = [*ffmpeg.read_from(source, found.demuxer, *options), "-map", f"0:{found.video.index}"]
        arguments += ["-vf", f"scale={THUMBNAIL_WIDTH}:-2,{choice}", "-frames:v", "1", "-q:v", "4", *_NOTHING_ELSE]
        aside = _name_aside(output)
        try:
            ffmpeg.run([*arguments, "-f", "mjpeg", f"file:{aside}"], source)
        except MediaError:
            aside.unlink(missing_ok=True)
            continue
        if aside.is_file() and aside.stat().st_size > 0:
            aside.replace(output)
            return
        aside.unlink(missing_ok=True)
    raise MediaError("none of its frames can be decoded")


def _name_aside(output: Path) -> Path:
    return output.absolute().with_name(f".{output.name}.part")


def _aside(output: Path, make: Callable[[Path], object]) -> None:
    aside = _name_aside(output)
    try:
        make(aside)
        aside.replace(output)
    finally:
        aside.unlink(missing_ok=True)
