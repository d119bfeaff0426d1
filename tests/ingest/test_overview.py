"""`core.py status`: what runs where, what waits and why, what has failed; for people and for programs."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from world import World, wait_until

from ingest import overview, overview_text
from ingest.tick import tick
from tlp.db import metrics, mounts
from tlp.db import overview as db_overview
from tlp.db.connection import take_ingest_lock
from tlp.terminal import wide


@pytest.fixture
def world(quick: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("COLUMNS", str(overview_text.WIDTH))  # GNU readline, which pytest loads, tells programs 80
    quick.rows("TRUNCATE heartbeats, happenings, counters")
    return quick


def status(world: World, *options: str) -> tuple[int, str, str]:
    process = world.core("status", *options)
    out, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    return process.returncode, out, errors


def told(world: World, *options: str) -> dict[str, Any]:
    code, out, errors = status(world, "--json", *options)
    assert code == 0, errors
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_platform_on_which_nothing_happens_is_told_in_a_few_lines(world: World) -> None:
    code, out, _ = status(world)
    assert code == 0
    assert out.splitlines() == [
        "The Ingest Service has not run here for a day.",
        "Uploads: none under way.",
        "Jobs: none.",
        "Edit sessions: 0 open, 0 to be revised.",
        "Notifications: callback 0 to send, mail 0 to send.",
    ]


def test_a_tick_is_a_sign_of_life_and_its_age_tells_whether_the_service_runs(world: World) -> None:
    with world.service() as (ctx, db):
        tick(ctx, db)
    found = told(world)["service"]
    assert found["running"] is True
    assert [(host["host"], host["age"] < 60) for host in found["hosts"]] == [(socket.gethostname(), True)]
    world.rows("UPDATE heartbeats SET ticked_at = now() - interval '10 minutes'")
    assert told(world)["service"]["running"] is False
    assert f"The Ingest Service DOES NOT RUN: last tick 10 min ago on {socket.gethostname()}." in status(world)[1]


def test_what_runs_is_told_with_its_machine_its_id_and_how_far_it_is(world: World) -> None:
    upload = world.upload("lecture-1", test_mode=True)
    world.rows("UPDATE uploads SET state = 'transcribing', due_at = 'infinity', progress = 42, "
               "ready_at = now() + interval '3 minutes'")  # fmt: skip
    folder = world.mounts["uploads"] / upload / "jobs" / "transcribing.asr.1"
    folder.mkdir(parents=True)
    (folder / "node").write_text("node-7\n")
    world.rows(
        "INSERT INTO jobs (upload_id, step, name, kind, command, state, scheduler_id, submitted_at) "
        "VALUES (%(u)s, 'transcribing', 'asr', 'asr', '[]', 'submitted', '4711', now() - interval '2 hours'), "
        "       (%(u)s, 'converting', 'webm', 'media', '[]', 'submitted', '4712', now())", u=upload,
    )  # fmt: skip
    first, second = told(world)["running"]
    assert (first["upload"], first["node"], first["scheduler_id"]) == (upload, "node-7", "4711")
    assert (first["percent"], first["awaited"], first["cpus"], first["attempt"]) == (42, True, 1, 1)
    assert 7200 <= first["seconds"] < 7260 and 120 < first["left"] <= 180 and first["since"].endswith("+00:00")
    assert (second["node"], second["percent"], second["awaited"]) == (None, None, False)
    lines = status(world)[1].splitlines()
    row = next(line for line in lines if "4711" in line)
    assert row.split() == [
        upload[:11],
        "lecture-1",
        "transcribing.asr",
        "node-7",
        "4711",
        "2.0",
        "h",
        "42",
        "%,",
        "3",
        "min",
        "left",
    ]
    assert next(line for line in lines if "4712" in line).endswith("ahead")


def test_what_waits_is_told_with_the_reason(world: World) -> None:
    words = {"one": "Translating. Waiting: the server's disk is full.", "two": "x", "three": "y", "four": "Planned."}
    ids = {name: world.upload(name, test_mode=True) for name in words}
    for name, info in words.items():
        world.rows("UPDATE uploads SET state = 'translating', info = %(info)s, due_at = 'infinity' WHERE id = %(id)s",
                   info=info, id=ids[name])  # fmt: skip
    for name, reason in (("two", None), ("three", "no such queue")):
        world.rows(
            "INSERT INTO jobs (upload_id, step, name, kind, command, reason) "
            "VALUES (%(u)s, 'translating', 'es', 'mt', '[]', %(r)s)", u=ids[name], r=reason,
        )  # fmt: skip
    found = {row["external_id"]: row["why"] for row in told(world)["waiting"]}
    assert found == {
        "one": "the server's disk is full.",
        "two": "a free processor: it is among the next",
        "three": "refused by the scheduler, which is asked again: no such queue",
        "four": "Planned.",
    }
    out = status(world)[1]
    assert "Waiting (4 uploads)" in out and "the server's disk is full." in out
    assert "Jobs: mt 2 wait (1 REFUSED)." in out


def test_what_has_failed_in_the_last_day_is_told_with_its_reason(world: World) -> None:
    today, before = world.upload("m1", test_mode=True), world.upload("m2", test_mode=True)
    world.rows("UPDATE uploads SET state = 'failed', failed_in = 'transcribing', info = 'The engine said no.', "
               "finished_at = now() - interval '1 hour'")  # fmt: skip
    world.rows("UPDATE uploads SET finished_at = now() - interval '25 hours' WHERE id = %(id)s", id=before)
    found = told(world)
    assert [(row["upload"], row["failed_in"], row["info"]) for row in found["failed"]] == [
        (today, "transcribing", "The engine said no.")
    ]
    assert found["failed_count"] == 1
    assert "Failed in the last day (1 uploads)" in status(world)[1] and "The engine said no." in status(world)[1]


def test_one_upload_is_told_with_its_jobs_and_news_by_the_beginning_of_its_id(world: World) -> None:
    upload = world.upload("m1", {"media.mp4": b"no media at all"})
    world.finish(upload)
    found = told(world, upload[:11])
    assert (found["upload"], found["state"], found["failed_in"]) == (
        upload,
        "failed",
        world.status(upload)["failed_in"],
    )
    assert found["jobs"] and found["jobs"][0]["node"] and found["jobs"][0]["exit_code"] is not None
    out = status(world, upload)[1]
    assert out.splitlines()[0] == upload and "failed (status 101) in packaging" in out
    assert world.status(upload)["info"].split()[-1] in out
    for words in ("up-", "no-such"):
        world.upload("m2", test_mode=True)
        code, _, errors = status(world, words)
        assert code == 1 and errors.startswith("core.py: status: ")


def test_it_works_beside_a_service_and_changes_nothing(world: World) -> None:
    upload = world.upload("m1", test_mode=True)
    before = world.status(upload)
    with world.cursor() as cur:
        assert take_ingest_lock(cur.connection)
        cur.execute("SELECT id FROM uploads FOR UPDATE")
        assert status(world)[0] == status(world, upload)[0] == 0
    assert world.status(upload) == before


def test_a_database_that_is_away_is_said_in_words_and_in_json(world: World) -> None:
    text = world.config_file.read_text()
    world.config_file.write_text(text.replace(f"db_port = {world.db['port']}", "db_port = 1"))
    code, out, errors = status(world)
    assert (code, out) == (1, "")
    assert errors.startswith("core.py: the database does not answer; ") and errors.count("\n") == 1
    code, out, _ = status(world, "--json")
    assert code == 1 and json.loads(out)["error"].startswith("the database does not answer")


# What people must be able to read


REFUSED = ("/usr/bin/sbatch: sbatch: error: Batch job submission failed: Invalid account or account/partition "
           "combination specified")  # fmt: skip


def joined(text: str) -> str:
    """The words of a text whose cells are divided among lines."""
    return " ".join(text.split())


def test_the_reason_of_a_refusal_and_of_a_failure_can_be_read_to_its_end(world: World) -> None:
    first, second = world.upload("ref", test_mode=True), world.upload("bad", test_mode=True)
    world.rows("UPDATE uploads SET state = 'transcribing', info = 'Transcribing.', due_at = 'infinity'")
    world.rows("INSERT INTO jobs (upload_id, step, name, kind, command, reason) "
               "VALUES (%(u)s, 'transcribing', 'en', 'asr', '[]', %(r)s)", u=first, r=REFUSED)  # fmt: skip
    world.rows(
        "UPDATE uploads SET state = 'failed', failed_in = 'transcribing', finished_at = now(), status_code = 102, "
        "info = 'An error occurred while transcribing the media. System 1 (Hear, English) failed: no model.' "
        "WHERE id = %(u)s", u=second,
    )  # fmt: skip
    out = status(world)[1]
    assert "combination specified" in joined(out) and max(map(wide, out.splitlines())) <= 100
    line = next(line for line in out.splitlines() if "  bad  " in line)
    assert line.endswith("System 1 (Hear, English) failed: no model.")
    one = status(world, first)[1]
    assert "combination specified" in joined(one.partition("Jobs")[0]) and "waits for: refused" in one
    assert told(world, first)["why"].endswith(REFUSED) and told(world, second)["why"] is None


def test_an_upload_that_is_due_waits_for_the_service_and_not_for_its_own_words(world: World) -> None:
    world.upload("m1", test_mode=True)
    world.rows("UPDATE uploads SET due_at = now() - interval '20 s'")
    (row,) = told(world)["waiting"]
    assert row["why"] == "the Ingest Service: its next step is due" and row["look_in"] == 0
    assert "Uploads: 1 under way, the next one LATE by 2" in status(world)[1]
    world.rows("UPDATE uploads SET attempts = 1, due_at = now() + interval '1 h', info = 'No. Waiting: x.'")
    assert told(world)["waiting"][0]["why"] == "x."


def test_what_needs_somebody_is_shown_before_what_only_waits_its_turn(world: World) -> None:
    crowd(world, 30, 3)
    world.rows("UPDATE uploads SET attempts = 2, info = 'The server failed.' WHERE external_id = 'm1'")
    world.rows("DELETE FROM jobs WHERE upload_id IN ('up-1', 'up-2')")
    world.rows("UPDATE jobs SET reason = 'no such queue' WHERE upload_id = 'up-3'")
    world.rows("UPDATE uploads SET info = 'x Waiting: the disk is full.' WHERE external_id = 'm2'")
    names = [row["external_id"] for row in told(world)["waiting"]]
    assert names == ["m1", "m3", "m2", *(f"m{n}" for n in range(30, 3, -1))]
    assert "Uploads: 30 under way: 30 transcribing; 1 put off by an error of the server." in status(world)[1]


def test_the_number_of_what_runs_and_waits_is_told_in_full(world: World) -> None:
    crowd(world, 60, 3)
    world.rows("UPDATE jobs SET state = 'submitted', submitted_at = now(), scheduler_id = id::text WHERE id IN "
               "(SELECT id FROM jobs ORDER BY id LIMIT 25)")  # fmt: skip
    with world.cursor() as cur:
        found = overview.of_all(cur, mounts.storage(cur), most=10)
    assert (len(found["running"]), found["running_count"]) == (10, 25)
    assert (len(found["waiting"]), found["waiting_count"]) == (10, 35)
    text = overview_text.everything(found)
    assert "Running (25 jobs)" in text and "… and 15 more (--json)" in text
    assert "Waiting (35 uploads)" in text and "… and 25 more (--json)" in text


def test_a_machine_on_which_no_service_runs_any_more_is_not_said_to_run_one(world: World) -> None:
    world.rows("INSERT INTO heartbeats (host, pid, ticked_at) VALUES ('new', 1, now()), "
               "('old', 1, now() - interval '5 hours')")  # fmt: skip
    lines = status(world)[1].splitlines()
    assert lines[0].startswith("The Ingest Service runs: last tick") and lines[0].endswith(" ago on new.")
    assert lines[1] == "It has not ticked on old for 5.0 h."


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_tables_are_as_wide_as_the_terminal_and_no_column_vanishes(
    world: World, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = {
        "upload": "up-0f0c2d53-0000-0000-0000-000000000000", "external_id": "lecture-0123456789",
        "step": "transcribing", "name": "en.part01", "system": "ctranslate2",
        "node": "node-17.cluster.example.org", "queue": None, "scheduler_id": "4711",
        "seconds": 18000.0, "percent": 42, "left": 240.0, "awaited": True, "state": "transcribing", "why": REFUSED,
    }  # fmt: skip
    with world.cursor() as cur:
        found = overview.of_all(cur, mounts.storage(cur))
    found |= {"running": [long], "waiting": [long], "running_count": 1, "waiting_count": 1}
    text = overview_text.everything(found, columns)
    assert max(map(wide, text.splitlines())) <= columns
    running = text.partition("Running")[2].partition("Waiting")[0]
    assert "up-0f0c2d53 " in running and "42 %, 4 min left" in joined(running)
    assert "4711" in running or columns == 60
    upload = world.upload("m1", test_mode=True)
    world.rows("UPDATE uploads SET state = 'translating', info = %(i)s, due_at = 'infinity'", i="word " * 60)
    monkeypatch.setenv("COLUMNS", str(columns))
    for said in (status(world)[1], status(world, upload)[1]):
        assert columns - 10 < max(map(wide, said.splitlines())) <= columns


def test_a_mount_point_that_is_away_hides_the_machines_only(world: World) -> None:
    upload = world.upload("m1", test_mode=True)
    world.rows("INSERT INTO jobs (upload_id, step, name, kind, command, state, submitted_at) "
               "VALUES (%(u)s, 'received', 'x', 'asr', '[]', 'submitted', now())", u=upload)  # fmt: skip
    world.rows("DELETE FROM mount_points WHERE name = 'uploads'")
    assert [row["node"] for row in told(world)["running"]] == [None]


def test_a_real_job_is_seen_while_it_runs(world: World) -> None:
    world.system("hear", "asr", 'sleep 60; cp "$here/en.dfxp" "$output"', "languages = en")
    upload = world.upload("m1", test_mode=True)
    with world.service() as (ctx, db):
        world.rows("UPDATE uploads SET state = 'transcribing' WHERE id = %(u)s", u=upload)
        world.rows(
            "INSERT INTO jobs (upload_id, step, name, kind, command) "
            "VALUES (%(u)s, 'transcribing', 'asr', 'asr', '[\"sleep\", \"60\"]')", u=upload,
        )  # fmt: skip
        tick(ctx, db)
        wait_until(lambda: told(world)["running"][0]["node"] is not None)
        (row,) = told(world)["running"]
    assert row["scheduler_id"].startswith("local:")


@pytest.mark.parametrize("odd", ["x" * 300, "講義の映像" * 30, "a\x1b[31m\nb\u202e" * 20, "é" * 200])
def test_no_line_is_wider_than_a_hundred_columns_and_nothing_moves_the_cursor(world: World, odd: str) -> None:
    row = {
        "upload": "up-00000000-0000-0000-0000-000000000000", "external_id": odd, "username": odd, "operation": "new",
        "kind": "speech", "state": "synthesising", "step": "synthesising", "name": odd, "system": odd, "node": odd,
        "scheduler_id": odd, "seconds": 1e6, "percent": 99, "left": 1e5, "awaited": True, "why": odd, "info": odd,
        "failed_in": "transcribing", "reason": odd, "attempt": 1, "queue": odd,
    }  # fmt: skip
    upload = world.upload("m1", test_mode=True)
    with world.cursor() as cur:
        storage = mounts.storage(cur)
        found, one = overview.of_all(cur, storage), overview.of_upload(cur, storage, upload)
    many = [row] * 30
    everything = overview_text.everything(
        {**found, "running": many, "waiting": many, "failed": many, **dict.fromkeys(COUNTS, 30)}
    )
    single = overview_text.upload({**one, "external_id": odd, "info": odd, "jobs": [{**row, "state": "submitted"}]})
    for text in (everything, single):
        assert max(wide(line) for line in text.splitlines()) <= overview_text.WIDTH
        assert all(c.isprintable() or c == "\n" for c in text)
    assert everything.count("… and 10 more (--json)") == 3
    assert everything.count("up-00000000 ") == 60


def test_many_services_count_what_happens_once_each(world: World) -> None:
    for number in range(6):
        world.upload(f"m{number}", test_mode=True)
    world.serve_together(4)
    with world.cursor() as cur:
        ends = [row for row in metrics.counted(cur) if row["metric"] == "upload"]
        assert {tuple(row["labels"]) for row in ends} == {("speech", "new", "done")}
        assert sum(row["count"] for row in ends) == 6


COUNTS = ("running_count", "waiting_count", "failed_count")


def crowd(world: World, uploads: int, users: int) -> None:
    """So many uploads that wait for a processor, of so many users, in tables that no VACUUM has seen yet."""
    world.rows("INSERT INTO users (username, secret_key) SELECT 'u' || n, 'a-secret-key-for-' || n "
               "FROM generate_series(1, %(users)s) AS n", users=users)  # fmt: skip
    world.rows(
        "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, info, due_at, "
        "       uploaded_on) "
        "SELECT 'up-' || n, u.id, 'speech', 'new', 'm' || n, 'h', '{}', 'transcribing', 'x', 'infinity', "
        "       now() - n * interval '1 s' "
        "  FROM generate_series(1, %(uploads)s) AS n "
        "  JOIN (SELECT id, row_number() OVER () AS place FROM users) AS u ON u.place = 1 + n %% %(users)s",
        uploads=uploads, users=users,
    )  # fmt: skip
    world.rows("INSERT INTO jobs (upload_id, step, name, kind, command) "
               "SELECT id, 'transcribing', 'en', 'asr', '[]' FROM uploads")  # fmt: skip
    world.rows('UPDATE jobs SET environment = \'{"LANG": "C.UTF-8"}\'')
    world.rows("ANALYZE uploads")
    world.rows("ANALYZE jobs")


def test_thousands_of_uploads_that_wait_are_told_quickly(world: World) -> None:
    crowd(world, 20_000, 10)
    times = []
    with world.cursor() as cur:
        for _ in range(3):
            began = time.perf_counter()
            found = db_overview.waiting(cur, overview.MOST)
            times.append(time.perf_counter() - began)
    print(f"{len(found)} of 20 000 waiting uploads: {min(times):.2f} s")
    assert min(times) < 3 and len(found) == overview.MOST and found[-1]["before"] > 100


def test_the_keys_of_the_json_are_in_the_documentation(world: World) -> None:
    upload = world.upload("m1", test_mode=True)
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    section = page.partition("\n## What it is doing")[2].partition("\n## ")[0]
    for found in (told(world), told(world, upload)):
        assert [key for key in found if f"`{key}`" not in section] == []
