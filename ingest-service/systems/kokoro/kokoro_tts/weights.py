"""A faster copy of Kokoro's int8 model for this processor: derived once, used when it is sound and fits.

The pinned file is never touched. The copy lies beside it with a record of its form and SHA-256.
"""

from __future__ import annotations

from pathlib import Path

from tlp.models import sha256

PINNED, DERIVED, RECORD = "kokoro-int8.onnx", "kokoro-derived.onnx", "kokoro-derived.sha256"
_RECIPE = 1  # raise it when graph.py changes what it writes
_BYTE_PRODUCTS = {"avx512_vnni", "avx_vnni", "asimddp"}  # flags of processors that multiply bytes exactly and fast


def best(folder: Path) -> Path:
    """The model file to run: the derived copy where it is there, whole and fit, else the pinned one."""
    return folder / DERIVED if is_sound(folder) else folder / PINNED


def is_sound(folder: Path) -> bool:
    """Whether the copy is whole, and of the recipe and form for this processor."""
    copy, record = folder / DERIVED, folder / RECORD
    if not copy.is_file() or not record.is_file():
        return False
    return record.read_text(encoding="ascii") == _record(copy)


def derive(folder: Path) -> Path:
    """Write the copy and then its record, each aside and then renamed. Needs the package `onnx`."""
    from . import graph  # what it imports is slow, and `run` has no use for it

    copy, record = folder / DERIVED, folder / RECORD
    record.unlink(missing_ok=True)
    aside = copy.with_name(copy.name + ".part")
    graph.convert(folder / PINNED, aside, form())
    aside.replace(copy)
    aside = record.with_name(record.name + ".part")
    aside.write_text(_record(copy), encoding="ascii")
    aside.replace(record)
    return copy


def form(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """`products` where the processor multiplies bytes quickly, else `float`; see graph.py."""
    try:
        words = cpuinfo.read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return "float"
    return "float" if _BYTE_PRODUCTS.isdisjoint(words) else "products"


def _record(copy: Path) -> str:
    return f"{sha256(copy)} {form()} {_RECIPE}\n"
