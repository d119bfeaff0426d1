"""The text of a sentence with what stands inside it (bold, links, pictures…) as numbered spans.

What a number means is the block's affair (`tlp.documents.Block.marks`). Knows no file format.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from tlp.captions import collapsed


@dataclass(slots=True)
class Span:
    """A part of a sentence under the mark `number`; empty for what has no text, such as a picture."""

    number: int
    items: list[str | Span] = field(default_factory=list)


Items = list[str | Span]

# A tag in text for people: <1> </1> <1/>. A backslash before it takes its meaning away.
_TAG = re.compile(r"(?<!\\)(\\*)<(/?)([0-9]{1,9})(/?)>")
_DEEPEST = 16  # spans inside spans: no document needs more, and XML files may nest 64 deep
# A letter of a script that sets spaces between words.
LETTER = r"[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"


def text(items: Iterable[str | Span]) -> str:
    """The text without its spans, white space as it is."""
    return "".join(item if isinstance(item, str) else text(item.items) for item in items)


def plain(items: Iterable[str | Span]) -> str:
    """The text on one line."""
    return collapsed(text(items))


def numbers(items: Iterable[str | Span]) -> set[int]:
    """The numbers of all the spans, at any depth."""
    return {span.number for span in _spans(items)}


def empty(items: Iterable[str | Span]) -> set[int]:
    """The numbers of the spans without any text: pictures, references to notes."""
    return {span.number for span in _spans(items) if not text(span.items)}


def _spans(items: Iterable[str | Span]) -> Iterator[Span]:
    for item in items:
        if isinstance(item, Span):
            yield item
            yield from _spans(item.items)


def tidy(items: Iterable[str | Span]) -> Items:
    """The same with runs side by side joined and empty ones left out, as files give it back."""
    tidied: Items = []
    for item in items:
        if isinstance(item, Span):
            tidied.append(Span(item.number, tidy(item.items)))
        elif tidied and isinstance(tidied[-1], str):
            tidied[-1] += item
        elif item:
            tidied.append(item)
    return tidied


def tagged(items: Items) -> str:
    """The text with its spans as tags: `a <1>bold</1> word<2/>`. `untagged` is its inverse."""
    parts = []
    for at, item in enumerate(items):
        if isinstance(item, Span):
            inside = tagged(item.items)
            parts.append(f"<{item.number}>{_closed(inside)}</{item.number}>" if inside else f"<{item.number}/>")
        else:
            run = _TAG.sub(lambda found: f"{found[1]}\\{found[0]}", item)
            parts.append(_closed(run) if at + 1 < len(items) else run)
    return "".join(parts)


def _closed(run: str) -> str:
    """The run with the backslashes at its end doubled, as a tag follows."""
    return run + "\\" * (len(run) - len(run.rstrip("\\")))


def untagged(tagged_text: str, known: Collection[int]) -> Items | None:
    """The items of a text with tags of the `known` numbers. None where the tags do not match or no tag is there."""
    stack = [Span(0)]
    end, tags = 0, 0
    for found in _TAG.finditer(tagged_text):
        slashes, closing, digits, empty = found.groups()
        before = tagged_text[end : found.start()] + slashes[: len(slashes) // 2]
        end = found.end()
        if len(slashes) % 2:
            stack[-1].items.append(before + found[0][len(slashes) :])
            continue
        stack[-1].items.append(before)
        if not _follow(stack, int(digits), bool(closing), bool(empty), known):
            return None
        tags += 1
    stack[-1].items.append(tagged_text[end:])
    return tidy(stack[0].items) if tags and len(stack) == 1 else None


def _follow(stack: list[Span], number: int, closing: bool, empty: bool, known: Collection[int]) -> bool:
    """Opens or closes a span; False for a tag that may not stand there."""
    if number not in known or len(stack) > _DEEPEST:
        return False
    if closing and (empty or len(stack) == 1 or stack[-1].number != number):
        return False
    if closing:
        stack.pop()
        return True
    span = Span(number)
    stack[-1].items.append(span)
    if not empty:
        stack.append(span)
    return True


def written(by_hand: str, before: Items, known: Collection[int]) -> Items:
    """What a person wrote in the place of `before`: tags of `known` numbers count; without any, spans are carried."""
    items = untagged(by_hand, known)
    return carried(by_hand, before) if items is None else items


def carried(new: str, before: Items) -> Items:
    """A new text with the spans of `before` where they can be placed.

    A span around everything stays around everything; one whose text stands in the new text, in the same order,
    stays around it; other formatting is lost with the words it was for. Empty spans (pictures, notes) never are:
    those at the beginning stay there, others go to the end.
    """
    if not new.strip():
        return tidy([*(span for span in _spans(before) if not span.items), new])
    first = next((at for at, item in enumerate(before) if _says(item)), len(before))
    leading = [span for span in _spans(before[:first]) if not span.items]
    rest = before[first:]
    body = [item for item in rest if _says(item)]
    whole = body[0] if len(body) == 1 else None
    if isinstance(whole, Span):
        tail = [span for span in _spans(item for item in rest if item is not whole) if not span.items]
        begin, end = _inside(new, text(whole.items))
        span = replace(whole, items=carried(new[begin:end], whole.items))
        return tidy([*leading, new[:begin], span, new[end:], *tail])
    tail = [span for span in _spans(rest) if not span.items]
    return tidy([*leading, *_placed(new, body), *tail])


def _inside(new: str, before: str) -> tuple[int, int]:
    """Where in the new text a span around all of it begins and ends: blanks at an edge are in it if they were."""
    begin = 0 if before[:1].isspace() else len(new) - len(new.lstrip())
    return begin, len(new) if before[-1:].isspace() else len(new.rstrip())


def _placed(new: str, body: Items) -> Items:
    """The new text with those spans around their words that are still in it."""
    found: Items = []
    end = 0
    for span in body:
        if isinstance(span, Span) and (at := _place(new, text(span.items), end)) is not None:
            found += [new[end:at], _without_empty(span)]
            end = at + len(text(span.items))
    return [*found, new[end:]]


def _says(item: str | Span) -> bool:
    return bool((item if isinstance(item, str) else text(item.items)).strip())


def _place(new: str, words: str, start: int) -> int | None:
    """Where the words stand in the new text, from `start` on, and not as a part of longer words."""
    before = f"(?<!{LETTER})" if re.match(LETTER, words) else ""
    after = f"(?!{LETTER})" if re.search(f"{LETTER}\\Z", words) else ""
    found = re.compile(f"{before}{re.escape(words)}{after}").search(new, start)
    return found.start() if found else None


def _without_empty(span: Span) -> Span:
    kept = [item if isinstance(item, str) else _without_empty(item) for item in span.items]
    return Span(span.number, [item for item in kept if isinstance(item, str) or item.items])
