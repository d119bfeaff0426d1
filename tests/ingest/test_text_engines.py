"""A Word document from end to end with the real Apertium: sent, translated two ways, corrected, sent anew, fetched."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import docx
import pytest
from operations import Person, current, documents, files
from world import World

MODES = Path("/usr/share/apertium/modes")
APERTIUM = Path(__file__).resolve().parents[2] / "ingest-service" / "systems" / "apertium"

pytestmark = [
    pytest.mark.engines,
    pytest.mark.skipif(not (MODES / "spa-cat.mode").exists(), reason="the Apertium pairs are not installed"),
]


def written(*more: str) -> bytes:
    """A Spanish document with a heading, a bold word, a list, a table, a header and a footer."""
    document = docx.Document()
    document.add_heading("El tiempo y la esperanza", 1)
    paragraph = document.add_paragraph("La casa es ")
    paragraph.add_run("grande").bold = True
    paragraph.add_run(". El perro duerme en la calle.")
    document.add_paragraph("La primera lección", style="List Bullet")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "El agua está fría.", "42"
    document.sections[0].header.paragraphs[0].text = "Universidad de Valencia"
    document.sections[0].footer.paragraphs[0].text = "Página del curso"
    for text in more:
        document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def opened(world: World, language: str) -> Any:
    [row] = world.rows(
        "SELECT path FROM files WHERE type_code = 8 AND replaced_at IS NULL AND language = %(lang)s", lang=language
    )
    return docx.Document(str(world.mounts["media"] / row["path"]))


def paragraphs(document: Any) -> list[str]:
    return [paragraph.text for paragraph in document.paragraphs]


@pytest.fixture
def world(world: World) -> World:
    for folder in world.mounts["systems"].iterdir():
        shutil.rmtree(folder)
    shutil.copytree(APERTIUM, world.mounts["systems"] / "apertium", ignore=shutil.ignore_patterns("__pycache__"))
    return world


def test_a_word_document_is_translated_corrected_and_replaced(world: World) -> None:
    wanted = {"ca": {}, "en": {}, "fr": {"tlpath": [{"l": "ca"}, {"l": "fr"}]}}
    [row] = world.finish(
        documents(world, {"d1": written()}, form="docx", language="es", requested_langs=wanted), seconds=120
    )
    assert (row["status_code"], row["error_code"]) == (3, None), row["info"]
    assert sorted(files(world)) == ["0", "8 ca", "8 en", "8 fr"]

    catalan = opened(world, "ca")
    assert paragraphs(catalan)[:2] == ["El temps i l'esperança", "La casa és gran. El gos dorm al carrer."]
    assert [run.text for run in catalan.paragraphs[1].runs if run.bold] == ["gran"]
    assert (catalan.paragraphs[0].style.name, catalan.paragraphs[2].style.name) == ("Heading 1", "List Bullet")
    assert [cell.text for cell in catalan.tables[0].rows[0].cells] == ["L'aigua és freda.", "42"] or (
        "aigua" in catalan.tables[0].cell(0, 0).text
    )
    assert catalan.sections[0].header.paragraphs[0].text == "Universitat de València"
    assert "curs" in catalan.sections[0].footer.paragraphs[0].text
    assert "house" in paragraphs(opened(world, "en"))[1]
    assert "chien" in paragraphs(opened(world, "fr"))[1]

    # A person corrects the Catalan: the file has it, and the French that was made from it follows.
    ids = {text: id for id, text in current(world, "d1")["ca"]["texts"].items()}
    dog = ids["El gos dorm al carrer."]
    Person(world, "d1", kind="text").write("ca", {dog: "El gat dorm al carrer."}).end()
    world.finish(seconds=120)
    assert paragraphs(opened(world, "ca"))[1] == "La casa és gran. El gat dorm al carrer."
    assert "chat" in paragraphs(opened(world, "fr"))[1]
    assert [run.text for run in opened(world, "ca").paragraphs[1].runs if run.bold] == ["gran"]

    # The document is sent anew, with one paragraph more: what the person wrote is in the new file.
    newer = documents(world, {"d1": written("El libro es nuevo.")}, "update", form="docx")
    [row] = world.finish(newer, seconds=120)
    assert row["status_code"] == 20, row["info"]
    assert paragraphs(opened(world, "ca"))[1] == "La casa és gran. El gat dorm al carrer."
    assert paragraphs(opened(world, "ca"))[-1] == "El llibre és nou."
    assert "chat" in paragraphs(opened(world, "fr"))[1]
    assert current(world, "d1")["ca"]["status"] == 2
