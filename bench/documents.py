"""Translation of a long Word file: the whole way of a document beside the engine on the same sentences as plain text.

The file has 300 pages of prose, headings and tables, with bold and links as in a report. The engine is Apertium, en-es.
Beside it: the engine alone, run on the same sentences as segments of plain text. All in processor time, the two in
turns, medians: other work on the machine meets both alike.
"""

from __future__ import annotations

import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import docx

from bench.table import Row
from installer.report import InstallError
from tlp.captions import Captions, Segment
from tlp.documents import translatable
from tlp.formats import DOCUMENT_FORMATS, FORMATS

SYSTEM = Path(__file__).resolve().parents[1] / "ingest-service" / "systems" / "apertium"
MODE = Path("/usr/share/apertium/modes/eng-spa.mode")
PAGES, PARAGRAPHS = 300, 6  # with 4 sentences each: about 400 words a page
ROUNDS = 3
LEAST = 0.9  # of the engine's own rate
_NOUNS = (
    "network", "house", "river", "city", "teacher", "student", "book", "table", "window", "garden", "letter",
    "machine", "language", "question", "answer",
)  # fmt: skip
_VERBS = (
    "sees", "finds", "needs", "knows", "takes", "writes", "reads", "opens", "closes", "follows",
)  # fmt: skip
_ADJECTIVES = (
    "old", "new", "small", "large", "good", "long", "short", "young", "white", "green",
)  # fmt: skip


def measure(quick: bool) -> list[Row]:
    """A row for the rate of the whole, one for what the documents' part takes, one for the bare pipeline."""
    if not MODE.exists():
        raise InstallError("the Apertium pair en-es is not installed", "Install apertium-eng-spa.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pages = 6 if quick else PAGES
        data = report(pages)
        ways, alones = [], []
        for _ in range(ROUNDS):
            ways.append(_way(folder, data))
            source = DOCUMENT_FORMATS["dtlx"].read((folder / "work" / "1.dtlx").read_bytes())
            texts = {s.current.text: None for s in source.sentences if s.current and translatable(s.current.text)}
            alones.append(_alone(folder, list(texts)))
    steps = [statistics.median(times) for times in zip(*ways, strict=True)]
    words, whole, alone = source.counts.words, statistics.median(map(sum, ways)), statistics.median(alones)
    rate = f"≥ {LEAST:g} of the engine's rate"
    return [
        Row(
            f"MT of a document of {pages} pages",
            words / whole,
            "words/s",
            words / alone,
            "the engine",
            rate,
            alone / whole >= LEAST,
        ),
        Row("  taking the text out, and the translation in", steps[0] + steps[2], "s", whole, "the whole"),
    ]


def _way(folder: Path, data: bytes) -> list[float]:
    """Processor seconds for the text out of the document, its translation, and it put back, each as its job runs."""
    with zipfile.ZipFile(folder / "package.zip", "w") as package:
        package.writestr("a.docx", data)
    item = {"external_id": "a", "filename": "a.docx", "fileformat": "docx", "md5": None, "url": None}
    request = {
        "manifest": {"language": "en", "documents": [item]},
        "package": "package.zip",
        "formats": {"docx": {"mime_type": "", "demuxers": []}},
        "allowed": {"allowed_docs_formats": ["docx"]},
        "limits": {"max_package": 1 << 30, "max_package_files": 10, "max_package_ratio": 1000},
    }
    (folder / "request.json").write_text(json.dumps(request))
    job = [sys.executable, "-m", "ingest.jobs.document"]
    out = [*job, "extract", "--request", "request.json", "--upload", ".", "--result", "work/package.json"]
    translate = [
        str(SYSTEM / "run"),
        "--source",
        "en",
        "--target",
        "es",
        "--input",
        "work/1.dtlx",
        "--output",
        "es.dtlx",
    ]
    back = [*job, "rebuild", "--base", "files/document-1.docx", "--format", "docx", "--translation", "es.dtlx"]
    return [_seconds(folder, command) for command in (out, translate, [*back, "--output", "es.docx"])]


def _alone(folder: Path, texts: list[str]) -> float:
    """Processor seconds that the engine takes for the sentences as segments of plain text."""
    segments = [Segment(number, number, number + 1, [text]) for number, text in enumerate(texts)]
    (folder / "bare.dfxp").write_bytes(FORMATS["dfxp"].write(Captions("en", segments)))
    command = [str(SYSTEM / "run"), "--source", "en", "--target", "es", "--input", "bare.dfxp", "--output", "es.dfxp"]
    return _seconds(folder, command)


def _seconds(folder: Path, command: list[str]) -> float:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environment["PYTHONPATH"] = str(SYSTEM.parents[1])
    before = _spent()
    subprocess.run(command, cwd=folder, check=True, env=environment)
    return _spent() - before


def _spent() -> float:
    """Processor time of all programs that were run, seconds: what others do on the machine does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def report(pages: int) -> bytes:
    """A Word file: each sentence once, one in twelve with a mark, a heading and a table of four cells a page."""
    made = docx.Document()
    number = 0
    for page in range(pages):
        made.add_heading(f"The {_NOUNS[page % 15]} of the {_NOUNS[page % 13]} {page}", 1)
        for _ in range(PARAGRAPHS):
            paragraph = made.add_paragraph()
            for _ in range(4):
                number += 1
                paragraph.add_run(f"{_beginning(number)} the ")
                paragraph.add_run(f"number {number}").bold = number % 12 == 0 or None
                paragraph.add_run(" is written on it. ")
        table = made.add_table(2, 2)
        for place in range(4):
            table.cell(place // 2, place % 2).text = f"The {_ADJECTIVES[place]} {_NOUNS[(page + place) % 15]} {page}"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _beginning(number: int) -> str:
    subject, verb = f"{_ADJECTIVES[number % 10]} {_NOUNS[number % 15]}", _VERBS[number % 7]
    other, last = _NOUNS[number % 11], _NOUNS[number % 13]
    return f"The {subject} {verb} the {other} of the {last} because it is {_ADJECTIVES[number % 9]} and"
