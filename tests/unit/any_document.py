"""Documents for tests: one to look at, and any that the model can hold. No tests."""

from __future__ import annotations

from hypothesis import strategies as st

from tlp.captions import AUTOMATIC, HUMAN, Made
from tlp.documents import BLOCK_KINDS, HEADING, LINK, PARAGRAPH, Block, Document, Mark, Sentence, Wording
from tlp.inline import Span, tidy


def example() -> Document:
    """A heading and a paragraph with a link; the second sentence corrected by a person, the third not translated."""
    heading = Block(
        HEADING, [Sentence(1, ["I do know nothing"], Wording(["No sé res"], Made(confidence=0.71)))], "p1", 1
    )
    corrected = Wording(
        ["Em va dir: ", Span(1, ["no saps res"])], Made(HUMAN, "jsnow21", 0.9, timestamp="2015-07-04T21:23:07")
    )
    paragraph = Block(
        PARAGRAPH,
        [
            Sentence(
                16,
                ["She told me: ", Span(1, ["you know nothing"])],
                corrected,
                Wording([Span(1, ["No saps res"]), ", em digué"], Made(confidence=0.4)),
            ),
            Sentence(17, ["John Snow."]),
        ],
        "p2",
        marks={1: Mark(LINK, "https://example.org/?a=1&b=2")},
    )
    return Document(
        "ca", [heading, paragraph], "en", "DOCUMENT-ID-1234", "Nothing", "docx", Made(AUTOMATIC, "mt en-ca")
    )


HELD = st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
    lambda c: c >= " " or c in "\t\r\n"
)
ODD = st.sampled_from(["]]>", "&amp;", "<tl:g>", "<1>", "\\<2/>", '"', "\r\n", " ", "\u00a0", "😀", "שלום", "  "])
TEXT = st.lists(HELD | ODD, min_size=1, max_size=6).map("".join)
SHARE = st.integers(0, 100).map(lambda n: n / 100)
MADE = st.builds(  # authors differ from the document's: a value that is inherited anyway is not written
    Made,
    st.none() | st.just(HUMAN),
    st.none() | TEXT.map("by {}".format),
    st.none() | SHARE.filter(lambda share: share != 0.5),
    st.none() | TEXT,
    st.none() | TEXT,
    st.none() | st.integers(0, 10000).map(lambda n: n / 10000),
)
ITEMS = st.recursive(
    st.lists(TEXT, max_size=2),
    lambda inner: st.lists(TEXT | st.builds(Span, st.integers(0, 2), inner), max_size=4),
    max_leaves=5,
).map(tidy)
WORDING = st.builds(Wording, ITEMS, MADE)
SENTENCE = st.builds(
    Sentence,
    st.just(0),
    st.none() | ITEMS,
    st.none() | WORDING,
    st.none(),
    st.sampled_from([" ", "", "\n", "\t \u00a0"]),
    st.booleans(),
)
SIZE = st.none() | st.integers(0, 9)
MARK = st.builds(Mark, TEXT, st.none() | TEXT)
BLOCK = st.builds(
    Block,
    st.sampled_from(BLOCK_KINDS),
    st.lists(SENTENCE, max_size=3),
    st.none() | TEXT,
    SIZE,
    SIZE,
    SIZE,
    st.fixed_dictionaries({0: MARK, 1: MARK, 2: MARK}),
)


def numbered(document: Document, originals: list[Wording]) -> Document:
    for id, sentence in enumerate(document.sentences):
        sentence.id = id - 2
        if sentence.current and id < len(originals) and originals[id] != sentence.current:
            sentence.original = originals[id]
    return document


DOCUMENT = st.builds(
    numbered,
    st.builds(
        Document,
        st.sampled_from(["en", "ca", "zh-Hant"]),
        st.lists(BLOCK, max_size=3),
        *[st.none() | TEXT] * 4,
        st.just(Made(AUTOMATIC, "mt", 0.5)),
        *[st.none() | TEXT] * 3,
    ),
    st.lists(WORDING, max_size=4),
)
