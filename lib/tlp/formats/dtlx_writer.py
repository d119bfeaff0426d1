"""Writes DTLX 1.0 (docs/formats.md); `dtlx` reads it."""

from __future__ import annotations

from collections.abc import Iterator

from tlp.captions import ALL, CURRENT, ORIGINAL, Made
from tlp.documents import Block, Document, Sentence, Wording
from tlp.formats.dtlx_names import MADE, NAMESPACE
from tlp.formats.encoding import encode
from tlp.formats.xml import escaped, quoted
from tlp.inline import Items, tidy


def write(document: Document, data_policy: int = CURRENT) -> bytes:
    """ALL gives `tl:c` and `tl:o`, also where they are the same; CURRENT gives `tl:c` only, ORIGINAL `tl:o` only."""
    shown = document if data_policy == ALL else document.side(data_policy)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<tl:dtlx xmlns:tl="{NAMESPACE}" xml:lang={quoted(document.language)}>',
        _document(shown),
    ]
    for block in shown.blocks:
        lines += _block(block, document.made, data_policy)
    return encode("\n".join([*lines, "</tl:dtlx>", ""]))


def _document(document: Document) -> str:
    identity = _named(
        v="1.0", dI=document.document_id, dF=document.format, tI=document.title, sL=document.source_language
    )
    work = _named(eT=document.elapsed, mI=document.model_id, pS=document.processing_steps, st=document.status)
    return f"<tl:d{identity}{_made(document.made, Made())}{work}/>"


def _block(block: Block, document: Made, policy: int) -> Iterator[str]:
    yield f"<tl:b{_named(bT=block.kind, bA=block.anchor, bL=block.level, bR=block.row, bC=block.column)}>"
    for number, mark in block.marks.items():
        yield f"<tl:m{_named(mN=number, mT=mark.kind, mV=mark.value)}/>"
    for sentence in block.sentences:
        yield _sentence(sentence, document, policy)
    yield "</tl:b>"


def _sentence(sentence: Sentence, document: Made, policy: int) -> str:
    named = _named(
        sI=sentence.id, h=1 if sentence.highlight else None, gA=None if sentence.gap == " " else sentence.gap
    )
    parts = [f"<tl:s{named}>"]
    if sentence.source is not None:
        parts.append(f"<tl:x>{_items(sentence.source)}</tl:x>")
    parts.append(_wording("o" if policy == ORIGINAL else "c", sentence.current, document))
    if policy == ALL:
        parts.append(_wording("o", sentence.original or sentence.current, document))
    return "".join([*parts, "</tl:s>"])


def _wording(tag: str, wording: Wording | None, document: Made) -> str:
    return f"<tl:{tag}{_made(wording.made, document)}>{_items(wording.items)}</tl:{tag}>" if wording else ""


def _items(items: Items) -> str:
    return "".join(
        escaped(item) if isinstance(item, str) else f'<tl:g mN="{item.number}">{_items(item.items)}</tl:g>'
        for item in tidy(items)
    )


def _made(made: Made, above: Made) -> str:
    """What differs from what is inherited; a confidence always, as it is about this text only."""
    own = {name: getattr(made, field) for name, field in MADE.items()}
    said = {name: value for name, value in own.items() if value != getattr(above, MADE[name])}
    if said.get("aC") is not None:
        said["aC"] = f"{said['aC']:.2f}"
    return _named(**said, cM=None if made.confidence is None else f"{made.confidence:.4f}")


def _named(**values: str | int | None) -> str:
    return "".join(f" {name}={quoted(str(value))}" for name, value in values.items() if value is not None)
