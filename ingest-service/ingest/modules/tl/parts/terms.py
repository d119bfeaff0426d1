"""The terms of a recording for one of its parts: the times at which they can be seen count from the part's begin. Pure.

The file is that of `--terms` (docs/systems.md): a term, its pages, its times, with tabs between.
"""

from __future__ import annotations

import re

NEAR = 20_000  # ms: what can be seen so shortly before or after a part may be spoken of in it
_TIMES = re.compile(r"(\d{1,10})-(\d{1,10})")


def cut(text: str, begin: int, end: int) -> str:
    """The same terms; of their times those from `begin` to `end` (ms), moved."""
    return "".join(_line(line, begin, end) + "\n" for line in text.splitlines())


def _line(line: str, begin: int, end: int) -> str:
    term, *places = line.split("\t", 2)
    if len(places) < 2:
        return line
    spans = [(int(first) - begin, int(last) - begin) for first, last in _TIMES.findall(places[1])]
    length = end - begin
    near = [(max(0, a), min(length, max(0, b))) for a, b in spans if a < length + NEAR and b > -NEAR]
    return "\t".join([term, places[0], ",".join(f"{min(a, length)}-{b}" for a, b in near)])
