"""Edits as /mod sends them: what one language's modifications must look like. Those of a session add up in `db.edits`.

(Manual, Appendix E /speech/mod and F /text/mod.) What edits do to a text is in `caption_edits` and `document_edits`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tlp.errors import ReturnCode
from tlp.formats.encoding import encode

# `rcode` in the `details` of /mod. The last two are the caller's: they are about the stored text, which is not read
# here. STATUS_FAILED: it cannot be read, so no edit can change its status.
(
    NO_TXT,
    NOT_A_LIST,
    NOTHING,
    INCOMPLETE,
    WRONG_TYPE,
    TOO_SHORT,
    TWICE,
    NEGATIVE,
    STATUS_FAILED,
    NO_LANGUAGE,
) = range(1, 11)

SHORTEST_MS = 10
MOST_ITEMS, LONGEST_TEXT = 20_000, 10_000  # twice the segments of ten hours of speech; characters
_LAST_SECOND = 2_000_000  # 23 days, as in the formats: as milliseconds it still is an SQL integer
_LARGEST_ID = 2**53 - 1  # what JavaScript counts exactly


@dataclass(frozen=True, slots=True)
class SegmentEdit:
    """A segment as a person wants it; times in ms."""

    id: int
    begin: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class SentenceEdit:
    """A sentence of a document as a person wants it."""

    id: int
    text: str


Edit = TypeVar("Edit", SegmentEdit, SentenceEdit)


@dataclass(frozen=True, slots=True)
class Edits(Generic[Edit]):
    """Modifications of one language. No id stands twice in `items`, nor both there and in `deleted`.

    The order of `items` counts where two of them overlap in time: the later one stays.
    """

    items: tuple[Edit, ...] = ()
    deleted: tuple[int, ...] = ()  # ascending

    def __bool__(self) -> bool:
        return bool(self.items or self.deleted)


def segment_edits(
    value: object, *, most_items: int = MOST_ITEMS, longest_text: int = LONGEST_TEXT
) -> Edits[SegmentEdit]:
    """The edits of subtitles in `{"txt": [{sI, b, e, t}…], "del": [sI…]}` (times in seconds), by their begin.

    An id in both lists is an edit. Raises ReturnCode with the `rcode` 1..8 of the details, naming item and key;
    a list or text longer than allowed is a wrong type.
    """
    txt, deleted = _lists(value, most_items)
    items = _unique(_segment(_Item(item, at, longest_text)) for at, item in enumerate(txt))
    items.sort(key=lambda edit: edit.begin)
    return _edits(items, [_id(id, f"del[{at}]") for at, id in enumerate(deleted)])


def sentence_edits(
    value: object, *, most_items: int = MOST_ITEMS, longest_text: int = LONGEST_TEXT
) -> Edits[SentenceEdit]:
    """The edits of a document in `{"txt": [{sI, t}…]}`, in the order sent; an empty `del` may stand beside it.

    Raises ReturnCode like `segment_edits`; sentences cannot be deleted.
    """
    txt, deleted = _lists(value, most_items)
    if deleted:
        raise ReturnCode(WRONG_TYPE, "'del' must be empty or left out: sentences of a document cannot be deleted")
    return _edits(_unique(_sentence(_Item(item, at, longest_text)) for at, item in enumerate(txt)), [])


def _edits(items: list[Edit], deleted: Iterable[int]) -> Edits[Edit]:
    return Edits(tuple(items), tuple(sorted(set(deleted) - {edit.id for edit in items})))


def _lists(value: object, most_items: int) -> tuple[list[Any], list[Any]]:
    if not isinstance(value, dict) or "txt" not in value:
        raise ReturnCode(NO_TXT, "there is no 'txt'; send an empty list where segments are only deleted")
    txt, deleted = value["txt"], value.get("del", [])
    for key, items in (("txt", txt), ("del", deleted)):
        if not isinstance(items, list):
            raise ReturnCode(NOT_A_LIST, f"'{key}' must be a list")
        if len(items) > most_items:
            raise ReturnCode(WRONG_TYPE, f"'{key}' has {len(items)} items; at most {most_items} are taken at once")
    if not txt and not deleted:
        raise ReturnCode(NOTHING, "'txt' and 'del' are both empty")
    return txt, deleted


class _Item:
    """One item of `txt`, with the words to say where it is wrong."""

    def __init__(self, value: object, at: int, longest_text: int) -> None:
        self.where = f"txt[{at}]"
        self.longest_text = longest_text
        if not isinstance(value, dict):
            raise ReturnCode(WRONG_TYPE, f"{self.where} must be a dictionary")
        self.value: dict[str, object] = value
        if isinstance(id := value.get("sI"), int) and abs(id) <= _LARGEST_ID:
            self.where += f" (sI {id})"

    def needs(self, *keys: str) -> None:
        for key in keys:
            if key not in self.value:
                raise ReturnCode(INCOMPLETE, f"{self.where} lacks '{key}'")

    def id(self) -> int:
        return _id(self.value["sI"], f"'sI' of {self.where}")

    def text(self) -> str:
        """The text without white space around it; what no format can hold becomes U+FFFD, as in the formats."""
        text = self.value["t"]
        if not isinstance(text, str):
            raise ReturnCode(WRONG_TYPE, f"'t' of {self.where} must be text")
        if len(text) > self.longest_text:
            raise ReturnCode(
                WRONG_TYPE, f"'t' of {self.where} has {len(text)} characters; at most {self.longest_text} are taken"
            )
        return encode(text.strip()).decode()

    def time(self, key: str) -> int:
        """Seconds as ms, rounded halves up."""
        value = self.value[key]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ReturnCode(WRONG_TYPE, f"'{key}' of {self.where} must be a number of seconds")
        if not -_LAST_SECOND < value < _LAST_SECOND:  # also turns away nan
            raise ReturnCode(WRONG_TYPE, f"'{key}' of {self.where} is no time in seconds")
        return math.floor(value * 1000 + 0.5)


def _id(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST_ID:
        raise ReturnCode(WRONG_TYPE, f"{where} must be a whole number")
    return value


def _segment(item: _Item) -> SegmentEdit:
    item.needs("sI", "b", "e", "t")
    edit = SegmentEdit(item.id(), item.time("b"), item.time("e"), item.text())
    if edit.end - edit.begin < SHORTEST_MS:
        raise ReturnCode(TOO_SHORT, f"{item.where} must end at least 0.01 seconds after it begins")
    if edit.begin < 0:
        raise ReturnCode(NEGATIVE, f"'b' of {item.where} is negative")
    return edit


def _sentence(item: _Item) -> SentenceEdit:
    item.needs("sI", "t")
    return SentenceEdit(item.id(), item.text())


def _unique(items: Iterable[Edit]) -> list[Edit]:
    found: dict[int, Edit] = {}
    for edit in items:
        if edit.id in found:
            raise ReturnCode(TWICE, f"txt[{len(found)}] has the 'sI' {edit.id}, which stands in the list already")
        found[edit.id] = edit
    return list(found.values())


def packed(edits: Edits[Edit]) -> dict[str, list[Any]]:
    """The edits as JSON in the form of /mod, but with times in ms and in their own order; `unpacked` is its inverse."""
    return {"txt": [_packed(edit) for edit in edits.items], "del": list(edits.deleted)}


def _packed(edit: SegmentEdit | SentenceEdit) -> dict[str, int | str]:
    if isinstance(edit, SentenceEdit):
        return {"sI": edit.id, "t": edit.text}
    return {"sI": edit.id, "b": edit.begin, "e": edit.end, "t": edit.text}


def unpacked_segments(value: dict[str, list[Any]]) -> Edits[SegmentEdit]:
    """Edits of subtitles from what `packed` gave; nothing is checked again."""
    return _unpacked(value, lambda item: SegmentEdit(item["sI"], item["b"], item["e"], item["t"]))


def unpacked_sentences(value: dict[str, list[Any]]) -> Edits[SentenceEdit]:
    """Edits of a document from what `packed` gave; nothing is checked again."""
    return _unpacked(value, lambda item: SentenceEdit(item["sI"], item["t"]))


def _unpacked(value: dict[str, list[Any]], edit: Callable[[dict[str, Any]], Edit]) -> Edits[Edit]:
    return Edits(tuple(edit(item) for item in value["txt"]), tuple(value["del"]))
