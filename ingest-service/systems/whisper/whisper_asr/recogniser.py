"""Whisper itself: the model, loaded once and shared by the threads of a run, and what it hears in a piece of audio."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper import WhisperModel
from numpy.typing import NDArray

from tlp import models
from tlp.captions import Made, Word
from tlp.errors import ModelError, SystemUnavailable


def model_folder(model: str, models_dir: Path) -> Path:
    """The folder of `model`: a name in models.ini, verified, or the absolute path of a user's own.

    Raises ModelError that says what is missing.
    """
    if not Path(model).is_absolute():
        return models.locate(model, models_dir)
    if not (Path(model) / "model.bin").is_file():
        raise ModelError(f"model folder {model} has no model.bin; see `model` in system.ini")
    return Path(model)


class Recogniser:
    """A loaded model that recognises one language; `words` may be called from several threads at once."""

    def __init__(self, folder: Path, lang: str, workers: int, threads: int, options: dict[str, str]) -> None:
        """Load the model for `workers` such threads. Raises SystemUnavailable for a language it does not know."""
        self._model = WhisperModel(
            str(folder),
            device="cpu",
            compute_type=options.get("compute_type", "int8"),
            cpu_threads=threads,
            num_workers=workers,
        )
        if lang not in self._model.supported_languages:
            raise SystemUnavailable(f"the model in {folder} does not know the language '{lang}'")
        self._lang = lang
        self._beam = int(options.get("beam_size", 5))
        self._prompt: list[int] | None = None

    def hint(self, terms: str, tokens: int) -> None:
        """Make the words of `terms` likelier at the start of each piece; its first `tokens` tokens are used.

        The hint ends like a sentence: after an open list Whisper takes the end of its first sentence for the end
        of the speech, and passes over the rest of the window.
        """
        encode, flat = self._model.hf_tokenizer.encode, " ".join(terms.split()).rstrip(" .,;:")
        ids = encode(f" {flat}", add_special_tokens=False).ids[:tokens]
        self._prompt = [*ids, *encode(".", add_special_tokens=False).ids] if flat and ids else None

    def words(self, samples: NDArray[np.float32], hinted: bool = True) -> list[Word]:
        """The words of a piece of audio in order, times in milliseconds from its start."""
        segments, _ = self._model.transcribe(
            samples,
            language=self._lang,
            beam_size=self._beam,
            vad_filter=True,
            word_timestamps=True,
            condition_on_previous_text=False,
            initial_prompt=self._prompt if hinted else None,
        )
        return [word for segment in segments for word in joined(segment.words or [])]


def joined(heard: Iterable[Any]) -> Iterator[Word]:
    """Whisper's words of a segment as ours.

    Whisper marks a new word by a leading space; what comes without one ("-known", "%") belongs to the word before.
    """
    word: Word | None = None
    for part in heard:
        text = part.word.strip()
        if word is not None and (not text or part.word[0] != " "):
            word.text += text
            word.end = round(part.end * 1000)
            word.made.confidence = min(word.made.confidence or 0.0, part.probability)
            continue
        if word is not None:
            yield word
        word = None
        if text:
            word = Word(text, round(part.start * 1000), round(part.end * 1000), Made(confidence=part.probability))
    if word is not None:
        yield word
