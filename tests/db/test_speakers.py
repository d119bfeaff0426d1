"""Speakers of media that are stored at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg2

from tlp.db import objects, users
from tlp.db.rows import Cursor


def done(db: dict[str, Any], act: Callable[[Cursor], Any]) -> Any:
    """What it gives, in a transaction of its own."""
    with closing(psycopg2.connect(**db, cursor_factory=Cursor)) as link, link, link.cursor() as cur:
        return act(cur)


def waiting(cur: Cursor) -> int:
    cur.execute(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return int(cur.fetchone()["n"])


def test_media_with_the_same_speakers_in_another_order_are_stored_at_once(db: dict[str, Any]) -> None:
    user = done(db, lambda cur: users.create(cur, "someone", "a-secret-key-for-tests"))["id"]
    values = {"user_id": user, "kind": "speech", "language": "en", "title": "A lecture"}
    made = [done(db, lambda cur, n=n: objects.create(cur, {**values, "external_id": n, "hash": n})) for n in "12"]

    def store(number: int, ids: Sequence[str]) -> None:
        speakers = [{"speaker_id": each, "name": None, "gender": None, "email": None} for each in ids]
        done(db, lambda cur: objects.set_speakers(cur, made[number], user, speakers))

    store(0, "ab")
    with ThreadPoolExecutor() as pool, closing(psycopg2.connect(**db, cursor_factory=Cursor)) as link:
        with link, link.cursor() as cur:
            cur.execute("SELECT 1 FROM speakers WHERE speaker_id = 'a' FOR UPDATE")
            storing = []
            for number, ids in enumerate(("ab", "ba")):
                storing.append(pool.submit(store, number, ids))
                while done(db, waiting) <= number:
                    time.sleep(0.01)
        for each in storing:
            each.result()
    for number, ids in enumerate(("ab", "ba")):
        assert done(db, lambda cur, n=number: in_order(cur, made[n])) == list(ids)


def in_order(cur: Cursor, object_id: int) -> list[str]:
    cur.execute(
        "SELECT s.speaker_id FROM object_speakers AS o JOIN speakers AS s ON s.id = o.speaker_id "
        "WHERE o.object_id = %s ORDER BY o.position",
        (object_id,),
    )
    return [row["speaker_id"] for row in cur.fetchall()]
