"""The content model of documents: blocks of sentences, each beside its translation, and who made it.

(Manual, section 7 and Appendix F.) It knows no file format (see `tlp.formats`) and no database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tlp import inline
from tlp.captions import (
    AUTOMATIC,
    FULLY_AUTOMATIC,
    FULLY_HUMAN,
    HUMAN,
    ORIGINAL,
    PARTIALLY_HUMAN,
    Made,
)
from tlp.inline import Items

NOT_TRANSLATED = "not_translated"
STATUS_CODES = {NOT_TRANSLATED: 0, FULLY_AUTOMATIC: 1, PARTIALLY_HUMAN: 2, FULLY_HUMAN: 3}  # sup_status of /text/langs

PARAGRAPH, HEADING, CELL, ITEM = "paragraph", "heading", "cell", "item"
HEADER, FOOTER, NOTE, CAPTION = "header", "footer", "note", "caption"
BLOCK_KINDS = (PARAGRAPH, HEADING, CELL, ITEM, HEADER, FOOTER, NOTE, CAPTION)

# What marks every format of ours knows; a rebuilder may use others, which only it understands.
BOLD, ITALIC, UNDERLINE, STRIKE, SUPERSCRIPT, SUBSCRIPT = "bold", "italic", "underline", "strike", "sup", "sub"
CODE, LINK, IMAGE = "code", "link", "image"
NOTE_MARK = "note"  # the reference to a note
FIELD, KEPT = "field", "kept"  # text that a program writes (a page number), and text that must stay as it is
FORMAT = "format"  # a look that only the original format knows: colours, sizes
FIXED = frozenset((CODE, FIELD, KEPT))  # whose text no translation changes
LOOSE = frozenset((BOLD, ITALIC, UNDERLINE, STRIKE, SUPERSCRIPT, SUBSCRIPT, FORMAT))  # may be lost with their words

# Scripts that set no spaces between words: each character counts as a word, as in word processors.
_IDEOGRAPHIC = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")

_FROM_ALNUM = re.compile(r"[^\W_]\S*")  # a word from its first letter or digit on

_ADDRESS = re.compile(
    r"(?:https?://|ftp://|www\.|mailto:)\S+|[\w.+-]+@[\w-]+\.[\w.-]+"
    # names of files, as programs write them where a picture should be described
    r"|[\w()-]+\.(?:png|jpe?g|gif|svg|bmp|tiff?|emf|wmf|webp|pdf|docx?|pptx?|xlsx?|csv|zip)\b"
)


@dataclass(slots=True)
class Mark:
    """What a numbered span means: `value` is the address of a link, or what the rebuilder needs to know."""

    kind: str
    value: str | None = None


@dataclass(slots=True)
class Wording:
    """A sentence in the language of the document: its text and who made it."""

    items: Items = field(default_factory=list)
    made: Made = field(default_factory=Made)  # None values are the document's

    @property
    def text(self) -> str:
        """The text on one line, marks left out."""
        return inline.plain(self.items)


@dataclass(slots=True)
class Sentence:
    """A sentence of the source and its translation. A document in its own language has `current` only."""

    id: int  # unique in the document
    source: Items | None = None
    current: Wording | None = None  # None: not translated
    original: Wording | None = None  # before people came; None: the same as current, empty: there was nothing
    gap: str = " "  # what stands between it and the next sentence of its block, in the source
    highlight: bool = False

    @property
    def source_text(self) -> str:
        """The source on one line; "" where there is none."""
        return inline.plain(self.source or [])


@dataclass(slots=True)
class Block:
    """A paragraph, heading, table cell… of the original file, in reading order."""

    kind: str  # of BLOCK_KINDS
    sentences: list[Sentence] = field(default_factory=list)
    anchor: str | None = None  # where it is in the original file; only the rebuilder of its format understands it
    level: int | None = None  # of a heading or list item, from 1
    row: int | None = None  # of a cell, from 0
    column: int | None = None
    marks: dict[int, Mark] = field(default_factory=dict)  # what the numbers of spans in its sentences mean


class Counts(NamedTuple):
    """The length of a document as /text/list tells it."""

    sentences: int
    words: int
    characters: int  # spaces within sentences included


@dataclass(slots=True)
class Document:
    """A document in one language: its source, or a translation beside the source."""

    language: str
    blocks: list[Block] = field(default_factory=list)
    source_language: str | None = None  # None: the document is in its own language
    document_id: str | None = None
    title: str | None = None
    format: str | None = None  # of the original file: docx, html…
    made: Made = field(default_factory=lambda: Made(author_type=AUTOMATIC))
    elapsed: str | None = None
    model_id: str | None = None
    processing_steps: str | None = None

    @property
    def sentences(self) -> Iterator[Sentence]:
        """All sentences in reading order."""
        return (sentence for block in self.blocks for sentence in block.sentences)

    def side(self, policy: int) -> Document:
        """The same with one side only: the original one as `current`, or the current one for any other policy."""

        def one(sentence: Sentence) -> Sentence:
            chosen = sentence.current if policy != ORIGINAL else sentence.original or sentence.current
            nothing = chosen is not None and chosen is sentence.original and not chosen.items
            return replace(sentence, current=None if nothing else chosen, original=None)

        blocks = [replace(block, sentences=[one(s) for s in block.sentences]) for block in self.blocks]
        return replace(self, blocks=blocks)

    def author_type(self, wording: Wording) -> str:
        """Who made it, the document's author where it does not say."""
        return wording.made.author_type or self.made.author_type or AUTOMATIC

    def supervised(self, sentence: Sentence) -> bool:
        """Whether a person made the current text of a sentence."""
        return sentence.current is not None and self.author_type(sentence.current) == HUMAN

    @property
    def status(self) -> str:
        """The state of supervision (/text/langs). Sentences without any text do not count."""
        with_text = [s for s in self.sentences if s.source_text or s.current is not None]
        human = sum(self.supervised(s) for s in with_text)
        if not human:
            translated = any(s.current is not None and s.current.text for s in with_text)
            return FULLY_AUTOMATIC if translated else NOT_TRANSLATED
        return FULLY_HUMAN if human == len(with_text) else PARTIALLY_HUMAN

    @property
    def supervised_ratio(self) -> float:
        """Percentage of words that a person made, 0..100 (`sup_ratio` of /text/langs).

        A sentence that is not translated counts with the words of its source.
        """
        total = human = 0
        for sentence in self.sentences:
            words = count_words(sentence.current.text if sentence.current else sentence.source_text)
            total += words
            human += words * self.supervised(sentence)
        return 100.0 * human / total if total else 0.0

    @property
    def counts(self) -> Counts:
        """The length of the source, or of the current text in a document in its own language."""
        texts = [s.source_text if s.source is not None else s.current.text if s.current else "" for s in self.sentences]
        said = [text for text in texts if text]
        return Counts(len(said), sum(map(count_words, said)), sum(map(len, said)))


def translatable(text: str) -> bool:
    """Whether there is something to translate: numbers, signs and addresses are the same in every language."""
    # A word of letters alone is no part of an address: nearly every sentence is known by its first words.
    return any(map(str.isalpha, text.split())) or any(c.isalpha() for c in _ADDRESS.sub(" ", text))


def count_words(text: str) -> int:
    """Words: what stands between spaces and has a letter or digit in it; ideographs and kana each by itself."""
    spaced, ideographs = _IDEOGRAPHIC.subn(" ", text)
    return ideographs + len(_FROM_ALNUM.findall(spaced))
