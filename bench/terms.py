"""What the terms of slides are worth to a recogniser: a made lecture with slides, one with slides of something else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jiwer
import pptx

from bench import instance, jobs, recording
from bench.table import Row
from installer import ROOT, sample
from installer.report import InstallError
from tlp import models, systems
from tlp.captions import CURRENT, UNFILTERED, Captions, Segment
from tlp.errors import ModelError
from tlp.formats import FORMATS

LECTURE = ROOT / "bench" / "terms_lecture.json"
VOICES = (("kokoro", "am_michael"), ("kokoro", "af_heart"))
QUICK_VOICES = (("espeak", "en"),)
POINTS = 0.5  # goal: so many more words wrong in a hundred, at most
PAUSE_MS, CHARACTER_MS, SLIDE_MS = 350, 75, 800
ALONE, WITH = '{"en": {"sub": {"lma": false}}}', '{"en": {"sub": {"lma": true}}}'


@dataclass(frozen=True)
class Heard:
    """Words wrong in a hundred, of all and of the terms; seconds of the recogniser."""

    errors: float
    term_errors: float
    seconds: float


def measure(quick: bool) -> list[Row]:
    """Each lecture once with `lma` and once without, through the platform."""
    made = json.loads(LECTURE.read_text(encoding="utf-8"))
    rows = []
    with tempfile.TemporaryDirectory(prefix="tlp-bench-terms-") as name, instance.running() as tlp:
        folder = Path(name)
        deck = slides(made, folder / "slides.pptx")
        for system, voice in QUICK_VOICES if quick else VOICES:
            media = spoken(made, system, voice, folder)
            said = "\n".join(sentence for slide in made["slides"] for sentence in slide["said"])
            rows += _rows(f"lecture read by {system}'s {voice}", _both(tlp, voice, media, deck, said, made["terms"]))
        media, _ = sample.make(folder)
        said = sample.REFERENCE.read_text(encoding="utf-8")
        rows += _rows("sample lecture, slides of something else", _both(tlp, "sample", media, deck, said, []))
    return rows


def slides(made: dict[str, Any], target: Path) -> Path:
    """The slides of the made lecture as a file that a lecturer would attach."""
    deck = pptx.Presentation()
    for slide in made["slides"]:
        page = deck.slides.add_slide(deck.slide_layouts[1])
        page.shapes.title.text, page.placeholders[1].text = slide["title"], "\n".join(slide["lines"])
    deck.save(str(target))
    return target


def spoken(made: dict[str, Any], system: str, voice: str, folder: Path) -> Path:
    """The lecture read by one of our own voices, a pause after each sentence, as a video without pictures."""
    segments, now = [], 1000
    for slide in made["slides"]:
        for sentence in slide["said"]:
            end = now + 900 + CHARACTER_MS * len(sentence)
            segments.append(Segment(len(segments) + 1, now, end, [sentence]))
            now = end + PAUSE_MS
        now += SLIDE_MS
    text, track = folder / f"{voice}.dfxp", folder / f"{voice}.mp3"
    text.write_bytes(FORMATS["dfxp"].write(Captions("en", segments, end=now), CURRENT, UNFILTERED))
    program = ROOT / "ingest-service" / "systems" / system / "run"
    if system == "kokoro":
        _need_model("kokoro")
    done = subprocess.run(
        [sys.executable, program, "--lang", "en", "--voice", voice, "--input", text, "--output", track],
        capture_output=True,
    )
    if done.returncode:
        raise InstallError(f"{system} cannot read the lecture: {done.stderr.decode(errors='replace').strip()[-300:]}")
    return recording.video(track, folder / f"{voice}.mp4")


def _need_model(name: str) -> None:
    try:
        models.locate(name, systems.models_dir())
    except ModelError as error:
        raise InstallError(str(error), "./install.sh models") from error


def _both(
    tlp: instance.Instance, name: str, media: Path, deck: Path, said: str, terms: list[str]
) -> tuple[Heard, Heard]:
    without, with_terms = (
        _heard(tlp, f"{name}-{kind}", media, deck, wishes, said, terms)
        for kind, wishes in (("without", ALONE), ("with", WITH))
    )
    print(f"  {name}: without {without}, with {with_terms}", file=sys.stderr, flush=True)
    return without, with_terms


def _heard(
    tlp: instance.Instance, name: str, media: Path, deck: Path, wishes: str, said: str, terms: list[str]
) -> Heard:
    upload = tlp.upload(name, media, "-s", deck, "-L", wishes)
    tlp.finish(upload)
    took = sum(span.seconds for span in jobs.spans(tlp.folder(upload)) if span.step == "transcribing")
    return Heard(*errors(said, tlp.client("get", name, "en", "-f", "text"), terms), took)


def errors(said: str, heard: str, terms: list[str]) -> tuple[float, float]:
    """Words wrong in a hundred: of all, and of those that are terms (a term that is left out or misheard)."""
    reference, hypothesis = _words(said), _words(heard)
    found = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
    known = {word for term in terms for word in _words(term)}
    right = {
        i
        for chunk in found.alignments[0]
        if chunk.type == "equal"
        for i in range(chunk.ref_start_idx, chunk.ref_end_idx)
    }
    places = [i for i, word in enumerate(reference) if word in known]
    wrong = sum(i not in right for i in places)
    return 100 * float(found.wer), 100 * wrong / len(places) if places else 0.0


def _words(text: str) -> list[str]:
    """Small letters without accents, punctuation and hyphens."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^\w']+", " ", plain).split()


def _rows(what: str, both: tuple[Heard, Heard]) -> list[Row]:
    without, told = both
    limit = f"≤ + {POINTS:g} points"
    rows = [
        Row(
            f"{what}: word errors", told.errors, "%", without.errors, "lma false", limit,
            told.errors <= without.errors + POINTS,
        ),
        Row(f"{what}: time of the recogniser", told.seconds, "s", without.seconds, "lma false"),
    ]  # fmt: skip
    if without.term_errors or told.term_errors:
        fewer = told.term_errors < without.term_errors
        terms = Row(f"{what}: terms wrong", told.term_errors, "%", without.term_errors, "lma false", "less", fewer)
        rows.insert(0, terms)
    return rows
