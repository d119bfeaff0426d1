"""The operator's own program that looks for texts about a lecture (`module_path`, manual, Appendix A).

    PROGRAM --request REQUEST.json --output TEXT.txt

REQUEST.json: `language`, `title`, `topic`, `keywords`, `speakers`. TEXT.txt: UTF-8, a form feed between two texts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ingest.modules.tl.text_retrieval.found import MOST_CHARACTERS, Page, bounded
from tlp.errors import TlpError

LONGEST_S = 1800


def pages(program: Path, about: dict[str, Any]) -> list[Page]:
    """What it found. Raises TlpError with the last line it said on stderr."""
    with tempfile.TemporaryDirectory(prefix="texts-") as folder:
        request, output = Path(folder) / "request.json", Path(folder) / "texts.txt"
        request.write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
        words = ["--request", str(request), "--output", str(output)]
        _run([sys.executable, str(program), *words] if program.suffix == ".py" else [str(program), *words])
        if not output.is_file():
            raise TlpError("it wrote no texts")
        with output.open(encoding="utf-8", errors="replace") as file:
            text = file.read(MOST_CHARACTERS)
        return bounded([Page(part) for part in text.split("\f")])


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        raise TlpError(f"it took longer than {LONGEST_S} s") from None
    except OSError as error:
        raise TlpError(f"it cannot be run: {error.strerror}") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise TlpError(said[-1] if said else f"it ended with {done.returncode}")
