"""Text in a picture, by Tesseract in a process of its own: one processor, a time limit, words it doubts left out."""

from __future__ import annotations

import csv
import io
import os
import subprocess
from functools import lru_cache
from pathlib import Path

from tlp.errors import MediaError
from tlp.systems import granted_cpus

LIMIT_S = 60  # for one picture
SURE = 60  # percent; what Tesseract is less sure of is a picture more often than a word
# ISO 639-1 → Tesseract's names; a language that is missing here is asked for by its own code.
NAMES = {
    "ar": "ara", "bg": "bul", "ca": "cat", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng",
    "es": "spa", "et": "est", "eu": "eus", "fi": "fin", "fr": "fra", "gl": "glg", "he": "heb", "hr": "hrv",
    "hu": "hun", "it": "ita", "ja": "jpn", "ko": "kor", "lt": "lit", "lv": "lav", "nb": "nor", "nl": "nld",
    "no": "nor", "pl": "pol", "pt": "por", "ro": "ron", "ru": "rus", "sk": "slk", "sl": "slv", "sv": "swe",
    "tr": "tur", "uk": "ukr", "vi": "vie", "zh": "chi_sim",
}  # fmt: skip
OTHER_SCRIPTS = frozenset(("ar", "bg", "el", "fa", "he", "hi", "ja", "ko", "mk", "ru", "th", "uk", "ur", "zh"))


@lru_cache(maxsize=1)
def _installed() -> frozenset[str]:
    try:
        done = subprocess.run(["tesseract", "--list-langs"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    except FileNotFoundError:
        raise MediaError("text in pictures cannot be read here: tesseract is not installed") from None
    except subprocess.TimeoutExpired:
        raise MediaError("tesseract does not answer") from None
    return frozenset(done.stdout.decode("utf-8", "replace").split("\n")[1:])


def data_for(language: str) -> str:
    """Which of Tesseract's data reads a language: its own, else the English for Latin letters.

    Raises MediaError where there is neither.
    """
    own = NAMES.get(language, language)
    if own in _installed():
        return own
    if language not in OTHER_SCRIPTS and "eng" in _installed():
        return "eng"
    raise MediaError(f"text in pictures cannot be read in '{language}': Tesseract's data '{own}' are not installed")


def text(picture: Path, language: str) -> str:
    """The words in a picture that Tesseract is sure of, line by line. Raises MediaError in words."""
    command = ["tesseract", str(picture), "stdout", "-l", data_for(language), "--psm", "6", "tsv"]
    environment = {**os.environ, "OMP_THREAD_LIMIT": str(min(2, granted_cpus()))}
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S, env=environment
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return ""  # one picture that is no slide is not worth the rest
    if done.returncode:
        raise MediaError("tesseract cannot read the picture")
    return _lines(done.stdout.decode("utf-8", "replace"))


def _lines(table: str) -> str:
    lines: dict[tuple[str, ...], list[str]] = {}
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        word = (row.get("text") or "").strip()
        if word and float(row.get("conf") or -1) >= SURE:
            lines.setdefault((row["block_num"], row["par_num"], row["line_num"]), []).append(word)
    return "\n".join(" ".join(words) for words in lines.values())
