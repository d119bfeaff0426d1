"""The Kokoro model in onnxruntime: numbers of phonemes in, 16 bit samples out. Knows nothing of segments or tracks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy
import onnxruntime  # type: ignore[import-untyped]

from . import phonemes, weights


class Kokoro:
    """A `tlp.voice` engine. One session, one thread a call, `workers` calls at a time: the weights are shared."""

    sample_rate = 24000

    def __init__(self, folder: Path, lang: str, voice: str, workers: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.workers = workers
        self._lang = lang
        self._session = onnxruntime.InferenceSession(
            str(weights.best(folder)), options, providers=["CPUExecutionProvider"]
        )
        # One row of style for each length of text in symbols.
        self._styles = numpy.fromfile(folder / f"{voice}.bin", dtype="<f4").reshape(-1, 1, 256)

    def say(self, text: str, rate: float) -> bytes:
        """Speech as mono 16 bit little endian samples; empty where the text has no sounds."""
        parts = [self._pass(numbers, rate) for numbers in phonemes.numbers(text, self._lang)]
        return b"".join(parts)

    def _pass(self, numbers: list[int], rate: float) -> bytes:
        feed: Mapping[str, numpy.ndarray] = {
            "tokens": numpy.array([[0, *numbers, 0]], dtype=numpy.int64),
            "style": self._styles[min(len(numbers), len(self._styles) - 1)],
            "speed": numpy.array([rate], dtype=numpy.float32),
        }
        (wave,) = self._session.run(None, feed)
        return bytes((numpy.clip(wave, -1, 1) * 32767).astype("<i2").tobytes())
