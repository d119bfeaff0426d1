"""How each kind of model wants its tokens: what goes around the source, what starts the target. No translation here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import sentencepiece

from tlp.errors import ModelError
from tlp.mt_models import FLORES, Layout, TranslationModel

_END = "</s>"


@dataclass
class Vocabulary:
    """The tokeniser of a model for one pair."""

    encoder: sentencepiece.SentencePieceProcessor
    decoder: sentencepiece.SentencePieceProcessor
    before: list[str]  # tokens before the source's own
    after: list[str]
    target_prefix: list[str]  # tokens a translation starts with; they are not part of its text

    def encode(self, text: str) -> list[str]:
        """The tokens of a text as the model takes them."""
        return [*self.before, *self.encoder.encode(text, out_type=str), *self.after]

    def length(self, text: str) -> int:
        """Tokens of the text alone."""
        return len(self.encoder.encode(text))

    def decode(self, tokens: list[str]) -> str:
        """The text of a translation's tokens, on one line."""
        skip = len(self.target_prefix) if tokens[: len(self.target_prefix)] == self.target_prefix else 0
        text = self.decoder.decode([token for token in tokens[skip:] if token not in ("<s>", _END, "<pad>")])
        return " ".join(text.replace("▁", " ").split())


def vocabulary(model: TranslationModel, layout: Layout, source: str, target: str) -> Vocabulary:
    """Load the SentencePiece models and arrange the tokens of the kind. Raises ModelError."""
    before, after, prefix = _around(model, layout, source, target)
    return Vocabulary(_load(model.folder / layout.source), _load(model.folder / layout.target), before, after, prefix)


def _around(
    model: TranslationModel, layout: Layout, source: str, target: str
) -> tuple[list[str], list[str], list[str]]:
    if layout.kind == "argos":
        return [], [], [model.target_prefix] if model.target_prefix else []
    # Marian's converter notes that the engine adds the end itself; others leave it to the caller.
    after = [] if _adds_end(model.folder / layout.network) else [_END]
    if layout.kind == "nllb":
        return [_token(model, source)], after, [_token(model, target)]
    return [model.tokens[target]] if target in model.tokens else [], after, []


def _token(model: TranslationModel, language: str) -> str:
    token = model.tokens.get(language) or FLORES.get(language)
    if not token:
        raise ModelError(
            f"translation model '{model.name}': its token for '{language}' is unknown; "
            "add it to [languages] in its pair.ini"
        )
    return token


def _adds_end(network: Path) -> bool:
    try:
        return bool(json.loads((network / "config.json").read_text(encoding="utf-8")).get("add_source_eos"))
    except FileNotFoundError:  # models converted long ago keep this in model.bin
        return False
    except ValueError as error:
        raise ModelError(f"{network / 'config.json'}: {error}") from error


def _load(path: Path) -> sentencepiece.SentencePieceProcessor:
    try:
        return sentencepiece.SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as error:
        raise ModelError(f"{path} is not a SentencePiece model: {error}") from error
