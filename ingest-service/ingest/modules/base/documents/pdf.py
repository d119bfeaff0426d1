"""The text of a PDF as a Word file, through poppler's pdftotext: paragraphs and headings in reading order.

An office program gives a PDF line by line, which cuts sentences in two; poppler finds the blocks. Pictures and the
layout of the page are not taken over.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tlp.errors import FormatError, PackageError
from tlp.formats import xml

PROGRAMS = ("pdftotext", "pdfinfo")
_PAGES = 50  # at a time
_HEADING = 1.2  # times the usual height of a line
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_HYPHENATED = re.compile(r"[^\W\d_]-\Z")
_SENTENCE_END = re.compile(r"[.!?…:;][\"'”’»)\]]*\Z")
_XHTML = "{http://www.w3.org/1999/xhtml}"


@dataclass
class Block:
    """A paragraph of a page; `height`: of its lines, in points."""

    text: str
    height: float


def can_be_read() -> bool:
    """Whether poppler's programs are here."""
    return all(shutil.which(program) for program in PROGRAMS)


def convert(source: Path, target: Path, timeout: float) -> None:
    """Make a Word file of a PDF. Raises PackageError in words."""
    import docx  # here, as it takes a quarter of the time in which a job without a PDF starts

    about = _run(["pdfinfo", "-enc", "UTF-8", str(source)], timeout)
    found = re.search(r"^Pages:\s+(\d+)", about, re.MULTILINE)
    title = re.search(r"^Title:\s+(\S.*)", about, re.MULTILINE)
    blocks: list[Block] = []
    for first in range(1, int(found[1] if found else 0) + 1, _PAGES):
        pages = ["-f", str(first), "-l", str(first + _PAGES - 1)]
        blocks += _blocks(_run(["pdftotext", "-bbox-layout", "-enc", "UTF-8", *pages, str(source), "-"], timeout))
    document = docx.Document()
    document.core_properties.title = title[1].strip()[:255] if title else ""
    usual = statistics.median(block.height for block in blocks) if blocks else 0
    for block in _continued(blocks):
        heading = block.height > _HEADING * usual and len(block.text) < 200
        document.add_paragraph(block.text, style="Heading 1" if heading else None)
    document.save(str(target))


def _run(command: list[str], timeout: float) -> str:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as error:
        raise PackageError(f"reading it took longer than {timeout:g} s") from error
    said = done.stderr.decode("utf-8", errors="replace").strip()
    if done.returncode and "password" in said.lower():
        raise PackageError("the PDF is encrypted; send it without a password")
    if done.returncode:
        raise PackageError(f"the PDF cannot be read: {said.splitlines()[-1] if said else 'it is damaged'}")
    return _CONTROL.sub(" ", done.stdout.decode("utf-8", errors="replace"))


def _blocks(page_xml: str) -> Iterator[Block]:
    try:
        root = xml.parse(page_xml, "PDF")
    except FormatError as error:
        raise PackageError(f"the text of the PDF cannot be read: {error}") from error
    for block in root.iter(f"{_XHTML}block"):
        lines = list(block.iter(f"{_XHTML}line"))
        heights = [float(line.get("yMax", 0)) - float(line.get("yMin", 0)) for line in lines]
        text = ""
        for line in lines:
            text = _joined(text, " ".join(word.text or "" for word in line.iter(f"{_XHTML}word")))
        if text.strip():
            yield Block(text.strip(), statistics.median(heights))


def _joined(text: str, line: str) -> str:
    """Text with another line; a word that the end of the line has cut is one again."""
    if _HYPHENATED.search(text) and line[:1].islower():
        return text[:-1] + line
    return f"{text} {line}" if text else line


def _continued(blocks: list[Block]) -> Iterator[Block]:
    """The blocks, with those that go on in the next column or on the next page joined."""
    open_block: Block | None = None
    for block in blocks:
        goes_on = open_block is not None and not _SENTENCE_END.search(open_block.text) and block.text[:1].islower()
        if open_block is not None and goes_on and abs(open_block.height - block.height) < 1:
            open_block = Block(_joined(open_block.text, block.text), open_block.height)
            continue
        if open_block is not None:
            yield open_block
        open_block = block
    if open_block is not None:
        yield open_block
