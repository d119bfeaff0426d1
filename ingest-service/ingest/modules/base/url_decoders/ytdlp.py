"""The decoder for YouTube, Vimeo and a thousand others: yt-dlp, a program of its own, which fetches the media itself.

It gets no settings, plugins, cookies or commands of anybody, writes into one folder, and reaches the network through
the guarded proxy only: its pages and redirects are under the same rules as a URL of a client.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

from ingest.modules.base.guarded_proxy import GuardedProxy, guarded
from ingest.modules.base.url_downloader import LONGEST_S, Rules
from tlp.errors import DownloadError
from tlp.systems import Progress

_PROTOCOLS = "[protocol~='^(https?|m3u8_native|http_dash_segments)$']"
_FORMAT = f"bv*{_PROTOCOLS}+ba{_PROTOCOLS}/b{_PROTOCOLS}"
_LONGEST_REASON = 300
_ADVICE = re.compile(r"[;.]\s*(please report|confirm you are|see +https?:).*", re.IGNORECASE)


def command(url: str, proxy: str, rules: Rules) -> list[str]:
    """The whole command line; the URL is the one thing in it that is not ours, and stands where no option can."""
    return [
        "yt-dlp",
        "--ignore-config", "--no-plugin-dirs", "--no-cache-dir", "--no-cookies", "--no-update", "--no-exec",
        "--no-remote-components", "--no-playlist", "--playlist-items", "1", "--match-filters", "!is_live",
        "--proxy", proxy, "--socket-timeout", f"{rules.timeout:g}", "--retries", "5", "--fragment-retries", "5",
        "--abort-on-unavailable-fragments", "--max-filesize", str(rules.max_size),
        "--format", _FORMAT, "--format-sort", "res:1080,vcodec:h264,acodec:aac", "--merge-output-format", "mp4/mkv",
        "--output", "media.%(ext)s", "--restrict-filenames", "--no-mtime",
        "--no-simulate", "--newline", "--progress", "--progress-template", "download:P %(progress._percent_str)s",
        "--print", "after_move:F %(filepath)s",
        "--", url,
    ]  # fmt: skip


def decode(url: str, folder: Path, rules: Rules, limit_s: float = LONGEST_S) -> Path:
    """Fetch the media of a page into `folder`; what an earlier run has begun there is taken up.

    Raises DownloadError with the program's last words.
    """
    if shutil.which("yt-dlp") is None:
        raise DownloadError("this server has no yt-dlp, which such pages need; ask the administrator")
    with guarded(rules.allow_private, rules.max_size, rules.timeout) as proxy, tempfile.TemporaryFile() as errors:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": str(folder)}
        environment |= {"TMPDIR": str(folder), **proxy.environment}
        process = subprocess.Popen(
            command(url, proxy.url, rules), cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
        clock = Timer(limit_s, process.kill)
        clock.daemon = True
        clock.start()
        try:
            assert process.stdout is not None
            found = _followed(iter(process.stdout))
            code = process.wait()
        finally:
            clock.cancel()
            process.kill()
            process.wait()
        errors.seek(0)
        words = errors.read().decode("utf-8", "replace")
    path = folder / found if found else None
    if code != 0 or proxy.overspent or path is None or path.parent != folder or path.is_symlink() or not path.is_file():
        raise DownloadError(_reason(code, words, proxy))
    return path


def _followed(lines: Iterator[str]) -> str:
    """Pass the progress on; returns the name of the file that the program has made, "" for none."""
    progress, most, found = Progress(), 0.0, ""
    for line in lines:
        mark, _, value = line.strip().partition(" ")
        if mark == "F":
            found = Path(value).name
        elif mark == "P" and (percent := re.match(r"\s*([\d.]+)%", value)):
            most = max(most, float(percent[1]))  # picture and sound come one after the other
            progress.report(min(most, 99.0), 100, "downloading")
    return found


def _reason(code: int, words: str, proxy: GuardedProxy) -> str:
    if proxy.refusal:
        return proxy.refusal
    said = [line.removeprefix("ERROR:").strip() for line in words.splitlines() if line.startswith("ERROR:")]
    if said:
        return "yt-dlp says: " + _ADVICE.sub("", said[-1])[:_LONGEST_REASON]
    if code == -signal.SIGKILL:
        return "yt-dlp was stopped: it took too long"
    if code == 0:
        return "yt-dlp fetched nothing: it is live, or larger than what is taken"
    return f"yt-dlp ended with the exit code {code}"
