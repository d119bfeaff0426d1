"""Media conversion with real ffmpeg and tiny media of every format that is taken."""

from __future__ import annotations

import os
import struct
import subprocess
import wave
from pathlib import Path

import pytest
from tiny_media import DEMUXERS, KINDS, Media, ffmpeg, job

from ingest.modules.base import media, waveform
from ingest.modules.base.probe import Probe, Stream, format_of, probe
from tlp.errors import MediaError

ALLOWED = [*DEMUXERS]
WITH_SOUND = [kind for kind, (_, sound, _) in KINDS.items() if sound]


def described(path: Path, code: str) -> dict[str, object]:
    return {**probe(path).describe(), "format": code}


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_recognised_by_its_content(samples: Media, kind: str) -> None:
    path = samples[kind]
    found = probe(path)
    picture, sound, _ = KINDS[kind]
    assert (found.video is not None, found.audio is not None) == (picture, sound)
    assert found.demuxer in DEMUXERS[kind.rpartition(".")[2]]
    assert abs(found.duration_ms - 2000) < 300
    expected = {"silent.mp4": "mp4", "m4v": "mp4", "oga": "ogg"}.get(kind, kind)  # an m4v that ffmpeg writes is an mp4
    assert format_of(found, path, ALLOWED) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_the_real_length_is_measured_without_decoding(samples: Media, kind: str) -> None:
    path = samples[kind]
    assert abs(media.length_ms(path, probe(path)) - 2000) < 300


@pytest.mark.parametrize("kind", WITH_SOUND)
def test_the_sound_of_every_format_becomes_16_khz_mono(samples: Media, kind: str, tmp_path: Path) -> None:
    path, out = samples[kind], tmp_path / "audio.wav"
    length = media.extract_audio(path, probe(path), out, 60)
    with wave.open(str(out)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16000, 1, 2)
        assert sound.getnframes() * 1000 // 16000 == length
    assert abs(length - 2000) < 250
    assert [p.name for p in tmp_path.iterdir()] == ["audio.wav"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_becomes_an_mp4_that_needs_no_conversion(samples: Media, kind: str, tmp_path: Path) -> None:
    path, out = samples[kind], tmp_path / "media.mp4"
    media.convert(path, probe(path), out)
    made = described(out, "mp4")
    assert not media.needs_conversion(made)
    assert made["has_video"] and made["has_audio"] == KINDS[kind][1]
    assert abs(probe(out).duration_ms - 2000) < 400
    data = out.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")  # a browser can begin before it has it all
    assert [p.name for p in tmp_path.iterdir()] == ["media.mp4"]


@pytest.mark.parametrize("kind", [k for k, (picture, _, _) in KINDS.items() if picture])
def test_a_thumbnail_of_every_video_is_a_small_jpeg(samples: Media, kind: str, tmp_path: Path) -> None:
    out = tmp_path / "thumbnail.jpg"
    media.thumbnail(samples[kind], probe(samples[kind]), out)
    data = out.read_bytes()
    assert data.startswith(b"\xff\xd8\xff") and data.endswith(b"\xff\xd9") and len(data) < 40_000
    assert [p.name for p in tmp_path.iterdir()] == ["thumbnail.jpg"]


@pytest.mark.parametrize("order", ["black first", "black last", "black but for one second"])
def test_a_thumbnail_is_not_black_where_the_video_has_a_picture(tmp_path: Path, order: str) -> None:
    black, picture = "color=black:s=160x120:r=10:d={}", "testsrc2=s=160x120:r=10:d={}"
    parts = {
        "black first": [black.format(8), picture.format(2)],
        "black last": [picture.format(2), black.format(8)],
        "black but for one second": [black.format(5), picture.format(1), black.format(6)],
    }[order]
    source, out = tmp_path / "talk.mp4", tmp_path / "thumbnail.jpg"
    inputs = [word for part in parts for word in ("-f", "lavfi", "-i", part)]
    joined = ["-filter_complex", f"concat=n={len(parts)}", "-c:v", "libx264", "-preset", "ultrafast"]
    ffmpeg(*inputs, *joined, "-pix_fmt", "yuv420p", "-g", "250", str(source))
    media.thumbnail(source, probe(source), out)
    command = ["ffmpeg", "-v", "error", "-i", str(out), "-vf", "scale=1:1", "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    assert subprocess.run(command, check=True, capture_output=True).stdout[0] > 60


def test_a_video_that_is_black_throughout_has_a_black_thumbnail(tmp_path: Path) -> None:
    source, out = tmp_path / "talk.mp4", tmp_path / "thumbnail.jpg"
    ffmpeg("-f", "lavfi", "-i", "color=black:s=64x64:r=5:d=2", "-pix_fmt", "yuv420p", str(source))
    media.thumbnail(source, probe(source), out)
    assert out.read_bytes().startswith(b"\xff\xd8\xff")


def test_only_an_mp4_of_h264_and_aac_is_left_as_it_is(samples: Media) -> None:
    assert not media.needs_conversion(described(samples["mp4"], "mp4"))
    assert not media.needs_conversion(described(samples["silent.mp4"], "mp4"))
    needing = ("m4v", "mov", "3gp", "webm", "mkv", "avi", "wmv", "flv", "ogv", "mpg", "wav", "m4a")
    assert all(media.needs_conversion(described(samples[kind], kind)) for kind in needing)
    assert media.needs_conversion(described(samples["mov"], "mp4"))  # 4:4:4, which browsers do not play
    assert media.needs_conversion(described(samples["m4a"], "mp4"))  # no picture


def _found(demuxer: str, video: Stream | None, audio: Stream | None) -> Probe:
    return Probe(demuxer, 1000, "", video, audio)


def test_streams_that_browsers_play_are_copied_into_the_other_container() -> None:
    h264, aac, mp3 = Stream(0, "h264", "yuv420p"), Stream(1, "aac"), Stream(1, "mp3")
    assert media.codecs(_found("matroska", h264, aac)) == ["-map", "0:0", "-c:v", "copy", "-map", "0:1", "-c:a", "copy"]
    mixed = media.codecs(_found("matroska", h264, mp3))
    assert "copy" in mixed and "aac" in mixed and "libx264" not in mixed
    assert "copy" not in media.codecs(_found("matroska", Stream(0, "h264", "yuv420p10le"), mp3))
    assert "copy" not in media.codecs(_found("avi", h264, aac))  # its time stamps are not those of the picture
    assert "copy" not in media.codecs(_found("matroska", h264, aac), copy=False)


def test_a_remux_keeps_the_pictures_bit_for_bit(samples: Media, tmp_path: Path) -> None:
    out = tmp_path / "media.mp4"
    media.convert(samples["mkv"], probe(samples["mkv"]), out)

    def frames(path: Path) -> bytes:
        command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v", "-f", "md5", "-"]
        return subprocess.run(command, check=True, capture_output=True).stdout

    assert frames(out) == frames(samples["mkv"])


def test_a_large_picture_with_odd_sides_is_fitted_and_a_small_one_not_enlarged(tmp_path: Path) -> None:
    for size, expected in (("2563x1443", "1918,1080"), ("161x121", "160,120"), ("1081x1921", "606,1080")):
        source, out = tmp_path / f"{size}.mkv", tmp_path / f"{size}.mp4"
        ffmpeg("-f", "lavfi", "-i", f"color=red:s={size}:r=5:d=0.2", "-c:v", "ffv1", str(source))
        media.convert(source, probe(source), out)
        command = ["ffprobe", "-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", str(out)]
        assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == expected


def test_the_cover_of_a_music_file_is_not_taken_for_a_video(samples: Media, tmp_path: Path) -> None:
    path = tmp_path / "with-cover.mp3"
    cover = ["-i", str(samples.jpeg()), "-map", "0", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic"]
    ffmpeg("-i", str(samples["mp3"]), *cover, str(path))
    assert probe(path).video is None


def test_sound_that_begins_late_stays_late(samples: Media, tmp_path: Path) -> None:
    late, out = tmp_path / "late.mkv", tmp_path / "audio.wav"
    picture = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=4"]
    ffmpeg(*picture, "-itsoffset", "1.5", "-i", str(samples["wav"]), "-c:v", "mpeg4", "-c:a", "pcm_s16le", str(late))
    media.extract_audio(late, probe(late), out, 60)
    with wave.open(str(out)) as sound:
        samples_16 = struct.unpack(f"<{sound.getnframes()}h", sound.readframes(sound.getnframes()))
    first = next(n for n, value in enumerate(samples_16) if abs(value) > 500)
    assert abs(first / 16 - 1500) < 30


def test_the_picture_given_stands_behind_the_sound_and_black_where_there_is_none(
    samples: Media, tmp_path: Path
) -> None:
    red = tmp_path / "50%d red.png"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=31x77", "-frames:v", "1", "-update", "1", f"file:{tmp_path / 'red.png'}")
    (tmp_path / "red.png").rename(red)
    for image, expected in ((red, (True, False)), (None, (False, False))):
        out = tmp_path / "media.mp4"
        media.convert(samples["mp3"], probe(samples["mp3"]), out, image)
        command = ["ffmpeg", "-v", "error", "-i", str(out), "-vf", "crop=2:2,scale=1:1", "-frames:v", "1"]
        pixel = subprocess.run([*command, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], capture_output=True).stdout
        assert (pixel[0] > 200, pixel[2] > 60) == expected


def test_the_video_of_test_mode_is_short_and_plays_in_browsers(tmp_path: Path) -> None:
    media.empty_video(tmp_path / "media.mp4")
    made = described(tmp_path / "media.mp4", "mp4")
    assert not media.needs_conversion(made) and made["has_audio"]
    assert abs(probe(tmp_path / "media.mp4").duration_ms - 10_000) < 200
    assert (tmp_path / "media.mp4").stat().st_size < 60_000


def _levels(data: bytes) -> dict[int, list[tuple[int, ...]]]:
    """ms of a peak → pairs of lowest and highest, read as docs/package.md says."""
    magic, version, channels, levels, _ = struct.unpack_from("<4sBBHI", data)
    assert (magic, version, channels) == (b"TLPP", 2, 1)
    table = [struct.unpack_from("<III", data, 12 + 12 * n) for n in range(levels)]
    assert table[-1][2] + 2 * table[-1][1] == len(data)
    return {span: list(struct.iter_unpack("<2b", data[at : at + 2 * count])) for span, count, at in table}


def test_the_waveform_shows_where_the_sound_is_at_every_resolution(samples: Media, tmp_path: Path) -> None:
    source, out = tmp_path / "half.wav", tmp_path / "stream.pcm"
    ffmpeg("-f", "lavfi", "-i", "aevalsrc='if(lt(t,1),0,0.9*sin(2*PI*440*t))':s=16000:d=2", str(source))
    waveform.write(source, probe(source), out)
    data = out.read_bytes()
    assert abs(struct.unpack_from("<I", data, 8)[0] - 2000) < 20
    levels = _levels(data)
    assert list(levels) == [1000, 100, 10]
    for span, peaks in levels.items():
        assert abs(len(peaks) - 2000 // span) <= 2
        before, after = peaks[: 980 // span], peaks[1020 // span + 1 : 1980 // span]
        assert all(abs(low) <= 1 and abs(high) <= 1 for low, high in before)
        assert all(low < -100 and high > 100 for low, high in after)


def test_a_coarse_level_of_the_waveform_loses_no_peak() -> None:
    fine = struct.pack("<50b", *[0] * 24, -100, 90, *[-1, 1] * 12)
    assert list(struct.iter_unpack("<2b", waveform.coarser(fine, 10))) == [(0, 0), (-100, 90), (-1, 1)]
    assert {span: len(peaks) for span, peaks in _levels(waveform.stream(fine * 44, 11_000)).items()} == {
        1000: 11, 100: 110, 10: 1100
    }  # fmt: skip


def test_peaks_are_the_lowest_and_the_highest_sample() -> None:
    block = struct.pack("<80h", *[0] * 79, 32767) + struct.pack("<80h", -32768, *[256] * 79) + struct.pack("<h", 512)
    assert list(struct.iter_unpack("<2b", waveform.peaks(block))) == [(0, 127), (-128, 1), (2, 2)]


# What others fell for, each by its name (security.md of the project's records)


def _refused(path: Path, words: str) -> None:
    with pytest.raises(MediaError, match=words):
        probe(path)


@pytest.mark.parametrize("name", ["talk.mp4", "talk.m3u8", "talk.avi", "talk.webm"])
def test_a_playlist_that_reads_local_files_is_refused_cve_2016_1897_and_1898_and_2017_9993(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_text("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1.0,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")
    _refused(path, "playlist")


def test_a_playlist_behind_blanks_and_a_mark_is_refused_cve_2026_107697(tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    path.write_bytes(b"\xef\xbb\xbf\n\n#EXTM3U\n#EXTINF:1,\nconcat:file:///etc/hostname|file:///etc/passwd\n")
    _refused(path, "playlist")


def test_a_playlist_that_names_itself_is_refused_at_once_cve_2026_107695(tmp_path: Path) -> None:
    path = tmp_path / "talk.m3u8"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\n{path}\n")
    _refused(path, "playlist")


def test_a_concat_script_and_a_dash_manifest_are_refused(samples: Media, tmp_path: Path) -> None:
    for number, text in enumerate((
        f"ffconcat version 1.0\nfile '{samples['mp4']}'\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
        "[Reference]\nRef1=http://127.0.0.1/x\n",
    )):  # fmt: skip
        path = tmp_path / f"{number}.mp4"
        path.write_text(text)
        _refused(path, "playlist")


def test_ffmpeg_opens_no_address_that_a_media_file_names(samples: Media, tmp_path: Path) -> None:
    """Even where a playlist would get so far, the demuxer is named and the protocols are files and pipes."""
    path = tmp_path / "talk.mp4"
    path.write_text("#EXTM3U\n#EXTINF:1.0,\nhttp://127.0.0.1:9/x.ts\n")
    with pytest.raises(MediaError, match="Invalid data"):
        media.extract_audio(path, _found("mov", None, Stream(0, "aac")), tmp_path / "audio.wav", 10)


@pytest.mark.parametrize("content", [b"", b"\0" * 100_000, b"plain text\n" * 1000, b"<html><body>no</body></html>"])
def test_what_is_no_media_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "talk.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaError) as error:
        probe(path)
    assert str(tmp_path) not in str(error.value) and str(error.value)


def test_a_truncated_mp4_is_refused(samples: Media, tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    path.write_bytes(samples["mp4"].read_bytes()[:3000])
    _refused(path, "moov|Invalid")


def test_a_picture_is_no_video(samples: Media) -> None:
    with pytest.raises(MediaError, match="not taken"):
        probe(samples.jpeg())


def test_sound_longer_than_the_limit_is_cut_just_after_it(samples: Media, tmp_path: Path) -> None:
    long = tmp_path / "long.wav"
    ffmpeg("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "30", str(long))
    assert media.extract_audio(long, probe(long), tmp_path / "audio.wav", 5) == 6000


# The command line


def test_the_job_makes_its_file_and_tells_its_progress(samples: Media, tmp_path: Path) -> None:
    out = tmp_path / "work" / "media.mp4"
    done = job("convert", "--input", str(samples["webm"]), "--output", str(out), folder=tmp_path,
               TLP_PROGRESS=str(tmp_path / "progress"))  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert not media.needs_conversion(described(out, "mp4"))
    percent, words = (tmp_path / "progress").read_text().split(maxsplit=1)
    assert int(percent) > 80 and words == "converting the video\n"


@pytest.mark.parametrize("make", ["convert", "thumbnail", "stream"])
def test_the_job_ends_with_one_clear_sentence_for_bad_input(tmp_path: Path, make: str) -> None:
    (tmp_path / "talk.mp4").write_text("#EXTM3U\n")
    done = job(make, "--input", "talk.mp4", "--output", "out", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"talk.mp4 ({make}): it is a playlist that names other files, not a media file\n"


def test_the_job_says_what_cannot_be_made(samples: Media, tmp_path: Path) -> None:
    sound, silent = str(samples["mp3"]), str(samples["silent.mp4"])
    said = job("thumbnail", "--input", sound, "--output", "x.jpg", folder=tmp_path).stderr.splitlines()
    assert said == ["sample.mp3 (thumbnail): it has no picture to make a thumbnail of"]
    said = job("stream", "--input", silent, "--output", "x.pcm", folder=tmp_path).stderr.splitlines()
    assert said == ["silent.mp4 (stream): it has no sound to draw"]
    said = job("empty-video", "--image", "no.png", "--output", "x.mp4", folder=tmp_path).stderr.splitlines()
    assert "no.png" in said[-1] and "does not exist" in said[-1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("program", ["ffmpeg", "ffprobe"])
def test_a_program_that_is_killed_says_nothing_of_the_file_the_job_is_killed_too(
    samples: Media, tmp_path: Path, program: str
) -> None:
    """137 is the exit code of a killed program: the job is run once more (docs/operations.md)."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / program).write_text("#!/bin/sh\nkill -KILL $$\n")
    (tmp_path / "bin" / program).chmod(0o755)
    done = job("stream", "--input", str(samples["wav"]), "--output", "out.pcm", folder=tmp_path,
               PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")  # fmt: skip
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        137,
        f"{program} was killed, perhaps because the machine had no memory left",
    )


def test_an_unexpected_failure_also_ends_with_one_sentence_after_the_trace(samples: Media, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = job("stream", "--input", str(samples["wav"]), "--output", "file/out.pcm", folder=tmp_path)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0].startswith("Traceback") and lines[-1].startswith("FileExistsError: ")
