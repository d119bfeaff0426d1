"""Where the spans of a sentence stand in its translation, which an engine made of the bare text.

The translation is never changed for a span's sake. A span is looked for by the translation of its own words, by those
words themselves (names), by most of them; what must not be lost (a link, a picture) goes where it stood in proportion,
other formatting is dropped. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tlp import inline
from tlp.captions import collapsed
from tlp.documents import translatable
from tlp.inline import LETTER, Items, Span

_WORD = re.compile(r"\S+")
_INSIDE = re.compile(LETTER + LETTER)
_EDGES = " \t\r\n.,;:!?…¿¡\"'()[]«»“”‘’"
_SAME_START = 4  # letters: words with as many alike at their beginning are forms of one word
_MOST_WORDS = 60  # longer phrases are not looked for by most of their words: it would take too long
_ENOUGH = 0.5  # of the words of a phrase must be found


@dataclass(frozen=True)
class Rules:
    """What is known of the spans of a block, and the translations of phrases by themselves."""

    phrases: Mapping[str, str] = field(default_factory=dict)
    fixed: Collection[int] = ()  # keep the text they have
    loose: Collection[int] = ()  # may be lost: bold, colours


class Place(NamedTuple):
    """The part of the new text that a span takes; begin == end: it stands between two characters."""

    begin: int
    end: int
    item: str | Span


def phrases(items: Items, fixed: Collection[int]) -> Iterator[str]:
    """What must be translated by itself so that `placed` finds it: the text of each span that is not everything."""
    _, body, _ = _parted(items)
    for item in body:
        if not isinstance(item, Span):
            continue
        phrase = inline.plain(item.items)
        if len(body) > 1 and item.number not in fixed and translatable(phrase):
            yield phrase
        if item.number not in fixed:
            yield from phrases(item.items, fixed)


def placed(items: Items, new: str, rules: Rules) -> Items:
    """The translation `new` of the text of `items` with the spans of `items`."""
    if len(items) == 1 and isinstance(items[0], str):
        return [new] if new else []
    lead, body, tail = _parted(items)
    if len(body) == 1 and isinstance(body[0], Span):
        whole = body[0]
        inside = whole.items if whole.number in rules.fixed else placed(whole.items, new, rules)
        return inline.tidy([*lead, Span(whole.number, inside), *tail])
    found = _Search(body, new, rules).places()
    before, after = _blanks(body)
    return inline.tidy([*lead, before if lead else "", *_filled(new, found), after if tail else "", *tail])


def _parted(items: Items) -> tuple[Items, Items, Items]:
    """What stands before the first word, the words, and what stands behind the last one."""
    says = [at for at, item in enumerate(items) if (item if isinstance(item, str) else inline.text(item.items)).strip()]
    if not says:
        return list(items), [], []
    first, last = says[0], says[-1] + 1
    return items[:first], items[first:last], items[last:]


def _blanks(body: Items) -> tuple[str, str]:
    """The white space at the edges of the words, which a picture parts from the edge of the sentence."""
    first, last = (body[0], body[-1]) if body else ("", "")
    before = first[: len(first) - len(first.lstrip())] if isinstance(first, str) else ""
    return before, last[len(last.rstrip()) :] if isinstance(last, str) else ""


def _filled(new: str, places: list[Place]) -> Items:
    items: Items = []
    end = 0
    for place in sorted(places, key=lambda p: (p.begin, p.end)):
        items += [new[end : place.begin], place.item]
        end = max(end, place.end)
    return [*items, new[end:]]


class _Search:
    """The search for the places of all spans of one level; what one has taken is not free for another."""

    def __init__(self, body: Items, new: str, rules: Rules) -> None:
        self._body, self._new, self._rules = body, new, rules
        self._source = inline.text(body)
        self._taken: dict[int, tuple[int, int]] = {}  # item of the body → its part of the new text
        self._words = [(found.start(), found.end()) for found in _WORD.finditer(new)]

    def places(self) -> list[Place]:
        """Every place, none inside another."""
        spans = sorted(self._spans(), key=lambda one: -len(one[1]))
        for find in (self._exact, self._nearly):
            for number, phrase, share in spans:
                if number not in self._taken and (found := find(phrase, share)):
                    self._taken[number] = found
        found_places = [self._place(*span) for span in self._spans()]
        places = [place for place in found_places if place is not None]
        return places + list(self._empty(places))

    def _spans(self) -> Iterator[tuple[int, str, float]]:
        """The spans with text: number of the item, text, and how far on in the sentence its middle is, 0..1."""
        at = 0
        for number, item in enumerate(self._body):
            length = len(item if isinstance(item, str) else inline.text(item.items))
            if isinstance(item, Span) and inline.plain(item.items):
                share = (at + length / 2) / len(self._source)
                yield number, inline.plain(item.items), share
            at += length

    def _place(self, number: int, phrase: str, share: float) -> Place | None:
        span = self._body[number]
        assert isinstance(span, Span)
        fixed = span.number in self._rules.fixed
        if number not in self._taken:
            if {span.number, *inline.numbers(span.items)} <= set(self._rules.loose):
                return None
            if fixed or (found := self._in_proportion(phrase, share)) is None:
                return self._inserted(number, phrase, share)
            self._taken[number] = found
        begin, end = self._taken[number]
        inside = span.items if fixed else placed(span.items, self._new[begin:end], self._rules)
        return Place(begin, end, Span(span.number, inside))

    def _exact(self, phrase: str, share: float) -> tuple[int, int] | None:
        """Where the phrase's translation, or the phrase itself, stands."""
        glued = self._glued(phrase)
        for words in self._candidates(phrase):
            found = [part for part in _found(words, self._new, glued) if self._free(*part)]
            if found:
                return min(found, key=lambda one: self._distance(one, share))
        return None

    def _candidates(self, phrase: str) -> list[str]:
        alone = collapsed(self._rules.phrases.get(phrase, ""))
        forms = [alone, alone.strip(_EDGES), phrase, phrase.strip(_EDGES)]
        return list(dict.fromkeys(form for form in forms if form))

    def _glued(self, phrase: str) -> bool:
        """Whether the phrase is a part of longer words in the source, as the 2 of m²."""
        return phrase in self._source and not any(_found(phrase, self._source, glued=False))

    def _nearly(self, phrase: str, share: float) -> tuple[int, int] | None:
        """The free words that are most like those of the phrase's translation."""
        wanted = [_stem(word) for form in self._candidates(phrase)[:1] for word in form.split()]
        if not wanted or len(wanted) > _MOST_WORDS:
            return None
        own = [_stem(word) for word in phrase.split()]
        stems = [_stem(self._new[begin:end]) for begin, end in self._words]
        best, where = _ENOUGH, None
        for length in range(max(1, len(wanted) - 1), len(wanted) + 2):
            for first in range(len(stems) - length + 1):
                part = (self._words[first][0], self._words[first + length - 1][1])
                alike = max(_alike(stems[first : first + length], words) for words in (wanted, own))
                score = alike - 0.1 * self._distance(part, share)
                if score > best and self._free(*part):
                    best, where = score, part
        return self._bare(*where) if where else None

    def _in_proportion(self, phrase: str, share: float) -> tuple[int, int] | None:
        """As many free words as the phrase's translation has, where the span stood in the source."""
        count = min(len(self._candidates(phrase)[0].split()), len(self._words))
        for length in range(count, 0, -1):
            parts = (self._words[at : at + length] for at in range(len(self._words) - length + 1))
            ranges = [(part[0][0], part[-1][1]) for part in parts]
            free = [one for one in ranges if self._free(*one)]
            if free:
                return self._bare(*min(free, key=lambda one: self._distance(one, share)))
        return None

    def _inserted(self, number: int, phrase: str, share: float) -> Place:
        """A span for whose words the new text has no room: it brings its own."""
        span = self._body[number]
        assert isinstance(span, Span)
        items = span.items
        if span.number not in self._rules.fixed:
            items = placed(items, self._candidates(phrase)[0], self._rules)
        ends = [end for other, (_, end) in self._taken.items() if other < number]
        at = max([self._outside(self._word_end(share)), *ends])
        return Place(at, at, Span(span.number, [" ", *items] if at else [*items, " "]))

    def _bare(self, begin: int, end: int) -> tuple[int, int]:
        """The range without signs at its edges, where something is left."""
        part = self._new[begin:end]
        left = begin + len(part) - len(part.lstrip(_EDGES))
        right = begin + len(part.rstrip(_EDGES))
        return (left, right) if left < right else (begin, end)

    def _distance(self, part: tuple[int, int], share: float) -> float:
        return abs((part[0] + part[1]) / 2 / max(1, len(self._new)) - share)

    def _free(self, begin: int, end: int) -> bool:
        return all(end <= other[0] or begin >= other[1] for other in self._taken.values())

    def _outside(self, at: int) -> int:
        """The place, or the end of the span that it would cut in two."""
        return next((end for begin, end in self._taken.values() if begin < at < end), at)

    def _word_end(self, share: float) -> int:
        ends = [0, *(end for _, end in self._words)]
        return min(ends, key=lambda end: abs(end / max(1, len(self._new)) - share))

    # What has no text

    def _empty(self, places: list[Place]) -> Iterator[Place]:
        ends = {place.item.number: place for place in places if isinstance(place.item, Span)}
        at = 0
        for number, item in enumerate(self._body):
            length = len(item if isinstance(item, str) else inline.text(item.items))
            if isinstance(item, Span) and not inline.plain(item.items):
                before = self._body[number - 1] if number else None
                follows = ends.get(before.number) if isinstance(before, Span) else None
                where = follows.end if follows else self._outside(self._point(at))
                spaced = self._source[at - 1 : at].isspace() and not self._new[where - 1 : where].isspace()
                if spaced and where:
                    yield Place(where, where, " ")
                yield Place(where, where, item)
            at += length

    def _point(self, at: int) -> int:
        """Where in the new text something stands that is at `at` in the source."""
        before, after = self._source[:at], self._source[at:]
        if not after.strip(_EDGES):
            return len(self._new.rstrip(_EDGES)) if after.strip() else len(self._new)
        if not before.strip(_EDGES):
            return len(self._new) - len(self._new.lstrip(_EDGES)) if before.strip() else 0
        share = at / len(self._source)
        last = before.split()[-1]
        ends = [end for _, end in _found(last[-1] if last[-1] in _EDGES else last, self._new, glued=False)]
        near = min(ends, key=lambda end: abs(end / len(self._new) - share), default=None)
        return self._word_end(share) if near is None else near


def _found(words: str, text: str, glued: bool) -> Iterator[tuple[int, int]]:
    """Where the words stand in the text, in capitals or not; as a part of longer words only if they may be glued."""
    small, wanted = text.lower(), words.lower()
    if len(small) != len(text):  # a few capitals are two small letters
        small, wanted = text, words
    at = small.find(wanted)
    while at >= 0:
        end = min(at + len(wanted), len(text))
        if glued or not (_one_word(text, at) or _one_word(text, end)):
            yield at, end
        at = small.find(wanted, at + 1)


def _one_word(text: str, at: int) -> bool:
    """Whether a place is inside a word."""
    return bool(at and _INSIDE.match(text, at - 1))


def _stem(word: str) -> str:
    return word.strip(_EDGES).casefold()


def _alike(found: list[str], wanted: list[str]) -> float:
    """How many words two phrases share, 0..1 (F1)."""
    rest = list(wanted)
    hits = 0
    for word in found:
        match = next((other for other in rest if _forms_of_one(word, other)), None)
        if match is not None:
            rest.remove(match)
            hits += 1
    return 2 * hits / (len(found) + len(wanted)) if found or wanted else 0.0


def _forms_of_one(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) >= _SAME_START and one[:_SAME_START] == other[:_SAME_START])
