"""DFXP 1.0: which of several alternatives of a segment counts as current, and which as original. No parsing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import TypeVar

from tlp.captions import HUMAN, Made

T = TypeVar("T")
Alternatives = Sequence[tuple[Made, T]]  # what is known of each, inherited values included


def best(alternatives: Alternatives[T]) -> T:
    """The person most to be trusted (the newer of equals), else the surest system, else a person with no trust."""
    return max(alternatives, key=lambda one: _rank(one[0]))[1]


def oldest(alternatives: Alternatives[T]) -> T:
    """The first that was made; one without a time stamp is older than all that have one."""
    return min(alternatives, key=lambda one: _when(one[0].timestamp))[1]


def _rank(made: Made) -> tuple[int, float, float]:
    if made.author_type != HUMAN:
        return 1, made.confidence or 0.0, 0.0
    trust = 1.0 if made.author_conf is None else made.author_conf
    return (2 if trust > 0 else 0), trust, _when(made.timestamp)


def _when(timestamp: str | None) -> float:
    """Seconds since 1970; without a zone the time is taken as UTC."""
    try:
        moment = datetime.fromisoformat((timestamp or "").replace("Z", "+00:00"))
    except ValueError:
        return -math.inf
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
