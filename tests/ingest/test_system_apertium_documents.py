"""Documents through the real Apertium: sentences, marks and what is not for translating; and the share translated."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from made_documents import extract, said, word_file

from ingest.modules.base.documents import DOCUMENTS
from ingest.modules.base.documents.opened import rebuilt
from ingest.modules.base.documents.share import share
from tlp import inline
from tlp.captions import HUMAN, Made
from tlp.documents import Block, Document, Mark, Sentence, Wording
from tlp.formats import DOCUMENT_FORMATS

FOLDER = Path(__file__).resolve().parents[2] / "ingest-service" / "systems" / "apertium"
DTLX = DOCUMENT_FORMATS["dtlx"]
MARKS = {1: Mark("bold"), 2: Mark("link", "http://x.org/"), 3: Mark("image"), 4: Mark("code")}
engines = [
    pytest.mark.engines,
    pytest.mark.skipif(
        not Path("/usr/share/apertium/modes/eng-spa.mode").exists(), reason="the Apertium pairs are not installed"
    ),
]


def run(folder: Path, document: Document, source: str = "en", target: str = "es") -> Document:
    (folder / "in.dtlx").write_bytes(DTLX.write(document))
    done = subprocess.run(
        [FOLDER / "run", "--source", source, "--target", target, "--input", "in.dtlx", "--output", "out.dtlx"],
        cwd=folder, env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LC_ALL": "C"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return DTLX.read((folder / "out.dtlx").read_bytes())


def document(*tagged: str, language: str = "en") -> Document:
    sentences = [Sentence(n, current=Wording(inline.untagged(t, MARKS) or [t])) for n, t in enumerate(tagged, 5)]
    return Document(language, [Block("paragraph", sentences, anchor="p1", marks=MARKS)], document_id="d", title="T")


def translation(*pairs: tuple[str, str | None], made: Made | None = None) -> Document:
    sentences = [
        Sentence(n, source=[source], current=None if text is None else Wording([text], made or Made()))
        for n, (source, text) in enumerate(pairs)
    ]
    return Document("es", [Block("paragraph", sentences)], source_language="en")


class TestWithTheEngine:
    pytestmark = engines

    def test_sentences_come_back_beside_their_source_with_their_marks(self, tmp_path):
        made = run(tmp_path, document("The <1>neural network</1> learns.", "See <2>our page</2>.", "The <3/> river."))
        assert said(made) == ["La <1>red neuronal</1> aprende.", "Ver <2>nuestra página</2>.", "El <3/> río."]
        assert [inline.tagged(s.source) for s in made.sentences][1] == "See <2>our page</2>."
        assert (made.language, made.source_language, made.document_id, made.title) == ("es", "en", "d", "T")
        assert [s.id for s in made.sentences] == [5, 6, 7]
        assert (made.made.author_type, made.made.author_id) == ("automatic", "Apertium")
        assert 0 < next(made.sentences).current.made.confidence <= 1

    def test_numbers_addresses_and_pictures_are_copied_and_code_stays(self, tmp_path):
        made = run(tmp_path, document("42 %", "http://x.org/house", "<3/>", "The <4>print</4> house."))
        assert said(made)[:3] == ["42 %", "http://x.org/house", "<3/>"]
        assert "<4>print</4>" in said(made)[3]
        assert share(made) == 1.0

    def test_what_was_not_translated_before_is_not_now_either(self, tmp_path):
        source = document("The house.", "The river.")
        source.blocks[0].sentences[0].current = None
        made = run(tmp_path, source)
        assert [s.current and s.current.text for s in made.sentences] == [None, "El río."]

    def test_a_second_language_is_translated_from_the_first(self, tmp_path):
        spanish = run(tmp_path, document("The <1>house</1> is white."))
        catalan = run(tmp_path, spanish, "es", "ca")
        assert said(catalan) == ["La <1>casa</1> és blanca."]
        assert [inline.tagged(s.source) for s in catalan.sentences] == ["La <1>casa</1> es blanca."]
        assert catalan.source_language == "es"

    def test_an_empty_document_stays_empty(self, tmp_path):
        assert said(run(tmp_path, Document("en", []))) == []

    def test_a_word_file_is_translated_and_put_together_again(self, tmp_path):
        made = run(tmp_path, extract("docx", word_file()))
        again = said(extract("docx", rebuilt(DOCUMENTS["docx"].read(word_file(), "en"), made), "es"))
        assert share(made) == 1.0
        for text in ("La casa y la red", "La <1>red neuronal</1> aprende los <2>pesos</2>.", "La montaña"):
            assert text in again


def test_the_share_is_of_the_sentences_that_have_something_to_translate():
    assert (
        share(translation(("The house", "La casa"), ("The river", None), ("42", None), ("x@x.org", "x@x.org"))) == 0.5
    )
    assert share(translation(("42", None))) == 1.0
    assert share(Document("es", [])) == 1.0


def test_a_name_may_stay_as_it_is_but_a_whole_document_may_not():
    some = [(f"Sentence {n}", f"Frase {n}") for n in range(8)]
    names = [("Apertium", "Apertium"), ("Madrid", "Madrid")]
    assert share(translation(*some, *names)) == 1.0
    assert share(translation(*((source, source) for source, _ in some))) == 0.0
    assert share(translation(("A", "B"), *((f"Word {n}", f"word {n}") for n in range(19)))) == pytest.approx(0.05)


def test_long_sentences_that_are_the_same_are_not_translated_and_those_of_code_only_do_not_count():
    half = [(f"This is the sentence {n}", f"This is the sentence {n}") for n in range(5)]
    assert share(translation(*half, *((f"Word {n}", f"Palabra {n}") for n in range(5)))) == 0.5
    code = Sentence(7, source=[inline.Span(4, ["for house in the street"])])
    code.current = Wording(code.source)
    made = translation(("The house", "La casa"))
    made.blocks.append(Block("paragraph", [code], marks=MARKS))
    assert share(made) == 1.0


def test_what_a_person_has_left_as_it_is_counts_as_translated():
    made = translation(("Apertium", "Apertium"), made=Made(HUMAN))
    assert share(made) == 1.0
    assert share(replace(made, made=Made("automatic"))) == 1.0
