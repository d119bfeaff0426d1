"""The words and phrases in a text that may be terms, each with how often, where and when. Judges nothing but rarity."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ingest.modules.tl.text_retrieval.found import DOCUMENT, SLIDES, Page, Source

RARE = 0.35  # rarity from which a word is worth telling; an acronym less
RARE_ACRONYM = 0.1
LONGEST = 40  # characters of a word
PHRASE = 4  # words of a phrase, at most
CHUNK = 2000  # characters taken together where a text has no pages
_WORD = re.compile(r"[^\W\d_](?:[\w'’+.-]*[\w+])?")
_ADDRESS = re.compile(r"\S*(?:://|@|www\.)\S*")
_BREAKS = re.compile(r"[,;:/()\[\]{}=<>|•·–—\"“”«»!?]|\.(?=\s|$)|\s[-*]\s")

Rarity = Callable[[str], float]


@dataclass
class Candidate:
    """A word or phrase under all its spellings. `rarity` is that of its rarest word; `counts`: by kind of source."""

    rarity: float
    spellings: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    pages: set[int] = field(default_factory=set)
    times: set[tuple[int, int]] = field(default_factory=set)

    @property
    def text(self) -> str:
        """The usual spelling; small letters where there are some, as headings have capitals that speech has not."""
        small = [spelling for spelling in self.spellings if spelling == spelling.lower()]
        return max(small or self.spellings, key=lambda spelling: (self.spellings[spelling], spelling))


def collect(sources: Iterable[Source], rarity: Rarity) -> dict[str, Candidate]:
    """The candidates of all sources by their spelling in small letters. Pages are numbered over all sources."""
    found: dict[str, Candidate] = {}
    first = 0
    known: defaultdict[str, float] = _Remembered(rarity)
    for source in sources:
        pages = [part for page in source.pages for part in _chunks(page, source.kind)]
        for position, page in enumerate(pages, start=1):
            number = first + (page.number or position) if source.kind in (SLIDES, DOCUMENT) else None
            for text, rare in _in(page.text, known):
                made = found.setdefault(text.casefold(), Candidate(rare))
                made.spellings[text] += 1
                made.counts[source.kind] += 1
                made.pages |= {number} if number else set()
                made.times |= {page.time} if page.time else set()
        first += max([len(pages), *(page.number or 0 for page in pages)])
    return found


class _Remembered(defaultdict[str, float]):
    def __init__(self, rarity: Rarity) -> None:
        super().__init__()
        self._rarity = rarity

    def __missing__(self, word: str) -> float:
        self[word] = value = _rarity(word, self._rarity)
        return value


def _rarity(word: str, rarity: Rarity) -> float:
    """Of a word with hyphens, that of its rarest part, so that no list needs to know the whole."""
    parts = [part for part in re.split(r"[-.'’]", word) if len(part) > 2] or [word]
    return max(rarity(part.lower()) for part in parts)


def _chunks(page: Page, kind: str) -> list[Page]:
    """A text without pages cut at ends of lines, so that what stands together is said together."""
    if page.number is not None or kind not in (SLIDES, DOCUMENT) or len(page.text) <= CHUNK:
        return [page]
    chunks = [""]
    for line in page.text.split("\n"):
        if len(chunks[-1]) > CHUNK:
            chunks.append("")
        chunks[-1] += line + "\n"
    return [Page(chunk) for chunk in chunks]


def _in(text: str, known: defaultdict[str, float]) -> Iterator[tuple[str, float]]:
    """(candidate, rarity) for each time one stands in a text."""
    for line in _ADDRESS.sub(" ", text).split("\n"):
        for piece in _BREAKS.split(line):
            words = [word for word in _WORD.findall(piece) if len(word) <= LONGEST]
            yield from _phrases(words, known)
            for word in words:
                if _is_rare(word, known):
                    yield word, max(known[word], RARE)


def _phrases(words: list[str], known: defaultdict[str, float]) -> Iterator[tuple[str, float]]:
    """A short line with a rare word in it, and names of several words."""
    while words and _is_small(words[0], known):
        words = words[1:]
    whole = not any(_is_small(word, known) for word in words)
    if whole and 1 < len(words) <= PHRASE and any(_is_rare(word, known) for word in words):
        yield " ".join(words), max(known[word] for word in words)
        return
    begin = 0
    for end in range(len(words) + 1):
        if end < len(words) and words[end][0].isupper():
            continue
        name = words[begin:end]
        if 1 < len(name) <= PHRASE and any(_is_rare(word, known) for word in name):
            yield " ".join(name), max(known[word] for word in name)
        begin = end + 1


def _is_small(word: str, known: defaultdict[str, float]) -> bool:
    """Articles and the like: between two of them is a piece of a sentence, and no name of a thing."""
    return len(word) <= 3 and not known[word] and not word.isupper()


def _is_rare(word: str, known: defaultdict[str, float]) -> bool:
    if sum(c.isupper() for c in word) >= 2 and len(word) <= 10:  # an acronym, or a name like mRNA
        return known[word] >= RARE_ACRONYM
    return len(word) > 2 and known[word] >= RARE
