"""A whole run: from a WAV file to the DFXP file of its captions. Knows the contract of a system, not the engine."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tlp import systems
from tlp.captions import AUTOMATIC, CURRENT, UNFILTERED, Captions, Made, Word
from tlp.formats import FORMATS
from tlp.readability import Rules, segments

from .pieces import Layout, Piece, cut, layout
from .recogniser import Recogniser, model_folder
from .recording import Recording
from .words import clip, in_order, unheard


def transcribe(system: systems.SystemFolder, args: Namespace) -> None:
    """Recognise `args.input` and write `args.output`. Raises TlpError for what a person can put right."""
    started = time.monotonic()
    recording = Recording.open(args.input)
    plan = layout(recording.duration, systems.granted_cpus(), _ms(system, "piece_seconds", 240))
    recogniser = _load(system, args, plan)
    words = in_order(_words(recording, plan, _hearing(recording, recogniser, _ms(system, "unheard_seconds", 3))))
    result = Captions(
        args.lang,
        # The platform cuts them once more, by the rules of the installation; these are its defaults.
        segments(words, Rules(), args.lang, recording.duration),
        made=Made(author_type=AUTOMATIC, author_id=system.name),
        end=recording.duration,
        model_id=system.options.get("model"),
        audio_length=f"{recording.duration / 1000:.3f}",
        elapsed=f"{time.monotonic() - started:.3f}",
    )
    systems.write_aside(args.output, FORMATS["dfxp"].write(result, CURRENT, UNFILTERED))


def _load(system: systems.SystemFolder, args: Namespace, plan: Layout) -> Recogniser:
    folder = model_folder(system.options.get("model", "whisper-base"), systems.models_dir())
    recogniser = Recogniser(folder, args.lang, plan.workers, plan.threads, system.options)
    if args.terms:
        terms = args.terms.read_text(encoding="utf-8", errors="replace")
        recogniser.hint(terms, int(system.options.get("term_tokens", 120)))
    return recogniser


def _hearing(recording: Recording, recogniser: Recogniser, least: int) -> Callable[[Piece], list[Word]]:
    """What turns a piece into its words, in order, timed from the start of the recording."""

    def stretch(begin: int, end: int, speech: list[tuple[int, int]], hinted: bool) -> list[Word]:
        heard = recogniser.words(recording.samples(begin, end), hinted)
        moved = (replace(w, begin=begin + (w.begin or 0), end=begin + (w.end or 0)) for w in heard)
        return clip(moved, speech)

    def whole(piece: Piece) -> list[Word]:
        words = stretch(piece.begin, piece.end, piece.speech, True)
        for index, begin, end in reversed(unheard(words, piece.speech, least)):
            words[index:index] = stretch(begin, end, [(begin, end)], False)
        return words

    return whole


def _words(recording: Recording, plan: Layout, hear: Callable[[Piece], list[Word]]) -> list[Word]:
    """Every word of the recording, several pieces at a time, joined in order."""
    progress = systems.Progress()
    progress.report(0, recording.duration, "model loaded")
    pieces = cut(recording.duration, plan.length, recording.speech, recording.quietest)
    words: list[Word] = []
    with ThreadPoolExecutor(plan.workers) as pool:
        for piece, heard in pool.map(lambda piece: (piece, hear(piece)), pieces):
            words += heard
            progress.report(piece.end, recording.duration, f"{len(words)} words recognised")
    return words


def _ms(system: systems.SystemFolder, option: str, default: float) -> int:
    return round(1000 * float(system.options.get(option, default)))
