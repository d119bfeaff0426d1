"""What the module finds: pages of text, and where each comes from."""

from __future__ import annotations

from dataclasses import dataclass, field

TITLE, SLIDES, DOCUMENT, SUPERVISED, EARLIER, WEB = "title", "slides", "document", "supervised", "earlier", "web"
MOST_CHARACTERS = 2_000_000  # of one source: more than a thousand pages


@dataclass(frozen=True)
class Page:
    """Text that belongs together; `number`: the slide or page, from 1; `time`: when it can be seen, ms."""

    text: str
    number: int | None = None
    time: tuple[int, int] | None = None


@dataclass
class Source:
    """A file, a search or an earlier lecture. `name`: as the client knows it; `kind`: one of the above."""

    kind: str
    name: str
    pages: list[Page] = field(default_factory=list)


def bounded(pages: list[Page]) -> list[Page]:
    """The first pages, as long as they are not too much text altogether; empty ones are left out."""
    kept, left = [], MOST_CHARACTERS
    for page in pages:
        if page.text.strip() and left > 0:
            kept.append(Page(page.text[:left], page.number, page.time))
            left -= len(page.text)
    return kept
