"""Documents that are damaged, locked, empty or made to harm: refused in one sentence, quickly, and nothing leaks."""

from __future__ import annotations

import io
import time
import zipfile

import pytest
from made_documents import extract, part, said, with_paragraphs, with_part, word_file

from ingest.modules.base.documents import DOCUMENTS, opc
from ingest.modules.base.documents.kinds import found_format
from tlp.errors import PackageError

MAIN = "word/document.xml"


def refused(data: bytes, *words: str, form: str = "docx") -> None:
    began = time.monotonic()
    with pytest.raises(PackageError) as error:
        DOCUMENTS[form].read(data, "en")
    assert all(word in str(error.value) for word in words), str(error.value)
    assert "\n" not in str(error.value)
    assert time.monotonic() - began < 5


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
