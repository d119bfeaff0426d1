"""What is to be told costs no more when very much of it waits."""

from __future__ import annotations

from typing import Any

import pytest
from costs import pages
from world import World

from tlp.db import notifications

WAITING = 50_000


@pytest.fixture(scope="module")
def world(module_db: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> World:
    """Uploads that have ended all at once, each with a callback that is due."""
    made = World(tmp_path_factory.mktemp("news") / "world", module_db)
    made.rows("ALTER TABLE uploads DISABLE TRIGGER uploads_notify")
    made.rows(
        "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, due_at, finished_at) "
        "SELECT 'up-' || n, %(user)s, 'speech', 'new', 'm' || n, 'h', '{}', 'done', 'infinity', now() "
        "FROM generate_series(1, %(n)s) AS n",
        user=made.user, n=WAITING,
    )  # fmt: skip
    made.rows(
        "INSERT INTO notifications (id, upload_id, channel, event, target, receiver, body) "
        "SELECT 'nt-' || id, id, 'callback', 'finished', 'http://example.org/', 'example.org', '{}' FROM uploads"
    )
    return made


@pytest.mark.parametrize("analysed", [False, True])
def test_the_next_of_very_many_is_found_in_a_few_pages(world: World, analysed: bool) -> None:
    if analysed:
        world.rows("ANALYZE notifications")
        world.rows("ANALYZE uploads")
    assert pages(world, lambda cur: notifications.due(cur, ["callback", "mail"])) < 50
    assert pages(world, lambda cur: notifications.claim(cur, "callback")) < 50


def test_first_attempts_come_before_repeated_ones_and_those_as_they_are_due(world: World) -> None:
    world.rows("UPDATE notifications SET due_at = 'infinity'")
    world.rows("UPDATE notifications SET due_at = now() - interval '3 s', attempts = 1 WHERE id = 'nt-up-1'")
    world.rows("UPDATE notifications SET due_at = now() - interval '2 s', attempts = 2 WHERE id = 'nt-up-2'")
    world.rows("UPDATE notifications SET due_at = now() - interval '1 s' WHERE id = 'nt-up-3'")
    with world.cursor() as cur:
        claimed = [notifications.claim(cur, "callback") for _ in range(4)]
    assert [row and row["upload_id"] for row in claimed] == ["up-3", "up-1", "up-2", None]
