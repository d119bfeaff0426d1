"""Housekeeping costs what there is to remove, however many uploads there have been."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from costs import plan_of
from world import World

from ingest import housekeeping
from tlp.db import housekeeping as sql

FINISHED = 100_000


@pytest.fixture(scope="module")
def world(module_db: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> World:
    """Uploads that ended long ago and whose folders are gone, some that failed lately, and files of many objects."""
    made = World(tmp_path_factory.mktemp("cost") / "world", module_db)
    made.rows("ALTER TABLE uploads DISABLE TRIGGER uploads_notify")
    fill = (
        "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, due_at, "
        "error_code, finished_at, tidied_at) SELECT %(p)s || n, %(user)s, 'speech', 'new', 'm' || n, 'h' || n, '{}', "
        "'done', 'infinity', %(error)s, now() - %(days)s * interval '1 day', %(tidied)s "
        "FROM generate_series(1, %(n)s) AS n"
    )
    made.rows(fill, p="old-", user=made.user, error=None, days=400, tidied="2020-01-01", n=FINISHED)
    made.rows(fill, p="bad-", user=made.user, error=102, days=3, tidied=None, n=FINISHED // 20)
    made.rows(
        "INSERT INTO objects (user_id, kind, external_id, hash, language, title) "
        "SELECT %(user)s, 'speech', 'm' || n, lpad(n::text, 21, '0'), 'en', 't' FROM generate_series(1, %(n)s) AS n",
        user=made.user, n=FINISHED // 10,
    )  # fmt: skip
    made.rows(
        "INSERT INTO files (object_id, type_code, format, path, replaced_at) SELECT id, 0, 'mp4', "
        "CASE WHEN id % 2 = 0 THEN 'backup/' ELSE '' END || hash, CASE WHEN id % 2 = 0 THEN now() END FROM objects"
        .replace("%", "%%")
    )  # fmt: skip
    made.rows(
        "INSERT INTO notifications (id, upload_id, channel, event, target, receiver, body, sent_at) "
        "SELECT 'nt-' || id, id, 'callback', 'finished', 'u', 'h', '{}', now() FROM uploads"
    )
    for table in ("uploads", "files", "audiotracks", "notifications"):
        made.rows(f"ANALYZE {table}")
    return made


def test_every_question_is_answered_from_an_index(world: World) -> None:
    for ask, index in [
        (lambda cur: sql.untidy(cur, 1, 5, 200), "uploads_untidy_failed"),
        (lambda cur: sql.old_backups(cur, 30, 200), "files_replaced"),
        (lambda cur: sql.known_files(cur, ["a", "b"]), "files_path"),
        (lambda cur: sql.old_news(cur, 30), "notifications_sent"),
        (lambda cur: sql.drop_news(cur, 30, 200), "notifications_sent"),
        (lambda cur: sql.known_uploads(cur, ["a", "b"]), "uploads_pkey"),
    ]:
        plan = plan_of(world, ask)
        assert index in plan and not re.search(r"Seq Scan on (uploads|files)\b", plan), plan


def test_nothing_to_do_takes_milliseconds(world: World) -> None:
    times, idle = [], []
    with world.service() as (ctx, db):
        for _ in range(20):
            world.rows("UPDATE housekeeping SET due_at = CASE task WHEN 'tidy' THEN now() ELSE 'infinity' END")
            began = time.perf_counter()
            housekeeping.keep(ctx, db)
            times.append(time.perf_counter() - began)
        world.rows("UPDATE housekeeping SET due_at = 'infinity'")
        for _ in range(100):
            began = time.perf_counter()
            housekeeping.keep(ctx, db)
            idle.append(time.perf_counter() - began)
    due, not_due = min(times), min(idle)  # the rest of it is what else the machine does
    print(f"looking for old folders among {FINISHED}: {1000 * due:.1f} ms; not due: {1e6 * not_due:.0f} µs")
    assert due < 0.02 and not_due < 0.005
