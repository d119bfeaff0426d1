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

SILENT = 0.6  # above it Whisper itself doubts that there was speech


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
            device=options.get("device", "cpu"),
            compute_type=options.get("compute_type", "int8"),
            cpu_threads=threads,
            num_workers=workers,
        )
        if lang not in self._model.supported_languages:
            raise SystemUnavailable(f"the model in {folder} does not know the language '{lang}'")
        self._lang = lang
        self._beam = int(options.get("beam_size", 5))

    def size(self, text: str) -> int:
        """How many tokens a text is."""
        return len(self._model.hf_tokenizer.encode(text, add_special_tokens=False).ids)

    def words(self, samples: NDArray[np.float32], hint: str = "") -> list[Word]:
        """The words of a piece of audio in order, times in milliseconds from its start.

        `hint`: words likely to be said; then the piece must not be longer than 30 s, what Whisper computes at a time.
        """
        hinted: dict[str, Any] = {}
        if hint:
            # One answer for all of it: with time stamps Whisper may go on from a last tenth of a second and invent; and
            # where it doubts its text it would try again at random, but there the words heard without a hint are kept.
            hinted = {"initial_prompt": _sentence(hint), "without_timestamps": True, "temperature": 0.0}
        segments, _ = self._model.transcribe(
            samples,
            language=self._lang,
            beam_size=self._beam,
            vad_filter=True,
            word_timestamps=True,
            condition_on_previous_text=False,
            **hinted,
        )
        return [
            word for segment in segments for word in doubted([*joined(segment.words or [])], segment.no_speech_prob)
        ]


def _sentence(hint: str) -> str:
    """The hint ends like a sentence.

    After an open list Whisper takes the end of its first sentence for the end of the speech, and passes over the rest
    of the window.
    """
    return " ".join(hint.split()).rstrip(" .,;:") + "."


def doubted(words: list[Word], no_speech: float) -> list[Word]:
    """The words with confidences that know how likely it is that nobody spoke at all."""
    if no_speech > SILENT:
        for word in words:
            word.made.confidence = (word.made.confidence or 0.0) * (1 - no_speech)
    return words


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
