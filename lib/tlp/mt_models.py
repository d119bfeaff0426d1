"""Folders of neural translation models: which kind each is, which pairs it serves, whether it is whole.

A model is a sub-folder that an operator or the installer put there; it is described by its own `metadata.json`
(Argos) or by a `pair.ini` beside it (docs/systems.md). This module loads and fetches none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from configobj import ConfigObj, ConfigObjError

from tlp import models
from tlp.errors import ModelError

# The tokens by which NLLB names the languages, for those that need no [languages] in pair.ini.
FLORES = {
    "ca": "cat_Latn",
    "de": "deu_Latn",
    "en": "eng_Latn",
    "es": "spa_Latn",
    "eu": "eus_Latn",
    "fr": "fra_Latn",
    "gl": "glg_Latn",
    "it": "ita_Latn",
    "nl": "nld_Latn",
    "pt": "por_Latn",
}


@dataclass(frozen=True)
class Layout:
    """The files by which a kind of model is known, relative to its folder."""

    kind: str
    network: str  # folder of the CTranslate2 model
    source: str  # SentencePiece models
    target: str


LAYOUTS = (
    Layout("argos", "model", "sentencepiece.model", "sentencepiece.model"),
    Layout("opus-mt", ".", "source.spm", "target.spm"),
    Layout("nllb", ".", "sentencepiece.bpe.model", "sentencepiece.bpe.model"),
    Layout("nllb", ".", "sentencepiece.model", "sentencepiece.model"),
    Layout("nllb", ".", "flores200_sacrebleu_tokenizer_spm.model", "flores200_sacrebleu_tokenizer_spm.model"),
)


@dataclass(frozen=True)
class TranslationModel:
    """A model as its folder describes it; nothing of it has been verified."""

    name: str
    folder: Path  # where its files are; `path` of pair.ini may lead elsewhere
    pairs: tuple[tuple[str, str], ...]
    tokens: dict[str, str] = field(default_factory=dict)  # language → the model's own token for it
    target_prefix: str = ""  # Argos: a token that starts every translation

    def layout(self) -> Layout:
        """The kind of the model, from its files. Raises ModelError where they are of no known kind."""
        for layout in LAYOUTS:
            files = (f"{layout.network}/model.bin", layout.source, layout.target)
            if all((self.folder / file).is_file() for file in files):
                return layout
        raise ModelError(
            f"translation model '{self.name}': {self.folder} holds neither an opus-mt, an NLLB nor an Argos model "
            "(model.bin with its SentencePiece files); see docs/systems.md"
        )

    def verify(self) -> None:
        """Raises ModelError where a file is missing or differs from the folder's SHA256SUMS, if it has one."""
        self.layout()
        sums = self.folder / "SHA256SUMS"
        if not sums.is_file():
            return
        for line in sums.read_text(encoding="utf-8").splitlines():
            digest, _, name = line.partition(" ")
            path = self.folder / name.strip().lstrip("*")
            if not digest:
                continue
            if not path.is_file():
                raise ModelError(f"translation model '{self.name}': {path} does not exist, but {sums} lists it")
            if not models.verified(path, digest.lower()):
                raise ModelError(f"translation model '{self.name}': {path} differs from {sums}; fetch it again")


def pairs(folder: Path) -> list[tuple[str, str]]:
    """Every pair that some model under `folder` claims to serve, each once, in order."""
    return sorted({pair for model in found(folder)[0] for pair in model.pairs})


def choose(folder: Path, source: str, target: str) -> TranslationModel:
    """The sound model for a pair: the one made for the fewest pairs, then the first by name.

    Raises ModelError that gives the reason of every model that could not be taken.
    """
    good, reasons = found(folder)
    for model in sorted(good, key=lambda m: (len(m.pairs), m.name)):
        if (source, target) not in model.pairs:
            continue
        try:
            model.verify()
            return model
        except ModelError as error:
            reasons.append(str(error))
    reasons = reasons or [f"no translation model for {source}-{target} under {folder}; see docs/systems.md"]
    raise ModelError("; ".join(reasons))


def found(folder: Path) -> tuple[list[TranslationModel], list[str]]:
    """The described models under `folder`, and why the others are not among them."""
    good, reasons = [], []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.is_dir() and not path.name.startswith("."):
            try:
                good.append(describe(path))
            except (OSError, ValueError, KeyError, ConfigObjError) as error:
                reasons.append(f"translation model '{path.name}': {type(error).__name__}: {error}")
    return good, reasons


def describe(path: Path) -> TranslationModel:
    """Read `pair.ini`, else Argos' `metadata.json`. Raises OSError, ValueError or KeyError on a bad one."""
    if (path / "pair.ini").is_file() or not (path / "metadata.json").is_file():
        return _from_ini(path)
    data = json.loads((path / "metadata.json").read_text(encoding="utf-8"))
    pair = (str(data["from_code"]), str(data["to_code"]))
    return TranslationModel(path.name, path, (pair,), target_prefix=str(data.get("target_prefix") or ""))


def _from_ini(path: Path) -> TranslationModel:
    ini = ConfigObj(str(path / "pair.ini"), file_error=True, interpolation=False, encoding="utf-8")
    tokens = {lang: str(token) for lang, token in ini.get("languages", {}).items()}
    if "from" in ini:
        served = [(str(ini["from"]), str(ini["to"]))]
    elif "pairs" in ini:
        listed = ini["pairs"] if isinstance(ini["pairs"], list) else [ini["pairs"]]
        served = [(one, other) for one, _, other in (pair.partition("-") for pair in listed)]
    else:
        served = [(one, other) for one in tokens for other in tokens if one != other]
    if not served or not all(one and other for one, other in served):
        raise ValueError(f"{path / 'pair.ini'} names no pair: give from and to, or pairs, or [languages]")
    return TranslationModel(path.name, path / str(ini.get("path", ".")), tuple(served), tokens)
