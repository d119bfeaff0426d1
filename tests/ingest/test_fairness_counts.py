"""What users have had of the processors, as it is counted when their next turn is decided."""

from __future__ import annotations

from typing import Any

import pytest
from world import World

from tlp.db import fairness, jobs, users

HOUR = 3600


def user(world: World, name: str, priority: int = 0, used: float = 0) -> int:
    with world.cursor() as cur:
        made = int(users.create(cur, name, "a-secret-key-for-tests")["id"])
        cur.execute("UPDATE users SET priority = %s WHERE id = %s", (priority, made))
        cur.execute("INSERT INTO shares (user_id, used, used_at) VALUES (%s, %s, now())", (made, used))
    return made


def job(world: World, user_id: int, name: str, state: str = "planned", hours: float = 0, cpus: int = 1) -> int:
    upload = world.upload(name, test_mode=True, user=user_id)
    with world.cursor() as cur:
        cur.execute("UPDATE uploads SET state = 'transcribing', due_at = 'infinity' WHERE id = %s", (upload,))
        values: dict[str, Any] = {"name": name, "kind": "asr", "system_id": None, "command": [], "environment": {}}
        values |= {"depends_on": [], "cpus": cpus, "gpus": 0, "memory_mb": 1, "time_limit_s": 1}
        jobs.plan(cur, upload, "transcribing", values)
        cur.execute(
            "UPDATE jobs SET state = %s, submitted_at = CASE WHEN %s = 'submitted' "
            "THEN clock_timestamp() - %s * interval '1 h' END WHERE upload_id = %s RETURNING id",
            (state, state, hours, upload),
        )
        return int(cur.fetchone()["id"])


def order(world: World) -> list[str]:
    with world.cursor() as cur:
        return [row["name"] for row in fairness.ready(cur, fairness.KINDS, False, 0, 50)]


def test_a_job_on_four_processors_costs_its_user_four_times_its_time(quick: World) -> None:
    ada = user(quick, "ada")
    job(quick, ada, "large", "submitted", hours=1, cpus=4)
    with quick.cursor() as cur:
        [row] = jobs.submitted(cur)
        jobs.mark_ended(cur, [(row, "done", 0, None)])
    [share] = quick.rows("SELECT used FROM shares WHERE user_id = %(id)s", id=ada)
    assert share["used"] == pytest.approx(4 * HOUR, rel=0.01)


def test_who_has_twice_the_weight_may_have_had_twice_as_much(quick: World) -> None:
    job(quick, user(quick, "ada", used=1000), "ada")
    job(quick, user(quick, "cleo", priority=1, used=1500), "cleo")
    assert order(quick) == ["cleo", "ada"]


def test_what_runs_counts_before_it_has_ended(quick: World) -> None:
    ada, bob = user(quick, "ada"), user(quick, "bob")
    job(quick, ada, "ada for hours", "submitted", hours=5)
    job(quick, bob, "bob for minutes", "submitted", hours=0.1)
    job(quick, ada, "ada"), job(quick, bob, "bob")
    assert order(quick) == ["bob", "ada"]


def test_a_job_that_another_service_has_started_meanwhile_is_not_taken(quick: World) -> None:
    ada = user(quick, "ada")
    started, waits = job(quick, ada, "started", "submitted"), job(quick, ada, "waits")
    with quick.cursor() as cur:
        assert [fairness.take(cur, each) for each in (started, waits)] == [False, True]


@pytest.mark.parametrize(
    ("state", "may"), [("planned", False), ("submitted", False), ("failed", False), ("lost", False), ("done", True)]
)
def test_what_needs_another_job_may_start_when_that_is_done_and_not_before(quick: World, state: str, may: bool) -> None:
    first = job(quick, user(quick, "ada"), "first")
    quick.rows(
        "INSERT INTO jobs (upload_id, step, name, kind, command, depends_on) "
        "SELECT upload_id, step, 'second', kind, '[]', ARRAY['first'] FROM jobs WHERE id = %(id)s",
        id=first,
    )
    quick.rows("UPDATE jobs SET state = %(state)s WHERE id = %(id)s", state=state, id=first)
    assert ("second" in order(quick)) is may
