"""Texts through one or two Apertium translators, one after the other, word confidences kept on the way."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tlp.errors import SystemUnavailable
from tlp.systems import Offer, SystemFolder
from tlp.translation import Report, Translation

from .pipe import Pipe, PipeBroken, stages
from .stream import StreamError, Token, decode, encode

_TRIES = 2
_HOPELESS = 3  # texts in a row that no restart could get translated
_REPORT_EVERY = 25  # texts
_PUNCTUATION = ".,;:!?…¿¡\"'()[]«»“”"


class Translator:
    """One direction of one language pair. Restarted, and its texts tried again, when it dies, hangs or loses step."""

    def __init__(self, mode: Path, timeout: float) -> None:
        self.name = mode.stem
        self._commands = stages(mode)
        self._timeout = timeout
        self._pipe: Pipe | None = None
        self._failures = 0

    def __enter__(self) -> Translator:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def translate(self, texts: Sequence[str]) -> Iterator[list[Token]]:
        """The words of each translation; those of the text itself, none known, where no try succeeds.

        Raises SystemUnavailable after several failures in a row: then it is not the texts.
        """
        blocks = [encode(text, number) for number, text in enumerate(texts)]
        done = tried = 0
        while done < len(texts):
            # One that failed goes alone the next time: what comes behind it may have been to blame.
            end = done + 1 if tried else len(texts)
            try:
                self._pipe = self._pipe or Pipe(self._commands, self._timeout)
                for answer in self._pipe.answers(blocks[done:end]):
                    yield decode(answer, done)
                    done, tried, self._failures = done + 1, 0, 0
            except (PipeBroken, StreamError) as error:
                self._stop()
                tried += 1
                if tried == _TRIES:
                    yield self._left(texts[done], str(error))
                    done, tried = done + 1, 0

    def _left(self, text: str, why: str) -> list[Token]:
        self._failures += 1
        if self._failures >= _HOPELESS:
            raise SystemUnavailable(f"Apertium {self.name} does not translate: {why}")
        print(f"Apertium {self.name}: left as it was: {text[:80]!r}: {why}", file=sys.stderr)
        return [Token(word, False) for word in text.split()]

    def _stop(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None


def translate(system: SystemFolder) -> Callable[[str, str, list[str], Report], list[Translation]]:
    """The engine that `tlp.translation.run` calls, set up as system.ini says."""
    known, unknown = float(system.options["known_confidence"]), float(system.options["unknown_confidence"])

    def engine(source: str, target: str, texts: list[str], report: Report) -> list[Translation]:
        modes = [Path(system.requires["pair_files"][0].replace("{}", name)) for name in route(system, source, target)]
        done = through(modes, texts, float(system.options["timeout_seconds"]), report)
        return [scored(tokens, known ** len(modes), unknown) for tokens in done]

    return engine


def route(system: SystemFolder, source: str, target: str) -> tuple[str, ...]:
    """The translators a pair passes through. Raises SystemUnavailable for a pair that is not offered."""
    for offer in system.offers:
        if offer == Offer(source, target):
            return offer.uses
    raise SystemUnavailable(f"{system.name} does not translate {source}-{target}; its pairs are in system.ini")


def through(modes: list[Path], texts: list[str], timeout: float, report: Report) -> list[list[Token]]:
    """Translate all texts by the first translator, then all by the next: one pipeline runs at a time."""
    current = [[Token(word, True) for word in text.split()] for text in texts]
    for step, mode in enumerate(modes):
        with Translator(mode, timeout) as translator:
            sent = [" ".join(token.text for token in tokens) for tokens in current]
            for index, tokens in enumerate(translator.translate(sent)):
                current[index] = _doubted(tokens, current[index])
                if index % _REPORT_EVERY == 0:
                    report(step * len(texts) + index, len(modes) * len(texts))
    report(1, 1)
    return current


def _doubted(tokens: list[Token], before: list[Token]) -> list[Token]:
    """A word unknown to an earlier translator stays so, even where the next one has a word spelt the same."""
    doubtful = {_bare(token.text) for token in before if not token.known}
    if not doubtful:
        return tokens
    return [Token(text, known and _bare(text) not in doubtful) for text, known in tokens]


def _bare(word: str) -> str:
    return word.strip(_PUNCTUATION).casefold()


def scored(tokens: list[Token], known: float, unknown: float) -> Translation:
    """Words with confidences; the text's is their mean."""
    words: list[tuple[str, float | None]] = [(token.text, known if token.known else unknown) for token in tokens]
    numbers = [confidence for _, confidence in words if confidence is not None]
    return Translation(words, sum(numbers) / len(numbers) if numbers else None)
