"""The file of --terms: what is likely to be said, and where; and which of it to tell the model before a stretch.

Pure, no engine. A line is a term, the best first; after a tab the pages it stands on (`1,5`), after another the times
at which it can be seen (`0-12000,30000-45000`, milliseconds). Both may be missing (docs/systems.md).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from .sounds import fold

MOST = 500  # terms of a file that are looked at
LONGEST = 80  # characters of a term; anything longer is no term
ALIKE = 0.72  # share of letters in common from which something heard may be the term
LEAST_LETTERS = 4  # of a term that is looked for in what was heard: shorter ones are alike to anything
LEAD = 20_000  # ms: a slide is spoken of a little before it comes and after it has gone
NEIGHBOURS = 0.5  # what a word in the stretch before or after tells of the page, beside one in the stretch itself
NEAR, SEEN, PAGE = 3.0, 2.0, 1.5  # weight of: it sounds like what was heard; it can be seen now; its page is spoken of

Span = tuple[int, int]


@dataclass(frozen=True)
class Term:
    """A word or phrase; `folded` is how it sounds, roughly."""

    text: str
    pages: tuple[int, ...] = ()
    times: tuple[Span, ...] = ()

    @property
    def folded(self) -> str:
        return fold(self.text)


def read(text: str) -> list[Term]:
    """The terms of a file, the best first. What is no term is passed over: a hint is never an error."""
    found: dict[str, Term] = {}
    for line in text.splitlines():
        words, _, places = line.partition("\t")
        for word in [words] if places else words.split(","):
            made = _term(" ".join(word.split()), places)
            if made is not None and len(found) < MOST:
                found.setdefault(made.text.casefold(), made)
    return list(found.values())


def _term(text: str, places: str) -> Term | None:
    text = text.strip(" .,;:")
    if not 1 < len(text) <= LONGEST or not any(c.isalpha() for c in text):
        return None
    pages, _, times = places.partition("\t")
    spans = [(int(a), int(b)) for a, b in re.findall(r"(\d{1,10})-(\d{1,10})", times)]
    return Term(text, tuple(int(n) for n in re.findall(r"\d{1,6}", pages)), tuple(spans))


class Chooser:
    """Chooses among the terms of a file for the stretches of a recording."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._terms = list(terms)

    def rank(self, spans: Sequence[Span], heard: Sequence[Sequence[str]]) -> list[list[Term]]:
        """For each stretch all terms, the likeliest to be said in it first; none where nothing speaks for any of them.

        `spans`: begin and end, ms; `heard`: the words that were understood there without any hint.
        """
        near = [self._near(words) for words in heard]
        ranked = []
        for number, span in enumerate(spans):
            pages = self._pages(near, number)
            most = max(pages.values(), default=1.0)
            scores = [
                NEAR * near[number].get(i, 0.0)
                + SEEN * _seen(term, span)
                + PAGE * max((pages[p] for p in term.pages), default=0.0) / most
                for i, term in enumerate(self._terms)
            ]
            # A term of the file's end is worth less than one of its beginning, but by less than any reason weighs.
            order = sorted(range(len(scores)), key=lambda i: i / len(scores) - scores[i])
            ranked.append([self._terms[i] for i in order] if any(scores) else [])
        return ranked

    def _near(self, words: Sequence[str]) -> dict[int, float]:
        """How much each term is like something that was heard, 0..1; those unlike everything are left out."""
        sounds = [fold(word) for word in words]
        found = {}
        for number, term in enumerate(self._terms):
            if len(term.folded) >= LEAST_LETTERS:
                best = alike(term.folded, sounds, len(term.text.split()))
                if best >= ALIKE:
                    found[number] = best
        return found

    def _pages(self, near: Sequence[dict[int, float]], at: int) -> defaultdict[int, float]:
        """How much of each page is spoken of in stretch `at`; a word of many pages tells little."""
        pages: defaultdict[int, float] = defaultdict(float)
        for number in range(max(0, at - 1), min(len(near), at + 2)):
            weight = 1.0 if number == at else NEIGHBOURS
            for index, likeness in near[number].items():
                for page in set(self._terms[index].pages):
                    pages[page] += weight * likeness / len(set(self._terms[index].pages))
        return pages


def _seen(term: Term, span: Span) -> bool:
    return any(begin - LEAD < span[1] and span[0] < end + LEAD for begin, end in term.times)


def alike(folded: str, sounds: Sequence[str], words: int) -> float:
    """The likeness of the most similar run of sounds, of up to two words more than the term has."""
    best = 0.0
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(folded)
    for begin in range(len(sounds)):
        joined = ""
        for sound in sounds[begin : begin + words + 2]:
            joined += sound
            if len(joined) > 1.6 * len(folded) + 1:
                break
            if len(joined) * 1.8 < len(folded):
                continue
            matcher.set_seq1(joined)
            if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best:
                best = max(best, matcher.ratio())
    return best


def prompt(ranked: Iterable[Term], size: Callable[[str], int], most: int) -> list[Term]:
    """As many of the likeliest terms as fit into `most` tokens, the likeliest last: the model heeds the end most."""
    chosen: list[Term] = []
    left = most
    for term in ranked:
        left -= size(f" {term.text},")
        if left < 0:
            break
        chosen.append(term)
    return chosen[::-1]
