"""Word files: what is taken out, what is put back, and that everything else is as it was."""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from pathlib import Path

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from made_documents import W, extract, field, kinds, loud, part, said, saved, with_paragraphs, with_part, word_file

SPACE = 'xml:space="preserve"'


def body(data: bytes) -> str:
    return part(data, "word/document.xml")


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t {SPACE}>{text}</w:t></w:r>"


def opened(data: bytes) -> docx.document.Document:
    return docx.Document(io.BytesIO(data))


def structure(data: bytes) -> list[tuple[str, ...]]:
    """Tag, style and numbering of everything in the body, texts left out."""
    found = []
    for element in opened(data).element.body.iter():
        name = element.tag.rpartition("}")[2]
        if name in (
            "p",
            "tbl",
            "tr",
            "tc",
            "sectPr",
            "pStyle",
            "tblStyle",
            "drawing",
            "hyperlink",
            "numPr",
            "headerReference",
        ):
            found.append((name, *sorted(element.attrib.values())))
    return found


def test_everything_that_is_read_comes_out_in_reading_order():
    found = extract("docx", word_file())
    assert found.title == "A small report"
    assert kinds(found) == [
        ("heading", "The house and the network"),
        ("paragraph", "The neural network learns the weights."),
        ("paragraph", "Name:"),
        ("paragraph", "A picture in the text."),
        ("paragraph", "See our home page for more information."),
        ("item", "The first item"),
        ("item", "The second item"),
        ("cell", "The city"),
        ("cell", "The river"),
        ("cell", "42"),
        ("cell", "The mountain"),
        ("cell", "The inner cell"),
        ("header", "The header of the page"),
        ("footer", "Page 1 of the book"),
        ("caption", "A small report"),
    ]
    assert [(b.row, b.column) for b in found.blocks if b.kind == "cell"] == [(0, 0), (0, 1), (1, 0), (1, 1), (0, 0)]
    assert found.blocks[0].level == 1


def test_runs_of_the_same_look_are_one_and_others_are_marks():
    marked = run("The ") + run("neural ", "<w:b/>") + run("network", '<w:b/><w:lang w:val="en-GB"/><w:noProof/>')
    found = extract(
        "docx", with_paragraphs(marked + run(" learns from them", '<w:rFonts w:hint="eastAsia"/>') + run("."))
    )
    assert said(found) == ["The <1>neural network</1> learns from them."]
    assert [mark.kind for mark in found.blocks[0].marks.values()] == ["bold"]


def test_a_whole_paragraph_in_bold_needs_no_mark_and_stays_bold():
    data = loud("docx", with_paragraphs(run("All of it.", "<w:b/>")))
    [paragraph] = opened(data).paragraphs
    assert [(r.text, r.bold) for r in paragraph.runs] == [("ALL OF IT.", True)]


def test_styles_tables_lists_pictures_and_headers_are_as_they_were():
    source = word_file()
    made = loud("docx", source)
    assert structure(made) == structure(source)
    with zipfile.ZipFile(io.BytesIO(source)) as old, zipfile.ZipFile(io.BytesIO(made)) as new:
        assert new.namelist() == old.namelist()
        assert all(new.read(name) == old.read(name) for name in old.namelist() if "media/" in name)
    [paragraph] = [p for p in opened(made).paragraphs if "NEURAL" in p.text]
    assert [(r.text, r.bold, r.italic) for r in paragraph.runs] == [
        ("THE ", None, None),
        ("NEURAL NETWORK", True, None),
        (" LEARNS THE ", None, None),
        ("WEIGHTS", None, True),
        (". IT IS 3.5 KM LONG.", None, None),
    ]


def test_tabs_and_breaks_stay_between_their_sentences():
    made = loud("docx", word_file())
    [paragraph] = [p for p in opened(made).paragraphs if "NAME" in p.text]
    assert paragraph.text == "NAME:\tJOHN\nTHE SECOND LINE."
    assert 'w:type="page"' in paragraph._p.xml


def test_what_stands_out_is_what_is_marked_also_where_it_is_longer_than_the_rest():
    found = extract("docx", with_paragraphs(run("The ") + run("neural network", "<w:b/>") + run(" is big.")))
    assert said(found) == ["The <1>neural network</1> is big."]
    assert found.blocks[0].marks[1].kind == "bold"
    assert said(extract("docx", with_paragraphs(run("All of it", "<w:b/>") + run(".")))) == ["All of it."]


def test_code_in_a_font_or_style_of_code_is_a_mark_that_no_translation_changes():
    courier, styled = '<w:rFonts w:ascii="Courier New"/>', '<w:rStyle w:val="VerbatimChar"/>'
    source = with_paragraphs(
        run("Run ") + run("print(x)", courier) + run(" in a new ") + run("house", styled) + run(".")
    )
    assert [mark.kind for mark in extract("docx", source).blocks[0].marks.values()] == ["code", "code"]
    assert [p.text for p in opened(loud("docx", source)).paragraphs] == ["RUN print(x) IN A NEW house."]


def test_a_document_that_is_all_in_a_typewriters_font_is_text():
    source = with_paragraphs(run("The house.", '<w:rFonts w:ascii="Courier New"/>'))
    assert [p.text for p in opened(loud("docx", source)).paragraphs] == ["THE HOUSE."]


def test_a_paragraph_in_a_style_of_code_stays():
    made = docx.Document()
    made.styles.add_style("Source Code", WD_STYLE_TYPE.PARAGRAPH)
    made.add_paragraph("for house in street:", style="Source Code")
    made.add_paragraph("The street.")
    assert [p.text for p in opened(loud("docx", saved(made))).paragraphs] == ["for house in street:", "THE STREET."]


def test_a_link_keeps_its_address_around_its_words():
    made = opened(loud("docx", word_file()))
    [link] = [link for p in made.paragraphs for link in p.hyperlinks]
    assert (link.text, link.address) == ("OUR HOME PAGE", "http://example.org/x")


def test_a_picture_stays_between_its_words():
    xml = body(loud("docx", word_file()))
    assert re.search(r"A PICTURE </w:t>.*<w:drawing>.*</w:drawing></w:r><w:r><w:t[^>]*> IN THE TEXT", xml)


def test_the_number_of_the_page_is_kept_as_a_field():
    xml = part(loud("docx", word_file()), "word/footer1.xml")
    pieces = [found[1] for found in re.finditer(r'(?:fldCharType="|<w:instrText[^>]*>|<w:t(?: [^>]*)?>)([^"<]*)', xml)]
    assert pieces == ["PAGE ", "begin", " PAGE ", "separate", "1", "end", " OF THE BOOK"]


def test_a_table_of_contents_is_not_translated():
    begin, *middle, end = field("TOC \\o", "The house 1")
    source = with_paragraphs(begin + "".join(middle), run("The river 2"), end, run("The text."))
    assert said(extract("docx", source)) == ["The text."]
    assert "The river 2" in body(loud("docx", source))


def test_a_field_that_never_ends_does_not_swallow_the_document():
    begin = f'<w:r {W}><w:fldChar w:fldCharType="begin"/></w:r>'
    found = extract("docx", with_paragraphs(begin + run("The house."), run("The river.")))
    assert "The river." in said(found)


def test_a_link_that_is_a_field_is_translated():
    source = with_paragraphs(run("See ") + "".join(field('HYPERLINK "http://x.org/"', "our page")) + run("."))
    found = extract("docx", source)
    assert said(found) == ["See <1>our page</1>."]
    assert (found.blocks[0].marks[1].kind, found.blocks[0].marks[1].value) == ("link", "http://x.org/")
    assert "OUR PAGE" in body(loud("docx", source)) and "HYPERLINK" in body(loud("docx", source))


def test_insertions_count_and_deletions_do_not():
    tracked = '<w:ins w:id="1" w:author="x"><w:r><w:t xml:space="preserve">new </w:t></w:r></w:ins>'
    tracked += '<w:del w:id="2" w:author="x"><w:r><w:delText>old </w:delText></w:r></w:del>'
    source = with_paragraphs(run("The ") + tracked + run("house."))
    assert said(extract("docx", source)) == ["The new house."]
    assert "THE NEW HOUSE." in body(loud("docx", source))


def test_a_note_keeps_its_reference_and_its_text_is_translated():
    source = with_notes()
    found = extract("docx", source)
    assert said(found) == ["She told me<1/>.", "<1/> In the garden."]
    assert kinds(found)[-1] == ("note", "In the garden.")
    made = loud("docx", source)
    assert re.search(r"SHE TOLD ME</w:t></w:r><w:r><w:footnoteReference w:id=.2./></w:r><w:r><w:rPr/><w:t", body(made))
    assert "IN THE GARDEN." in part(made, "word/footnotes.xml")


def with_notes() -> bytes:
    source = with_paragraphs(run("She told me") + '<w:r><w:footnoteReference w:id="2"/></w:r>' + run("."))
    notes = f'<w:footnotes {W}><w:footnote w:id="2"><w:p><w:r><w:footnoteRef/></w:r>{run(" In the garden.")}</w:p>'
    source = with_part(source, "word/footnotes.xml", f"{notes}</w:footnote></w:footnotes>".encode())
    rels, types = "word/_rels/document.xml.rels", "[Content_Types].xml"
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    link = f'<Relationship Id="rN" Type="{base}/footnotes" Target="footnotes.xml"/></Relationships>'
    source = with_part(source, rels, part(source, rels).replace("</Relationships>", link).encode())
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    override = f'<Override PartName="/word/footnotes.xml" ContentType="{kind}"/></Types>'
    return with_part(source, types, part(source, types).replace("</Types>", override).encode())


def test_comments_and_bookmarks_stay_with_their_paragraph():
    marks = '<w:bookmarkStart w:id="1" w:name="b"/>{}<w:bookmarkEnd w:id="1"/>'
    comment = '<w:commentRangeStart w:id="0"/>{}<w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>'
    xml = body(loud("docx", with_paragraphs(run("The ") + marks.format(run("old ")) + comment.format(run("house.")))))
    for name in ("bookmarkStart", "bookmarkEnd", "commentRangeStart", "commentRangeEnd", "commentReference"):
        assert xml.count(f"<w:{name} ") == 1
    assert "THE OLD HOUSE." in xml


def test_a_content_control_is_kept_around_its_text_and_a_list_keeps_its_choice():
    text = '<w:sdt><w:sdtPr><w:id w:val="7"/><w:text/></w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>'
    choice = "<w:sdt><w:sdtPr><w:dropDownList/></w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"
    xml = body(
        loud(
            "docx", with_paragraphs(run("The ") + text.format(run("house")) + run(" is ") + choice.format(run("white")))
        )
    )
    assert '<w:id w:val="7"/>' in xml and ">HOUSE<" in xml and ">white<" in xml


def test_a_text_box_is_translated_in_both_of_its_forms():
    box = "<w:txbxContent><w:p><w:r><w:t>In the box</w:t></w:r></w:p></w:txbxContent>"
    space = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    both = f"<mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
    source = with_paragraphs(
        run("Beside it.") + f"<w:r><mc:AlternateContent {space}>{both}</mc:AlternateContent></w:r>"
    )
    assert said(extract("docx", source)) == ["Beside it.<1/>", "In the box"]
    xml = body(loud("docx", source))
    assert xml.count("IN THE BOX") == 2 and "BESIDE IT." in xml


def test_what_was_not_translated_stays_as_it_was_also_beside_what_was():
    source = with_paragraphs(run("The house is white. The ") + run("river", "<w:b/>") + run(" is long."))
    made = opened(loud("docx", source, but=lambda text: "house" in text))
    assert made.paragraphs[0].text == "The house is white. THE RIVER IS LONG."


def test_two_sentences_of_one_link_are_one_link_again():
    link = f'<w:hyperlink w:anchor="x">{run("The house. The river.")}</w:hyperlink>'
    xml = body(loud("docx", with_paragraphs(link)))
    assert xml.count("<w:hyperlink") == 1 and "THE HOUSE. THE RIVER." in xml


def test_the_file_names_the_language_of_the_translation():
    made = loud("docx", word_file())
    assert set(re.findall(r'<w:lang [^>]*w:val="(.*?)"', part(made, "word/styles.xml"))) == {"es"}
    assert opened(made).core_properties.language == "es"
    assert opened(made).core_properties.title == "A SMALL REPORT"


def test_what_is_not_text_is_byte_for_byte_the_same():
    made = saved(docx.Document())
    made = with_part(made, "word/vbaProject.bin", bytes(range(256)))
    with zipfile.ZipFile(io.BytesIO(loud("docx", made))) as new:
        assert new.read("word/vbaProject.bin") == bytes(range(256))


@pytest.mark.skipif(not Path("/usr/bin/soffice").exists(), reason="LibreOffice is not installed")
def test_an_office_program_renders_the_translation(tmp_path):
    (tmp_path / "made.docx").write_bytes(loud("docx", word_file()))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "made.docx"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=100)
    shown = subprocess.run(["pdftotext", "-layout", "made.pdf", "-"], cwd=tmp_path, check=True, capture_output=True)
    for words in ("THE HEADER OF THE PAGE", "THE NEURAL NETWORK LEARNS", "PAGE 1 OF THE BOOK", "THE INNER CELL"):
        assert words in shown.stdout.decode()
