"""Hundreds of uploads on a simulated cluster, all but the programs real: bench/scale.py does it with thousands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.scale import simulate


def test_hundreds_of_uploads_end_right_in_fair_order_and_no_tick_is_long(tmp_path: Path, db: dict[str, Any]) -> None:
    found = simulate(tmp_path / "site", db, 100, slots=40)
    print(f"{found.moves / found.seconds:.0f} moves a second, longest tick {max(found.ticks):.2f} s")
    assert found.jobs == 100 * 6
    assert found.unfairness < 1.3
    assert 0 < found.late[False] < 1 and 0 < found.late[True] < 3.5  # hours after their turn
    assert max(found.ticks) < 5  # on a machine that does other work, too
