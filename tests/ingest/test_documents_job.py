"""The job of documents on its command line: packages, results, words for what is wrong, converted formats."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import docx
import pytest
from made_documents import loud, word_file
from packages import Upload, named, zipped

from ingest.modules.base.documents import pdf
from tlp import document_translation
from tlp.captions import Made
from tlp.formats import DOCUMENT_FORMATS

DTLX = DOCUMENT_FORMATS["dtlx"]


def job(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ingest.jobs.document", *words],
        cwd=folder, env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def extract(upload: Upload, *documents: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    for code in ("odt", "rtf", "ppt", "pptx", "xlsx"):
        upload.request["formats"].setdefault(code, {"mime_type": "x/y", "demuxers": []})
    upload.request["manifest"] = {"language": "en", "documents": list(documents)}
    (upload.folder / "request.json").write_text(json.dumps(upload.request))
    words = ["--request", "request.json", "--upload", ".", "--result", "work/package.json"]
    return job(upload.folder, "extract", *words)


def result(upload: Upload) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((upload.folder / "work" / "package.json").read_text())["documents"]
    return found


def rebuild(upload: Upload, entry: dict[str, Any]) -> Path:
    """The document of an entry in capitals."""
    source = DTLX.read((upload.folder / entry["dtlx"]).read_bytes())
    answers = {text: (text.upper(), None) for text in document_translation.texts(source)}
    made = document_translation.translated(source, "es", answers, Made())
    (upload.folder / "work" / "1.en.es.dtlx").write_bytes(DTLX.write(made))
    output = f"work/1.en.es.{entry['rebuild']}"
    words = ["--base", entry["base"], "--format", entry["rebuild"], "--translation", "work/1.en.es.dtlx"]
    done = job(upload.folder, "rebuild", *words, "--output", output)
    assert (done.returncode, done.stderr) == (0, "")
    return upload.folder / output


def document(name: str, data: bytes, **more: Any) -> dict[str, Any]:
    return {"external_id": "doc-1", "title": "A title", "url": None, **named(name, data), **more}


def test_many_documents_are_taken_out_of_one_package(upload):
    page, word = b"<html><title>T</title><p>The house. The river.</html>", word_file()
    upload.put(zipped(("a.html", page), ("b.docx", word)))
    second = document("b.docx", word, external_id="doc/2", title=None)
    done = extract(upload, document("a.html", page), {"external_id": "none", "title": "x"}, second)
    assert (done.returncode, done.stderr) == (0, "")
    first, last = result(upload)
    assert first == {
        "external_id": "doc-1", "url": None, "title": "A title", "file": "files/document-1.html", "format": "html",
        "md5": named("a", page)["md5"], "size": len(page), "base": "files/document-1.html", "rebuild": "html",
        "dtlx": "work/1.dtlx", "sentences": 3, "words": 5, "characters": 21,
    }  # fmt: skip
    assert (last["external_id"], last["file"], last["title"]) == ("doc/2", "files/document-3.docx", "A small report")
    text = DTLX.read((upload.folder / "work" / "3.dtlx").read_bytes())
    assert (text.language, text.document_id, text.format, text.source_language) == ("en", "doc/2", "docx", None)


def test_a_document_comes_back_translated(upload):
    word = word_file()
    upload.put(zipped(("b.docx", word)))
    extract(upload, document("b.docx", word))
    assert rebuild(upload, result(upload)[0]).read_bytes()[:2] == b"PK"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.docx", b"PK\x03\x04" + bytes(100), "'a.docx' is no docx file"),
        ("a.docx", b"{\\rtf1 hello}", "'a.docx' is no docx file: its real format is rtf"),
        ("a.txt", word_file(), "'a.txt' is no txt file: its real format is docx"),
        ("a.docx", bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"), "'a.docx' is encrypted"),
        ("a.docx", word_file()[:5000], "'a.docx' is no docx file: it is damaged or not complete"),
        ("a.docx", b"", "'a.docx' is no docx file: it is empty"),
        ("a.txt", b" \n\n", "the document holds no text"),
        ("a.html", b"<html><img src='x'></html>", "the document holds no text"),
        ("a.pdf", b"%PDF-1.4\n%%EOF\n", "the PDF cannot be read"),
        ("a.exe", b"MZ", "the format 'exe' is not taken"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_sentence_with_the_document(upload, name, data, words):
    upload.put(zipped((name, data)))
    done = extract(upload, document(name, data))
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("document 'doc-1': ") and words in line


def test_a_file_that_is_not_in_the_package_is_told(upload):
    assert "no package was sent" in extract(upload, document("a.txt", b"x")).stderr
    upload.put(zipped(("b.txt", b"x")))
    assert "document 'doc-1': the package has no file 'a.txt'" in extract(upload, document("a.txt", b"x")).stderr


def test_without_an_office_program_its_formats_are_refused_in_words(upload):
    upload.request["documents"] = {"office_converter": "no-such-office", "convert_timeout": 5}
    upload.put(zipped(("a.rtf", b"{\\rtf1 The house.}")))
    done = extract(upload, document("a.rtf", b"{\\rtf1 The house.}"))
    assert "the office converter is not installed: 'no-such-office' is not on PATH" in done.stderr


def test_an_office_program_that_hangs_is_ended_with_all_it_started(upload):
    slow = upload.folder / "slow"
    slow.write_text(f"#!/bin/sh\nsleep 987 &\necho $! > {upload.folder}/pid\nsleep 987\n")
    slow.chmod(0o755)
    upload.request["documents"] = {"office_converter": str(slow), "convert_timeout": 3}
    upload.put(zipped(("a.rtf", b"{\\rtf1 The house.}")))
    assert "its conversion took longer than 3 s" in extract(upload, document("a.rtf", b"{\\rtf1 The house.}")).stderr
    state = Path(f"/proc/{(upload.folder / 'pid').read_text().strip()}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_translation_of_another_file_is_refused(upload):
    upload.put(zipped(("a.txt", b"One.\n\nTwo.\n")))
    extract(upload, document("a.txt", b"One.\n\nTwo.\n"))
    (upload.folder / "other.txt").write_bytes(b"One.\n")
    words = ["--base", "other.txt", "--format", "txt", "--translation", "work/1.dtlx", "--output", "o.txt"]
    done = job(upload.folder, "rebuild", *words)
    assert done.returncode == 1 and done.stderr.startswith("document 'doc-1': ")
    assert not (upload.folder / "o.txt").exists()


@pytest.mark.skipif(not pdf.can_be_read(), reason="poppler's programs are not installed")
def test_a_pdf_comes_back_as_a_word_file_with_whole_sentences(upload):
    lines = ["The network learns from very many exam-", "ples that people have collected. It sees", "what they saw."]
    data = pdf_of(lines)
    upload.put(zipped(("a.pdf", data)))
    done = extract(upload, document("a.pdf", data))
    assert done.stderr == ""
    [entry] = result(upload)
    assert (entry["rebuild"], entry["base"], entry["sentences"]) == ("docx", "files/document-1.docx", 2)
    text = "\n".join(paragraph.text for paragraph in docx.Document(str(rebuild(upload, entry))).paragraphs)
    assert text == "THE NETWORK LEARNS FROM VERY MANY EXAMPLES THAT PEOPLE HAVE COLLECTED. IT SEES WHAT THEY SAW."


def pdf_of(lines: list[str]) -> bytes:
    """A page with the lines."""
    shown = " ".join(f"({line}) Tj T*" for line in lines)
    stream = f"BT /F1 12 Tf 14 TL 72 700 Td {shown} ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    made, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{each}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 6\n0000000000 65535 f \n{table}trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{len(made)}\n%%EOF\n"
    return made + end.encode()


def test_words_of_the_result_survive_a_second_run(upload):
    """A job that was killed is started again in the same folder."""
    upload.put(zipped(("a.txt", b"The house.")))
    for _ in range(2):
        assert extract(upload, document("a.txt", b"The house.")).returncode == 0
    assert rebuild(upload, result(upload)[0]).read_bytes() == loud("txt", b"The house.") == b"THE HOUSE."
