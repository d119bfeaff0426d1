"""Which folders are translation models, which pairs they serve, and whether they are whole."""

import hashlib
import json
from pathlib import Path

import pytest

from tlp import mt_models
from tlp.errors import ModelError


def model(folder: Path, *files: str, ini: str = "") -> Path:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(file.encode())
    folder.mkdir(parents=True, exist_ok=True)
    if ini:
        (folder / "pair.ini").write_text(ini, encoding="utf-8")
    return folder


def opus(folder: Path, ini: str = "from = en\nto = es\n") -> Path:
    return model(folder, "model.bin", "source.spm", "target.spm", ini=ini)


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (("model.bin", "source.spm", "target.spm"), "opus-mt"),
        (("model.bin", "sentencepiece.bpe.model"), "nllb"),
        (("model.bin", "sentencepiece.model"), "nllb"),
        (("model.bin", "flores200_sacrebleu_tokenizer_spm.model"), "nllb"),
        (("model/model.bin", "sentencepiece.model", "metadata.json"), "argos"),
    ],
)
def test_the_kind_of_a_model_is_known_by_its_files(tmp_path, files, kind):
    model(tmp_path, *files, ini="from = en\nto = es\n")
    assert mt_models.describe(tmp_path).layout().kind == kind


def test_a_folder_without_sentencepiece_files_is_of_no_kind(tmp_path):
    model(tmp_path, "model.bin", "source.spm", ini="from = en\nto = es\n")
    with pytest.raises(ModelError, match="neither"):
        mt_models.describe(tmp_path).layout()


@pytest.mark.parametrize(
    ("ini", "pairs"),
    [
        ("from = en\nto = es\n", [("en", "es")]),
        ("pairs = en-es, es-ca\n", [("en", "es"), ("es", "ca")]),
        ("pairs = en-es\n", [("en", "es")]),
        ("[languages]\nen = __en__\nes = __es__\n", [("en", "es"), ("es", "en")]),
    ],
)
def test_pairs_are_read_from_pair_ini(tmp_path, ini, pairs):
    assert list(mt_models.describe(opus(tmp_path / "m", ini)).pairs) == pairs


def test_an_argos_model_needs_no_pair_ini(tmp_path):
    folder = model(tmp_path / "argos", "model/model.bin", "sentencepiece.model")
    (folder / "metadata.json").write_text(json.dumps({"from_code": "en", "to_code": "ca", "target_prefix": "__ca__"}))
    found = mt_models.choose(tmp_path, "en", "ca")
    assert (found.pairs, found.target_prefix) == ((("en", "ca"),), "__ca__")


def test_the_files_may_lie_elsewhere(tmp_path):
    elsewhere = model(tmp_path / "srv", "model.bin", "source.spm", "target.spm")
    model(tmp_path / "mt" / "m", ini=f"from = en\nto = es\npath = {elsewhere}\n")
    assert mt_models.choose(tmp_path / "mt", "en", "es").folder == elsewhere


def test_a_model_made_for_one_pair_goes_before_one_for_many(tmp_path):
    opus(tmp_path / "a-many", "pairs = en-es, en-ca\n")
    opus(tmp_path / "z-one")
    assert mt_models.choose(tmp_path, "en", "es").name == "z-one"
    assert mt_models.choose(tmp_path, "en", "ca").name == "a-many"
    assert mt_models.pairs(tmp_path) == [("en", "ca"), ("en", "es")]


def test_a_model_that_differs_from_its_sums_is_not_taken_and_the_reason_names_the_file(tmp_path):
    folder = opus(tmp_path / "m")
    good = hashlib.sha256(b"source.spm").hexdigest()
    (folder / "SHA256SUMS").write_text(f"{good}  source.spm\n{good} *model.bin\n")
    with pytest.raises(ModelError, match=r"model\.bin differs from .*SHA256SUMS"):
        mt_models.choose(tmp_path, "en", "es")


def test_a_listed_file_that_is_not_there_is_an_error(tmp_path):
    (opus(tmp_path / "m") / "SHA256SUMS").write_text("00  vocabulary.json\n")
    with pytest.raises(ModelError, match=r"vocabulary\.json does not exist"):
        mt_models.choose(tmp_path, "en", "es")


def test_the_next_sound_model_serves_where_the_first_is_broken(tmp_path):
    (opus(tmp_path / "a") / "SHA256SUMS").write_text("00  model.bin\n")
    opus(tmp_path / "b")
    assert mt_models.choose(tmp_path, "en", "es").name == "b"


def test_folders_that_say_no_pair_are_left_out_with_the_reason(tmp_path):
    opus(tmp_path / "good")
    model(tmp_path / "mute", "model.bin")
    model(tmp_path / "half", ini="pairs = en\n")
    model(tmp_path / "bad-json").joinpath("metadata.json").write_text("{")
    good, reasons = mt_models.found(tmp_path)
    assert [m.name for m in good] == ["good"]
    assert [reason.split("'")[1] for reason in reasons] == ["bad-json", "half", "mute"]


def test_no_model_for_a_pair_says_where_one_would_be(tmp_path):
    with pytest.raises(ModelError, match=f"no translation model for en-es under {tmp_path}/mt"):
        mt_models.choose(tmp_path / "mt", "en", "es")
