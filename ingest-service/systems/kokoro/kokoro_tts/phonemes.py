"""Text → Kokoro's symbols and their numbers. The phonemes come from the espeak-ng program, one call a segment.

espeak-ng is GPL: it stays a program of its own, fed through stdin, and is never linked or imported.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

MOST = 510  # symbols the model takes in one pass

# Kokoro-82M's table: consecutive numbers for each run of symbols.
_RUNS = {
    1: ";:,.!?",
    9: '—…"()“” \u0303ʣʥʦʨᵝꭧAI',
    31: "O",
    33: "Q",
    35: "ST",
    39: "W",
    41: "Yᵊabcdef",
    50: "hijklmnopqrstuvwxyzɑɐɒæ",
    75: "βɔɕç",
    80: "ɖðʤə",
    85: "ɚɛɜ",
    90: "ɟ",
    92: "ɡ",
    99: "ɥ",
    101: "ɨɪʝ",
    110: "ɯɰŋɳɲɴø",
    118: "ɸθœ",
    123: "ɹ",
    125: "ɾɻ",
    128: "ʁɽʂʃʈʧ",
    135: "ʊʋ",
    138: "ʌɣɤ",
    142: "χʎ",
    147: "ʒʔ",
    156: "ˈˌː",
    162: "ʰ",
    164: "ʲ",
    169: "↓",
    171: "→↗↘",
    177: "ᵻ",
}
NUMBERS = {symbol: first + i for first, run in _RUNS.items() for i, symbol in enumerate(run)}

# Two sounds that espeak-ng ties with ^ and that Kokoro was taught as one symbol; diphthongs in English only.
_AFFRICATES = {"t^ʃ": "ʧ", "d^ʒ": "ʤ", "t^s": "ʦ", "d^z": "ʣ"}
_DIPHTHONGS = {"a^ɪ": "I", "a^ʊ": "W", "e^ɪ": "A", "o^ʊ": "O", "ə^ʊ": "Q", "ɔ^ɪ": "Y"}

_ACCENTS = {"en": "en-us", "fr": "fr-fr", "pt": "pt-br"}  # as the voices speak; the others are called by their code
_CLAUSE = re.compile(r"([^;:,.!?…—]+(?:[;:,.!?…—]+(?!\s|$)[^;:,.!?…—]+)*)([;:,.!?…—]*)")
_SWITCH = re.compile(r"\([a-z-]+\)")  # "(en)": the word after it is read in another language


def numbers(text: str, lang: str) -> list[list[int]]:
    """The passes that speak a text: lists of at most MOST numbers, cut at punctuation or between words."""
    return [[NUMBERS[symbol] for symbol in part] for part in passes(symbols(text, lang))]


def symbols(text: str, lang: str) -> str:
    """Kokoro's symbols for one line of plain text in `lang`. Raises CalledProcessError when espeak-ng fails."""
    clauses = [(words.strip(), mark[:1]) for words, mark in _CLAUSE.findall(text)]
    clauses = [(words, mark) for words, mark in clauses if any(c.isalnum() for c in words)]
    spoken = _espeak([words for words, _ in clauses], lang)
    if len(spoken) == len(clauses):
        line = " ".join(said + mark for said, (_, mark) in zip(spoken, clauses, strict=True))
    else:  # espeak-ng saw other clauses than we did: its own, with a short pause between
        line = ", ".join(spoken)
    return "".join(symbol for symbol in line if symbol in NUMBERS)


def _espeak(lines: list[str], lang: str) -> list[str]:
    argv = ["espeak-ng", "-q", "--ipa", "--tie=^", "-b", "1", "-v", _ACCENTS.get(lang, lang)]
    result = subprocess.run(argv, input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return [_rewritten(line, lang) for line in result.stdout.splitlines() if line.strip()]


def _rewritten(ipa: str, lang: str) -> str:
    ipa = _SWITCH.sub("", ipa).strip()
    for tied, symbol in (_AFFRICATES | (_DIPHTHONGS if lang == "en" else {})).items():
        ipa = ipa.replace(tied, symbol)
    return ipa.replace("^", "").replace("g", "ɡ")


def passes(line: str, most: int = MOST) -> Iterator[str]:
    """Cut a line of symbols into parts of at most `most`: after the last punctuation that fits, else at a space."""
    while len(line) > most:
        head = line[:most]
        ends = [match.end() for match in re.finditer(r"[;:,.!?…—](?= )", head)] or [head.rfind(" ")]
        at = ends[-1] if ends[-1] > 0 else most
        yield line[:at]
        line = line[at:].lstrip()
    if line:
        yield line
