"""What PostgreSQL does for the statements of a function of tlp.db."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from world import World

from tlp.db.rows import Cursor

Asks = Callable[[Cursor], object]


def plan_of(world: World, asks: Asks) -> str:
    """Its plans, as text; what was asked is kept."""
    said: list[str] = []
    with world.cursor() as cur:
        _explained(cur, "EXPLAIN ", lambda row: said.append(row["QUERY PLAN"]))
        asks(cur)
    return "\n".join(said)


def pages(world: World, asks: Asks) -> int:
    """How many pages it reads; what was asked is undone."""
    found: list[int] = []

    def count(row: dict[str, Any]) -> None:
        plan = row["QUERY PLAN"][0]["Plan"]
        found.append(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])

    with world.cursor() as cur:
        _explained(cur, "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ", count)
        asks(cur)
        cur.connection.rollback()
    return sum(found)


def _explained(cur: Cursor, explain: str, take: Callable[[dict[str, Any]], None]) -> None:
    """Have each statement explained before it is run. To explain may run it, too: that is undone."""
    real = cur.execute

    def execute(statement: str, values: Any = None) -> None:
        if not statement.startswith(("PREPARE", "DEALLOCATE")):
            real("SAVEPOINT asked")
            real(explain + statement, values)
            for row in cur.fetchall():
                take(row)
            real("ROLLBACK TO SAVEPOINT asked")
        real(statement, values)

    cur.execute = execute  # type: ignore[method-assign]
