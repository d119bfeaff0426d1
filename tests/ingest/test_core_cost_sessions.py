"""What is asked of sessions and of quotas costs what is due or reserved, however many sessions there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from costs import pages
from world import World

from tlp.db import documents, guards, sessions
from tlp.db.rows import Cursor

OPEN, MORE = 20, 4_000


@pytest.fixture(scope="module")
def world(module_db: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("cost-sessions") / "world", module_db)


def work(world: World, prefix: str, count: int) -> None:
    """So many uploads under way, each with an object and the service's own session over it."""
    world.rows(
        "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, due_at, deadline) "
        "SELECT %(p)s || n, %(user)s, 'speech', 'update', %(p)s || n, %(p)s || n, '{}', 'translating', 'infinity', "
        "'infinity' FROM generate_series(1, %(n)s) AS n",
        p=prefix, user=world.user, n=count,
    )  # fmt: skip
    world.rows(
        "INSERT INTO objects (user_id, kind, external_id, hash, language, title) "
        "SELECT user_id, kind, external_id, hash, 'en', 'A lecture' FROM uploads WHERE id LIKE %(p)s || '%%'",
        p=prefix,
    )
    world.rows(
        "INSERT INTO sessions (object_id, author_id, author_conf, author_type, upload_id) SELECT o.id, 'tlp', 100, "
        "'computer', u.id FROM uploads AS u JOIN objects AS o USING (hash) WHERE u.id LIKE %(p)s || '%%'",
        p=prefix,
    )
    world.rows("ANALYZE")


def test_the_sessions_of_the_service_that_are_open_cost_a_tick_nothing(world: World) -> None:
    work(world, "few-", OPEN)
    asked: dict[str, Callable[[Cursor], object]] = {
        "left": guards.close_left,
        "silent": lambda cur: sessions.silent(cur, 240),
        "the end of one": lambda cur: guards.close(cur, "few-7"),
    }
    before = {name: pages(world, asks) for name, asks in asked.items()}
    work(world, "many-", MORE)
    after = {name: pages(world, asks) for name, asks in asked.items()}
    print(f"pages read with {OPEN} sessions open: {before}, with {OPEN + MORE}: {after}")
    assert all(after[name] <= before[name] + 8 for name in asked), (before, after)


def test_what_is_reserved_of_documents_is_asked_only_where_there_is_a_limit(
    world: World,
) -> None:
    def asks(cur: Cursor) -> object:
        return documents.lock_quota(cur, world.user, "none")

    with world.cursor() as cur:
        assert documents.lock_quota(cur, world.user, "none")["reserved_words"] == 0
    unlimited = pages(world, asks)
    world.rows("UPDATE users SET quota_words = 1000")
    world.rows("UPDATE uploads SET quota_documents = 1, quota_words = 7 WHERE id IN ('many-1', 'many-2')")
    limited = pages(world, asks)
    print(f"pages read without a limit: {unlimited}, with one: {limited}")
    assert unlimited < limited < unlimited + 10
    with world.cursor() as cur:
        row = documents.lock_quota(cur, world.user, "many-2")
    assert (row["quota_words"], row["reserved_documents"], row["reserved_words"]) == (1000, 1, 7)
