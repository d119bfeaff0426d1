"""A strict reader of Prometheus' text format 0.0.4, for tests: whatever the format does not allow is an error."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,(?=[a-zA-Z_])|(?=}))')
_SAMPLE = re.compile(rf"({_NAME})(?:{{(.*)}})? (-?[0-9.]+(?:e[-+][0-9]+)?|\+Inf|-Inf|NaN)")
_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


@dataclass
class Read:
    kind: str
    help: str
    samples: dict[tuple[str, frozenset[tuple[str, str]]], float] = field(default_factory=dict)

    def value(self, suffix: str = "", **labels: str) -> float:
        return self.samples[suffix, frozenset(labels.items())]


def read(text: str) -> dict[str, Read]:
    """Every metric by its name. Raises AssertionError."""
    assert text.endswith("\n") and "\r" not in text
    found: dict[str, Read] = {}
    name, about = "", ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            _, _, name, about = line.split(" ", 3)
            assert name not in found and re.fullmatch(_NAME, name), line
        elif line.startswith("# TYPE "):
            kind = line.split(" ")[3]
            assert line == f"# TYPE {name} {kind}" and kind in _SUFFIXES and name not in found, line
            found[name] = Read(kind, about)
            assert (kind == "counter") == name.endswith("_total"), line
        else:
            _sample(line, name, found[name])
    for name, metric in found.items():
        if metric.kind == "histogram":
            _check_histogram(name, metric)
    return found


def _sample(line: str, name: str, metric: Read) -> None:
    match = _SAMPLE.fullmatch(line)
    assert match, line
    suffix = match[1].removeprefix(name)
    assert match[1].startswith(name) and suffix in _SUFFIXES[metric.kind], line
    key = suffix, frozenset(_labels(match[2], line).items())
    assert key not in metric.samples, f"twice: {line}"
    metric.samples[key] = float(match[3])


def _labels(text: str | None, line: str) -> dict[str, str]:
    found: dict[str, str] = {}
    rest = f"{text}}}" if text else "}"
    while rest != "}":
        match = _LABEL.match(rest)
        assert match and match[1] not in found, line
        found[match[1]] = re.sub(r"\\(.)", lambda escape: {"n": "\n"}.get(escape[1], escape[1]), match[2])
        rest = rest[match.end() :]
    return found


def _check_histogram(name: str, metric: Read) -> None:
    series: dict[frozenset[tuple[str, str]], list[tuple[float, float]]] = {}
    for (suffix, labels), value in metric.samples.items():
        if suffix == "_bucket":
            le = float(dict(labels)["le"])
            series.setdefault(frozenset(pair for pair in labels if pair[0] != "le"), []).append((le, value))
    for labels, buckets in series.items():
        counts = [value for _, value in sorted(buckets)]
        assert counts == sorted(counts) and max(buckets)[0] == float("inf"), name
        assert counts[-1] == metric.samples["_count", labels] and ("_sum", labels) in metric.samples, name
