"""The CTranslate2 system on real model files: tiny random ones, in the three layouts it knows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ctranslate2", reason="CTranslate2 is not installed")

import ctranslate2
import tiny_translation_model

from systems.ctranslate2.ct2_mt.translate import Neural
from systems.ctranslate2.ct2_mt.vocabulary import vocabulary
from tlp import inline, models, mt_models, systems
from tlp.captions import Captions, Segment
from tlp.documents import Block, Document, Mark, Sentence, Wording
from tlp.errors import ModelError
from tlp.formats import DOCUMENT_FORMATS, FORMATS
from tlp.systems import Offer

FOLDER = Path(__file__).resolve().parents[2] / "ingest-service" / "systems" / "ctranslate2"
TEXTS = ["the router looks up the address", "a network", "Today we talk. Questions? Yes!", "packets " * 40]
PAIRS = [("en", "es"), ("es", "ca"), ("en", "it")]  # opus-mt, NLLB, Argos

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    tiny_translation_model.opus(folder / "mt" / "opus-en-es")
    tiny_translation_model.nllb(folder / "mt" / "nllb")
    tiny_translation_model.argos(folder / "mt" / "argos")
    return folder


@pytest.fixture
def neural(models_dir, monkeypatch):
    monkeypatch.setenv("TLP_CPUS", "2")
    options = {**systems.load(FOLDER, models_dir).options, "longest_piece": "20"}

    def load(source: str, target: str) -> Neural:
        return Neural(mt_models.choose(models_dir / "mt", source, target), source, target, options)

    return load


def around(models_dir: Path, source: str, target: str) -> tuple[list[str], list[str], list[str]]:
    model = mt_models.choose(models_dir / "mt", source, target)
    tokens = vocabulary(model, model.layout(), source, target)
    return tokens.before, tokens.after, tokens.target_prefix


def test_the_pairs_are_those_of_the_models_and_nothing_is_missing(models_dir):
    system = systems.load(FOLDER, models_dir)
    assert system.offers == (Offer("en", "es"), Offer("en", "it"), Offer("en", "zz"), Offer("es", "ca"))
    assert [system.missing(models_dir, offer) for offer in system.offers] == [[], [], [], []]


def test_it_goes_before_apertium_for_a_pair_both_have(models_dir):
    assert systems.load(FOLDER, models_dir).priority > systems.load(FOLDER.parent / "apertium").priority


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_each_kind_translates_every_text_with_a_confidence(neural, source, target):
    seen = []
    found = neural(source, target).translate(TEXTS, lambda done, total: seen.append((done, total)))
    assert len(found) == len(TEXTS)
    assert all(translation.words and 0 < translation.confidence <= 1 for translation in found)
    pieces = seen[-1][1]
    assert seen == [(done, pieces) for done in range(1, pieces + 1)]
    assert pieces > len(TEXTS) + 2  # three sentences in the third text, the fourth cut by its length


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_translation_is_that_of_its_own_text_whatever_stands_beside_it(neural, source, target):
    engine = neural(source, target)
    together = [t.words for t in engine.translate(TEXTS, lambda *_: None)]
    alone = [engine.translate([text], lambda *_: None)[0].words for text in TEXTS]
    assert together == alone
    assert len({tuple(words) for words in together}) == len(TEXTS)


def test_no_token_of_the_model_reaches_the_text(neural):
    for pair in PAIRS:
        text = " ".join(word for t in neural(*pair).translate(TEXTS, lambda *_: None) for word, _ in t.words)
        assert "▁" not in text and "</s>" not in text and not text.startswith(("cat_Latn", "spa_Latn"))


def test_nothing_to_translate_is_no_translation(neural):
    assert neural("en", "es").translate([], lambda *_: None) == []


def test_opus_mt_leaves_the_end_of_the_sentence_to_the_engine(models_dir):
    assert around(models_dir, "en", "es") == ([], [], [])


def test_an_opus_mt_model_whose_engine_does_not_add_the_end_is_given_it(tmp_path):
    folder = tiny_translation_model.opus(tmp_path / "mt" / "m")
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"add_source_eos": true', '"add_source_eos": false'))
    assert around(tmp_path, "en", "es") == ([], ["</s>"], [])


def test_nllb_puts_the_source_language_first_the_end_last_and_starts_with_the_target_language(models_dir):
    assert around(models_dir, "es", "ca") == (["spa_Latn"], ["</s>"], ["cat_Latn"])


def test_a_language_may_have_its_own_token_in_pair_ini(models_dir):
    assert around(models_dir, "en", "zz") == (["eng_Latn"], ["</s>"], ["zz_Zzzz"])


def test_an_opus_mt_model_for_many_languages_is_told_the_target_by_its_token(tmp_path):
    tiny_translation_model.opus(
        tmp_path / "mt" / "roa", "pairs = en-es, en-ca\n[languages]\nes = >>spa<<\nca = >>cat<<\n"
    )
    assert around(tmp_path, "en", "ca") == ([">>cat<<"], [], [])


def test_a_language_without_a_token_is_refused_with_what_to_do(tmp_path):
    folder = tiny_translation_model.nllb(tmp_path / "mt" / "nllb")
    (folder / "pair.ini").write_text("pairs = en-xx\n")
    with pytest.raises(ModelError, match=r"its token for 'xx' is unknown; add it to \[languages\]"):
        around(tmp_path, "en", "xx")


@pytest.mark.parametrize(("file", "words"), [("model.bin", "cannot be loaded"), ("source.spm", "not a SentencePiece")])
def test_a_damaged_model_is_refused_by_name(tmp_path, file, words):
    folder = tiny_translation_model.opus(tmp_path / "mt" / "m")
    (folder / file).write_bytes(b"damaged")
    model = mt_models.choose(tmp_path / "mt", "en", "es")
    with pytest.raises(ModelError, match=words):
        Neural(model, "en", "es", systems.load(FOLDER, tmp_path).options)


def test_a_model_that_differs_from_its_sums_is_not_offered(tmp_path):
    folder = tiny_translation_model.opus(tmp_path / "mt" / "m")
    system = systems.load(FOLDER, tmp_path)
    sums = folder / "SHA256SUMS"
    sums.write_text(f"{models.sha256(folder / 'model.bin')}  model.bin\n")
    assert system.missing(tmp_path, system.offers[0]) == []
    with (folder / "model.bin").open("ab") as file:
        file.write(b"!")
    assert system.missing(tmp_path, system.offers[0]) == [
        f"translation model 'm': {folder / 'model.bin'} differs from {sums}; fetch it again"
    ]


def test_a_document_comes_back_sentence_for_sentence_with_its_marks(tmp_path, models_dir):
    marks = {1: Mark("bold"), 2: Mark("link", "http://x.org/"), 3: Mark("image"), 4: Mark("code")}
    texts = ["The <1>router</1> looks up <2>the address</2>.", "A network <3/>", "Run <4>ping</4> today", "42", "Yes!"]
    source = [Sentence(n, current=Wording(inline.untagged(t, marks) or [t])) for n, t in enumerate(texts, 5)]
    document = Document("en", [Block("paragraph", source, anchor="p1", marks=marks)], document_id="d1")
    (tmp_path / "in.dtlx").write_bytes(DOCUMENT_FORMATS["dtlx"].write(document))
    done = run_on(tmp_path, models_dir, "es", "dtlx")
    assert (done.returncode, done.stderr) == (0, "")
    made = DOCUMENT_FORMATS["dtlx"].read((tmp_path / "out.dtlx").read_bytes())
    assert (made.language, made.source_language, made.made.author_id) == ("es", "en", "Neural")
    [block] = made.blocks
    assert (block.anchor, block.marks, [s.id for s in block.sentences]) == ("p1", marks, [5, 6, 7, 8, 9])
    assert [inline.tagged(s.source) for s in block.sentences] == texts
    words = [s.current.items for s in block.sentences]
    assert 2 in inline.numbers(words[0]) and 3 in inline.empty(words[1]) and words[3] == ["42"]
    [code] = [span for span in words[2] if isinstance(span, inline.Span)]
    assert inline.plain(code.items) == "ping"
    assert all(0 < s.current.made.confidence <= 1 for s in block.sentences if s.id != 8)
    assert inline.plain(words[4]) not in ("", "Yes!")


def run(tmp_path: Path, models_dir: Path, target: str) -> subprocess.CompletedProcess:
    segments = [
        Segment(2, 0, 1500, ["[hesitation] the router"]),
        Segment(5, 1500, 2000, []),
        Segment(6, 2000, 4000, ["Yes!"]),
    ]
    (tmp_path / "in.dfxp").write_bytes(FORMATS["dfxp"].write(Captions("en", segments, media_id="m1")))
    return run_on(tmp_path, models_dir, target, "dfxp")


def run_on(tmp_path: Path, models_dir: Path, target: str, form: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [FOLDER / "run", "--source", "en", "--target", target, "--input", f"in.{form}", "--output", f"out.{form}"],
        cwd=tmp_path,
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "TLP_MODELS": str(models_dir),
            "TLP_CPUS": "1",
            "TLP_PROGRESS": str(tmp_path / "progress"),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_run_keeps_ids_times_and_empty_segments(tmp_path, models_dir):
    done = run(tmp_path, models_dir, "es")
    assert done.returncode == 0, done.stderr
    out = FORMATS["dfxp"].read((tmp_path / "out.dfxp").read_bytes())
    assert [(s.id, s.begin, s.end, bool(s.text)) for s in out.current] == [
        (2, 0, 1500, True),
        (5, 1500, 2000, False),
        (6, 2000, 4000, True),
    ]
    assert (out.language, out.made.author_id, out.made.author_type) == ("es", "Neural", "automatic")
    assert 0 < out.current[0].made.confidence < 1
    assert (tmp_path / "progress").read_text() == "100 translating to es\n"


def test_the_run_without_a_model_for_the_pair_says_so_in_its_last_line(tmp_path, models_dir):
    done = run(tmp_path, models_dir, "de")
    assert done.returncode == systems.LACKS
    assert done.stderr.splitlines()[-1].startswith(f"no translation model for en-de under {models_dir}/mt")
    assert not (tmp_path / "out.dfxp").exists()


@pytest.mark.skipif(ctranslate2.get_cuda_device_count() > 0, reason="this machine has what the test misses")
def test_it_computes_on_the_device_of_its_options(models_dir):
    model, options = mt_models.choose(models_dir / "mt", "en", "es"), systems.load(FOLDER, models_dir).options
    assert Neural(model, "en", "es", {**options, "device": "auto"}).translate(["a network"], lambda *_: None)
    with pytest.raises(ModelError, match="cannot be loaded: .*CUDA"):
        Neural(model, "en", "es", {**options, "device": "cuda"})
