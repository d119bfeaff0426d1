"""Prometheus' text format 0.0.4: metrics with their samples become text. Knows nothing of where they come from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass
class Metric:
    """A metric of one kind (counter, gauge or histogram); a sample is a suffix of its name, labels and a value."""

    name: str
    kind: str
    help: str
    samples: list[tuple[str, dict[str, str], float]] = field(default_factory=list)

    def add(self, value: float, **labels: str) -> None:
        self.samples.append(("", labels, value))

    def add_histogram(
        self, bounds: Sequence[float], counts: Mapping[int, int], total: float, labels: dict[str, str]
    ) -> None:
        """`counts`: how many reached so many of the bounds; `total`: the sum of all that was observed."""
        below = 0
        for place, bound in enumerate((*bounds, math.inf)):
            below += counts.get(place, 0)
            self.samples.append(("_bucket", {**labels, "le": _number(bound)}, below))
        self.samples.append(("_sum", labels, total))
        self.samples.append(("_count", labels, below))


def text(metrics: Sequence[Metric]) -> str:
    """The text of all metrics. One without samples is left out."""
    return "".join(f"{line}\n" for metric in metrics if metric.samples for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    about = metric.help.replace("\\", "\\\\").replace("\n", "\\n")
    yield f"# HELP {metric.name} {about}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for suffix, labels, value in metric.samples:
        inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        yield f"{metric.name}{suffix}{f'{{{inside}}}' if inside else ''} {_number(value)}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
