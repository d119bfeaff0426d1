"""Texts that were written for /get, kept for the next who asks. A version never changes, so none can be out of date.

One a process, for all threads; the oldest in use go first when the room is full.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from api.answers import Text

MOST_IDS = 256  # texts whose ids are kept
ROOM = 32 * 2**20  # bytes; an hour of SRT takes some 100 kB
_OVERHEAD = 500  # bytes of an entry beside its text


class KeptTexts:
    """Answers by what they were made from: content, version, format and policies."""

    def __init__(self, room: int = ROOM) -> None:
        self._room, self._used = room, 0
        self._kept: OrderedDict[Hashable, Text] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Text | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Hashable, text: Text) -> None:
        """Keep a text, unless it would take more than an eighth of the room."""
        size = _size(text)
        if size > self._room // 8:
            return
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = text
            self._used += size
            while self._used > self._room:
                self._used -= _size(self._kept.popitem(last=False)[1])


class KeptIds:
    """The ids that a version of a text has, by what names it for ever; those asked for last are kept."""

    def __init__(self, most: int = MOST_IDS) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, frozenset[int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, read: Callable[[], frozenset[int]]) -> frozenset[int]:
        """What is kept under the key, or what `read` gives, which is kept from then on."""
        with self._lock:
            found = self._kept.pop(key, None)
        ids = read() if found is None else found
        with self._lock:
            self._kept[key] = ids
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return ids


def _size(text: Text) -> int:
    return len(text.body) + _OVERHEAD
