"""Conversion of subtitles: one hour and ten, beside a bare lxml loop and pycaption, in processor time.

One hour is 900 segments with 9000 words, each with its times and confidence, as an engine makes them.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import pycaption
from lxml import etree

from bench.table import Row
from tlp.captions import Captions, Group, Made, Segment, Word
from tlp.formats import FORMATS, dfxp

SEGMENTS, WORDS = 900, 10  # an hour: a segment each 4 s
LIMIT_MS = 10.0  # for an hour
GROWTH = 1.2  # each further hour may take so many times as long as the first: linear, with room for the caches
TARGETS = ("srt", "vtt", "text", "ttml")


def measure(quick: bool) -> list[Row]:
    """A row for each form people ask for, for reading with words, for the peers, and for the growth."""
    rounds = 2 if quick else 15
    hour, long = recording(1), recording(2 if quick else 10)
    loop = _least(lambda: _bare_loop(hour), rounds)
    rows = [_conversion(name, hour, loop, rounds) for name in TARGETS]
    rows.append(_with_words(hour, loop, rounds))
    rows += [_beside_pycaption(name, writer, hour, rounds) for name, writer in _PEERS.items()]
    rows.append(_growth(hour, long, 2 if quick else 10, rounds))
    return rows


def recording(hours: int) -> bytes:
    """So many hours of subtitles as DFXP."""
    made = [
        Segment(i, i * 4000, i * 4000 + 3500, _words(i * 4000), Made(confidence=0.75)) for i in range(SEGMENTS * hours)
    ]
    return dfxp.write(Captions("en", made))


def _words(begin: int) -> list[Word | Group | str]:
    return [
        Word(f"w\u00f3rd{begin}", begin + n * 350, begin + n * 350 + 300, Made(confidence=0.8512)) for n in range(WORDS)
    ]


def _least(work: Callable[[], object], rounds: int) -> float:
    """Milliseconds of processor time, the least of several runs: what other programs do does not count."""

    def once() -> float:
        started = time.process_time()
        work()
        return 1000 * (time.process_time() - started)

    return min(once() for _ in range(rounds))


def _convert(data: bytes, name: str) -> bytes:
    return FORMATS[name].write(dfxp.read(data, words=False))


def _bare_loop(data: bytes) -> str:
    """SRT by hand from a parsed tree, without any check: what cannot be beaten with lxml by doing more."""
    segments = etree.fromstring(data).iter("{translectures.eu}s")
    return "\n".join(f"{s.get('b')} --> {s.get('e')}\n{' '.join(w.text or '' for w in s)}\n" for s in segments)


def _conversion(name: str, hour: bytes, loop: float, rounds: int) -> Row:
    took = _least(lambda: _convert(hour, name), rounds)
    return Row(f"1 h of DFXP to {name}", took, "ms", loop, "bare lxml loop", f"≤ {LIMIT_MS:g} ms", took <= LIMIT_MS)


def _with_words(hour: bytes, loop: float, rounds: int) -> Row:
    took = _least(lambda: FORMATS["dfxp"].read(hour), rounds)
    return Row("1 h of DFXP read with every word", took, "ms", loop, "bare lxml loop")


_PEERS = {"srt": pycaption.SRTWriter, "vtt": pycaption.WebVTTWriter}


def _beside_pycaption(name: str, writer: Callable[[], pycaption.base.BaseWriter], hour: bytes, rounds: int) -> Row:
    """pycaption knows no words: it reads the plain DFXP of the same captions, a tenth of the size."""
    plain = _convert(hour, "ttml").decode()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it reads XML with a parser for HTML, which says so
        theirs = _least(lambda: writer().write(pycaption.DFXPReader().read(plain)), min(rounds, 3))
    ours = _least(lambda: _convert(hour, name), rounds)
    return Row(f"1 h of DFXP to {name}", ours, "ms", theirs, "pycaption from plain DFXP", "less", ours < theirs)


def _growth(hour: bytes, long: bytes, hours: int, rounds: int) -> Row:
    one = _least(lambda: _convert(hour, "srt"), rounds)
    many = _least(lambda: _convert(long, "srt"), min(rounds, 5))
    what = f"{hours} h of DFXP to srt"
    return Row(what, many, "ms", one, "1 h", f"≤ {GROWTH * hours:g} times", many <= GROWTH * hours * one)
