"""What it costs to find whose turn it is does not grow with the jobs that wait."""

from __future__ import annotations

from costs import pages
from world import World

from tlp.db import fairness, users
from tlp.db.rows import Cursor

USERS, FEW, MORE = 20, 100, 3_000  # jobs of each user


def wait(world: World, prefix: str, count: int) -> None:
    """So many uploads of each user, each with a job that waits and one that can only begin after it."""
    world.rows(
        "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, due_at, deadline) "
        "SELECT concat(%(p)s, u.id, '-', n), u.id, 'speech', 'new', concat(%(p)s, n), concat(%(p)s, u.id, '-', n), "
        "'{}', 'transcribing', 'infinity', 'infinity' FROM users AS u, generate_series(1, %(n)s) AS n",
        p=prefix, n=count,
    )  # fmt: skip
    world.rows(
        "INSERT INTO jobs (upload_id, step, name, kind, command, depends_on) "
        "SELECT id, 'transcribing', job, 'asr', '[]', CASE job WHEN 'join' THEN '{first}'::text[] ELSE '{}' END "
        "FROM uploads, unnest('{first,join}'::text[]) AS job WHERE id LIKE %(p)s || '%%'",
        p=prefix,
    )
    world.rows("ANALYZE uploads")
    world.rows("ANALYZE jobs")


def turn(cur: Cursor) -> None:
    rows = fairness.ready(cur, fairness.KINDS, False, 0, 50)
    assert len(rows) == 50 and {row["name"] for row in rows} == {"first"}


def test_whose_turn_it_is_costs_the_same_whatever_waits_behind(quick: World) -> None:
    with quick.cursor() as cur:
        for number in range(USERS):
            users.create(cur, f"user{number}", "a-secret-key-for-tests")
    wait(quick, "few-", FEW)
    before = pages(quick, turn)
    wait(quick, "many-", MORE)
    after = pages(quick, turn)
    print(f"pages read with {2 * FEW * USERS} jobs that wait: {before}, with {2 * (FEW + MORE) * USERS}: {after}")
    assert after < 1.5 * before
