"""Documents that are damaged, locked, empty or made to harm: refused in one sentence, quickly, and nothing leaks."""

from __future__ import annotations

import copy
import io
import random
import re
import time
import zipfile
from pathlib import Path

import faulty_server
import pytest
from lxml import etree
from made_documents import extract, loud, part, png, said, with_paragraphs, with_part, word_file

from ingest.modules.base.documents import DOCUMENTS, opc
from ingest.modules.base.documents.kinds import found_format
from ingest.modules.base.documents.office import Converter
from tlp.errors import PackageError

MAIN = "word/document.xml"


def refused(data: bytes, *words: str, form: str = "docx") -> None:
    began = time.process_time()
    with pytest.raises(PackageError) as error:
        DOCUMENTS[form].read(data, "en")
    assert all(word in str(error.value) for word in words), str(error.value)
    assert "\n" not in str(error.value)
    assert time.process_time() - began < 5


def with_main(xml: str) -> bytes:
    return with_part(word_file(), MAIN, xml.encode())


def with_doctype(doctype: str, text: str) -> bytes:
    xml = part(with_paragraphs("<w:r><w:t>The text</w:t></w:r>"), MAIN).replace("The text", text)
    return with_main(xml.replace("<w:document", f"{doctype}<w:document", 1))


def test_a_billion_laughs_are_not_laughed():
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    refused(with_doctype(f'<!DOCTYPE l [<!ENTITY l0 "ha">{entities}]>', "&l11;"), "document type with declarations")


@pytest.mark.parametrize("address", ["file:///etc/passwd", "http://127.0.0.1:1/x", "/etc/passwd"])
def test_no_file_or_address_is_read_through_an_entity(address):
    refused(with_doctype(f'<!DOCTYPE l [<!ENTITY x SYSTEM "{address}">]>', "&x;"), "document type with declarations")


def test_the_file_that_a_doctype_names_is_not_opened(tmp_path):
    (tmp_path / "x.dtd").write_text("<!ELEMENT broken")
    found = extract("docx", with_doctype(f'<!DOCTYPE w:document SYSTEM "{tmp_path}/x.dtd">', "The text."))
    assert said(found)[0] == "The text."
    refused(with_doctype(f'<!DOCTYPE w:document SYSTEM "{tmp_path}/x.dtd">', "&x;"), "an entity")


def test_relationships_to_files_outside_are_not_followed():
    source = word_file()
    name = "word/_rels/document.xml.rels"
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    outside = f'<Relationship Id="rX" Type="{base}/header" Target="file:///etc/passwd" TargetMode="External"/>'
    inside = f'<Relationship Id="rY" Type="{base}/header" Target="../../../../etc/passwd"/>'
    rels = part(source, name).replace("</Relationships>", f"{outside}{inside}</Relationships>")
    assert not any("root" in text for text in said(extract("docx", with_part(source, name, rels.encode()))))


def test_a_part_that_unpacks_to_far_too_much_is_not_unpacked():
    bomb = with_part(word_file(), "word/media/x.bin", bytes(opc.SLACK + 1))
    refused(bomb, "unpacks to more than 200 times its size")


def test_a_size_that_lies_is_found_out():
    data = bytearray(with_part(word_file(), MAIN, b"<x>" + b" " * 100_000 + b"</x>"))
    at = data.rfind(b"PK\x01\x02", 0, data.rfind(MAIN.encode()))
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")
    refused(bytes(data), "damaged")


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/evil", "word\\..\\..\\evil", "word/../../evil"])
def test_a_part_with_a_path_to_somewhere_else_is_refused(name):
    out = io.BytesIO(word_file())
    with zipfile.ZipFile(out, "a") as archive:
        info = zipfile.ZipInfo("x")
        info.filename = name
        archive.writestr(info, b"x")
    refused(out.getvalue(), "may not be in it")


def test_a_part_that_is_there_twice_is_refused():
    out = io.BytesIO(word_file())
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning):
        archive.writestr(MAIN, "<x/>")
    refused(out.getvalue(), "may not be in it")


@pytest.mark.parametrize("depth", [300, 100_000])
def test_elements_nested_without_end_are_refused(depth):
    xml = part(word_file(), MAIN).split("<w:body>")[0]
    refused(with_main(f"{xml}<w:body>{'<w:ins>' * depth}{'</w:ins>' * depth}</w:body></w:document>"), "document.xml")


def test_marks_inside_each_other_stay_readable():
    deep = '<w:hyperlink w:anchor="x">' * 60 + "<w:r><w:t>word</w:t></w:r>" + "</w:hyperlink>" * 60
    assert said(extract("docx", with_paragraphs(deep)))[0].count("<1>") == 1


def test_a_file_cut_short_or_without_its_text_is_damaged():
    refused(word_file()[:2000], "damaged")
    refused(with_part(word_file(), MAIN, None), "damaged", MAIN)
    refused(with_main("<w:document"), "damaged", "not well-formed")
    refused(with_main("<other/>"), "no ordinary Word file")
    refused(b"PK\x03\x04" + bytes(200), "damaged")


def test_a_member_with_a_password_is_told():
    data = bytearray(word_file())
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    refused(bytes(data), "encrypted")


@pytest.mark.parametrize(
    ("start", "form"),
    [
        (b"%PDF-1.4\n", "pdf"),
        (b"{\\rtf1 x}", "rtf"),
        (b"<!DOCTYPE html><p>x", "html"),
        (b"\xef\xbb\xbf  <html>", "html"),
        (b"<?xml version='1.0'?><html>", "html"),
        (b"plain text <p>", "txt"),
        ("\ufeffwide".encode("utf-16-le"), "txt"),
        (b"\x7fELF\0\0", None),
        (b"PK\x03\x04broken", None),
        (bytes.fromhex("d0cf11e0a1b11ae1") + "WordDocument".encode("utf-16-le"), "doc"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (word_file(), "docx"),
    ],
)  # fmt: skip
def test_a_format_is_known_by_what_is_in_the_file(tmp_path, start, form):
    (tmp_path / "a.png").write_bytes(start)
    assert found_format(tmp_path / "a.png") == form


@pytest.mark.skipif(not Path("/usr/bin/soffice").exists(), reason="LibreOffice is not installed")
def test_the_office_program_follows_no_link_to_a_file_or_an_address(tmp_path):
    (tmp_path / "secret.txt").write_text("the password of the server")
    (tmp_path / "secret.png").write_bytes(png())
    with faulty_server.serving() as server:
        (tmp_path / "a.odt").write_bytes(linking(tmp_path.as_uri(), server.url("/picture.png")))
        Converter().convert(tmp_path / "a.odt", tmp_path / "a.docx")
        assert server.asked == []
    with zipfile.ZipFile(tmp_path / "a.docx") as archive:
        assert b"password of the server" not in b"".join(map(archive.read, archive.namelist()))
        assert not [name for name in archive.namelist() if "media/" in name]
    assert "The text." in said(extract("docx", (tmp_path / "a.docx").read_bytes()))


def linking(folder: str, address: str) -> bytes:
    """A text of LibreOffice with a section and pictures that are somewhere else."""
    names = ("office", "text", "drawing", "xlink", "svg-compatible")
    prefixes = {"drawing": "draw", "svg-compatible": "svg"}
    spaces = " ".join(
        f'xmlns:{prefixes.get(name, name)}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names
    ).replace("urn:oasis:names:tc:opendocument:xmlns:xlink:1.0", "http://www.w3.org/1999/xlink")
    frame = '<text:p><draw:frame svg:width="2cm" svg:height="2cm"><draw:image xlink:href="{}"/></draw:frame></text:p>'
    source = f'<text:section-source xlink:href="{folder}/secret.txt" text:filter-name="Text"/>'
    section = f'<text:section text:name="S">{source}<text:p>x</text:p></text:section>'
    body = f"<text:p>The text.</text:p>{section}{frame.format(address)}{frame.format(folder + '/secret.png')}"
    content = f'<office:document-content {spaces} office:version="1.2"><office:body><office:text>{body}</office:text>'
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
        '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", f"{content}</office:body></office:document-content>")
        archive.writestr("META-INF/manifest.xml", manifest)
    return out.getvalue()


PAGE = (
    "<!DOCTYPE html><html lang='en'><head><title>T</title></head><body><table><tr><th>a<td>b <b>c</b></table>"
    "<p>One <a href='x'>two <i>three</i></a>. <img src='y' alt='z'> Four.<br>Five</p><pre>x</pre></body></html>"
)


@pytest.mark.parametrize("seed", range(30))
def test_a_file_whose_elements_are_shuffled_is_translated_or_refused_in_words(seed):
    chance = random.Random(seed)
    xml = part(word_file(), MAIN)
    root = etree.fromstring(xml.encode())
    for _ in range(4):
        inner = [each for each in root.iter() if each.getparent() not in (None, root)]
        one = chance.choice(inner or list(root))
        chance.choice(inner or [root]).append(copy.deepcopy(one))
        one.getparent().remove(one)
    pieces = re.split("(<[^>]+>)", PAGE)
    chance.shuffle(pieces)
    for form, data in (("docx", with_main(etree.tostring(root).decode())), ("html", "".join(pieces).encode())):
        try:
            assert loud(form, data)
        except PackageError as error:
            assert "\n" not in str(error)
