"""Texts through a CTranslate2 model: cut into pieces, translated in batches, joined, each with its confidence."""

from __future__ import annotations

import math
from collections.abc import Callable

import ctranslate2

from tlp import mt_models, systems
from tlp.errors import ModelError
from tlp.mt_models import TranslationModel
from tlp.systems import SystemFolder
from tlp.translation import Report, Translation

from .pieces import Piece, cut, join
from .vocabulary import Vocabulary, vocabulary

_LONGEST_TRANSLATION = 2.5  # times the longest piece: no language needs more, a model that loops does


def translate(system: SystemFolder) -> Callable[[str, str, list[str], Report], list[Translation]]:
    """The engine that `tlp.translation.run` calls: the pair's model of this installation, set up by system.ini."""

    def engine(source: str, target: str, texts: list[str], report: Report) -> list[Translation]:
        folder = systems.models_dir() / (system.pairs_from or "")
        model = mt_models.choose(folder, source, target)
        return Neural(model, source, target, system.options).translate(texts, report)

    return engine


class Neural:
    """A loaded model for one pair."""

    def __init__(self, model: TranslationModel, source: str, target: str, options: dict[str, str]) -> None:
        layout = model.layout()
        self._options = options
        self._longest = int(options["longest_piece"])
        self._vocabulary: Vocabulary = vocabulary(model, layout, source, target)
        try:
            self._engine = ctranslate2.Translator(
                str(model.folder / layout.network),
                device=options.get("device", "cpu"),
                compute_type=options["compute_type"],
                inter_threads=systems.granted_cpus(),
                intra_threads=1,
            )
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"translation model '{model.name}' cannot be loaded: {error}") from error

    def translate(self, texts: list[str], report: Report) -> list[Translation]:
        """One translation a text. `report` is told the pieces done and their number."""
        pieces = [cut(text, lambda t: self._vocabulary.length(t) > self._longest) for text in texts]
        answers = iter(self._batches([piece for text in pieces for piece in text], report))
        return [_joined([(piece, *next(answers)) for piece in text]) for text in pieces]

    def _batches(self, pieces: list[Piece], report: Report) -> list[tuple[str, float, int]]:
        """Text, mean log-probability of a token, and number of tokens of each piece's translation."""
        if not pieces:
            return []
        prefix = self._vocabulary.target_prefix
        pending = self._engine.translate_batch(
            [self._vocabulary.encode(piece.text) for piece in pieces],
            target_prefix=[prefix] * len(pieces) if prefix else None,
            beam_size=int(self._options["beam_size"]),
            batch_type="tokens",
            max_batch_size=int(self._options["batch_tokens"]),
            max_decoding_length=int(self._longest * _LONGEST_TRANSLATION),
            return_scores=True,
            replace_unknowns=True,
            asynchronous=True,
        )
        found = []
        for done, waiting in enumerate(pending, start=1):
            result = waiting.result()
            tokens = result.hypotheses[0]
            found.append((self._vocabulary.decode(tokens), result.scores[0], len(tokens)))
            report(done, len(pieces))
        return found


def _joined(parts: list[tuple[Piece, str, float, int]]) -> Translation:
    """The whole text; its confidence is the geometric mean of its tokens' probabilities."""
    tokens = sum(length for *_, length in parts)
    mean = sum(score * length for _, _, score, length in parts) / tokens if tokens else None
    confidence = None if mean is None else min(1.0, math.exp(mean))
    return Translation.of_text(join([(piece, text) for piece, text, *_ in parts]), confidence)
