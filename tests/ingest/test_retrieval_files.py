"""The text of slides and documents: every format in which they come, made here and read with the real programs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import docx
import pptx
import pytest
from pptx.util import Inches

from ingest.modules.base.documents.office import Converter
from ingest.modules.tl.text_retrieval import files, ocr, video
from ingest.modules.tl.text_retrieval.found import Page
from tlp.errors import MediaError, PackageError

FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
needs_tesseract = pytest.mark.skipif(not shutil.which("tesseract"), reason="tesseract is not installed")
needs_poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is not installed")
needs_office = pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
needs_font = pytest.mark.skipif(not FONT.exists(), reason="the font DejaVu, which draws the slides, is missing")


def read(path: Path, code: str = "", language: str = "en") -> list[Page]:
    return files.read(path, code or path.suffix[1:], language, Converter(), lambda share, words: None)


def word_file(path: Path) -> Path:
    document = docx.Document()
    document.add_heading("Plasmodesmata", 1)
    document.add_paragraph("Between two cells there are plasmodesmata.")
    document.add_table(1, 1).cell(0, 0).text = "suberin"
    document.sections[0].footer.paragraphs[0].text = "Wrenfield Institute"
    document.save(str(path))
    return path


def slides(path: Path) -> Path:
    deck = pptx.Presentation()
    for title, line, note in (("Roots", "apoplast", "say symplast"), ("Leaves", "stomata", "")):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = title, line
        if note:
            slide.notes_slide.notes_text_frame.text = note
    table = slide.shapes.add_table(1, 1, Inches(1), Inches(1), Inches(2), Inches(1)).table
    table.cell(0, 0).text = "abscisic acid"
    deck.save(str(path))
    return path


def office(source: Path, form: str) -> Path:
    """The same in another format, by the office program itself."""
    profile = (source.parent / "profile").as_uri()
    command = ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", form]
    subprocess.run([*command, "--outdir", str(source.parent), str(source)], check=True, capture_output=True)
    return source.with_suffix(f".{form}")


def picture(path: Path, *lines: str) -> Path:
    drawn = ",".join(
        f"drawtext=fontfile={FONT}:text='{line}':fontsize=48:x=80:y={100 + 90 * row}:fontcolor=black"
        for row, line in enumerate(lines)
    )
    make(["-f", "lavfi", "-i", f"color=white:s=1280x720,{drawn}", "-frames:v", "1", str(path)])
    return path


def make(arguments: list[str]) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True)


def slides_video(folder: Path) -> Path:
    """Two slides of six seconds; the second gets a line more when half of its time is over."""
    shown = [("Casparian strip", "suberin"), ("Korvath index",), ("Korvath index", "Vellorin probe")]
    listing = folder / "list.txt"
    entries = []
    for number, (lines, seconds) in enumerate(zip(shown, (6, 3, 3), strict=True)):
        entries.append(f"file '{picture(folder / f'{number}.png', *lines)}'\nduration {seconds}\n")
    listing.write_text("".join([*entries, entries[-1].split("\n")[0], "\n"]))
    target = folder / "slides.mp4"
    encode = ["-vf", "fps=5,format=yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "30", "-t", "12"]
    make(["-f", "concat", "-safe", "0", "-i", str(listing), *encode, str(target)])
    return target


def test_a_text_file_in_an_old_encoding_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("La fotosíntesis\nEl cloroplasto".encode("cp1252"))
    assert read(path, language="es") == [Page("La fotosíntesis\nEl cloroplasto")]


def test_tables_and_footers_of_a_word_file_are_read(tmp_path: Path) -> None:
    (page,) = read(word_file(tmp_path / "a.docx"))
    assert all(word in page.text for word in ("Plasmodesmata", "plasmodesmata.", "suberin", "Wrenfield Institute"))


def test_slides_are_pages_in_their_order_with_notes_and_tables(tmp_path: Path) -> None:
    first, second = read(slides(tmp_path / "a.pptx"))
    assert (first.number, second.number) == (1, 2)
    assert {"Roots", "apoplast", "say symplast"} <= set(first.text.split("\n"))
    assert {"Leaves", "stomata", "abscisic acid"} <= set(second.text.split("\n"))


@needs_office
@pytest.mark.parametrize(("made", "form"), [(slides, "ppt"), (word_file, "doc")])
def test_old_office_formats_are_read_through_the_converter(
    tmp_path: Path, made: Callable[[Path], Path], form: str
) -> None:
    old = office(made(tmp_path / f"a.{form}x"), form)
    text = "\n".join(page.text for page in read(old))
    assert all(word in text for word in (("apoplast", "abscisic acid") if form == "ppt" else ("suberin",)))


@needs_office
@needs_poppler
def test_a_pdf_is_read_page_by_page(tmp_path: Path) -> None:
    pages = read(office(slides(tmp_path / "a.pptx"), "pdf"))
    assert [page.number for page in pages] == [1, 2]
    assert "apoplast" in pages[0].text and "stomata" in pages[1].text


@needs_tesseract
@needs_poppler
@needs_font
def test_a_pdf_of_pictures_is_recognised(tmp_path: Path) -> None:
    from PIL import Image

    with Image.open(picture(tmp_path / "a.png", "Plasmodesmata", "Casparian strip")) as scan:
        scan.convert("RGB").save(tmp_path / "a.pdf", resolution=100)
    (page,) = read(tmp_path / "a.pdf")
    assert page.number == 1 and "Plasmodesmata" in page.text and "Casparian strip" in page.text


@needs_tesseract
@needs_font
def test_slides_in_a_video_are_pages_with_the_time_at_which_they_are_shown(tmp_path: Path) -> None:
    first, second = read(slides_video(tmp_path))
    assert "Casparian strip" in first.text and "suberin" in first.text
    assert "Korvath index" in second.text and "Vellorin probe" in second.text, "the line that came later is there"
    assert first.time is not None and second.time is not None
    assert first.time[0] == 0 and abs(first.time[1] - 6000) <= 1000 * video.EVERY_S
    assert second.time[0] == first.time[1] and second.time[1] >= 12_000


def test_a_slide_that_adds_lines_is_one_page_and_an_empty_picture_is_none() -> None:
    read_ = [(0, "Roots"), (2000, "Roots\napoplast"), (4000, ""), (6000, "Leaves"), (8000, "Leaves")]
    assert video.joined(read_, 10_000) == [
        Page("Roots\napoplast", 1, (0, 4000)),
        Page("Leaves", 2, (6000, 10_000)),
    ]


@needs_tesseract
def test_letters_that_no_data_reads_are_said_in_words() -> None:
    assert ocr.data_for("xx") == "eng", "Latin letters are read by the English data"
    missing = next(code for code in sorted(ocr.OTHER_SCRIPTS) if ocr.NAMES.get(code, code) not in ocr._installed())
    with pytest.raises(MediaError, match="are not installed"):
        ocr.data_for(missing)


@pytest.mark.parametrize(("name", "data"), [("a.pdf", b"%PDF-1.4\nbroken"), ("a.docx", b"PK\x03\x04 broken")])
def test_a_damaged_file_is_an_error_in_words(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(PackageError) as error:
        read(tmp_path / name)
    assert "\n" not in str(error.value)


def test_a_recording_without_pictures_is_no_slides(tmp_path: Path) -> None:
    make(["-f", "lavfi", "-i", "sine=d=1", str(tmp_path / "a.mp4")])
    with pytest.raises(MediaError, match="no picture"):
        read(tmp_path / "a.mp4")
