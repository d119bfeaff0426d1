"""Slides: their text in the order in which they are shown, with notes and tables, and back."""

from __future__ import annotations

import io

from made_documents import extract, kinds, loud, said
from pptx import Presentation
from pptx.util import Inches


def slides() -> bytes:
    """Two slides, the second with a list, a link, a table and notes; shown in the other order."""
    made = Presentation()
    made.core_properties.title = ""
    second = made.slides.add_slide(made.slide_layouts[0])
    second.shapes.title.text = "The end"
    slide = made.slides.add_slide(made.slide_layouts[1])
    slide.shapes.title.text = "The river"
    frame = slide.placeholders[1].text_frame
    frame.text = "The first item"
    deeper = frame.add_paragraph()
    deeper.level = 1
    deeper.add_run().text = "The "
    bold = deeper.add_run()
    bold.text, bold.font.bold = "neural network", True
    deeper.add_run().text = " learns. See "
    link = deeper.add_run()
    link.text, link.hyperlink.address = "our page", "http://x.org/"
    deeper.add_run().text = "."
    table = slide.shapes.add_table(1, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "The city", "42"
    slide.notes_slide.notes_text_frame.text = "What the speaker says."
    order = made.slides._sldIdLst
    order.insert(0, order[1])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def test_slides_are_read_in_the_order_in_which_they_are_shown():
    found = extract("pptx", slides())
    assert kinds(found) == [
        ("heading", "The river"),
        ("item", "The first item"),
        ("item", "The neural network learns."),
        ("cell", "The city"),
        ("cell", "42"),
        ("note", "What the speaker says."),
        ("heading", "The end"),
    ]
    assert [block.level for block in found.blocks[:3]] == [1, 1, 2]
    assert said(found)[2:4] == ["The <1>neural network</1> learns.", "See <2>our page</2>."]
    assert [mark.kind for mark in found.blocks[2].marks.values()] == ["bold", "link"]
    assert found.blocks[2].marks[2].value == "http://x.org/"


def test_a_link_longer_than_the_text_around_it_does_not_spread_and_is_one():
    made = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[6])
    paragraph = slide.shapes.add_textbox(0, 0, Inches(3), Inches(1)).text_frame.paragraphs[0]
    paragraph.add_run().text = "See "
    for text, bold in (("our very own ", False), ("page", True)):
        link = paragraph.add_run()
        link.text, link.hyperlink.address, link.font.bold = text, "http://x.org/", bold
    out = io.BytesIO()
    made.save(out)
    [sentence] = said(extract("pptx", out.getvalue()))
    assert sentence == "See <1>our very own <2>page</2></1>"
    back = Presentation(io.BytesIO(loud("pptx", out.getvalue())))
    runs = back.slides[0].shapes[0].text_frame.paragraphs[0].runs
    assert [(r.text, r.hyperlink.address is not None) for r in runs] == [
        ("SEE ", False),
        ("OUR VERY OWN ", True),
        ("PAGE", True),
    ]


def test_code_on_a_slide_stays():
    made = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[6])
    paragraph = slide.shapes.add_textbox(0, 0, Inches(3), Inches(1)).text_frame.paragraphs[0]
    paragraph.add_run().text = "Run the "
    code = paragraph.add_run()
    code.text, code.font.name = "print", "Consolas"
    out = io.BytesIO()
    made.save(out)
    back = Presentation(io.BytesIO(loud("pptx", out.getvalue())))
    assert back.slides[0].shapes[0].text_frame.text == "RUN THE print"


def test_formatting_links_tables_and_notes_come_back():
    made = Presentation(io.BytesIO(loud("pptx", slides())))
    slide = made.slides[0]
    runs = [(r.text, r.font.bold, r.hyperlink.address) for r in slide.placeholders[1].text_frame.paragraphs[1].runs]
    assert runs == [
        ("THE ", None, None),
        ("NEURAL NETWORK", True, None),
        (" LEARNS. SEE ", None, None),
        ("OUR PAGE", None, "http://x.org/"),
        (".", None, None),
    ]
    assert slide.shapes[2].table.cell(0, 0).text == "THE CITY"
    assert slide.notes_slide.notes_text_frame.text == "WHAT THE SPEAKER SAYS."
    assert [shape.shape_type for shape in slide.shapes] == [
        s.shape_type for s in Presentation(io.BytesIO(slides())).slides[0].shapes
    ]


def test_lines_and_tabs_of_a_paragraph_stay():
    made = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[0])
    slide.shapes.title.text = "One\vtwo\tthree"
    out = io.BytesIO()
    made.save(out)
    assert Presentation(io.BytesIO(loud("pptx", out.getvalue()))).slides[0].shapes.title.text == "ONE\vTWO\tTHREE"
