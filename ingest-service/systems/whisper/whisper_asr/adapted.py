"""Hears a piece a second time with the terms that fit, and takes from that what are terms, nothing else.

A hint makes Whisper write rare words right, but it may also make it leave speech out, repeat the hint, or write a term
that nobody said. So what was heard without it stays, word for word, except where the second hearing has a term in the
place of something that sounds like it. Knows no engine: it is given a function that hears.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from tlp.captions import Word

from . import terms
from .sounds import fold
from .terms import Chooser, Span, Term

WINDOW = 26_000  # ms, the most that is heard with one hint: the model computes 30 s at a time
ECHO = 4  # terms one after the other as in the hint: the model reads the hint out
LIKE = 0.4  # how alike two runs of words must be to be the same speech heard in two ways
MORE_WORDS = 2  # how many more words (or fewer) a term may have than what it replaces
CLOSE = 0.6  # the same, for a term of which the model is less sure than SURE
SURE, CERTAIN = 0.35, 0.9  # confidence of a term that is taken easily; of a word that only such a term replaces
FAINT = 0.1  # what comes along with a term and is less sure is left out: Whisper likes to say goodbye

# begin, end, where somebody speaks between, the hint → the words of that stretch, timed from the start of the recording
Hear = Callable[[int, int, list[Span], Sequence[Term]], list[Word]]


@dataclass(frozen=True)
class Adapter:
    """What is needed to hear again: the terms, the function, how long a term is for the model, room for the hint."""

    chooser: Chooser
    hear: Hear
    size: Callable[[str], int]
    tokens: int

    def better(self, words: list[Word], speech: Sequence[Span]) -> list[Word]:
        """The words of a piece with the terms in them. `speech`: where somebody speaks in the piece, in order."""
        spans = windows(speech)
        parts = divided(words, spans)
        ranked = self.chooser.rank(spans, [[word.text for word in part] for part in parts])
        result = []
        for span, part, likely in zip(spans, parts, ranked, strict=True):
            hint = terms.prompt(likely, self.size, self.tokens)
            inside = [region for region in speech if region[0] < span[1] and span[0] < region[1]]
            result += merged(part, self.hear(*span, inside, hint), hint) if hint and part else part
        return result


def windows(speech: Sequence[Span]) -> list[Span]:
    """Stretches of at most WINDOW that begin and end with speech; a longer run of speech without a pause is cut."""
    found: list[Span] = []
    for begin, end in speech:
        while end - begin > WINDOW:
            found.append((begin, begin + WINDOW))
            begin += WINDOW
        if found and end - found[-1][0] <= WINDOW:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found


def divided(words: Sequence[Word], spans: Sequence[Span]) -> list[list[Word]]:
    """The words by the stretch in which their middle lies, or the next one; every word is in one of them."""
    parts: list[list[Word]] = [[] for _ in spans]
    at = 0
    for word in words:
        middle = ((word.begin or 0) + (word.end or 0)) // 2
        while at < len(spans) - 1 and middle >= spans[at][1]:
            at += 1
        parts[at].append(word)
    return parts


def merged(first: list[Word], second: list[Word], hint: Sequence[Term]) -> list[Word]:
    """`first`, with the terms of `hint` that `second` has in the place of something that sounds like them."""
    if is_echo(second, hint):
        return first
    known = {part.casefold() for term in hint for part in _parts(term.text)}
    sounds, others = [fold(word.text) for word in first], [fold(word.text) for word in second]
    result: list[Word] = []
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, sounds, others, autojunk=False).get_opcodes():
        if tag == "equal":  # perhaps a term, written as the model thought it is
            result += [_spelled(one, other, known) for one, other in zip(first[a0:a1], second[b0:b1], strict=True)]
        elif tag == "replace" and _is_better(first[a0:a1], second[b0:b1], known):
            result += [word for word in second[b0:b1] if _sure(word) >= FAINT or _names(word, known)]
        else:
            result += first[a0:a1]
    return result


def is_echo(heard: Sequence[Word], hint: Sequence[Term]) -> bool:
    """Whether ECHO terms stand in what was heard one after the other, in the order of the hint and without a gap."""
    said = " ".join(fold(word.text) for word in heard)
    order = [" ".join(fold(part) for part in term.text.split()) for term in hint]
    return any(" ".join(order[i : i + ECHO]) in said for i in range(len(order) - ECHO + 1))


def _is_better(one: Sequence[Word], other: Sequence[Word], known: set[str]) -> bool:
    """Whether `other` is `one` with a term in it that `one` lacks."""
    new = [word for word in other if _names(word, known) and word.text not in {w.text for w in one}]
    if not new or abs(len(other) - len(one)) > MORE_WORDS:
        return False
    a, b = ("".join(fold(word.text) for word in words) for words in (one, other))
    likeness = SequenceMatcher(None, a, b, autojunk=False).ratio()
    if min(_sure(word) for word in new) >= SURE:
        return likeness >= LIKE
    # Of a word that it has never seen the model is never sure: then the sound decides, if the other was no sure word.
    return likeness >= CLOSE and min(_sure(word) for word in one) < CERTAIN


def _sure(word: Word) -> float:
    return word.made.confidence or 0.0


def _spelled(one: Word, other: Word, known: set[str]) -> Word:
    return replace(one, text=other.text) if one.text != other.text and _names(other, known) else one


def _names(word: Word, known: set[str]) -> bool:
    return any(part.casefold() in known for part in _parts(word.text))


def _parts(text: str) -> list[str]:
    """The words of a term, or of a word with hyphens, that are long enough to be told from others."""
    plain = "".join(c if c.isalnum() else " " for c in text.removesuffix("'s").removesuffix("’s"))
    return [part for part in plain.split() if len(part) > 2]
