"""Documents that only an office program reads, through the whole of an upload: each comes back as what it was."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import docx
import pytest
from made_documents import word_file
from operations import TURN_DOCUMENT, documents
from pptx import Presentation
from world import World

from ingest.modules.base.documents.office import Converter

FORMS = ("doc", "odt", "rtf", "ppt")
RTF = rb"{\rtf1\ansi The {\b neural network} learns.\par The caf\'e9 is old.\par}"

pytestmark = [
    pytest.mark.engines,
    pytest.mark.skipif(not Path("/usr/bin/soffice").exists(), reason="LibreOffice is not installed"),
]


def slides() -> bytes:
    made = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[1])
    slide.shapes.title.text = "The river"
    paragraph = slide.placeholders[1].text_frame.paragraphs[0]
    paragraph.add_run().text = "The "
    bold = paragraph.add_run()
    bold.text, bold.font.bold = "neural network", True
    paragraph.add_run().text = " learns."
    slide.notes_slide.notes_text_frame.text = "What the speaker says."
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def converted(data: bytes, path: Path) -> bytes:
    """In the format of the path; the name before it says what it is: `docx.doc`."""
    given = path.with_suffix("").with_name(f"given.{path.stem}")
    given.write_bytes(data)
    Converter().convert(given, path)
    return path.read_bytes()


def test_each_comes_back_translated_in_its_own_format_with_its_looks(world: World, tmp_path: Path) -> None:
    world.system("turn", "mt", TURN_DOCUMENT, "pairs = en-es")
    sent: dict[str, str | bytes | None] = {
        "doc": converted(word_file(), tmp_path / "docx.doc"),
        "odt": converted(word_file(), tmp_path / "docx.odt"),
        "rtf": RTF,
        "ppt": converted(slides(), tmp_path / "pptx.ppt"),
    }
    [row] = world.finish(documents(world, sent, form="id", requested_langs={"es": {}}), seconds=200)
    assert (row["status_code"], row["error_code"]) == (3, None), row["info"]
    made = {form: rebuilt(world, form) for form in FORMS}

    document = docx.Document(io.BytesIO(converted(made["doc"], tmp_path / "doc.docx")))
    [learns] = [p for p in document.paragraphs if "neural" in p.text]
    assert learns.text == "es:The neural network learns the weights. es:It is 3.5 km long."
    assert [run.text for run in learns.runs if run.bold] == ["neural network"]
    assert document.paragraphs[0].style.name == "Heading 1"
    assert document.tables[0].cell(0, 1).text == "es:The river"
    assert document.sections[0].header.paragraphs[0].text == "es:The header of the page"
    assert [link.address for p in document.paragraphs for link in p.hyperlinks] == ["http://example.org/x"]
    assert len(document.inline_shapes) == 1

    with zipfile.ZipFile(io.BytesIO(made["odt"])) as archive:
        assert archive.read("mimetype") == b"application/vnd.oasis.opendocument.text"
        parts = [archive.read(f"{name}.xml").decode() for name in ("content", "styles")]
    text = re.sub("<[^>]+>", "", "".join(parts))
    for words in ("es:The neural network learns", "es:The inner cell", "es:The header of the page", "42"):
        assert words in text

    rich = made["rtf"].decode("ascii")
    assert rich.startswith("{\\rtf1") and re.search(r"\\b\b[^}]*neural network", rich) and "es:The caf" in rich

    [slide] = Presentation(io.BytesIO(converted(made["ppt"], tmp_path / "ppt.pptx"))).slides
    title, content = (shape.text_frame.paragraphs for shape in slide.shapes)
    assert title[0].text == "es:The river"
    body = content[0]
    assert body.text.strip() == "es:The neural network learns."
    assert [run.text for run in body.runs if run.font.bold] == ["neural network"]
    assert "es:What the speaker says." in slide.notes_slide.notes_text_frame.text


def rebuilt(world: World, form: str) -> bytes:
    """The Spanish file of the document, which is in the format that was sent."""
    [row] = world.rows(
        "SELECT f.path FROM files AS f JOIN objects AS o ON o.id = f.object_id WHERE o.external_id = %(id)s "
        "AND f.type_code = 8 AND f.format = %(id)s AND f.language = 'es'", id=form,
    )  # fmt: skip
    return (world.mounts["media"] / row["path"]).read_bytes()
