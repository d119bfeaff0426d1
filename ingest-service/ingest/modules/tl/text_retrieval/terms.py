"""Which candidates a recogniser is told, and the file in which it is told them (docs/systems.md, --terms)."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ingest.modules.tl.text_retrieval.candidates import Candidate, Rarity, collect
from ingest.modules.tl.text_retrieval.found import DOCUMENT, EARLIER, SLIDES, SUPERVISED, TITLE, WEB, Source

MOST = 400  # terms in a file
MOST_PAGES, MOST_TIMES = 50, 50  # of one term: what is on every slide says nothing about any
# How much a time counts in which a word stands there.
WEIGHTS = {TITLE: 3.0, SLIDES: 2.0, DOCUMENT: 1.0, SUPERVISED: 1.0, WEB: 0.7, EARLIER: 0.5}
# How often it must stand there: what a recogniser heard once may be a mistake; a page of the web is about much else.
LEAST = {SUPERVISED: 2, EARLIER: 3, WEB: 2}
WITHIN = 3  # a word that stands alone not more than so many times as often as in a phrase is told within the phrase


def choose(sources: Iterable[Source], rarity: Rarity) -> list[Candidate]:
    """The terms of all sources, the best first, at most MOST."""
    found = collect(sources, rarity)
    scores = {key: score for key, candidate in found.items() if (score := _score(candidate)) > 0}
    told = _within_phrases(found, scores)
    order = sorted(scores.keys() - told, key=lambda key: (-scores[key], key))
    return [found[key] for key in order[:MOST]]


def _score(candidate: Candidate) -> float:
    times = sum(WEIGHTS[kind] * n for kind, n in candidate.counts.items() if n >= LEAST.get(kind, 1))
    return candidate.rarity * math.log1p(times)


def _within_phrases(found: dict[str, Candidate], scores: dict[str, float]) -> set[str]:
    """The single words that need no line of their own."""
    told = set()
    for key in scores:
        for word in key.split() if " " in key else ():
            if word in scores and found[word].counts.total() <= WITHIN * found[key].counts.total():
                told.add(word)
    return told


def as_text(terms: Iterable[Candidate]) -> str:
    """A line a term: its text, the pages it stands on, the times at which it can be seen."""
    return "".join(f"{term.text}\t{_pages(term)}\t{_times(term)}".rstrip("\t") + "\n" for term in terms)


def _pages(term: Candidate) -> str:
    return ",".join(map(str, sorted(term.pages))) if len(term.pages) <= MOST_PAGES else ""


def _times(term: Candidate) -> str:
    return ",".join(f"{a}-{b}" for a, b in sorted(term.times)) if len(term.times) <= MOST_TIMES else ""
