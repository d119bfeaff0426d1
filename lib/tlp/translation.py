"""What every MT system does around its engine: read captions or a document, write the same in another language.

It knows no engine; each one gives `translate`. The texts an engine sees are never empty.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from tlp import captions as model
from tlp import document_translation, systems
from tlp.captions import Captions, Made, Segment, Word
from tlp.errors import SystemUnavailable
from tlp.formats import DOCUMENT_FORMATS, FORMATS

Report = Callable[[int, int], None]  # done, total


@dataclass(frozen=True)
class Translation:
    """The translation of a text. A word without a confidence of its own has that of the whole."""

    words: list[tuple[str, float | None]]
    confidence: float | None  # 0..1

    @classmethod
    def of_text(cls, text: str, confidence: float | None) -> Translation:
        """One confidence for all the words of a text."""
        return cls([(word, None) for word in text.split()], confidence)


Engine = Callable[[str, str, list[str], Report], list[Translation]]


def run(folder: Path, translate: Engine) -> None:
    """The whole of an MT system's `run`: `translate(source, target, texts, report)` gives one translation a text.

    The extension of the input says what it is: .dtlx a document, anything else captions in DFXP.
    """
    system = systems.load(folder)
    arguments = systems.arguments("mt")
    progress = systems.Progress()
    words = f"translating to {arguments.target}"

    def engine(texts: list[str]) -> list[Translation]:
        found = translate(
            arguments.source, arguments.target, texts, lambda done, total: progress.report(done, total, words)
        )
        if len(found) != len(texts):
            raise SystemUnavailable(f"{system.name} gave {len(found)} translations for {len(texts)} texts")
        return found

    form = _document if arguments.input.suffix.lower() == ".dtlx" else _captions
    systems.write_aside(arguments.output, form(arguments.input.read_bytes(), arguments.target, system.name, engine))


def _captions(data: bytes, language: str, system: str, engine: Callable[[list[str]], list[Translation]]) -> bytes:
    source = FORMATS["dfxp"].read(data)
    translations = engine([text for segment in source.current if (text := model.plain(segment))])
    result = translated(source, language, system, translations)
    return FORMATS["dfxp"].write(result, data_policy=model.CURRENT, filter_policy=model.UNFILTERED)


def _document(data: bytes, language: str, system: str, engine: Callable[[list[str]], list[Translation]]) -> bytes:
    source = DOCUMENT_FORMATS["dtlx"].read(data)
    texts = document_translation.texts(source)
    answers = {
        text: (" ".join(word for word, _ in found.words), found.confidence)
        for text, found in zip(texts, engine(texts), strict=True)
    }
    made = document_translation.author(system, _now(), answers)
    result = document_translation.translated(source, language, answers, made)
    return DOCUMENT_FORMATS["dtlx"].write(result)


def translated(source: Captions, language: str, system: str, translations: list[Translation]) -> Captions:
    """The captions in another language: `translations` are those of the segments with text, in their order."""
    rest = iter(translations)
    current = [
        _segment(segment, next(rest) if model.plain(segment) else Translation([], None)) for segment in source.current
    ]
    known = [t.confidence for t in translations if t.confidence is not None]
    made = Made(
        author_type=model.AUTOMATIC,
        author_id=system,
        timestamp=_now(),
        confidence=sum(known) / len(known) if known else None,
    )
    return Captions(
        language,
        current,
        media_id=source.media_id,
        made=made,
        begin=source.begin,
        end=source.end,
        audio_length=source.audio_length,
    )


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _segment(source: Segment, translation: Translation) -> Segment:
    made = Made(confidence=translation.confidence)
    if all(confidence is None for _, confidence in translation.words):
        text = " ".join(word for word, _ in translation.words)
        return Segment(source.id, source.begin, source.end, [text] if text else [], made)
    items = [Word(word, made=Made(confidence=confidence)) for word, confidence in translation.words]
    return Segment(source.id, source.begin, source.end, list(items), made)
