"""The names of WordprocessingML (ECMA-376) that `docx` and `docx_paragraph` share. No code but `w`."""

from __future__ import annotations

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
M = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def w(name: str) -> str:
    """The name as lxml writes it."""
    return f"{{{W}}}{name}"


P, RUN, TEXT, TAB, BREAK = w("p"), w("r"), w("t"), w("tab"), w("br")
PARAGRAPH_PROPERTIES, RUN_PROPERTIES, LANGUAGE, VALUE = w("pPr"), w("rPr"), w("lang"), w("val")
FIELD_CHARACTER, FIELD_KIND, INSTRUCTION = w("fldChar"), w("fldCharType"), w("instrText")
# What begins and ends at a place, without text: moved to the edges of its paragraph when that is written anew.
STARTS = frozenset(map(w, ("bookmarkStart", "commentRangeStart", "permStart", "moveToRangeStart")))
ENDS = frozenset(map(w, ("bookmarkEnd", "commentRangeEnd", "permEnd", "moveToRangeEnd", "commentReference")))
# Around runs, without a meaning of its own; tracked insertions are taken as accepted.
TRANSPARENT = frozenset(map(w, ("ins", "moveTo", "smartTag", "customXml", "dir", "bdo")))
# Not text: what a tracked change has taken away, and what programs note down for themselves.
LEFT_OUT = frozenset(
    map(w, ("del", "moveFrom", "delText", "delInstrText", "proofErr", "lastRenderedPageBreak", "softHyphen",
            "moveFromRangeStart", "moveFromRangeEnd", "annotationRef", "rPr", "pPr", "customXmlInsRangeStart",
            "customXmlInsRangeEnd", "customXmlDelRangeStart", "customXmlDelRangeEnd"))
)  # fmt: skip
# Of the formatting of a run: no difference to a reader of the translation.
NO_FORMATTING = frozenset(map(w, ("lang", "noProof", "rPrChange", "ins", "del", "moveTo", "moveFrom", "webHidden")))
NOTES = frozenset(map(w, ("footnoteReference", "endnoteReference", "footnoteRef", "endnoteRef")))
FORMATS = {"b": "bold", "i": "italic", "u": "underline", "strike": "strike"}
CHOSEN = frozenset(map(w, ("dropDownList", "comboBox", "date", "checkbox", "picture", "docPartList")))
