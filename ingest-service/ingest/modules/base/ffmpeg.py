"""How ffmpeg and ffprobe are called: argument lists, local files only, demuxer named, time limits; never a shell.

`-protocol_whitelist file,pipe` and the named demuxer are what keeps a media file from reading another file or the
network (playlists, concat scripts); every input of a client goes through `read_from`.
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from tlp.errors import Killed, MediaError
from tlp.systems import Progress

LOCAL_ONLY = ["-protocol_whitelist", "file,pipe"]
PROBE_LIMIT_S = 120
RUN_LIMIT_S = 24 * 3600
_ADDRESS = re.compile(r"^\[[\w,.]+ @ 0x[0-9a-f]+\] ")
_DEMUXER = re.compile(r"^\[([\w,]+) @ 0x[0-9a-f]+\] Format not on whitelist", re.MULTILINE)


class NotAllowed(MediaError):
    """The file is of a kind that is not on the list of demuxers; `demuxer` says which."""

    def __init__(self, demuxer: str) -> None:
        super().__init__(f"its real format is '{demuxer}', which is not taken")
        self.demuxer = demuxer


def read_from(path: Path, demuxer: str, *options: str) -> list[str]:
    """The arguments of an input file of a client; `options` stand before it, such as -ss."""
    return [*LOCAL_ONLY, "-f", demuxer, *options, "-i", f"file:{path.absolute()}"]


def show(path: Path, demuxers: frozenset[str]) -> dict[str, Any]:
    """What ffprobe finds: `format` and `streams`. Raises NotAllowed, MediaError with its words, or Killed."""
    command = ["ffprobe", "-v", "error", *LOCAL_ONLY, "-format_whitelist", ",".join(sorted(demuxers))]
    command += ["-show_format", "-show_streams", "-of", "json", "-i", f"file:{path.absolute()}"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_LIMIT_S)
    except subprocess.TimeoutExpired:
        raise MediaError(f"looking into it took longer than {PROBE_LIMIT_S} s") from None
    words = done.stderr.decode("utf-8", "replace")
    if refused := _DEMUXER.search(words):
        raise NotAllowed(refused[1])
    if done.returncode == -signal.SIGKILL:
        raise Killed("ffprobe was killed, perhaps because the machine had no memory left")
    if done.returncode != 0:
        raise MediaError(_last_words(words, path))
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def run(arguments: list[str], source: Path, duration_ms: int = 0, words: str = "", limit_s: float = RUN_LIMIT_S) -> int:
    """Run ffmpeg and report progress against `duration_ms`; returns the milliseconds written, 0 when not told.

    Raises MediaError with ffmpeg's last words, or Killed.
    """
    progress, reached = Progress(), 0
    with _started([*arguments, "-progress", "pipe:1"], source, limit_s) as output:
        for line in output:
            key, _, value = line.decode("ascii", "replace").strip().partition("=")
            if key == "out_time_us" and value.isdigit():
                reached = int(value) // 1000
                progress.report(reached, duration_ms, words)
    return reached


def stream(arguments: list[str], source: Path, block: int) -> Iterator[bytes]:
    """Run ffmpeg with its output on a pipe, `block` bytes at a time (the last may be shorter). Raises MediaError."""
    with _started([*arguments, "pipe:1"], source, RUN_LIMIT_S) as output:
        while data := output.read(block):
            yield data


@contextlib.contextmanager
def _started(arguments: list[str], source: Path, limit_s: float) -> Iterator[IO[bytes]]:
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-y", *arguments]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        over = threading.Event()

        def stop() -> None:
            over.set()
            process.kill()

        clock = threading.Timer(limit_s, stop)
        clock.daemon = True
        clock.start()
        try:
            assert process.stdout is not None
            yield process.stdout
            code = process.wait()
        finally:
            clock.cancel()
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if over.is_set():
            raise MediaError(f"ffmpeg was stopped after {limit_s:.0f} s")
        if code == -signal.SIGKILL:
            raise Killed("ffmpeg was killed, perhaps because the machine had no memory left")
        if code != 0:
            raise MediaError(_last_words(_tail(errors), source) or f"ffmpeg ended with the exit code {code}")


def _tail(errors: IO[bytes]) -> str:
    errors.seek(max(0, errors.seek(0, 2) - 8192))
    return errors.read().decode("utf-8", "replace")


def _last_words(words: str, path: Path) -> str:
    """The last line ffmpeg said, without addresses in memory and places of this machine."""
    lines = [_ADDRESS.sub("", line.strip()) for line in words.splitlines() if line.strip()]
    line = lines[-1] if lines else "it cannot be read"
    return line.replace(f"file:{path.absolute()}", path.name).replace(str(path.parent.absolute()) + "/", "")
