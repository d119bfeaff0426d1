"""A whole run: from a WAV file to the DFXP file of its captions. Knows the contract of a system, not the engine."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tlp import systems
from tlp.captions import AUTOMATIC, CURRENT, UNFILTERED, Captions, Made, Word
from tlp.formats import FORMATS
from tlp.readability import Rules, segments

from . import terms
from .adapted import Adapter, Hear
from .pieces import Layout, Piece, cut, layout
from .recogniser import Recogniser, model_folder
from .recording import Recording
from .terms import Chooser, Span, Term
from .words import clip, in_order, unheard


def transcribe(system: systems.SystemFolder, args: Namespace) -> None:
    """Recognise `args.input` and write `args.output`. Raises TlpError for what a person can put right."""
    started = time.monotonic()
    recording = Recording.open(args.input)
    plan = layout(recording.duration, systems.granted_cpus(), _ms(system, "piece_seconds", 240))
    recogniser = _load(system, args, plan)
    words = in_order(_words(recording, plan, _hearing(system, args, recording, recogniser)))
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
    return Recogniser(folder, args.lang, plan.workers, plan.threads, system.options)


def _hearing(
    system: systems.SystemFolder, args: Namespace, recording: Recording, recogniser: Recogniser
) -> Callable[[Piece], list[Word]]:
    """What turns a piece into its words, in order, timed from the start of the recording."""
    least = _ms(system, "unheard_seconds", 3)

    def stretch(begin: int, end: int, speech: list[Span], hint: Sequence[Term] = ()) -> list[Word]:
        heard = recogniser.words(recording.samples(begin, end), ", ".join(term.text for term in hint))
        moved = (replace(w, begin=begin + (w.begin or 0), end=begin + (w.end or 0)) for w in heard)
        return clip(moved, speech)

    adapter = _adapter(system, args, recogniser, stretch)

    def whole(piece: Piece) -> list[Word]:
        words = stretch(piece.begin, piece.end, piece.speech)
        for index, begin, end in reversed(unheard(words, piece.speech, least)):
            words[index:index] = stretch(begin, end, [(begin, end)])
        return adapter.better(words, piece.speech) if adapter else words

    return whole


def _adapter(system: systems.SystemFolder, args: Namespace, recogniser: Recogniser, hear: Hear) -> Adapter | None:
    """What uses the file of --terms; None without one, or where it holds no term."""
    found = terms.read(args.terms.read_text(encoding="utf-8", errors="replace")) if args.terms else []
    if not found:
        return None
    return Adapter(Chooser(found), hear, recogniser.size, int(system.options.get("term_tokens", 100)))


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
