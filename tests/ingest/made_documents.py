"""Documents made for the tests, and the way of one through extraction, a loud engine and rebuilding."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

import docx
from docx.enum.text import WD_BREAK
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from ingest.modules.base.documents import DOCUMENTS
from ingest.modules.base.documents.opened import extracted, rebuilt
from tlp import document_translation, inline
from tlp.captions import Made
from tlp.documents import Document
from tlp.formats import DOCUMENT_FORMATS

W = nsdecls("w")


def extract(form: str, data: bytes, language: str = "en") -> Document:
    """The text of a document, as it is after having been a file."""
    text = extracted(DOCUMENTS[form].read(data, language), language)
    return DOCUMENT_FORMATS["dtlx"].read(DOCUMENT_FORMATS["dtlx"].write(text))


def loud(form: str, data: bytes, but: Callable[[str], bool] = lambda text: False) -> bytes:
    """The document translated to capitals; sentences for which `but` is true are not translated."""
    source = extract(form, data)
    answers = {text: (text.upper(), 0.5) for text in document_translation.texts(source) if not but(text)}
    made = document_translation.translated(source, "es", answers, Made())
    made = DOCUMENT_FORMATS["dtlx"].read(DOCUMENT_FORMATS["dtlx"].write(made))
    return rebuilt(DOCUMENTS[form].read(data, "en"), made)


def said(document: Document) -> list[str]:
    """Every sentence with its marks as tags."""
    return [inline.tagged(s.current.items) for s in document.sentences if s.current]


def kinds(document: Document) -> list[tuple[str, str]]:
    """The kind of each block and its first sentence."""
    return [(b.kind, b.sentences[0].current.text) for b in document.blocks if b.sentences[0].current]


def png() -> bytes:
    """A red square."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress((b"\0" + b"\xff\0\0" * 8) * 8)
    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def field(instruction: str, result: str) -> Iterator[str]:
    """The runs of a complex field."""
    yield f'<w:r {W}><w:fldChar w:fldCharType="begin"/></w:r>'
    yield f'<w:r {W}><w:instrText xml:space="preserve"> {instruction} </w:instrText></w:r>'
    yield f'<w:r {W}><w:fldChar w:fldCharType="separate"/></w:r>'
    yield f"<w:r {W}><w:t>{result}</w:t></w:r>"
    yield f'<w:r {W}><w:fldChar w:fldCharType="end"/></w:r>'


def word_file() -> bytes:
    """A Word file with all that `python-docx` can make, and some that it cannot."""
    made = docx.Document()
    made.core_properties.title = "A small report"
    made.add_heading("The house and the network", 1)
    _formatted(made)
    _linked(made)
    made.add_paragraph("The first item", style="List Bullet")
    made.add_paragraph("The second item", style="List Number")
    table = made.add_table(2, 2, style="Table Grid")
    for number, text in enumerate(["The city", "The river", "42", "The mountain"]):
        table.cell(number // 2, number % 2).text = text
    table.cell(1, 1).add_table(1, 1).cell(0, 0).text = "The inner cell"
    made.sections[0].header.paragraphs[0].text = "The header of the page"
    footer = made.sections[0].footer.paragraphs[0]
    footer.add_run("Page ")
    for run in field("PAGE", "1"):
        footer._p.append(parse_xml(run))
    footer.add_run(" of the book")
    return saved(made)


def _formatted(made: docx.document.Document) -> None:
    paragraph = made.add_paragraph("The ")
    paragraph.add_run("neural network").bold = True
    paragraph.add_run(" learns the ")
    paragraph.add_run("weights").italic = True
    paragraph.add_run(". It is 3.5 km long.")
    paragraph = made.add_paragraph("Name:\tJohn")
    paragraph.add_run().add_break()
    paragraph.add_run("The second line.").add_break(WD_BREAK.PAGE)
    paragraph = made.add_paragraph("A picture ")
    paragraph.add_run().add_picture(io.BytesIO(png()))
    paragraph.add_run(" in the text.")


def _linked(made: docx.document.Document) -> None:
    paragraph = made.add_paragraph("See ")
    link = made.part.relate_to("http://example.org/x", RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    run = '<w:r><w:rPr><w:color w:val="0000FF"/></w:rPr><w:t>our home page</w:t></w:r>'
    paragraph._p.append(parse_xml(f'<w:hyperlink {nsdecls("w", "r")} r:id="{link}">{run}</w:hyperlink>'))
    paragraph.add_run(" for more information.")


def with_paragraphs(*xml: str) -> bytes:
    """A Word file of paragraphs given as the XML inside `w:p`."""
    made = docx.Document()
    for each in xml:
        made.element.body.insert(len(made.element.body) - 1, parse_xml(f"<w:p {nsdecls('w', 'r')}>{each}</w:p>"))
    return saved(made)


def saved(made: docx.document.Document) -> bytes:
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def with_part(data: bytes, name: str, part: bytes | None, packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The ZIP file with another content of a part, which is new or, with None, taken out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", packed) as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info.filename, old.read(info))
        if part is not None:
            new.writestr(name, part)
    return out.getvalue()


def part(data: bytes, name: str) -> str:
    """The text of a part."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name).decode()
