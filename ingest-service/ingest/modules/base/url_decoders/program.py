"""A decoder that is a program of the operator's: docs/downloads.md says how to write one.

`PROGRAM URL` prints the media's URL as its last line, or puts the media itself into the file TLP_MEDIA. It is the
operator's program and trusted as such; the URL is a client's, and is checked before.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ingest.modules.base.guarded_proxy import guarded
from ingest.modules.base.url_downloader import LONGEST_S, Rules
from tlp.errors import DownloadError

_MOST_WORDS = 1 << 16  # bytes of what it prints that are looked at


def decode(name: str, url: str, folder: Path, rules: Rules, limit_s: float = LONGEST_S) -> str | Path:
    """Run the program. Raises DownloadError with its last words, without places of this machine."""
    media = folder / "media"
    media.unlink(missing_ok=True)
    label = Path(name).name
    if not Path(name).is_absolute() or not os.access(name, os.X_OK):
        raise DownloadError(f"the URL decoder '{label}' cannot be run here; ask the administrator")
    with guarded(rules.allow_private, rules.max_size, rules.timeout) as proxy:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": str(folder)}
        environment |= {"TMPDIR": str(folder), "TLP_MEDIA": str(media), **proxy.environment}
        code, said, complained = run([name, url], folder, environment, limit_s)
        if code != 0 or proxy.overspent:
            reason = last_line(complained) or f"it ended with the exit code {code}"
            raise DownloadError(f"the URL decoder '{label}' failed: {proxy.refusal or reason}")
    if media.is_file() and not media.is_symlink():
        return media
    answer = last_line(said)
    if not answer.startswith(("http://", "https://")):
        raise DownloadError(f"the URL decoder '{label}' found no media")
    return answer


def run(command: list[str], folder: Path, environment: dict[str, str], limit_s: float) -> tuple[int, str, str]:
    """Exit code, output and errors (the last of them) of a program. Raises DownloadError when it cannot end."""
    out, err = folder / "out", folder / "err"
    try:
        with out.open("wb") as said, err.open("wb") as complained:
            done = subprocess.run(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=complained,
                timeout=limit_s,
            )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise DownloadError(f"finding its media took longer than {limit_s:.0f} s") from None
    except OSError as error:
        raise DownloadError(f"the URL decoder '{Path(command[0]).name}' cannot be run: {error.strerror}") from error
    return done.returncode, _tail(out), _tail(err)


def last_line(words: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _MOST_WORDS))
        return file.read().decode("utf-8", "replace")
