"""The tags and attributes of DTLX, long name to short; those that DFXP has too mean the same there. No code."""

from __future__ import annotations

from tlp.formats.dfxp_names import LONG_ATTRIBUTES as _DFXP

NAMESPACE = "translectures.eu"
ROOT = f"{{{NAMESPACE}}}dtlx"

_LONG_TAGS = {
    "document": "d",
    "block": "b",
    "mark": "m",
    "sentence": "s",
    "source": "x",
    "current": "c",
    "origin": "o",
    "original": "o",
    "group": "g",
}
# Tag as lxml names it → its short name
TAGS = {f"{{{NAMESPACE}}}{name}": s for long, s in _LONG_TAGS.items() for name in (long, s)}
LONG_ATTRIBUTES = _DFXP | {
    "sentenceId": "sI",
    "documentId": "dI",
    "documentFormat": "dF",
    "title": "tI",
    "sourceLanguage": "sL",
    "blockType": "bT",
    "anchor": "bA",
    "level": "bL",
    "row": "bR",
    "column": "bC",
    "markNumber": "mN",
    "markType": "mT",
    "markValue": "mV",
    "gap": "gA",
}
# Who made a text (manual, Appendix I): attribute → field of Made. `cM` stands apart, as it is always written.
MADE = {"aT": "author_type", "aI": "author_id", "aC": "author_conf", "wS": "word_seg_id", "tS": "timestamp"}
