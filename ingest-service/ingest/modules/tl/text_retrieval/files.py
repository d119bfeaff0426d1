"""The text of slides and documents, page by page where the format has pages.

Reads through the Document Module, poppler and the office converter; recognises pictures of pages (`ocr`) where a PDF
holds no text. A file that cannot be read is an error in words; the caller decides what becomes of it.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from ingest.modules.base.documents import opened
from ingest.modules.base.documents.office import CONVERTED, Converter
from ingest.modules.base.documents.opc import Package
from ingest.modules.base.probe import probe
from ingest.modules.tl.text_retrieval import ocr, video
from ingest.modules.tl.text_retrieval.found import Page, bounded
from tlp import inline
from tlp.errors import MediaError, PackageError

MOST_PAGES = 2000
MOST_SCANNED = 60  # pages of pictures that are recognised
LEAST_LETTERS = 20  # on a page that is not only a picture
PDF_LIMIT_S = 120
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_SLIDE = "{http://schemas.openxmlformats.org/presentationml/2006/main}sldId"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Progress = Callable[[float, str], None]


def read(path: Path, code: str, language: str, converter: Converter, progress: Progress) -> list[Page]:
    """The pages of a file of the format `code` (of the table file_formats). Raises PackageError or MediaError."""
    reader = _READERS.get(code)
    if reader is not None:
        pages = reader(path, language)
    elif code in CONVERTED:
        pages = _converted(path, code, language, converter)
    elif code in ("xls", "xlsx"):
        raise PackageError(f"text is not taken out of {code} files")
    else:
        pages = _video(path, language, progress)
    return bounded([Page(_CONTROL.sub(" ", page.text), page.number, page.time) for page in pages])


def _paragraphs(path: Path, language: str) -> list[Page]:
    """txt, html, docx: tables, headers, footers and notes too, in one page."""
    texts = (inline.plain(paragraph.items) for paragraph in opened(path, language).paragraphs)
    return [Page("\n".join(texts))]


def _slides(path: Path, _language: str) -> list[Page]:
    """pptx: a page a slide, with its tables and the speaker's notes."""
    package = Package(path.read_bytes())
    main = package.main("ppt/presentation.xml")
    targets = {each.id: each.target for each in package.relationships(main) if each.type == "slide"}
    order = [targets.get(each.get(_RELATION, ""), "") for each in package.part(main).iter(_SLIDE)]
    pages = []
    for number, name in enumerate((name for name in order if name in package), start=1):
        texts = [_texts(package, part) for part in [name, *package.related(name, "notesSlide")]]
        pages.append(Page("\n".join(texts), number))
    return pages


def _texts(package: Package, name: str) -> str:
    paragraphs = package.part(name).iter(f"{_DRAWING}p")
    return "\n".join("".join(run.text or "" for run in each.iter(f"{_DRAWING}t")) for each in paragraphs)


def _pdf(path: Path, language: str) -> list[Page]:
    text = _program("pdftotext", "-enc", "UTF-8", "-l", str(MOST_PAGES), str(path), "-").decode("utf-8", "replace")
    pages = [Page(_whole_words(each), number) for number, each in enumerate(text.split("\f"), start=1)]
    if any(sum(c.isalpha() for c in page.text) >= LEAST_LETTERS for page in pages):
        return pages
    return _scanned(path, language)


def _whole_words(text: str) -> str:
    """Words that the end of a line has cut are one again."""
    return re.sub(r"(?<=[^\W\d_])-\n(?=[^\W\d_])", "", text)


def _scanned(path: Path, language: str) -> list[Page]:
    """A PDF of pictures, as scanners make them."""
    with tempfile.TemporaryDirectory(prefix="pages-") as folder:
        _program("pdftoppm", "-gray", "-scale-to", "2000", "-l", str(MOST_SCANNED), "-png", str(path), f"{folder}/page")
        pictures = sorted(Path(folder).glob("page*.png"))
        return [Page(ocr.text(picture, language), number) for number, picture in enumerate(pictures, start=1)]


def _program(*command: str) -> bytes:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PDF_LIMIT_S)
    except FileNotFoundError:
        raise PackageError(f"PDF files cannot be read here: {command[0]} (poppler-utils) is not installed") from None
    except subprocess.TimeoutExpired:
        raise PackageError(f"reading it took longer than {PDF_LIMIT_S} s") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise PackageError(f"the PDF cannot be read: {said[-1] if said else 'it is damaged'}")
    return done.stdout


def _converted(path: Path, code: str, language: str, converter: Converter) -> list[Page]:
    """doc, odt, rtf, ppt: through the office converter."""
    to = CONVERTED[code][0]
    with tempfile.TemporaryDirectory(prefix="convert-") as folder:
        source, made = Path(folder) / f"in.{code}", Path(folder) / f"out.{to}"
        source.symlink_to(path.absolute())
        converter.convert(source, made)
        return _READERS[to](made, language)


def _video(path: Path, language: str, progress: Progress) -> list[Page]:
    found = probe(path)
    if found.video is None:
        raise MediaError("it has no picture to read text from")
    return video.pages(path, found, language, progress)


_READERS: dict[str, Callable[[Path, str], list[Page]]] = {
    "txt": _paragraphs, "html": _paragraphs, "docx": _paragraphs, "pptx": _slides, "pdf": _pdf,
}  # fmt: skip
